"""The Lambda authorizer: who gets into other APIs of this AWS account, and as whom."""

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
    """What the gateway of the other API is told."""
    return authorizations.decide(service.authentication(routes.AUTHORIZE.credentials), SETTINGS, event(**parts), NOW)


def test_a_key_lets_in_with_its_identity(service: Service) -> None:
    """Text values only, as the simple response format takes them."""
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
def test_a_session_lets_in_from_our_own_pages(service: Service, method: str, headers: dict[str, str]) -> None:
    """An unsafe method has to prove that it comes from there."""
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
    """No credential, or one that is worth nothing: one answer."""
    service.person()

    assert decide(service, **parts) == {"isAuthorized": False}


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}])
def test_a_cookie_on_an_unsafe_method_from_elsewhere_is_denied(service: Service, headers: dict[str, str]) -> None:
    """A form on another site gets nowhere with the browser's cookie (WB-01, WB-05)."""
    logged_in = service.person()
    cookies = [f"__Host-session={logged_in.token}"]

    assert decide(service, method="POST", headers=headers, cookies=cookies) == {"isAuthorized": False}


def test_a_session_that_has_ended_is_denied(service: Service) -> None:
    """Revocation is immediate: nothing is remembered between two questions (SE-17)."""
    logged_in = service.person()
    asked = event(cookies=[f"__Host-session={logged_in.token}"])
    before = authorizations.decide(service.authentication(routes.AUTHORIZE.credentials), SETTINGS, asked, NOW)
    after = authorizations.decide(service.authentication(routes.AUTHORIZE.credentials), SETTINGS, asked, later(hours=1))

    assert (before["isAuthorized"], after) == (True, {"isAuthorized": False})


def test_a_table_that_does_not_answer_lets_nobody_in(service: Service, logged: Logged) -> None:
    """The function fails, so the gateway answers 500; that is not "denied", which a client would believe (TH-12)."""
    new = service.key(service.person())
    service.world.down = True
    with pytest.raises(Unavailable):
        decide(service, headers={"x-api-key": new.plaintext})

    (line,) = logged()
    assert (line["event"], line["code"], line["level"]) == ("sys_unavailable", "temporarily_unavailable", "WARNING")


def test_each_decision_is_one_line_without_the_credential(service: Service, logged: Logged) -> None:
    """Who, from where, and what became of it."""
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
