"""Hosts of the internet that this machine plays, for the function that fetches documents."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from local import packages
from local.packages import Package

FUNCTION = "ClientDocumentFunction"
_HANDLER = Path(__file__).with_name("document_function.py")


@dataclass(frozen=True)
class PlayedHost:
    """``address`` is what DNS answers, ``port`` is where an https server of this machine has this ``certificate``."""

    name: str
    address: str
    port: int
    certificate: bytes


def function(hosts: Collection[PlayedHost]) -> Package:
    """The function that finds these hosts on this machine."""
    played = {host.name: {"address": host.address, "port": host.port} for host in hosts}
    files = {
        "authorities.pem": b"".join(host.certificate for host in hosts),
        "handler.py": _HANDLER.read_bytes(),
        "hosts.json": json.dumps(played).encode(),
    }
    return packages.of_files(FUNCTION, files)
