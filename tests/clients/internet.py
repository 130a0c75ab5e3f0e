"""Two hosts of the internet that this machine plays."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.https_server import HttpsServer
from local.internet import PlayedHost
from local.serving import QuietHandler

HOST, ADDRESS = "assistant.example.com", "93.184.215.14"
DOCUMENT = f"https://{HOST}/oauth/client.json"
# Its DNS server answers with an address inside, where the same document could be read.
INSIDE, INSIDE_ADDRESS = "inside.example.com", "127.0.0.1"


class Internet(HttpsServer):
    """Both hosts. Each publishes one document, which allows loopback redirects."""

    def __init__(self, folder: Path) -> None:
        super().__init__(HOST, folder, _Documents, INSIDE)
        certificate = self.certificate.read_bytes()
        self.hosts = (
            PlayedHost(HOST, ADDRESS, self.port, certificate),
            PlayedHost(INSIDE, INSIDE_ADDRESS, self.port, certificate),
        )


class _Documents(QuietHandler):
    def do_GET(self) -> None:  # noqa: N802 - http.server calls it so
        document = {
            "client_id": f"https://{self.headers['host']}{self.path}",
            "client_name": "An assistant",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "token_endpoint_auth_method": "none",
        }
        self.answer(HTTPStatus.OK, [("content-type", "application/json")], json.dumps(document).encode())


def described(host: str) -> dict[str, Any]:
    """The client of the document at the host, as the consent page gets it, but for the fingerprint."""
    client_id = DOCUMENT.replace(HOST, host)
    return {"id": client_id, "name": host, "document": {"host": host, "claim": "An assistant"}}
