"""The authorization endpoint reads what a program asks, and answers the page or the program."""

from typing import Any

import pytest

from accounts.errors import AccountChanged, AccountsError, InvalidInput, RedirectNotAllowed, UnknownClient
from accounts.flows.clients.client_consent import Seen, Shown
from accounts.flows.people.session_opening import LoggedIn
from tests.unit.accounts.flows.clients.stage import CHALLENGE, CLIENT, QUESTION, query
from tests.unit.accounts.stage import NOW, OWNER, SITE_URL, Service

ASKED = {
    "response_type": "code",
    "client_id": CLIENT,
    "redirect_uri": QUESTION.redirect_uri,
    "scope": "account",
    "state": "the state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def asking(**changes: str | None) -> dict[str, str]:
    """What a program asks; None leaves a parameter out."""
    return {name: value for name, value in (ASKED | changes).items() if value is not None}


def shown(service: Service, owner: LoggedIn, **changes: str | None) -> Shown:
    """What the page shows."""
    return service.authorization_endpoint.shown(asking(**changes), owner.session, OWNER, NOW)


def answered(service: Service, owner: LoggedIn, decision: str = "allow", **changes: str | None) -> dict[str, str]:
    """What the browser takes along to the program."""
    user_id, parameters = owner.session.user_id, asking(**changes)
    seen = Seen(user_id, "", NOW)
    found = service.authorization_endpoint.answered(parameters, decision, seen, owner.session, OWNER, NOW)
    assert found.user_id == user_id
    assert found.redirect_to.startswith(f"{parameters['redirect_uri']}?")
    return query(found.redirect_to)


def refusals(service: Service, owner: LoggedIn, **changes: str | None) -> set[type[AccountsError]]:
    """How the question, a yes and a no are refused."""
    steps: list[Any] = [
        lambda: shown(service, owner, **changes),
        lambda: answered(service, owner, **changes),
        lambda: answered(service, owner, "deny", **changes),
    ]
    found = []
    for step in steps:
        with pytest.raises(AccountsError) as refusal:
            step()
        found.append(refusal.type)
    return set(found)


def test_the_page_shows_the_question_and_who_is_asked(service: Service) -> None:
    owner = service.person()

    assert shown(service, owner) == Shown(QUESTION, service.world.users[owner.session.user_id])


def test_a_denied_program_is_told_so(service: Service) -> None:
    """It gets no code."""
    assert answered(service, service.person(), "deny") == {
        "error": "access_denied",
        "error_description": "The account owner didn't allow this login.",
        "state": "the state",
        "iss": SITE_URL,
    }
    assert service.world.tokens == {}


@pytest.mark.parametrize("client_id", [None, "", "comfy", "COMFY-CLI", "comfy-cli "])
def test_the_question_of_an_unknown_client_is_refused_to_the_page(service: Service, client_id: str | None) -> None:
    assert refusals(service, service.person(), client_id=client_id) == {UnknownClient}


@pytest.mark.parametrize(
    "redirect",
    [
        None,
        "",
        "http://127.0.0.1:49152/",
        "https://evil.example/callback",
        "http://127.0.0.1:49152/callback?x=1",
        "javascript:alert(1)//127.0.0.1/callback",
        "data:text/html,x",
        "http://127.0.0.1:1@evil.example/callback",
        "http://127.0.0.1:1/callback#x",
        "http://127.0.0.1:1\\@evil.example/callback",
        "//127.0.0.1/callback",
        "comfy://callback",
        "http://127.0.0.1.evil.example/callback",
        "HTTP://127.0.0.1/callback",
    ],
)
def test_no_browser_is_redirected_to_an_address_that_is_not_the_clients(service: Service, redirect: str | None) -> None:
    """Refused to the page (RFC 6749 4.1.2.1)."""
    assert refusals(service, service.person(), redirect_uri=redirect) == {RedirectNotAllowed}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "a" * 42}, "invalid_request"),
        ({"code_challenge": "a" * 44}, "invalid_request"),
        ({"code_challenge": "a" * 42 + "."}, "invalid_request"),
        ({"code_challenge": "a" * 43 + "\n"}, "invalid_request"),
        ({"scope": "a  b"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"resource": "https://evil.example/api"}, "invalid_target"),
        ({"resource": SITE_URL + ".evil.example/"}, "invalid_target"),
        ({"resource": SITE_URL + "/api#x"}, "invalid_target"),
        ({"resource": "/api"}, "invalid_target"),
    ],
)
def test_a_program_is_told_what_is_wrong_with_its_question(
    service: Service, changes: dict[str, str | None], code: str
) -> None:
    """At its own address, with its state; before the click and after it."""
    owner = service.person()
    found = shown(service, owner, **changes)

    assert (found.question, found.user) == (None, service.world.users[owner.session.user_id])
    for told in (query(found.redirect_to), answered(service, owner, **changes)):
        assert told == {
            "error": code,
            "error_description": told["error_description"],
            "state": "the state",
            "iss": SITE_URL,
        }
    assert service.world.tokens == {}


_STATE = "Send a state of at most 1024 characters of printable ASCII."


@pytest.mark.parametrize("state", ["x" * 2049, "a\nb", "ä", "a\x7f"])
def test_a_state_that_cannot_be_sent_back_is_left_out(service: Service, state: str) -> None:
    told = answered(service, service.person(), state=state)

    assert told == {"error": "invalid_request", "error_description": _STATE, "iss": SITE_URL}


@pytest.mark.parametrize("length", [1025, 2048])
def test_a_state_that_is_too_long_is_returned_with_the_error(service: Service, length: int) -> None:
    """The client finds its request by it (RFC 6749 4.1.2.1)."""
    owner, state = service.person(), "x" * length
    refused = {"error": "invalid_request", "error_description": _STATE, "state": state, "iss": SITE_URL}

    assert query(shown(service, owner, state=state).redirect_to) == refused
    assert answered(service, owner, state=state) == refused
    assert service.world.tokens == {}


@pytest.mark.parametrize("state", ["x" * 1024, " ", "~", None])
def test_any_other_state_is_sent_back(service: Service, state: str | None) -> None:
    assert answered(service, service.person(), state=state).get("state") == state


@pytest.mark.parametrize("resource", [SITE_URL, f"{SITE_URL}/", f"{SITE_URL}/api", f"{SITE_URL}/mcp"])
def test_our_own_resources_may_be_named(service: Service, resource: str) -> None:
    """Scopes that this deployment does not know are passed over (RFC 6749 3.3, RFC 8707)."""
    owner = service.person()
    asked = shown(service, owner, resource=resource, scope="comfy-cloud:jobs:read comfy-cloud:files:write")

    assert asked.question == QUESTION
    assert "code" in answered(service, owner, resource=resource)


@pytest.mark.parametrize("name", ["resource", "scope", "state"])
def test_an_empty_parameter_was_not_asked(service: Service, name: str) -> None:
    """RFC 6749 3.1."""
    owner = service.person()

    assert shown(service, owner, **{name: ""}) == shown(service, owner, **{name: None})
    assert "code" in answered(service, owner, **{name: ""})


@pytest.mark.parametrize("decision", ["", "yes", "Allow", "allow "])
def test_an_answer_is_one_of_two(service: Service, decision: str) -> None:
    with pytest.raises(InvalidInput):
        answered(service, service.person(), decision)
    assert service.world.tokens == {}


@pytest.mark.parametrize("decision", ["allow", "deny"])
def test_an_answer_counts_for_the_account_that_was_shown(service: Service, decision: str) -> None:
    """Checked before anything that the program asks."""
    owner, other = service.person(), service.person("other@example.com")

    for parameters in (ASKED, {}):
        with pytest.raises(AccountChanged):
            service.authorization_endpoint.answered(
                parameters, decision, Seen(owner.session.user_id, "", NOW), other.session, OWNER, NOW
            )
    assert service.world.tokens == {}
