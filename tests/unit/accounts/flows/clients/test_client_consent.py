"""A program asks to log in, and the owner allows it."""

from copy import replace

import pytest

from accounts import secrets
from accounts.errors import AccountChanged, ReauthenticationRequired, TooManyAttempts, Unauthenticated, Unavailable
from accounts.flows.clients.client_consent import answer_url
from accounts.model import users
from accounts.model.one_time_tokens import AUTHORIZATION_CODE, AuthorizationCode, OneTimeToken
from tests.unit.accounts.flows.clients.stage import CLIENT, QUESTION, counters, query, stored
from tests.unit.accounts.stage import NOW, OWNER, SITE_URL, STRANGER, Service, later


def test_the_question_names_the_account_that_is_logged_in(service: Service) -> None:
    owner = service.person()

    assert service.client_consent.shown(owner.session, OWNER, NOW) == service.world.users[owner.session.user_id]
    assert counters(service) == {f"consent#{owner.session.user_id}#60": 1}


def test_without_a_session_the_question_names_no_account(service: Service) -> None:
    service.person()

    assert service.client_consent.shown(None, OWNER, NOW) is None
    assert counters(service) == {f"consent#{OWNER.source}#60": 1}


def test_the_question_never_names_an_account_that_is_disabled_or_deleted(service: Service) -> None:
    owner, other = service.person(), service.person("other@example.com")
    service.world.user(owner.session.user_id, status=users.DISABLED)
    del service.world.users[other.session.user_id]

    assert service.client_consent.shown(owner.session, OWNER, NOW) is None
    assert service.client_consent.shown(other.session, OWNER, NOW) is None


def test_an_account_is_asked_sixty_times_a_minute(service: Service) -> None:
    """Counted before the account is read, and separately for each account behind one address."""
    owner, neighbor = service.person(), service.person("other@example.com")
    for _ in range(60):
        service.client_consent.shown(owner.session, OWNER, NOW)
    service.world.reads.clear()

    with pytest.raises(TooManyAttempts) as refusal:
        service.client_consent.shown(owner.session, STRANGER, later(seconds=59.5))
    assert (refusal.value.retry_after, service.world.reads) == (1, [])
    assert service.client_consent.shown(neighbor.session, OWNER, NOW) is not None
    assert service.client_consent.shown(None, OWNER, NOW) is None
    assert service.client_consent.shown(owner.session, OWNER, later(seconds=60)) is not None


def test_a_source_without_a_session_is_asked_sixty_times_a_minute(service: Service) -> None:
    """The limit leaves an owner at the same source alone."""
    owner = service.person()
    for _ in range(60):
        service.client_consent.shown(None, STRANGER, NOW)

    with pytest.raises(TooManyAttempts):
        service.client_consent.shown(None, STRANGER, NOW)
    assert service.client_consent.shown(owner.session, STRANGER, NOW) is not None
    assert service.client_consent.shown(None, OWNER, NOW) is None


def test_an_answer_is_counted_for_the_account_that_was_shown(service: Service) -> None:
    owner = service.person()
    service.client_consent.check_asked(owner.session.user_id, owner.session, NOW)

    assert counters(service) == {f"consent-given#{owner.session.user_id}#86400": 1}


@pytest.mark.parametrize("shown", ["", "u" * 28])
def test_an_answer_for_another_account_is_refused(service: Service, shown: str) -> None:
    """Another account has logged in since the page was loaded. Its limit is not used up."""
    owner = service.person()

    with pytest.raises(AccountChanged):
        service.client_consent.check_asked(shown, owner.session, NOW)
    assert counters(service) == {}


def test_an_account_answers_twenty_times_a_minute(service: Service) -> None:
    owner, neighbor = service.person(), service.person("other@example.com")
    for _ in range(20):
        service.client_consent.check_asked(owner.session.user_id, owner.session, NOW)

    with pytest.raises(TooManyAttempts) as refusal:
        service.client_consent.check_asked(owner.session.user_id, owner.session, NOW)
    assert refusal.value.retry_after == 60
    service.client_consent.check_asked(neighbor.session.user_id, neighbor.session, NOW)
    service.client_consent.check_asked(owner.session.user_id, owner.session, later(seconds=60))


def test_an_account_answers_a_hundred_times_a_day(service: Service) -> None:
    """So that a session cannot fill the account's records with a program's logins."""
    owner = service.person()
    for number in range(100):
        service.client_consent.check_asked(owner.session.user_id, owner.session, later(minutes=number // 20))

    with pytest.raises(TooManyAttempts):
        service.client_consent.check_asked(owner.session.user_id, owner.session, later(minutes=6))
    service.client_consent.check_asked(owner.session.user_id, owner.session, later(hours=12))


def test_allowing_a_program_stores_a_code_and_redirects_with_it(service: Service) -> None:
    """RFC 6749 4.1.2, RFC 9207 2."""
    owner = service.person()
    session = replace(owner.session, method="google", second_factor="totp")
    before = stored(service)
    url = service.client_consent.allow(session, QUESTION, NOW, later(minutes=1))
    code = query(url)["code"]

    assert url == f"{QUESTION.redirect_uri}?code={code}&state=the+state&iss=https%3A%2F%2Faccounts.example.com"
    assert secrets.is_token(code)
    payload = AuthorizationCode(
        client_id=CLIENT,
        scope="account",
        method="google",
        session=session.digest,
        second_factor="totp",
        proven_at=NOW.isoformat(),
        redirect_uri=QUESTION.redirect_uri,
        challenge=QUESTION.challenge,
    )
    token = OneTimeToken(
        AUTHORIZATION_CODE, secrets.digest(code), session.user_id, later(minutes=1), later(minutes=2), payload.stored()
    )
    assert stored(service) == {**before, "tokens": {token.key: token}}


def test_allowing_a_program_needs_a_login_of_the_last_fifteen_minutes(service: Service) -> None:
    """Like creating a key: the program stays for 30 days (SE-21). The second time, too: a client's id is public."""
    owner = service.person()
    service.client_consent.allow(owner.session, QUESTION, NOW, later(minutes=15))
    before = stored(service)

    with pytest.raises(ReauthenticationRequired):
        service.client_consent.allow(owner.session, QUESTION, NOW, later(minutes=15, microseconds=1))
    assert stored(service) == before


def test_a_question_without_a_state_is_answered_without_one(service: Service) -> None:
    owner = service.person()
    answered = query(service.client_consent.allow(owner.session, replace(QUESTION, state=""), NOW, NOW))

    assert answered == {"code": answered["code"], "iss": SITE_URL}


def test_each_answer_has_its_own_code(service: Service) -> None:
    owner = service.person()
    urls = {service.client_consent.allow(owner.session, QUESTION, NOW, NOW) for _ in range(2)}

    assert (len(urls), len(service.world.tokens)) == (2, 2)


def test_an_account_that_is_disabled_or_deleted_allows_nothing(service: Service) -> None:
    """Its session was read before that happened."""
    owner, other = service.person(), service.person("other@example.com")
    service.world.user(owner.session.user_id, status=users.DISABLED)
    del service.world.users[other.session.user_id]

    for session in (owner.session, other.session):
        with pytest.raises(Unauthenticated):
            service.client_consent.allow(session, QUESTION, NOW, NOW)
    assert service.world.tokens == {}


def test_nothing_is_allowed_while_the_tables_are_down(service: Service) -> None:
    owner = service.person()
    service.world.down = True

    with pytest.raises(Unavailable):
        service.client_consent.shown(owner.session, OWNER, NOW)
    with pytest.raises(Unavailable):
        service.client_consent.check_asked(owner.session.user_id, owner.session, NOW)
    with pytest.raises(Unavailable):
        service.client_consent.allow(owner.session, QUESTION, NOW, NOW)
    assert (service.world.tokens, service.world.counters) == ({}, {})


def test_an_answer_is_escaped_and_omits_empty_parameters() -> None:
    parameters = {"error": "access_denied", "error_description": "No & never", "state": ""}

    assert answer_url("http://127.0.0.1:1/", parameters) == (
        "http://127.0.0.1:1/?error=access_denied&error_description=No+%26+never"
    )
