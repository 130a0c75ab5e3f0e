"""Requests in API Gateway's format: the samples of ``events/`` with changes."""

import copy
import json
from typing import Any

from scripts.sam_local import samples
from scripts.sam_local.made_up import VALUES

_COOKIE = "__Host-session"
_BROWSER_COOKIE = "__Host-device"
_SAME_ORIGIN = {"origin": "https://accounts.example.com", "sec-fetch-site": "same-origin"}
# Credentials of the samples; `people.Person` owns them.
SAMPLE_TOKEN = VALUES["session"]
SAMPLE_OTHER_TOKEN = "sample-session-token-of-the-events-folder-1"
SAMPLE_LINK_TOKEN = VALUES["verification_token"]
SAMPLE_RESET_TOKEN = VALUES["reset_token"]
SAMPLE_CHANGE_TOKEN = VALUES["change_token"]
SAMPLE_USER_CODE = VALUES["user_code"].upper()
SAMPLE_BROWSER = VALUES["known_browser"]
SAMPLE_KEY = VALUES["api_key"]
SAMPLE_USER_ID = VALUES["account_id"]
# Its public id is in the samples.
SAMPLE_CREDENTIAL = b"sample-passkey-1"
SAMPLE_PASSWORD = VALUES["password"]
SAMPLE_PENDING_LOGIN = VALUES["pending_login"]
SAMPLE_RECOVERY_CODE = VALUES["recovery_code"]


def sample(function: str) -> dict[str, Any]:
    """The event in ``events/<function>.json``, with made-up values."""
    return samples.event(function, VALUES.__getitem__)


def request(
    function: str,
    *,
    cookie: str | None = None,
    key: str | None = None,
    bearer: str | None = None,
    body: object = ...,
    headers: dict[str, str | None] | None = None,
    target: str | None = None,
    query: str = "",
    source: str | None = None,
    browser: str | None = None,
) -> dict[str, Any]:
    """The sample with this credential instead of its own.

    ``body`` is JSON, or text as it is; by default the sample's. A header of None is removed. ``target`` is the id in
    the path. A request with a cookie comes from the service's own pages, unless ``headers`` say otherwise.
    ``browser`` is the cookie of a known browser.
    """
    event = sample(function)
    event.pop("cookies", None)
    event["headers"].pop("x-api-key", None)
    if cookie is not None:
        event["cookies"] = [f"{_COOKIE}={cookie}"]
        event["headers"] |= _SAME_ORIGIN
    if browser is not None:
        event["cookies"] = [*event.get("cookies", []), f"{_BROWSER_COOKIE}={browser}"]
    given = {"x-api-key": key, "authorization": f"Bearer {bearer}" if bearer is not None else None, **(headers or {})}
    event["headers"] = {name: value for name, value in (event["headers"] | given).items() if value is not None}
    if body is not ...:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    if source is not None:
        event["requestContext"]["http"]["sourceIp"] = source
    if target is not None:
        _aim(event, target)
    event["rawQueryString"] = query
    return event


def at(path: str, method: str = "GET", headers: dict[str, str] | None = None) -> dict[str, Any]:
    """A request to any path."""
    event = copy.deepcopy(sample("pages"))
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    event["headers"] |= headers or {}
    return event


def _aim(event: dict[str, Any], target: str) -> None:
    event["pathParameters"] = {"id": target}
    event["rawPath"] = event["requestContext"]["http"]["path"] = event["routeKey"].split(" ")[1].replace("{id}", target)
