"""Deployed into the local cloud in place of functions/client_document, so that this machine can play hosts.

The fetching is the service's own, with https and its rule about addresses. Played here are DNS, the network behind
public addresses, and the certificate authority: nothing that a setting of the service could change. Other hosts are the
real ones.
"""

import json
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from accounts import deployment
from accounts.document_fetching import DocumentFetching
from accounts.model.client_documents import host_of

HERE = Path(__file__).parent
PLAYED = json.loads((HERE / "hosts.json").read_text(encoding="utf-8"))
ON_THE_INTERNET = deployment.load().document_fetching


def lambda_handler(event: Mapping[str, str], _context: object) -> dict[str, Any]:
    fetching = _HERE if host_of(event["url"]) in PLAYED else ON_THE_INTERNET
    return fetching.answer(event["url"])


def _resolve(host: str) -> list[str]:
    return [PLAYED[host]["address"]]


def _dial(address: str) -> socket.socket:
    (port,) = {host["port"] for host in PLAYED.values() if host["address"] == address}
    return socket.create_connection(("127.0.0.1", port))


_HERE = DocumentFetching(_resolve, _dial, ssl.create_default_context(cafile=str(HERE / "authorities.pem")))
