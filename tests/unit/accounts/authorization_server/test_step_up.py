"""A program asks for a newer or a stronger login (RFC 9470), and gets it or an error."""

from datetime import datetime
from typing import Any

import pytest

from accounts.errors import AccountsError, SecondFactorRequired, StepUpRequired
from accounts.flows.clients.client_consent import Seen
from accounts.flows.people.session_opening import LoggedIn, Opened
from accounts.model.assurance import MULTI_FACTOR, ONE_FACTOR
from accounts.model.sessions import Session
from tests.unit.accounts.authorization_server.test_authorization import asking
from tests.unit.accounts.flows.clients.stage import query
from tests.unit.accounts.flows.factors.stage import FactorService, passkey_login, with_passkey
from tests.unit.accounts.stage import NOW, OWNER, PASSWORD, cookie, later

STRONG = {"acr_values": MULTI_FACTOR}
UNMET = "unmet_authentication_requirements"
# Enough that nothing else refuses it: consent needs a login of the last 15 minutes.
ASKED_AT, ANSWERED_AT = later(minutes=5), later(minutes=6)


@pytest.fixture
def service() -> FactorService:
    return FactorService()


@pytest.fixture
def owner(service: FactorService) -> LoggedIn:
    """Logged in at ``NOW``."""
    return service.person()


def shown(service: FactorService, session: Session | None, at: datetime = ASKED_AT, **asked: str | None) -> str:
    """The error that the program gets at once; empty when the question is shown."""
    found = service.authorization_endpoint.shown(asking(**asked), session, OWNER, at)
    return query(found.redirect_to)["error"] if found.redirect_to else ""


def allow(
    service: FactorService,
    session: Session,
    asked_at: datetime = ASKED_AT,
    at: datetime = ANSWERED_AT,
    **asked: str | None,
) -> str:
    """The error that the program gets, or "code"."""
    page = Seen(session.user_id, "", asked_at)
    found = service.authorization_endpoint.answered(asking(**asked), "allow", page, session, OWNER, at)
    told = query(found.redirect_to)
    return told.get("error", "code")


def refusal(service: FactorService, session: Session, *times: datetime, **asked: str | None) -> tuple[type, str]:
    before = dict(service.world.tokens)
    with pytest.raises(AccountsError) as refused:
        allow(service, session, *times, **asked)
    assert service.world.tokens == before
    return type(refused.value), refused.value.message


def again(service: FactorService, owner: Opened, at: datetime) -> LoggedIn:
    """Re-authenticate with the password."""
    return service.reauthentication.with_password(cookie(owner), PASSWORD, OWNER, at)


@pytest.mark.parametrize("max_age", ["301", "999999999"])
def test_a_login_that_is_younger_is_enough(service: FactorService, owner: LoggedIn, max_age: str) -> None:
    """Than asked when the program asked, which is five minutes after the login, and not when the owner clicks."""
    assert allow(service, owner.session, max_age=max_age) == "code"


@pytest.mark.parametrize("max_age", ["1", "300"])
def test_a_login_that_is_older_is_not(service: FactorService, owner: LoggedIn, max_age: str) -> None:
    assert refusal(service, owner.session, max_age=max_age)[0] is StepUpRequired


@pytest.mark.parametrize("asked", [{"max_age": "0"}, {"prompt": "login"}, {"prompt": "login", "max_age": "900"}])
def test_a_new_login_is_one_after_the_program_asked(
    service: FactorService, owner: LoggedIn, asked: dict[str, str]
) -> None:
    """One at the same moment, such as the login that led to the page, is not."""
    assert refusal(service, owner.session, NOW, NOW, **asked)[0] is StepUpRequired
    renewed = again(service, owner, later(seconds=1)).session
    assert allow(service, renewed, NOW, later(minutes=14), **asked) == "code"


def test_one_confirmation_answers_all_open_tabs(service: FactorService, owner: LoggedIn) -> None:
    """But no request that was opened after it."""
    renewed = again(service, owner, later(minutes=3)).session

    for asked_at in (later(minutes=1), later(minutes=2)):
        assert allow(service, renewed, asked_at, later(minutes=5), max_age="0") == "code"
    assert refusal(service, renewed, later(minutes=4), later(minutes=5), max_age="0")[0] is StepUpRequired


def test_another_browser_of_the_account_gains_nothing(service: FactorService, owner: LoggedIn) -> None:
    """The session of a thief stays as old and as weak as it is, whatever the owner confirms."""
    thief = service.log_in(NOW).session
    strong = passkey_login(service, with_passkey(service, owner), later(minutes=5.5))

    assert allow(service, strong.session, max_age="0", **STRONG) == "code"
    assert refusal(service, thief, max_age="0")[0] is StepUpRequired
    assert refusal(service, thief, **STRONG)[0] is StepUpRequired


def test_an_account_with_one_factor_cannot_log_in_with_two(service: FactorService, owner: LoggedIn) -> None:
    """The program is told, before the owner is asked and after."""
    assert shown(service, owner.session, **STRONG) == allow(service, owner.session, **STRONG) == UNMET


def test_a_passkey_is_strong_and_a_password_is_not(service: FactorService, owner: LoggedIn) -> None:
    """Also when the session before was strong."""
    device = with_passkey(service, owner)
    assert shown(service, owner.session, **STRONG) == ""
    kind, message = refusal(service, owner.session, **STRONG)
    assert (kind, "passkey" in message) == (StepUpRequired, True)

    strong = passkey_login(service, device, later(minutes=5))
    assert allow(service, strong.session, **STRONG) == "code"
    weak = again(service, strong, later(minutes=6))
    assert refusal(service, weak.session, **STRONG) == (kind, message)


def test_trust_in_a_browser_is_no_second_factor(service: FactorService, owner: LoggedIn) -> None:
    """Re-authentication asks for the code, and that is enough."""
    app, _ = service.turn_on(owner)
    service.finish_step(service.first_step(), app.code(), trust=True)
    trusted, at = service.log_in(later(minutes=1)), later(minutes=6)
    assert refusal(service, trusted.session, **STRONG)[0] is StepUpRequired
    with pytest.raises(SecondFactorRequired) as required:
        again(service, trusted, at)

    confirmed = service.finish_step(required.value.pending, app.code(at), at, presented=cookie(trusted))
    assert allow(service, confirmed.session, max_age="0", **STRONG) == "code"


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        (ONE_FACTOR, "code"),
        (f"{MULTI_FACTOR} {ONE_FACTOR}", "code"),
        (f"{ONE_FACTOR} {MULTI_FACTOR}", "code"),
        (f"urn:other {ONE_FACTOR}", "code"),
        (f"urn:other {MULTI_FACTOR}", UNMET),
        (MULTI_FACTOR, UNMET),
        ("urn:other", UNMET),
        (MULTI_FACTOR.upper(), UNMET),
        ("0", UNMET),
    ],
)
def test_one_of_the_values_is_enough_and_unknown_ones_are_not(
    service: FactorService, owner: LoggedIn, values: str, answer: str
) -> None:
    """The owner has one factor."""
    assert shown(service, owner.session, acr_values=values) == answer.replace("code", "")
    assert allow(service, owner.session, acr_values=values) == answer


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "consent_required"),
        ({"max_age": "301"}, "consent_required"),
        ({"max_age": "300"}, "login_required"),
        ({"max_age": "0"}, "login_required"),
        ({"acr_values": ONE_FACTOR}, "consent_required"),
        (STRONG, UNMET),
        ({"max_age": "0", **STRONG}, "login_required"),
    ],
)
def test_a_program_that_wants_nothing_shown_gets_an_error(
    service: FactorService, owner: LoggedIn, asked: dict[str, str], told: str
) -> None:
    with_passkey(service, owner)
    assert shown(service, owner.session, prompt="none", **asked) == told
    assert allow(service, owner.session, prompt="none", **asked) == "consent_required"


def test_without_a_session_a_program_that_wants_nothing_shown_is_told(service: FactorService) -> None:
    assert shown(service, None, prompt="none", **STRONG) == "login_required"
    assert shown(service, None, max_age="0", **STRONG) == ""


@pytest.mark.parametrize(
    "asked",
    [
        *({"max_age": text} for text in ("-1", "+1", "1.5", "1e3", " 1", "1 ", "٣", "0x1", "1000000000", "None")),
        {"prompt": "none login"},
        {"prompt": "consent none"},
    ],
)
def test_an_unreadable_requirement_is_refused_and_not_ignored(
    service: FactorService, owner: LoggedIn, asked: dict[str, Any]
) -> None:
    assert shown(service, owner.session, **asked) == allow(service, owner.session, **asked) == "invalid_request"


@pytest.mark.parametrize("asked", [{"max_age": ""}, {"acr_values": " "}, {"prompt": "consent"}, {"prompt": "other"}])
def test_nothing_else_is_asked_of_the_login(service: FactorService, owner: LoggedIn, asked: dict[str, str]) -> None:
    """A parameter without a value was not sent (RFC 6749 3.1), and the owner is always asked for consent."""
    assert allow(service, owner.session, **asked) == "code"
