"""MiniStack, the emulated AWS: how it is started, and how it is called."""

import json
import os
import shutil
import urllib.request
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from local.processes import LOOPBACK, Child, sole_use

REGION = "us-east-1"
_CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
# What functions may see of this machine. MiniStack hands its own environment to every worker, so whatever is not named
# here (a profile, a provider's secret, PYTHONPATH) stays out of both.
_INHERITED = ("PATH", "LANG", "LC_ALL", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE")
_PORT_FILE = "port"
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url: str, *, timeout: float = 5) -> bytes:
    """GET a loopback address, past any proxy."""
    with _direct.open(url, timeout=timeout) as answer:
        body: bytes = answer.read()
    return body


def last_port(state: Path) -> int | None:
    """Return the port of the emulator that started last in this folder, or None."""
    try:
        return int((state / _PORT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None


class Emulator:
    """One emulated AWS on one port, its state in one folder."""

    def __init__(self, port: int, state: Path) -> None:
        """Name the port and the folder; nothing starts yet."""
        self.port = port
        self.state = state
        # `127.0.0.1` is the site, by a custom domain of the HTTP API; AWS answers on `localhost`.
        self.endpoint_url = f"http://localhost:{port}"
        self.log = state / "ministack.log"
        self._ready_file = state / "tmp" / "site-is-ready"
        self._log_read = 0
        self._claim = ExitStack()
        self._child: Child | None = None
        self._session = _session()
        self.client = cache(self._make_client)

    def start(self) -> None:
        """Start it and return when it answers."""
        # Two emulators in one folder would each overwrite what the other saved.
        self._claim.enter_context(sole_use(self.state))
        shutil.rmtree(self.state / "tmp", ignore_errors=True)
        (self.state / "tmp").mkdir(parents=True)
        self._move_to_this_port()
        self._child = Child("MiniStack", "local.gate", log=self.log, env=self._environment())
        self._child.wait_until(self._is_ready)

    def open_site(self) -> None:
        """Let the site answer: it is deployed."""
        self._ready_file.touch()

    def stop(self, *, save: bool = True) -> None:
        """Stop it, after it has saved its state unless told not to."""
        if self._child:
            self._child.stop(politely=save)
            shutil.rmtree(self.state / "tmp", ignore_errors=True)
        self._claim.close()

    def is_running(self) -> bool:
        """Tell whether it still runs."""
        return self._child is not None and self._child.is_running()

    def messages(self) -> list[dict[str, Any]]:
        """Return every mail that was sent, oldest first."""
        by_account = json.loads(fetch(f"{self.endpoint_url}/_ministack/ses/messages"))["messages"]
        return sorted((mail for mails in by_account.values() for mail in mails), key=lambda mail: mail["Timestamp"])

    def new_errors(self) -> list[str]:
        """Return what it wrote to its own log as an error since the last time: a function that cannot be imported."""
        with self.log.open("rb") as log:
            log.seek(self._log_read)
            lines = log.read().splitlines(keepends=True)
        whole = [line for line in lines if line.endswith(b"\n")]
        self._log_read += sum(map(len, whole))
        marked = (line.decode(errors="replace").strip().partition(" ERROR ") for line in whole)
        return [error for _, mark, error in marked if mark]

    def _move_to_this_port(self) -> None:
        """Let a state that was kept under another port find its queues: their addresses hold the port."""
        kept = self.state / _PORT_FILE
        before = kept.read_text() if kept.exists() else str(self.port)
        if before != str(self.port):
            for file in (self.state / "services").glob("*.json"):
                file.write_text(file.read_text().replace(f"//localhost:{before}/", f"//localhost:{self.port}/"))
        kept.write_text(str(self.port))

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
            "LOCAL_CLOUD_READY_FILE": str(self._ready_file),
            "BIND_HOST": LOOPBACK,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.state / "services"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.state / "s3"),
            "TMPDIR": str(self.state / "tmp"),
            "AUTH": "true",  # Each function has its own role's rights here too, and no more.
            "MINISTACK_REGION": REGION,
            # What it would start or search on this machine that we have no use for, Docker's containers first.
            "DOCKER_HOST": nowhere,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            # For the functions: where AWS is, and no look at this person's AWS settings.
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "localhost,127.0.0.1",
            "PYTHONUNBUFFERED": "1",
        }


def environment_for_aws(endpoint_url: str) -> dict[str, str]:
    """Return the variables that point any AWS program at the emulator and away from this person's account."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": _CREDENTIALS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": _CREDENTIALS["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": REGION,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "localhost,127.0.0.1",
    }


def _session() -> boto3.session.Session:
    """Make a session that reads none of this person's AWS profiles: they may name what does not exist here."""
    unset: dict[str, Any] = {
        "profile": (None, [], None, None),
        "config_file": (None, [], os.devnull, None),
        "credentials_file": (None, [], os.devnull, None),
    }
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=unset))
