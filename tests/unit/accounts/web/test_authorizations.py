"""The Lambda authorizer: which callers reach other APIs of this AWS account, and as which account."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pytest

from accounts.errors import ConfigurationError, Unavailable
from accounts.model.api_keys import Details
from accounts.model.assurance import ONE_FACTOR
from accounts.web import authorizations, routes
from tests.fake_deployment import CLOUD, STORE
from tests.unit.accounts.stage import NOW, OWNER, Service, cookie, later
from tests.unit.accounts.web.events import OWN, SETTINGS, TOKEN, event

Logged = Callable[[], list[dict[str, Any]]]
pytestmark = pytest.mark.usefixtures("log")


def decide(service: Service, now: datetime = NOW, **parts: Any) -> dict[str, Any]:
    """The authorizer's answer to the gateway of the other API."""
    return asked(service, event(**parts), now)


def asked(service: Service, sent: Mapping[str, Any], now: datetime = NOW) -> dict[str, Any]:
    """The authorizer's answer to an event."""
    return authorizations.decide(service.guards(routes.AUTHORIZE.credentials), SETTINGS, sent, now)


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
                "scope": "",
                "expires_at": "",
                "amr": "",
                "auth_time": "",
                "acr": "",
            },
        }


def test_an_expiring_key_tells_until_when_it_is_valid(service: Service) -> None:
    """The other API may keep the decision no longer. From then on, the key is denied."""
    new = service.key(service.person(), expires_at="2026-03-01T14:00:00+01:00")
    headers = {"x-api-key": new.plaintext}

    assert decide(service, headers=headers)["context"]["expires_at"] == "2026-03-01T13:00:00Z"
    assert decide(service, later(hours=1), headers=headers) == {"isAuthorized": False}


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("203.0.113.7", True), ("::ffff:203.0.113.7", True), ("192.0.2.1", False), ("", False), (None, False)],
)
def test_a_restricted_key_is_allowed_from_its_networks(service: Service, address: str | None, *, allowed: bool) -> None:
    """By the address that the gateway saw, whatever the client writes into headers; in each form of event (KX-03)."""
    details = Details("laptop", networks=["203.0.113.0/24"])
    new = service.key_creation.create(cookie(service.person()), details, OWNER, NOW)
    written = {
        "x-api-key": new.plaintext,
        "x-forwarded-for": "203.0.113.7",
        "cloudfront-viewer-address": "203.0.113.7:1",
    }
    http = event(headers=written)
    http["requestContext"]["http"]["sourceIp"] = address
    rest = {"methodArn": ARN, "path": "/", "httpMethod": "GET", "headers": written}
    rest["requestContext"] = {"identity": {"sourceIp": address}}

    assert asked(service, http)["isAuthorized"] is allowed
    effect = asked(service, rest)["policyDocument"]["Statement"][0]["Effect"]
    assert effect == ("Allow" if allowed else "Deny")


@pytest.mark.parametrize(
    ("scopes", "audience", "scope"),
    [
        (["jobs:read", "orders"], CLOUD, "jobs:read"),
        (["jobs:read", "orders"], STORE, "orders"),
        (["jobs:read", "orders"], "", None),
        (["account"], "", "account"),
        (["account"], CLOUD, None),
        (None, CLOUD, ""),
    ],
)
def test_a_key_has_those_of_its_scopes_that_the_guarded_service_has(
    service: Service, scopes: list[str] | None, audience: str, scope: str | None
) -> None:
    """And is denied where it has none, as a token for another service is."""
    details = Details("laptop", scopes=scopes)
    new = service.key_creation.create(cookie(service.person()), details, OWNER, NOW)
    http = event(headers={"x-api-key": new.plaintext}) | {"stageVariables": {"comfyAudience": audience}}

    decided = asked(service, http)
    assert decided["isAuthorized"] is (scope is not None)
    assert decided.get("context", {}).get("scope") == scope


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
            "scope": "",
            "expires_at": "",
            "amr": "pwd",
            "auth_time": str(int(NOW.timestamp())),
            "acr": ONE_FACTOR,
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
    sent = event(cookies=[f"__Host-session={logged_in.token}"])
    before = authorizations.decide(service.guards(routes.AUTHORIZE.credentials), SETTINGS, sent, NOW)
    after = authorizations.decide(service.guards(routes.AUTHORIZE.credentials), SETTINGS, sent, later(hours=1))

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


ARN = "arn:aws:execute-api:us-east-1:123456789012:z9y8x7w6v5/live/GET/jobs/7"
WHOLE = "arn:aws:execute-api:us-east-1:123456789012:z9y8x7w6v5/live/*"


def rest(method: str = "GET", **headers: str | list[str]) -> dict[str, Any]:
    """The REQUEST event of a REST API. It has the last of several headers, and all of them."""
    every = {name.replace("_", "-"): [it] if isinstance(it, str) else it for name, it in headers.items()}
    return {
        "type": "REQUEST",
        "methodArn": ARN,
        "path": "/jobs/7",
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in every.items()},
        "multiValueHeaders": every,
        "stageVariables": None,
        "requestContext": {"requestId": "r", "identity": {"sourceIp": "198.51.100.7"}},
    }


def socket(**headers: str | list[str]) -> dict[str, Any]:
    """The REQUEST event of a WebSocket API; it has no path, and a method only in emulators."""
    sent = rest(**headers)
    del sent["path"]
    sent["requestContext"] |= {"routeKey": "$connect", "eventType": "CONNECT"}
    return sent | {"methodArn": "arn:aws:execute-api:us-east-1:123456789012:z9y8x7w6v5/live/$connect"}


def token(text: str) -> dict[str, Any]:
    """The TOKEN event of a REST API, which is all that such an authorizer gets."""
    return {"type": "TOKEN", "methodArn": ARN, "authorizationToken": text}


def without_simple_responses(**headers: str) -> dict[str, Any]:
    """Payload 2.0 of an HTTP API whose authorizer has simple responses off, as its stage says."""
    return event(headers=headers) | {"routeArn": ARN, "stageVariables": {"comfyResponse": "policy"}}


def policy(principal: str, effect: str, resource: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"principalId": principal, "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def test_other_kinds_of_api_get_a_policy_for_a_key(service: Service) -> None:
    """For every route of the API, because an API may keep the policy for the next request with the key."""
    owner = service.person()
    new = service.key(owner)
    context = {
        "account_id": owner.session.user_id,
        "credential_kind": "api_key",
        "credential_id": new.api_key.digest,
        "scope": "",
        "expires_at": "",
        "amr": "",
        "auth_time": "",
        "acr": "",
    }

    for sent in (
        rest(x_api_key=new.plaintext),
        rest("POST", Authorization=f"Bearer {new.plaintext}"),
        socket(X_API_KEY=new.plaintext),
        token(new.plaintext),
        token(f"Bearer {new.plaintext}"),
        without_simple_responses(**{"x-api-key": new.plaintext}),
        rest(x_api_key=new.plaintext) | {"multiValueHeaders": None},
    ):
        assert asked(service, sent) == policy(owner.session.user_id, "Allow", WHOLE) | {"context": context}


def test_other_kinds_of_api_get_a_policy_for_a_cookie_for_that_request_only(service: Service) -> None:
    """The cookie on another method needs a proof of its own."""
    owner = service.person()
    cookie = f"__Host-session={owner.token}"

    for sent in (rest(cookie=cookie), rest("POST", cookie=cookie, **OWN), rest(cookie=["a=b", cookie])):
        decided = asked(service, sent)
        assert decided.pop("context")["credential_kind"] == "session"
        assert decided == policy(owner.session.user_id, "Allow", ARN)


def test_other_kinds_of_api_get_a_policy_that_denies(service: Service) -> None:
    """For an invalid credential, none, two, and a cookie that does not show where it comes from."""
    owner = service.person()
    key, cookie = service.key(owner).plaintext, f"__Host-session={owner.token}"

    for sent in (
        rest(),
        rest(authorization="Bearer nonsense"),
        rest(Authorization=[f"Bearer {key}", "Bearer x"]),
        rest(Authorization=f"Bearer {key}", authorization="Bearer x"),
        rest(x_api_key=[key, key]),
        rest(cookie=[cookie, cookie]),
        rest("POST", cookie=cookie),
        rest("POST", cookie=cookie, origin=[OWN["origin"], "https://evil.example"]),
        token(""),
        token("Bearer"),
        token(cookie),
        token(owner.token),
        without_simple_responses(),
        {"methodArn": ARN},
    ):
        assert asked(service, sent) == policy("denied", "Deny", ARN)


@pytest.mark.parametrize("headers", [{}, {"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}])
def test_a_page_of_another_site_opens_no_websocket_with_the_cookie(service: Service, headers: dict[str, str]) -> None:
    """Browsers allow WebSockets to any site, without CORS."""
    cookie = f"__Host-session={service.person().token}"

    assert asked(service, socket(cookie=cookie, **OWN))["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert asked(service, socket(cookie=cookie, **headers))["policyDocument"]["Statement"][0]["Effect"] == "Deny"


def test_a_stage_that_names_an_unknown_audience_is_an_error(service: Service) -> None:
    """Not a denial, which would be called the caller's error."""
    with pytest.raises(ConfigurationError, match=r"https://gone\.example\.com"):
        asked(service, event() | {"stageVariables": {"comfyAudience": "https://gone.example.com"}})
