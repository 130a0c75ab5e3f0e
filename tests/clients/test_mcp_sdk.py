"""The MCP SDK, unmodified: logs in with a document as its id, and calls a server of another team."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests

from local.cloud import LocalCloud
from tests.clients import mcp_service
from tests.clients.conftest import Clients, allow
from tests.clients.https_front import HttpsFront
from tests.clients.internet import DOCUMENT, HOST, INSIDE, Internet, described
from tests.local.person import Person

_PROGRAM = Path(__file__).with_name("mcp_program.py")


@dataclass(frozen=True)
class Assistant:
    """The program, which runs."""

    running: "subprocess.Popen[str]"

    def hears(self, line: str) -> None:
        assert self.running.stdin
        self.running.stdin.write(f"{line}\n")
        self.running.stdin.flush()

    def says(self) -> dict[str, Any]:
        assert self.running.stdout
        line = self.running.stdout.readline()
        assert line, self.running.communicate(timeout=60)[1]
        found: dict[str, Any] = json.loads(line)
        return found

    def asked(self, what: str = "call") -> dict[str, Any]:
        """What it says after a call of the tool."""
        self.hears(what)
        return self.says()


@pytest.fixture(scope="session")
def server(cloud: LocalCloud, service_front: HttpsFront) -> str:
    """The address of the small MCP server behind the authorizer."""
    service_front.forward_to(mcp_service.deploy(cloud, service_front.url))
    return f"{service_front.url}/mcp"


@pytest.fixture
def trusted(certificate: Path, service_front: HttpsFront, tmp_path: Path) -> Path:
    """The certificates of both services."""
    both = tmp_path / "trusted.pem"
    both.write_bytes(certificate.read_bytes() + service_front.certificate.read_bytes())
    return both


@contextmanager
def assistant(clients: Clients, server: str, trusted: Path, client_id: str = DOCUMENT) -> Iterator[Assistant]:
    pipe = subprocess.PIPE
    command = [clients.python, _PROGRAM, server, client_id]
    environment = {"SSL_CERT_FILE": str(trusted)}
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as running:
        try:
            yield Assistant(running)
        finally:
            running.kill()


def test_the_sdk_needs_only_the_servers_address(
    clients: Clients, ann: Person, server: str, trusted: Path, certificate: Path
) -> None:
    """The server's 401 leads to its metadata (RFC 9728), and that to this service. The token is for the server only."""
    with assistant(clients, server, trusted) as program:
        url = program.says()["url"]
        asked = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{ann.cloud.site_url}/oauth/authorize?")
        assert (asked["client_id"], asked["resource"], asked["scope"]) == (DOCUMENT, server, "jobs:read jobs:write")

        program.hears(allow(ann, url, described(HOST)))
        answer = program.asked()

    account = ann.call("GET", "/customers/me").json()["id"]
    assert answer["said"] == {
        "account_id": account,
        "credential_kind": "access_token",
        "scope": "jobs:read jobs:write",
    }
    claims = jwt.decode(answer["token"], options={"verify_signature": False})
    assert (claims["aud"], claims["client_id"]) == (server, DOCUMENT)
    bearer = {"authorization": f"Bearer {answer['token']}"}
    ours = requests.get(f"{ann.cloud.site_url}/customers/me", headers=bearer, verify=str(certificate), timeout=60)
    assert ours.status_code == 401


def test_the_sdk_refreshes_and_asks_again_after_a_logout(
    clients: Clients, ann: Person, server: str, trusted: Path
) -> None:
    """The owner sees the client under its host, and logs it out."""
    with assistant(clients, server, trusted) as program:
        program.hears(allow(ann, program.says()["url"], described(HOST)))
        first, second = program.asked(), program.asked("expired")
        assert first["said"] == second["said"]
        assert first["token"] != second["token"]

        (session,) = [it for it in ann.call("GET", "/auth/sessions").json()["sessions"] if it["client"]]
        assert session["client"] == {"id": DOCUMENT, "name": HOST}
        assert ann.call("DELETE", f"/auth/sessions/{session['id']}").status_code == 204
        assert program.asked()["url"].startswith(f"{ann.cloud.site_url}/oauth/authorize?")


def test_a_document_at_an_address_inside_is_refused(
    clients: Clients, ann: Person, server: str, trusted: Path, internet: Internet
) -> None:
    """Its host answers, and DNS leads there, but the address is loopback. The page says why, and no one is let in."""
    at_inside = DOCUMENT.replace(HOST, INSIDE)
    there = requests.get(
        f"https://127.0.0.1:{internet.port}/oauth/client.json",
        headers={"host": INSIDE},
        verify=str(internet.certificate),
        timeout=60,
    )
    assert there.json()["client_id"] == at_inside

    with assistant(clients, server, trusted, at_inside) as program:
        query = urlsplit(program.says()["url"]).query
    shown = ann.call("GET", f"/oauth/authorize/request?{query}")
    message = "The program's description cannot be used: its address is not on the public internet."
    assert (shown.status_code, shown.json()) == (400, {"error": "client_document_refused", "message": message})
