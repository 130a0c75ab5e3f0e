"""The Lambda authorizer: which callers reach other APIs of this AWS account, and as which account."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import Unavailable
from accounts.web import authorizations, routes
from tests.unit.accounts.stage import NOW, Service, later
from tests.unit.accounts.web.events import OWN, SETTINGS, TOKEN, event

Logged = Callable[[], list[dict[str, Any]]]
pytestmark = pytest.mark.usefixtures("log")


def decide(service: Service, **parts: Any) -> dict[str, Any]:
    """The authorizer's answer to the gateway of the other API."""
    return authorizations.decide(service.authentication(routes.AUTHORIZE.credentials), SETTINGS, event(**parts), NOW)


def test_a_key_is_allowed_with_its_account(service: Service) -> None:
    """Text values only, as the simple response format requires."""
    logged_in = service.person()
    new = service.key(logged_in)

    for headers in ({"x-api-key": new.plaintext}, {"Authorization": f"Bearer {new.plaintext}"}):
        assert decide(service, method="POST", path="/jobs", headers=headers) == {
            "isAuthorized": True,
            "context": {
                "account_id": logged_in.session.user_id,
                "credential_kind": "api_key",
                "credential_id": new.api_key.digest,
            },
        }


@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("GET", OWN), ("POST", OWN), ("DELETE", OWN)])
def test_a_session_is_allowed_from_the_sites_own_pages(service: Service, method: str, headers: dict[str, str]) -> None:
    """An unsafe method must prove that it comes from there."""
    logged_in = service.person()

    decision = decide(service, method=method, headers=headers, cookies=[f"__Host-session={logged_in.token}"])

    assert decision == {
        "isAuthorized": True,
        "context": {
            "account_id": logged_in.session.user_id,
            "credential_kind": "session",
            "credential_id": logged_in.session.digest,
        },
    }


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"headers": {"authorization": "Bearer nonsense"}},
        {"headers": {"x-api-key": "comfyui-" + "A" * 64}},
        {"headers": {"x-api-key": "a", "authorization": "b"}},
        {"cookies": [f"__Host-session={TOKEN}"]},
        {"cookies": [f"__Host-session={TOKEN}", f"__Host-session={TOKEN}"]},
        {"rawQueryString": f"api_key={TOKEN}"},
    ],
)
def test_anything_else_is_denied(service: Service, parts: dict[str, Any]) -> None:
    """No credential or an invalid one: the same answer."""
    service.person()

    assert decide(service, **parts) == {"isAuthorized": False}


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_cookie_on_an_unsafe_method_from_elsewhere_is_denied(service: Service, headers: dict[str, str]) -> None:
    """A form on another site cannot use the browser's cookie (WB-01, WB-05)."""
    logged_in = service.person()
    cookies = [f"__Host-session={logged_in.token}"]

    assert decide(service, method="POST", headers=headers, cookies=cookies) == {"isAuthorized": False}


def test_a_session_that_has_ended_is_denied(service: Service) -> None:
    """Revocation is immediate: nothing is cached between two requests (SE-17)."""
    logged_in = service.person()
    asked = event(cookies=[f"__Host-session={logged_in.token}"])
    before = authorizations.decide(service.authentication(routes.AUTHORIZE.credentials), SETTINGS, asked, NOW)
    after = authorizations.decide(service.authentication(routes.AUTHORIZE.credentials), SETTINGS, asked, later(hours=1))

    assert (before["isAuthorized"], after) == (True, {"isAuthorized": False})


def test_the_authorizer_fails_closed_when_the_tables_are_down(service: Service, logged: Logged) -> None:
    """The function fails, so the gateway answers 500; a client would believe "denied" (TH-12)."""
    new = service.key(service.person())
    service.world.down = True
    with pytest.raises(Unavailable):
        decide(service, headers={"x-api-key": new.plaintext})

    (line,) = logged()
    assert (line["event"], line["code"], line["level"]) == ("sys_unavailable", "temporarily_unavailable", "WARNING")


def test_each_decision_is_one_line_without_the_credential(service: Service, logged: Logged) -> None:
    """With account, source and outcome."""
    logged_in = service.person()
    new = service.key(logged_in)
    decide(service, headers={"x-api-key": new.plaintext, "user-agent": "a machine"})
    decide(service, headers={"x-api-key": "comfyui-" + "A" * 64})

    granted, denied = logged()
    assert (granted["event"], granted["user_id"], granted["source"], granted["user_agent"]) == (
        "authz_granted",
        logged_in.session.user_id,
        "192.0.2.1",
        "a machine",
    )
    assert (denied["event"], denied["user_id"], denied["code"]) == ("authz_fail", "", "api_key_mistyped")
    assert new.plaintext not in json.dumps([granted, denied])
