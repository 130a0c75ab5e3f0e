"""Schemathesis, unmodified, reads the OpenAPI document and tries to find a response that it does not describe."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tomlkit

from accounts.web import routes
from local.cloud import LocalCloud
from tests import quick_bcrypt
from tests.clients.conftest import Clients
from tests.cloudformation import ROOT
from tests.local.person import Person

# Made-up requests of each kind for each operation; about twenty more follow from its schema.
_MADE_UP = 1
# Answers to a request that the schema allows. What counts as accepted cannot depend on pace: limits may refuse.
_ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "429"]
_REFUSED = ["400", "401", "403", "404", "409", "413", "415", "429"]
# No schema says whether these are valid: tokens, codes and clients exist or do not, an authenticator signs or does not,
# a date has passed or not, a language is there or not, and a text may be too common a password, or have characters that
# a name must not have.
_WITH_SECRETS = (
    "/(verify|confirm|reset|change|signup|password|resend|forgot|callback|request|device|token|revoke|authorize"
    "|passkeys|api-keys|me$|second-factor)"
)
# End the session of the run, so that each has one of its own.
_ENDS_SESSION = ("delete_customers_me", "post_auth_logout", "post_auth_sessions_revoke_all")
_SECONDS = 900


@pytest.fixture(scope="module")
def alone() -> Iterator[LocalCloud]:
    """A local cloud of its own, whose limits by source no other test reaches."""
    with LocalCloud(providers=False, prelude=quick_bcrypt.FILE) as cloud:
        yield cloud


def test_no_response_is_undocumented(clients: Clients, alone: LocalCloud, tmp_path: Path) -> None:
    """All checks: no 5xx, no status, header or body that the document lacks, and refused what its schema refuses."""
    others = [f"--exclude-operation-id={it}" for it in _ENDS_SESSION]
    tested = len(routes.ROUTES) - 1 - len(others)  # The fallback is in no document.

    assert f"Tested: {tested}\n" in _run(clients, alone, tmp_path, *others)


@pytest.mark.parametrize("operation", _ENDS_SESSION)
def test_no_response_is_undocumented_when_the_session_ends(
    clients: Clients, alone: LocalCloud, tmp_path: Path, operation: str
) -> None:
    assert "Tested: 1\n" in _run(clients, alone, tmp_path, f"--include-operation-id={operation}")


def _run(clients: Clients, cloud: LocalCloud, folder: Path, *operations: str) -> str:
    """What Schemathesis prints; fails with it if it found anything."""
    config = folder / "schemathesis.toml"
    config.write_text(tomlkit.dumps(_config(cloud)), encoding="utf-8")
    document = ROOT / "docs" / "openapi.yaml"
    command = [clients.folder / "bin" / "st", "--config-file", config, "--no-color", "run", document, *operations]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    return done.stdout


def _config(cloud: LocalCloud) -> dict[str, object]:
    person = Person(cloud).join()
    return {
        "base-url": cloud.site_url,
        "headers": {"Origin": cloud.site_url},
        "auth": _auth(person),
        "generation": {"deterministic": True, "database": "none", "max-examples": _MADE_UP},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": _ACCEPTED},
            "negative_data_rejection": {"expected-statuses": _REFUSED},
            "missing_required_header": {"expected-statuses": _REFUSED},
        },
        "phases": {"stateful": {"enabled": False}},
        "operations": [
            {
                "include-path-regex": _WITH_SECRETS,
                "checks": {"positive_data_acceptance": {"expected-statuses": [*_ACCEPTED, "400"]}},
            },
        ],
        "request-timeout": 120.0,
        "continue-on-failure": True,
        "warnings": False,
        "workers": 2,
    }


def _auth(person: Person) -> dict[str, object]:
    session = next(cookie.value for cookie in person.http.cookies if cookie.name == "__Host-session")
    return {"openapi": {"session": {"api_key": session}}}
