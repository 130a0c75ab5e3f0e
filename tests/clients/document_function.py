"""Deployed into the local cloud in place of functions/client_document, so that tests can play hosts of the internet.

The fetching is the service's own, with its rule about addresses. Played here are DNS, the network behind public
addresses, and the certificate authority: nothing that the service itself could be told by a setting.
"""

import json
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accounts.document_fetching import DocumentFetching

HERE = Path(__file__).parent


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, Any]:
    return _fetching().answer(event["url"])


def _fetching() -> DocumentFetching:
    played = json.loads((HERE / "internet.json").read_text(encoding="utf-8"))

    def resolve(host: str) -> list[str]:
        return [played["dns"][host]]

    def dial(address: str) -> socket.socket:
        return socket.create_connection(("127.0.0.1", played["ports"][address]))

    return DocumentFetching(resolve, dial, ssl.create_default_context(cafile=str(HERE / "authority.pem")))
