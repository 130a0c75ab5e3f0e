"""The second factor over HTTP: whole responses, cookies, and the rules of every route."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from accounts import secrets
from accounts.aws.totp_secrets import KmsTotpSecrets
from accounts.errors import InvalidSecondFactor, PendingLoginExpired, SecondFactorRequired
from accounts.model import identities, users
from accounts.model.identities import Identity
from accounts.web import routes
from accounts.web.routes import Route
from tests.functions import emulated, expected, lambdas
from tests.functions.away import EmulatedProviders, query_of
from tests.functions.cloud import FACTOR_KEY, unreachable
from tests.functions.conftest import NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import TOTP_SECRET, Person, another_person
from tests.functions.requests import (
    SAMPLE_BROWSER,
    SAMPLE_KEY,
    SAMPLE_PENDING_LOGIN,
    SAMPLE_RECOVERY_CODE,
    SAMPLE_TOKEN,
    request,
    sample,
)
from tests.unit.accounts.identity_providers.forgery import claims

ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
NO_PENDING = f"__Host-login=; {ATTRIBUTES}; Max-Age=0"
PENDING = f"__Host-login={SAMPLE_PENDING_LOGIN}"
TRUSTED = secrets.digest(secrets.digest(SAMPLE_BROWSER))
APP = pyotp.TOTP(TOTP_SECRET)
IN_SESSION = (
    routes.FACTOR_SHOW,
    routes.FACTOR_START,
    routes.FACTOR_CONFIRM,
    routes.FACTOR_TURN_OFF,
    routes.RECOVERY_CODES_REPLACE,
    routes.FACTOR_RESET_CANCEL,
    routes.TRUST_REVOKE,
)
CHANGES = IN_SESSION[1:-1]


@pytest.fixture
def person(functions: Lambdas) -> Person:
    """An owner with a second factor, whose login in a known browser waits for it."""
    person = functions.people.as_sampled()
    functions.people.give_second_factor(person)
    functions.people.begin_login(person)
    return person


def call(functions: Lambdas, route: Route, body: object = ..., **how: Any) -> Answer:
    """A request to the route, which shares its function with another one."""
    event = request(route.function, **{"cookie": SAMPLE_TOKEN, **how}, body=body)
    if body is not ...:
        event["headers"]["content-type"] = "application/json"
    event["routeKey"] = f"{route.method} {route.path}"
    event["rawPath"] = event["requestContext"]["http"]["path"] = route.path
    return functions.invoke(route.function, event)


def finish(functions: Lambdas, code: str, *cookies: str, **changes: Any) -> Answer:
    event = sample("factor_login") | {"body": json.dumps({"code": code, **changes})}
    event["cookies"] = list(cookies) or [PENDING, f"__Host-device={SAMPLE_BROWSER}"]
    return functions.invoke("factor_login", event)


def test_a_right_password_is_asked_for_the_second_factor(functions: Lambdas, person: Person) -> None:
    """Without a session; the cookie holds the pending login (MF-01)."""
    answer = functions.invoke("login", sample("login"))
    [pending] = answer.cookies

    body = {
        "error": "second_factor_required",
        "message": SecondFactorRequired.default_message,
        "factors": ["totp", "recovery_code"],
    }
    cookie = [f"__Host-login={pending}; {ATTRIBUTES}; Max-Age=300"]
    assert answer.read == expected.answer("login", 401, body, cookies=cookie)
    assert answer.events == ["authn_second_factor_required"]
    assert finish(functions, APP.at(NOW), f"__Host-login={pending}").status == 204
    assert person.user_id


def test_a_password_is_confirmed_with_the_second_factor(functions: Lambdas, person: Person) -> None:
    """Only in the browser with the session."""
    answer = functions.invoke("reauthenticate", sample("reauthenticate"))
    [pending] = answer.cookies
    cookie, session = f"__Host-login={pending}", f"__Host-session={SAMPLE_TOKEN}"

    assert answer.json["error"] == "second_factor_required"
    assert finish(functions, APP.at(NOW), cookie).json["error"] == "pending_login_expired"
    assert finish(functions, APP.at(NOW), cookie, session).status == 204
    assert functions.invoke("session_show", request("session_show", cookie=SAMPLE_TOKEN)).status == 401
    assert person.user_id


@pytest.mark.parametrize("code", [APP.at(NOW), f"{APP.at(NOW)[:3]} {APP.at(NOW)[3:]}", SAMPLE_RECOVERY_CODE])
def test_a_code_opens_the_session(functions: Lambdas, person: Person, code: str) -> None:
    answer = finish(functions, code)
    [session] = answer.cookies

    cookies = [f"__Host-session={session}; {ATTRIBUTES}", expected.HINT, NO_PENDING]
    assert answer.read == expected.answer("factor_login", 204, cookies=cookies)
    assert answer.events == ["authn_login_success"]
    shown = functions.invoke("session_show", request("session_show", cookie=session))
    assert shown.json["customer"] == person.customer(NOW)


def test_a_refused_code_says_nothing_else(functions: Lambdas, person: Person) -> None:
    """A wrong one, one that was used, and what cannot be one."""
    answers = [finish(functions, code) for code in ("000000", "", "x" * 500, APP.at(NOW - timedelta(seconds=60)))]
    whole = expected.refusal("factor_login", 401, "invalid_second_factor", InvalidSecondFactor.default_message)

    assert [answer.read for answer in answers] == [whole] * 4
    assert finish(functions, APP.at(NOW)).status == 204
    assert person.user_id


@pytest.mark.parametrize(
    "cookies", [("__Host-session=x",), ("__Host-login=",), (f"__Host-login={'x' * 43}",), ("__Host-login=\u00e9",)]
)
def test_no_pending_login_is_one_refusal(functions: Lambdas, person: Person, cookies: tuple[str, ...]) -> None:
    whole = expected.refusal("factor_login", 401, "pending_login_expired", PendingLoginExpired.default_message)

    assert finish(functions, APP.at(NOW), *cookies).read == whole
    assert person.user_id


def test_a_known_browser_needs_three_calls(functions: Lambdas, person: Person) -> None:
    """Besides KMS's. The first step makes one more than without a second factor, which is refused."""
    first = functions.invoke("login", sample("login"))
    second = finish(functions, APP.at(NOW))
    get, count, write = "dynamodb.GetItem", "dynamodb.UpdateItem", "dynamodb.TransactWriteItems"

    assert [call.name for call in first.calls if call.service == "dynamodb"] == [get, count, write, write]
    assert [call.name for call in second.calls] == [get, count, "kms.Decrypt", write]
    assert person.user_id


def test_a_login_with_a_provider_leads_to_the_second_step(functions: Lambdas, providers: EmulatedProviders) -> None:
    """With the cookie, without a session; the page knows where to go afterwards."""
    person = functions.people.arrange()
    now, key = functions.clock.now, identities.provider_key("google", claims(NOW)["sub"])
    linked = Identity(key, person.user_id, person.email, person.name, now, now, verified=True)
    functions.people.commit(identities.Claim(linked), users.AddIdentity(person.user_id, key, 10))
    functions.people.give_second_factor(person)
    state = query_of(providers.start("google", "return_to=/api-keys"))["state"]
    providers.google_says()
    answer = providers.callback("google", f"state={state}&code=a-code")
    pending = next(it for it in answer.result["cookies"] if it.startswith("__Host-login="))

    where = "https://accounts.example.com/second-step?return_to=%2Fapi-keys&factors=totp%2Crecovery_code"
    assert (answer.status, answer.result["headers"]["location"]) == (303, where)
    assert answer.events == ["authn_second_factor_required"]
    assert not [it for it in answer.result["cookies"] if it.startswith("__Host-session=")]
    assert finish(functions, APP.at(NOW), pending.partition(";")[0]).status == 204


def test_a_trusted_browser_is_not_asked(functions: Lambdas, person: Person) -> None:
    assert finish(functions, APP.at(NOW), trust=True).status == 204
    trusted = functions.invoke("login", sample("login"))

    assert trusted.status == 200
    assert trusted.json == person.customer(NOW)


def test_a_second_factor_is_turned_on(functions: Lambdas) -> None:
    """The secret is shown once, and the recovery codes are. The image needs no request."""
    person = functions.people.as_sampled()
    started = call(functions, routes.FACTOR_START)
    shown = started.json
    uri = f"otpauth://totp/Comfy:person%40example.com?secret={shown['secret']}&issuer=Comfy"

    assert started.read == expected.answer("factor_set_up", 200, shown)
    assert shown.keys() == {"setup", "secret", "uri", "qr_code"}
    assert shown["uri"] == uri
    assert shown["qr_code"].startswith("data:image/svg+xml;charset=utf-8,")
    code = pyotp.TOTP(shown["secret"]).at(NOW)
    wrong = call(functions, routes.FACTOR_CONFIRM, {"setup": shown["setup"], "code": "000000"})
    confirmed = call(functions, routes.FACTOR_CONFIRM, {"setup": shown["setup"], "code": code})
    again = call(functions, routes.FACTOR_CONFIRM, {"setup": shown["setup"], "code": code})

    assert (wrong.status, wrong.json["error"]) == (400, "wrong_second_factor")
    assert confirmed.read == expected.answer("factor_set_up", 200, confirmed.json)
    assert len(confirmed.json["recovery_codes"]) == 10
    assert confirmed.events == ["authn_second_factor_on"]
    assert (again.status, again.json["error"]) == (400, "setup_expired")
    assert call(functions, routes.FACTOR_START).json["error"] == "second_factor_on"
    assert functions.invoke("login", sample("login")).json["error"] == "second_factor_required"
    assert person.user_id


def test_the_state_is_shown(functions: Lambdas) -> None:
    person = functions.people.as_sampled()
    off = {"on": False, "recovery_codes_left": 0, "trusted_browsers": [], "reset_at": None}
    assert call(functions, routes.FACTOR_SHOW).read == expected.answer("factor_show", 200, off)
    functions.people.give_second_factor(person)
    functions.people.begin_login(person)
    finish(functions, APP.at(NOW), trust=True)
    since, until = (it.strftime("%Y-%m-%dT%H:%M:%S.000Z") for it in (NOW, NOW + timedelta(days=30)))
    shown = call(functions, routes.FACTOR_SHOW, browser=SAMPLE_BROWSER)

    held = {"id": TRUSTED, "current": True, "device": "Firefox on Linux", "trusted_at": since, "expires_at": until}
    on = {"on": True, "recovery_codes_left": 2, "trusted_browsers": [held], "reset_at": None}
    assert shown.read == expected.answer("factor_show", 200, on)


def test_the_trust_in_a_browser_is_ended(functions: Lambdas, person: Person) -> None:
    """It is asked again, and the session stays."""
    finish(functions, APP.at(NOW), trust=True)
    unknown = call(functions, routes.TRUST_REVOKE, target=secrets.digest("another"))
    ended = call(functions, routes.TRUST_REVOKE, target=TRUSTED)

    assert (unknown.status, unknown.json["error"]) == (404, "not_found")
    assert ended.read == expected.answer("factor_change", 204)
    assert ended.events == ["authn_browser_trust_ended"]
    assert call(functions, routes.FACTOR_SHOW).json["trusted_browsers"] == []
    assert functions.invoke("login", sample("login")).json["error"] == "second_factor_required"
    assert person.user_id


def test_a_requested_reset_is_shown_and_cancelled(functions: Lambdas, person: Person) -> None:
    """By the owner, who need not know whether it was cancelled before."""
    functions.invoke("operator_factor_reset", sample("operator_factor_reset"))
    assert call(functions, routes.FACTOR_SHOW).json["reset_at"] == "2026-01-06T12:00:00.000Z"
    answers = [call(functions, routes.FACTOR_RESET_CANCEL) for _ in range(2)]

    assert [it.read for it in answers] == [expected.answer("factor_change", 204)] * 2
    assert {event for it in answers for event in it.events} == {"authn_second_factor_reset_cancelled"}
    assert call(functions, routes.FACTOR_SHOW).json["reset_at"] is None
    assert [it["kind"] for it in functions.queued()][1:] == ["second_factor_reset_cancelled"]
    assert person.user_id


def test_a_code_cancels_a_reset(functions: Lambdas, person: Person) -> None:
    """The owner has their phone."""
    functions.invoke("operator_factor_reset", sample("operator_factor_reset"))

    assert finish(functions, APP.at(NOW)).status == 204
    assert call(functions, routes.FACTOR_SHOW).json["reset_at"] is None
    assert [it["kind"] for it in functions.queued()][1:] == ["second_factor_reset_cancelled"]
    assert person.user_id


@pytest.fixture
def parameter(functions: Lambdas, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Deploys the functions with another SecondFactor."""

    def deploy(value: str) -> None:
        monkeypatch.setenv("SECOND_FACTOR", value)
        lambdas.module.cache_clear()

    functions.people.as_sampled()
    yield deploy
    lambdas.module.cache_clear()


@pytest.fixture
def must_set_up(parameter: Callable[[str], None], functions: Lambdas) -> str:
    """The cookie of a login without a second factor, where one is required."""
    parameter("required")
    token: str = functions.invoke("login", sample("login")).cookies[0]
    return token


def test_a_login_without_the_factor_that_is_required_only_sets_it_up(functions: Lambdas, must_set_up: str) -> None:
    """Then it is like any other login."""
    who = functions.invoke("session_show", request("session_show", cookie=must_set_up))
    refused = functions.invoke("session_list", request("session_list", cookie=must_set_up))
    setup = call(functions, routes.FACTOR_START, cookie=must_set_up).json
    code = pyotp.TOTP(setup["secret"]).at(NOW)
    done = call(functions, routes.FACTOR_CONFIRM, {"setup": setup["setup"], "code": code}, cookie=must_set_up)

    assert who.json["enrolling"] is True
    assert (refused.status, refused.json["error"]) == (403, "second_factor_setup_required")
    assert refused.events == ["authz_fail_second_factor"]
    assert done.status == 200
    assert functions.invoke("session_list", request("session_list", cookie=must_set_up)).status == 200


def test_a_login_that_only_sets_up_the_factor_can_log_out(functions: Lambdas, must_set_up: str) -> None:
    assert functions.invoke("session_show", request("session_show", cookie=must_set_up)).json["enrolling"] is True
    assert functions.invoke("logout", request("logout", cookie=must_set_up)).status == 204
    assert functions.invoke("session_show", request("session_show", cookie=must_set_up)).status == 401


def test_it_cannot_be_turned_on_where_it_is_off(functions: Lambdas, parameter: Callable[[str], None]) -> None:
    parameter("off")
    answer = call(functions, routes.FACTOR_START)

    assert (answer.status, answer.json["error"]) == (403, "second_factor_not_offered")


def test_it_is_turned_off_with_a_code(functions: Lambdas, person: Person) -> None:
    refused = call(functions, routes.FACTOR_TURN_OFF, {"code": ""})
    done = call(functions, routes.FACTOR_TURN_OFF, {"code": APP.at(NOW)})

    assert (refused.status, refused.json["error"]) == (400, "wrong_second_factor")
    assert done.read == expected.answer("factor_change", 204)
    assert call(functions, routes.FACTOR_TURN_OFF, {"code": APP.at(NOW)}).json["error"] == "second_factor_off"
    assert functions.invoke("login", sample("login")).status == 200
    assert person.user_id


def test_recovery_codes_are_replaced(functions: Lambdas, person: Person) -> None:
    answer = call(functions, routes.RECOVERY_CODES_REPLACE, {"code": SAMPLE_RECOVERY_CODE})

    assert answer.status == 200
    assert len(set(answer.json["recovery_codes"])) == 10
    assert finish(functions, SAMPLE_RECOVERY_CODE).status == 401
    assert finish(functions, answer.json["recovery_codes"][0]).status == 204
    assert person.user_id


def test_the_secret_of_another_account_does_not_decrypt(functions: Lambdas, person: Person) -> None:
    """KMS refuses it: a row that was copied says nothing but 503 (MF-05)."""
    stranger = another_person("Mallory")
    functions.people.arrange(stranger)
    sealed = KmsTotpSecrets(FACTOR_KEY).seal(TOTP_SECRET, stranger.user_id)
    emulated.change("UsersTable", person.user_id, "totp", sealed)
    pending = functions.invoke("login", sample("login")).cookies[0]
    answer = finish(functions, APP.at(NOW), f"__Host-login={pending}")

    assert (answer.status, answer.json["error"]) == (503, "temporarily_unavailable")


def test_a_notice_that_cannot_be_queued_denies_nothing(functions: Lambdas, person: Person) -> None:
    """Turned off, and on again."""
    functions.cloud.failing["sqs"] = unreachable
    off = call(functions, routes.FACTOR_TURN_OFF, {"code": APP.at(NOW)})
    shown = call(functions, routes.FACTOR_START).json
    code = pyotp.TOTP(shown["secret"]).at(NOW)
    on = call(functions, routes.FACTOR_CONFIRM, {"setup": shown["setup"], "code": code})

    assert (off.status, off.events) == (204, ["sys_dependency_failed", "authn_second_factor_off"])
    assert (on.status, on.events) == (200, ["sys_dependency_failed", "authn_second_factor_on"])
    assert person.user_id


@pytest.mark.parametrize("service", ["dynamodb", "kms"])
def test_no_session_is_opened_when_a_dependency_fails(functions: Lambdas, person: Person, service: str) -> None:
    functions.cloud.failing[service] = unreachable
    assert finish(functions, APP.at(NOW)).status == 503
    functions.cloud.failing.clear()

    assert finish(functions, APP.at(NOW)).status == 204
    assert person.user_id


@pytest.mark.parametrize("route", IN_SESSION, ids=lambda route: route.path)
def test_it_needs_a_session(functions: Lambdas, person: Person, route: Route) -> None:
    body: Any = {} if route.is_unsafe else ...

    assert call(functions, route, body, cookie=None, headers={"origin": "https://accounts.example.com"}).status == 401
    key = call(functions, route, body, cookie=None, key=SAMPLE_KEY)
    assert (key.status, key.json["error"]) == (403, "credential_not_accepted")
    assert person.user_id


@pytest.mark.parametrize("route", CHANGES, ids=lambda route: route.path)
def test_a_change_needs_a_recent_login(functions: Lambdas, person: Person, route: Route) -> None:
    functions.clock.now += timedelta(minutes=16)
    answer = call(functions, route, {})

    assert (answer.status, answer.json["error"]) == (403, "reauth_required")
    assert person.user_id


@pytest.mark.parametrize("route", [routes.FACTOR_LOGIN, *IN_SESSION[1:]], ids=lambda route: route.path)
def test_another_site_cannot_call_it(functions: Lambdas, person: Person, route: Route) -> None:
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = call(functions, route, {"code": "123456"}, headers=foreign)

    assert (answer.status, answer.json["error"]) == (403, "cross_site_request")
    assert person.user_id


@pytest.mark.parametrize("body", ["", "{", "[]", '{"code": 1}', '{"code": "1", "code": "2"}', '{"code": "1", "x": 1}'])
def test_a_malformed_body_is_refused(functions: Lambdas, person: Person, body: str) -> None:
    for route in (routes.FACTOR_LOGIN, routes.FACTOR_TURN_OFF, routes.FACTOR_CONFIRM):
        assert call(functions, route, body).status == 400
    assert person.user_id
