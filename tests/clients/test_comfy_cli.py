"""comfy-cli, unmodified: logs in, refreshes, uses a key, and notices when either is revoked."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.clients.conftest import Clients, allow, programs
from tests.local.person import Person

_SECONDS = 120


@dataclass(frozen=True)
class Comfy:
    """The command ``comfy``, with a home folder of its own. It trusts the certificate of the local cloud."""

    program: Path
    home: Path
    site: str
    certificate: Path

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run ``comfy cloud`` and return what it prints for programs."""
        done = subprocess.run(
            [self.program, "--json", "cloud", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    def log_in(self, owner: Person) -> dict[str, Any]:
        """Run ``comfy cloud login``, and open the printed address as the owner, who allows it."""
        command = [self.program, "--json", "cloud", "login", "--no-browser", "--timeout", str(_SECONDS)]
        with subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, text=True) as running:
            lines = _printed(running)
            url = next(line["url"] for line in lines if "url" in line)
            requests.get(allow(owner, url), timeout=60).raise_for_status()
            return list(lines)[-1]

    def workspace(self) -> dict[str, str]:
        """The workspace that ``comfy cloud status`` shows."""
        found: dict[str, str] = self.run("status")["data"]["cloud_workspace"]
        return found

    def kept(self) -> dict[str, Any]:
        """What comfy-cli stored."""
        found: dict[str, Any] = json.loads(self._secrets.read_text(encoding="utf-8"))
        return found

    def let_its_token_expire(self) -> None:
        """Change the time of expiry that comfy-cli stored."""
        stored = self.kept()
        stored["cloud_session"]["tokens"]["expires_at"] = 1
        self._secrets.write_text(json.dumps(stored), encoding="utf-8")

    @property
    def _secrets(self) -> Path:
        return self.home / ".config" / "comfy-cli" / "secrets.json"

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "DO_NOT_TRACK": "1",
            "COMFY_CLOUD_BASE_URL": self.site,
            "SSL_CERT_FILE": str(self.certificate),
        }


def _printed(running: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert running.stdout
    for line in running.stdout:
        yield json.loads(line)


@pytest.fixture
def comfy(clients: Clients, ann: Person, certificate: Path, tmp_path: Path) -> Comfy:
    return Comfy(clients.comfy, tmp_path, ann.cloud.site_url, certificate)


def test_comfy_cli_logs_in_and_refreshes(comfy: Comfy, ann: Person) -> None:
    """Its token names the account's workspace, and it renews an expired token before it uses it."""
    assert comfy.log_in(ann)["ok"]
    before = comfy.kept()["cloud_session"]["tokens"]
    assert comfy.workspace() == _account(ann)
    assert comfy.kept()["cloud_session"]["tokens"] == before

    comfy.let_its_token_expire()
    assert comfy.workspace() == _account(ann)
    after = comfy.kept()["cloud_session"]["tokens"]
    assert all(after[name] != before[name] for name in ("access_token", "refresh_token"))
    assert programs(ann) == ["Comfy CLI"]


def test_comfy_cli_notices_that_it_was_logged_out(comfy: Comfy, ann: Person) -> None:
    """With its next command, though its token has not expired. It forgets its tokens when it cannot renew them."""
    comfy.log_in(ann)
    (session,) = [it for it in ann.call("GET", "/auth/sessions").json()["sessions"] if it["client"]]
    assert ann.call("DELETE", f"/auth/sessions/{session['id']}").status_code == 204

    assert comfy.run("status")["error"]["code"] == "cloud_unauthorized"
    comfy.let_its_token_expire()
    assert not comfy.run("whoami")["data"]["signed_in"]
    assert comfy.kept().get("cloud_session") is None


def test_comfy_cli_uses_a_key_until_it_is_deleted(comfy: Comfy, ann: Person) -> None:
    """As ``X-API-KEY``."""
    made = ann.make_key("render box")
    assert comfy.run("set-key", "--key", made["plaintext_key"])["ok"]
    assert comfy.run("whoami")["data"]["auth_method"] == "api_key"
    assert comfy.workspace() == _account(ann)

    assert ann.call("DELETE", f"/customers/api-keys/{made['id']}").status_code == 204
    assert comfy.run("status")["error"]["code"] == "cloud_unauthorized"


def _account(owner: Person) -> dict[str, str]:
    """The personal workspace of the owner's account."""
    account = owner.call("GET", "/customers/me").json()["id"]
    return {"id": account, "name": "Personal workspace", "type": "personal", "role": "owner"}
