"""requests-oauthlib, as its documentation uses it: it sends the client's id as Basic with an empty secret."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Clients, allow
from tests.local.person import Person

_PROGRAM = """
import json, sys
from requests_oauthlib import OAuth2Session

site, options = sys.argv[1], json.loads(sys.argv[2])
session = OAuth2Session("comfy-cli", redirect_uri="http://127.0.0.1:5151/callback", scope=["account"], pkce="S256")
url, _ = session.authorization_url(f"{site}/oauth/authorize")
print(url, flush=True)
session.fetch_token(f"{site}/oauth/token", authorization_response=input(), **options)
print(session.get(f"{site}/customers/me").json()["email"])
"""


@pytest.mark.parametrize("options", [{}, {"include_client_id": True}], ids=["by default", "with the id in the form"])
def test_requests_oauthlib_logs_in_as_a_public_client(
    clients: Clients, ann: Person, certificate: Path, options: dict[str, bool]
) -> None:
    """Without settings, and with those that its documentation advises for public clients."""
    command = [clients.python, "-c", _PROGRAM, ann.cloud.site_url, json.dumps(options)]
    # oauthlib does not read a redirect to loopback otherwise.
    environment = {"REQUESTS_CA_BUNDLE": str(certificate), "OAUTHLIB_INSECURE_TRANSPORT": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as running:
        assert running.stdout
        redirect = allow(ann, running.stdout.readline().strip())
        said, _ = running.communicate(redirect, timeout=60)

    assert (running.returncode, said) == (0, f"{ann.email}\n")
