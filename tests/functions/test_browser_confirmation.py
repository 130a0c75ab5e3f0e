"""A code by email for a login in a new browser, over HTTP: whole responses, cookies, and that nothing else differs."""

import json
import re
from collections.abc import Iterator
from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import EmailCodeRequired, EmailCodeUndeliverable, InvalidEmailCode, PendingLoginExpired
from accounts.limits import LOGIN_CODES_PER_SOURCE_PER_HOUR
from accounts.model import identities
from accounts.web import routes
from tests.functions import expected, lambdas
from tests.functions.cloud import unreachable
from tests.functions.conftest import NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person
from tests.functions.requests import SAMPLE_BROWSER, SAMPLE_PASSWORD, request, sample
from tests.functions.test_enumeration import STATES

ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


@pytest.fixture(autouse=True)
def confirming(functions: Lambdas, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Deploys the functions with ConfirmNewBrowsers."""
    monkeypatch.setenv("CONFIRM_NEW_BROWSERS", "on")
    lambdas.module.cache_clear()
    yield
    lambdas.module.cache_clear()
    assert functions


@pytest.fixture
def person(functions: Lambdas) -> Person:
    return functions.people.as_sampled()


def log_in(functions: Lambdas, password: str = SAMPLE_PASSWORD, browser: str | None = None) -> Answer:
    body = {"email": "person@example.com", "password": password}
    return functions.invoke("login", request("login", body=body, browser=browser))


def emailed(functions: Lambdas) -> str:
    """The code in the latest email."""
    functions.deliver_all()
    text = functions.cloud.mails()[-1]["Content"]["Simple"]["Body"]["Text"]["Data"]
    return re.findall(r"^\d{6}$", text, re.MULTILINE)[0]


def post(functions: Lambdas, route: routes.Route, pending: str, body: object = ...) -> Answer:
    event = sample("factor_login") | {"cookies": [f"__Host-login={pending}"]}
    event["body"] = "" if body is ... else json.dumps(body)
    event["routeKey"] = f"{route.method} {route.path}"
    event["rawPath"] = event["requestContext"]["http"]["path"] = route.path
    return functions.invoke("factor_login", event)


def finish(functions: Lambdas, pending: str, code: str) -> Answer:
    return post(functions, routes.FACTOR_LOGIN, pending, {"code": code})


def send_again(functions: Lambdas, pending: str) -> Answer:
    return post(functions, routes.EMAIL_CODE_SEND, pending)


def test_a_new_browser_is_asked_for_the_code(functions: Lambdas, person: Person) -> None:
    """Without a session; the cookie holds the pending login for ten minutes."""
    answer = log_in(functions)
    [pending] = answer.cookies

    body = {
        "error": "email_code_required",
        "message": EmailCodeRequired.default_message,
        "factors": ["email_code"],
        "email": "p•••@example.com",
    }
    cookie = [f"__Host-login={pending}; {ATTRIBUTES}; Max-Age=600"]
    assert answer.read == expected.answer("login", 401, body, cookies=cookie)
    assert answer.events == ["authn_email_code_required"]
    assert person.user_id


def test_the_emailed_code_opens_the_session(functions: Lambdas, person: Person) -> None:
    """The browser is known from then on."""
    pending = log_in(functions).cookie
    answer = finish(functions, pending, emailed(functions))
    session, browser = (
        it.partition(";")[0].partition("=")[2] for it in (answer.result["cookies"][0], answer.result["cookies"][2])
    )

    cookies = [
        f"__Host-session={session}; {ATTRIBUTES}",
        expected.HINT,
        f"__Host-device={browser}; {ATTRIBUTES}; Max-Age=31536000",
        f"__Host-login=; {ATTRIBUTES}; Max-Age=0",
    ]
    assert answer.read == expected.answer("factor_login", 204, cookies=cookies)
    assert answer.events == ["authn_login_success"]
    shown = functions.invoke("session_show", request("session_show", cookie=session))
    assert shown.json["customer"] == person.customer(NOW)
    assert log_in(functions, browser=browser).status == 200


def test_the_browser_of_a_reset_is_not_asked(functions: Lambdas, person: Person) -> None:
    """The emailed link proved the mailbox."""
    answer = functions.invoke("password_reset", request("password_reset"))
    browser = answer.cookie

    cookie = f"__Host-device={browser}; {ATTRIBUTES}; Max-Age=31536000"
    assert answer.read == expected.answer("password_reset", 204, cookies=[cookie])
    password = sample("password_reset")["body"]
    logged_in = log_in(functions, json.loads(password)["password"], browser)
    assert logged_in.json == person.customer(NOW)


def test_a_known_browser_is_not_asked(functions: Lambdas, person: Person) -> None:
    assert log_in(functions, browser=SAMPLE_BROWSER).json == person.customer(NOW)
    assert functions.queued() == []


def test_a_refused_code_says_nothing_else(functions: Lambdas, person: Person) -> None:
    """A wrong one, and what cannot be one."""
    pending = log_in(functions).cookie
    code = emailed(functions)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    answers = [finish(functions, pending, it) for it in (wrong, "", "x" * 500, "12345")]
    whole = expected.refusal("factor_login", 401, "invalid_email_code", InvalidEmailCode.default_message)

    assert [answer.read for answer in answers] == [whole] * 4
    assert answers[0].events == ["authn_email_code_fail"]
    assert finish(functions, pending, code).status == 204
    assert person.user_id


def test_after_five_tries_and_after_ten_minutes_the_login_is_over(functions: Lambdas, person: Person) -> None:
    whole = expected.refusal("factor_login", 401, "pending_login_expired", PendingLoginExpired.default_message)
    pending, late = log_in(functions).cookie, log_in(functions).cookie
    functions.deliver_all()
    for _ in range(5):
        finish(functions, pending, "000000")

    assert finish(functions, pending, "000000").read == whole
    functions.clock.now += timedelta(minutes=10)
    assert finish(functions, late, "000000").read == whole
    assert send_again(functions, late).read == whole
    assert person.user_id


def test_a_code_is_sent_again(functions: Lambdas, person: Person) -> None:
    """It replaces the first."""
    pending = log_in(functions).cookie
    first = emailed(functions)
    answer = send_again(functions, pending)
    second = emailed(functions)

    assert answer.read == expected.answer("factor_login", 202, {"message": "We've emailed you a new code."})
    assert answer.events == ["authn_email_code_sent"]
    if first != second:
        assert finish(functions, pending, first).status == 401
    assert finish(functions, pending, second).status == 204
    assert person.user_id


def test_codes_are_limited(functions: Lambdas, person: Person) -> None:
    """Also the first of a login: the answer says how long to wait."""
    for _ in range(LOGIN_CODES_PER_SOURCE_PER_HOUR):
        pending = log_in(functions).cookie
    refused = [log_in(functions), send_again(functions, pending)]

    assert [(it.status, it.json["error"]) for it in refused] == [(429, "too_many_attempts")] * 2
    assert all(int(it.result["headers"]["retry-after"]) > 0 for it in refused)
    assert len(functions.queued()) == LOGIN_CODES_PER_SOURCE_PER_HOUR
    assert person.user_id


def test_an_address_that_gets_no_email_is_told_what_to_do(functions: Lambdas, person: Person) -> None:
    stored = functions.people.identities.get(identities.email_key(person.email))
    assert stored is not None
    functions.people.commit(identities.Replace(replace(stored, undeliverable=identities.BOUNCE)))
    answer = log_in(functions)

    assert answer.read == expected.refusal(
        "login", 403, "email_code_undeliverable", EmailCodeUndeliverable.default_message
    )
    assert (functions.queued(), answer.events) == ([], ["authn_email_code_undeliverable"])


@pytest.mark.parametrize("state", STATES)
def test_every_failed_login_has_the_same_response_and_work(functions: Lambdas, state: str) -> None:
    """As without the parameter: the same 401, one hash, the same calls, and no email."""
    arrange, password = STATES[state]
    arrange(functions)
    answer = log_in(functions, password)

    assert answer.read == expected.refusal("login", 401, "invalid_credentials")
    assert (answer.hashes, answer.events, functions.queued()) == (1, ["authn_login_fail"], [])
    if state != "a hundred failures":  # its counter is read again, with an account or without
        calls = [call.name for call in answer.calls if call.service == "dynamodb"]
        assert calls == ["dynamodb.GetItem", "dynamodb.UpdateItem", "dynamodb.UpdateItem"]


def test_no_table_and_no_message_has_the_code_or_the_token(functions: Lambdas, person: Person) -> None:
    pending = log_in(functions).cookie
    queued = json.dumps(functions.queued())
    code = emailed(functions)
    stored: Any = json.dumps(functions.cloud.tables())

    assert pending not in queued + stored
    assert not re.search(rf"\b{code}\b", stored)
    assert person.user_id


@pytest.mark.parametrize("service", ["dynamodb", "sqs"])
def test_no_session_is_opened_when_a_dependency_fails(functions: Lambdas, person: Person, service: str) -> None:
    functions.cloud.failing[service] = unreachable
    answer = log_in(functions)
    functions.cloud.failing.clear()

    assert (answer.status, answer.cookies) == (503, [])
    assert log_in(functions).json["error"] == "email_code_required"
    assert person.user_id


def test_another_site_cannot_have_a_code_sent(functions: Lambdas, person: Person) -> None:
    pending = log_in(functions).cookie
    event = sample("factor_login") | {"cookies": [f"__Host-login={pending}"], "body": ""}
    event["routeKey"] = f"POST {routes.EMAIL_CODE_SEND.path}"
    event["headers"] = {**event["headers"], "origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = functions.invoke("factor_login", event)

    assert (answer.status, answer.json["error"]) == (403, "cross_site_request")
    assert person.user_id
