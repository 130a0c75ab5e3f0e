"""The function that finds hosts on this machine."""

import io
import json
import zipfile

from local import internet
from local.internet import PlayedHost
from tests.cloudformation import template


def test_it_replaces_the_function_that_fetches_documents() -> None:
    assert template()["Resources"][internet.FUNCTION]["Properties"]["CodeUri"] == "functions/client_document"


def test_it_knows_the_hosts_and_their_certificates_and_no_private_key() -> None:
    hosts = (PlayedHost("a.example", "192.0.2.1", 1, b"A\n"), PlayedHost("b.example", "192.0.2.2", 2, b"B\n"))
    package = zipfile.ZipFile(io.BytesIO(internet.function(hosts).body))

    assert package.namelist() == ["authorities.pem", "handler.py", "hosts.json"]
    assert package.read("authorities.pem") == b"A\nB\n"
    assert json.loads(package.read("hosts.json")) == {
        "a.example": {"address": "192.0.2.1", "port": 1},
        "b.example": {"address": "192.0.2.2", "port": 2},
    }
