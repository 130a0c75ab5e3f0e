"""Reports of leaked keys to the deployed local cloud."""

import json
from http import HTTPStatus
from typing import Any

import requests

from local import scanner
from local.cloud import LocalCloud
from local.scanner import Signer
from tests.local import counters
from tests.local.deployed import restart
from tests.waiting import wait_for


def sent(cloud: LocalCloud, matches: Any, signer: Signer | None = None, **changes: str | None) -> requests.Response:
    """Send a report, signed by the scanner or another signer. ``changes`` replace headers; None removes one."""
    body = json.dumps(matches).encode()
    return raw(cloud, body, (signer or cloud.scanner.signer).headers(body), **changes)


def raw(cloud: LocalCloud, body: bytes, headers: dict[str, str], **changes: str | None) -> requests.Response:
    replaced = {name.replace("_", "-"): value for name, value in changes.items()}
    whole = {"content-type": "application/json", **headers, **replaced}
    return requests.post(cloud.site_url + scanner.ROUTE, data=body, headers=whole, timeout=60)


def a_minute_later(cloud: LocalCloud) -> None:
    """Let the service fetch GitHub's list again, which it does at most once a minute."""
    counters.reset(cloud)
    restart(cloud, "key_report")


def know_the_scanner(cloud: LocalCloud) -> None:
    """Have the service fetch the list. A busy machine may need longer for it than the service waits."""

    def is_known() -> bool:
        if sent(cloud, []).status_code == HTTPStatus.OK:
            return True
        a_minute_later(cloud)
        return False

    wait_for(is_known, "a report that is accepted")
