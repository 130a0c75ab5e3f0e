"""Starts, stops and calls MiniStack, the emulated AWS."""

import json
import os
import shutil
import threading
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import boto3
import botocore.session
from botocore.config import Config

from local.processes import Child, sole_use, url_of

REGION = "us-east-1"
_CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
# The variables that functions inherit from this machine. MiniStack passes its environment to every worker, so that all
# others (a profile, a provider's secret, PYTHONPATH) are withheld from MiniStack, too.
_INHERITED = ("PATH", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE")
_PORT_FILE, _SITE_PORT_FILE = "port", "site-port"
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url: str, *, timeout: float = 5) -> bytes:
    """GET a loopback URL, without a proxy."""
    with _direct.open(url, timeout=timeout) as answer:
        body: bytes = answer.read()
    return body


def post(url: str, body: bytes, headers: Mapping[str, str], *, timeout: float = 60) -> tuple[int, bytes]:
    """POST to a loopback URL, without a proxy. Return the status and the body."""
    request = urllib.request.Request(url, body, dict(headers), method="POST")  # noqa: S310  # an address of this machine
    try:
        with _direct.open(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()


def last_ports(state: Path) -> tuple[int, int] | None:
    """Return the ports of the site and of the AWS API that last used this state folder, or None."""
    try:
        return int((state / _SITE_PORT_FILE).read_text()), int((state / _PORT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None


class Emulator:
    """An emulated AWS on one port and the site that is deployed into it on another, with their state in one folder."""

    def __init__(self, port: int, site_port: int, state: Path, prelude: Path | None = None) -> None:
        self.port = port
        self.site_port = site_port
        self.state = state
        self._prelude = (str(prelude),) if prelude else ()
        self.endpoint_url = url_of(port)
        self.log = state / "ministack.log"
        self._api_file = state / "tmp" / "api-of-the-site"
        self._log_read = 0
        self._mails: list[dict[str, Any]] = []
        self._reading_mails = threading.Lock()
        self._claim = ExitStack()
        self._child: Child | None = None
        self._session = _session()
        self.client = cache(self._make_client)

    def start(self) -> None:
        """Start MiniStack and return when it answers."""
        # Two emulators with the same folder would overwrite each other's state.
        self._claim.enter_context(sole_use(self.state))
        shutil.rmtree(self.state / "tmp", ignore_errors=True)
        (self.state / "tmp").mkdir(parents=True)
        self._move_to_this_port()
        command = ("local.gate", str(self.site_port), str(self.port), str(self._api_file), *self._prelude)
        self._child = Child("MiniStack", *command, log=self.log, env=self._environment())
        self._child.wait_until(self._is_ready)

    def open_site(self, api: str) -> None:
        """Let requests to the site reach this HTTP API, which is deployed now."""
        new = self._api_file.with_suffix(".new")
        new.write_text(api)
        new.replace(self._api_file)  # atomic: a request may read it concurrently

    def stop(self, *, save: bool = True) -> None:
        """Stop MiniStack; with ``save``, let it write its state first."""
        if self._child:
            self._child.stop(politely=save)
            shutil.rmtree(self.state / "tmp", ignore_errors=True)
        self._claim.close()

    def is_running(self) -> bool:
        return self._child is not None and self._child.is_running()

    def messages(self) -> list[dict[str, Any]]:
        """Return every sent email, oldest first."""
        with self._reading_mails:
            new = json.loads(fetch(f"{self.endpoint_url}/_ministack/ses/messages?after={len(self._mails)}"))["messages"]
            self._mails += [mail for mails in new.values() for mail in mails]
            return sorted(self._mails, key=lambda mail: mail["Timestamp"])

    def new_errors(self) -> list[str]:
        """Return the errors in MiniStack's log since the last call, such as a function that cannot be imported."""
        with self.log.open("rb") as log:
            log.seek(self._log_read)
            lines = log.read().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]
        self._log_read += sum(map(len, whole))
        marked = (line.decode(errors="replace").strip().partition(" ERROR ") for line in whole)
        return [error for _, mark, error in marked if mark]

    def _move_to_this_port(self) -> None:
        """Keep the ports. Rewrite queue URLs, which contain that of the AWS API, if the state was saved on another."""
        kept = self.state / _PORT_FILE
        before = kept.read_text() if kept.exists() else str(self.port)
        if before != str(self.port):
            for file in (self.state / "services").glob("*.json"):
                file.write_text(file.read_text().replace(f"//localhost:{before}/", f"//localhost:{self.port}/"))
        kept.write_text(str(self.port))
        (self.state / _SITE_PORT_FILE).write_text(str(self.site_port))

    def _make_client(self, service: str) -> Any:  # noqa: ANN401  # boto3 makes its client classes at run time
        config = Config(proxies={}, s3={"addressing_style": "path"}, retries={"mode": "standard"})
        return self._session.client(
            service, endpoint_url=self.endpoint_url, region_name=REGION, config=config, **_CREDENTIALS
        )

    def _is_ready(self) -> bool:
        try:
            return bool(fetch(f"{self.endpoint_url}/_ministack/ready", timeout=2))
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        nowhere = "unix:///nonexistent/docker.sock"
        return inherited | {
            "GATEWAY_PORT": str(self.port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.state / "s3"),
            "TMPDIR": str(self.state / "tmp"),
            "AUTH": "true",  # Enforce IAM: each function has only the permissions of its role.
            "MINISTACK_REGION": REGION,
            # Disable what is not used, such as Docker containers.
            "DOCKER_HOST": nowhere,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # For the functions: the endpoint of the emulated AWS, and none of the developer's AWS settings.
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost,127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }


def environment_for_aws(endpoint_url: str) -> dict[str, str]:
    """Return variables that point AWS programs at the emulator and away from the developer's account."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": _CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": _CREDENTIALS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "localhost,127.0.0.1",
    }


def _session() -> boto3.session.Session:
    """Create a session that ignores the developer's AWS profiles, which may refer to credentials that are not here."""
    unset: dict[str, Any] = {
        "profile": (None, [], None, None),
        "config_file": (None, [], os.devnull, None),
        "credentials_file": (None, [], os.devnull, None),
    }
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=unset))
