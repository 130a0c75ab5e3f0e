"""A host of the internet that this machine plays, and the function that fetches documents from it."""

import json
import shutil
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.clients.https_front import HttpsServer, QuietHandler

HOST, ADDRESS = "assistant.example.com", "93.184.215.14"
DOCUMENT = f"https://{HOST}/oauth/client.json"
# Its DNS server answers with an address inside, where the same document could be read.
INSIDE, INSIDE_ADDRESS = "inside.example.com", "127.0.0.1"
_FUNCTION = Path(__file__).with_name("document_function.py")


class Internet(HttpsServer):
    """Both hosts. Each publishes one document, which allows loopback redirects."""

    def __init__(self, folder: Path) -> None:
        super().__init__(HOST, folder, _Documents, INSIDE)
        self.function = folder / "function"
        self.function.mkdir()
        shutil.copy(_FUNCTION, self.function / "handler.py")
        shutil.copy(self.certificate, self.function / "authority.pem")
        played = {
            "dns": {HOST: ADDRESS, INSIDE: INSIDE_ADDRESS},
            "ports": {ADDRESS: self.port, INSIDE_ADDRESS: self.port},
        }
        (self.function / "internet.json").write_text(json.dumps(played), encoding="utf-8")


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
