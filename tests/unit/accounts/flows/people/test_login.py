"""Logging in: the password of a confirmed address works, and every failure gets the same answer."""

from collections.abc import Callable
from copy import replace

import pytest

from accounts import secrets
from accounts.errors import InvalidCredentials, InvalidInput, TooManyAttempts, Unavailable
from accounts.flows.people.authentication import API_KEY, SESSION, Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import ADDRESS_FAILURES_PER_HOUR, ADDRESS_FAILURES_PER_MINUTE, QUIET_SOURCE_SHARE
from accounts.model import sessions
from accounts.model.audit import Caller, Record
from accounts.model.sessions import LONGEST, Session
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    Busy,
    Interleaved,
    Service,
    cookie,
    counted,
    failures,
    held,
    later,
    operator_request,
    untouched,
)

FREE = ADDRESS_FAILURES_PER_MINUTE


def log_in(
    service: Service,
    email: str = EMAIL,
    password: str = PASSWORD,
    presented: Credential | None = None,
    caller: Caller = OWNER,
) -> LoggedIn:
    """A login an hour after the account was created."""
    now = later(hours=1)
    return service.login.with_password(email, password, remember=False, presented=presented, caller=caller, now=now)


@pytest.mark.parametrize(("remember", "hours"), [(False, 24), (True, 720)])
def test_the_right_password_opens_a_session(service: Service, *, remember: bool, hours: int) -> None:
    """Remembered or not; the account holds it, and the record has the caller's address."""
    user_id = service.person().session.user_id

    logged_in = service.login.with_password(
        "OLIVE@Example.com", PASSWORD, remember=remember, presented=None, caller=STRANGER, now=NOW
    )

    digest = secrets.digest(logged_in.token)
    ends, idle = later(hours=hours), LONGEST.of(remembered=remember).idle
    session = Session(digest, user_id, "password", remember, NOW, NOW, ends, idle, STRANGER)
    assert (logged_in.session, service.world.sessions[digest]) == (session, session)
    assert digest in held(service, logged_in)
    (record,) = service.world.records
    detail = {"method": "password", "session": digest}
    assert record == Record(user_id, "authn_login_success", NOW, STRANGER, detail, record.serial)


def test_a_login_costs_one_hash_and_one_read(service: Service) -> None:
    """Three round trips: limits, identity, session (design, section 5)."""
    service.person()
    log_in(service)

    assert (service.hasher.calls, service.world.reads) == (1, [f"identities:email#{EMAIL}"])


def _unknown(service: Service) -> str:
    service.world.identities.clear()
    return PASSWORD


def _wrong(_: Service) -> str:
    return OTHER_PASSWORD


def _unconfirmed(service: Service) -> str:
    service.change_identity(verified=False)
    return PASSWORD


def _disabled(service: Service) -> str:
    service.change_identity(disabled=True)
    return PASSWORD


def _without_password(service: Service) -> str:
    service.change_identity(password_hash=None)
    return ""


def _guessed_at(service: Service) -> str:
    service.fail(100)
    return PASSWORD


@pytest.mark.parametrize("state", [_unknown, _wrong, _unconfirmed, _disabled, _without_password, _guessed_at])
def test_every_failure_is_one_answer_after_the_same_work(service: Service, state: Callable[[Service], str]) -> None:
    """Whichever it was: one hash, one read, no trace (EN-01)."""
    service.person()
    password = state(service)
    before = (dict(service.world.sessions), dict(service.world.users), dict(service.world.identities))

    with pytest.raises(InvalidCredentials) as refusal:
        log_in(service, password=password, caller=STRANGER)

    assert (refusal.value.code, refusal.value.message) == ("invalid_credentials", InvalidCredentials.default_message)
    assert (service.hasher.calls, service.world.reads) == (1, [f"identities:email#{EMAIL}"])
    assert (service.world.sessions, service.world.users, service.world.identities) == before
    assert service.world.records == []
    assert {name: count for name, count in counted(service).items() if name != "streak"} == {
        "password/3600": 1,
        "password/3600 part_0": 1,
    }


@pytest.mark.parametrize("password", ["", "fake:", "None", "null"])
def test_no_password_works_for_an_account_without_one(service: Service, password: str) -> None:
    """One created through a provider: unusable, not empty (PW-19)."""
    service.person()
    service.change_identity(password_hash=None)

    with pytest.raises(InvalidCredentials):
        log_in(service, password=password)


@pytest.mark.parametrize(("email", "password"), [("olive", PASSWORD), (EMAIL, "x" * 257), (EMAIL, "x" * 10_000)])
def test_an_impossible_password_is_refused_before_any_work(service: Service, email: str, password: str) -> None:
    """No counter, no read, no hash."""
    with pytest.raises(InvalidInput):
        log_in(service, email, password)

    assert untouched(service)


@pytest.mark.parametrize("email", [EMAIL, "unknown@example.com"])
def test_the_sixth_attempt_must_wait_for_any_address(service: Service, email: str) -> None:
    """Known or not, in any spelling, from any source: refused before the hash, even if right (TH-01, TH-08)."""
    service.person()
    for number in range(5):
        source = replace(STRANGER, source=f"203.0.113.{number}")
        with pytest.raises(InvalidCredentials):
            log_in(service, email.upper(), OTHER_PASSWORD, caller=source)
    with pytest.raises(TooManyAttempts) as refusal:
        log_in(service, email, caller=STRANGER)

    assert (refusal.value.retry_after, service.hasher.calls) == (30, 5)


def test_a_source_may_fail_so_often_a_minute(service: Service) -> None:
    """At any accounts; the next needs a proof of work, before the hash (TH-05, TH-06, TH-15)."""
    for number in range(FREE):
        with pytest.raises(InvalidCredentials):
            log_in(service, f"person{number}@example.com")
    with pytest.raises(TooManyAttempts) as refusal:
        log_in(service, "one.more@example.com")

    assert (refusal.value.retry_after, service.hasher.calls) == (60, FREE)


def test_a_login_does_not_clear_the_failures_of_its_source(service: Service) -> None:
    """An attacker with an account of their own gets no more guesses a minute (TH-09).

    Logins are given back when a tenth of the hour's limit is used: half of that by logins, which alternate.
    """
    service.person()
    for number in range(FREE - ADDRESS_FAILURES_PER_HOUR // QUIET_SOURCE_SHARE // 2):
        log_in(service, caller=STRANGER)
        with pytest.raises(InvalidCredentials):
            log_in(service, f"victim{number}@example.com", caller=STRANGER)

    with pytest.raises(TooManyAttempts):
        log_in(service, caller=STRANGER)


def test_logins_alone_never_fill_the_limit_of_their_source(service: Service) -> None:
    """A class that logs in from one address is never asked for work (TH-15)."""
    service.person()
    for _ in range(2 * FREE):
        log_in(service, caller=STRANGER)

    quiet = ADDRESS_FAILURES_PER_HOUR // QUIET_SOURCE_SHARE
    assert {count for name, count in counted(service).items() if name.startswith("password")} == {quiet}


def test_a_login_clears_the_failures_of_its_account(service: Service) -> None:
    """And is not counted itself, nor are failures in the other browsers forgotten."""
    service.person()
    service.fail(3)
    log_in(service, caller=STRANGER)
    assert failures(service) == (0, 3)

    log_in(service)
    assert failures(service) == (0, 0)


def test_a_known_browser_logs_in_though_its_source_is_at_its_limit(service: Service) -> None:
    """People behind one address do not use up each other's attempts; another browser is refused."""
    service.person()
    stranger_there = replace(OWNER, known_browser="")
    for number in range(FREE):
        with pytest.raises(InvalidCredentials):
            log_in(service, f"person{number}@example.com", caller=stranger_there)

    with pytest.raises(TooManyAttempts):
        log_in(service, caller=stranger_there)
    assert log_in(service).session.user_id == service.identity().user_id


def test_a_browser_that_another_account_knows_is_counted_by_source(service: Service) -> None:
    """Otherwise an attacker could use an account of their own to guess at others."""
    service.person()
    with pytest.raises(InvalidCredentials):
        log_in(service, "victim@example.com")

    assert counted(service) == {"streak": 1, "password/3600": 1, "password/3600 part_0": 1}


def test_a_lock_does_not_touch_live_sessions(service: Service) -> None:
    """Guessing at the owner's password cannot log the owner out (TH-07)."""
    logged_in = service.person()
    service.fail(100)

    assert service.session(cookie(logged_in), NOW) == logged_in.session


def test_the_existing_session_of_the_browser_ends(service: Service) -> None:
    """No token outlives a login (SE-03), in the transaction of the login, which is the only record."""
    before = service.person()
    service.interposed = Busy(service)
    after = log_in(service, presented=cookie(before))

    assert set(service.world.sessions) == held(service, after) == {after.session.digest}
    assert [record.event for record in service.world.records] == ["authn_login_success"]


def test_the_browsers_session_of_another_account_ends(service: Service) -> None:
    """Recorded there, with the caller of the login."""
    before, owner = service.person("mallory@example.com"), service.person()
    after = log_in(service, presented=cookie(before))

    assert held(service, before) == set()
    assert held(service, owner) == {owner.session.digest, after.session.digest}
    record = service.world.records[-1]
    assert (record.user_id, record.event, record.caller.source, record.at) == (
        before.session.user_id,
        "session_revoked",
        OWNER.source,
        later(hours=1),
    )
    assert record.detail == {"session": before.session.digest}


def test_a_login_works_though_the_browsers_session_of_another_account_cannot_be_ended(service: Service) -> None:
    """The failure is noted; the browser no longer has the old token."""
    before = service.person("mallory@example.com")
    service.person()
    service.interposed = Busy(service)
    after = log_in(service, presented=cookie(before))

    assert service.session(cookie(after), NOW) == after.session
    assert [type(error) for error in service.world.ignored] == [Unavailable]


def test_a_login_that_cannot_be_written_keeps_the_browsers_session(service: Service) -> None:
    before = service.person()
    service.interposed = Busy(service, kind=sessions.Start)
    with pytest.raises(Unavailable):
        log_in(service, presented=cookie(before))

    assert held(service, before) == {before.session.digest}
    assert service.world.records == []


@pytest.mark.parametrize("email", [EMAIL, "mallory@example.com"])
def test_a_session_that_ends_during_the_login_that_replaces_it_is_not_an_error(service: Service, email: str) -> None:
    """Of the same account or of another."""
    owner = service.person()
    before = owner if email == EMAIL else service.person(email)
    logout = Service(service.world, service.hasher).logout
    service.interposed = Interleaved(service.world, lambda: logout.here(cookie(before), OWNER, NOW))
    after = log_in(service, presented=cookie(before))

    assert after.session.digest in held(service, owner)
    assert before.session.digest not in service.world.sessions


def test_a_failed_login_keeps_the_presented_session(service: Service) -> None:
    """A typo logs no one out."""
    before = service.person()
    with pytest.raises(InvalidCredentials):
        log_in(service, password=OTHER_PASSWORD, presented=cookie(before))

    assert held(service, before) == {before.session.digest}


@pytest.mark.parametrize("presented", [Credential(SESSION, "x" * 43), Credential(API_KEY, "comfyui-" + "x" * 64)])
def test_any_other_presented_credential_is_ignored(service: Service, presented: Credential) -> None:
    """A token that the server did not issue is not adopted, and a key is not a session."""
    service.person()
    logged_in = log_in(service, presented=presented)

    assert logged_in.token != presented.secret
    assert len(held(service, logged_in)) == 2


def test_an_outdated_hash_is_replaced(service: Service) -> None:
    """By the next successful login, in the transaction that opens the session (PW-08)."""
    logged_in = service.person()
    service.hasher.outdated = True
    before = service.identity()

    log_in(service)

    rehashed = replace(before, password_hash=service.hasher.hash(PASSWORD), version=before.version + 1)
    rehashed = replace(rehashed, known_streak=before.known_streak + 1)
    assert (service.hasher.calls, service.identity()) == (3, rehashed)
    assert len(held(service, logged_in)) == 2


def test_a_concurrent_password_change_wins_over_the_new_hash(service: Service) -> None:
    """The old password was right when it was read and is wrong now: no session, and the change is kept (PW-08)."""
    logged_in = service.person()
    service.hasher.outdated = True
    service.interposed = Interleaved(
        service.world, lambda: service.change_identity(password_hash=f"fake:{OTHER_PASSWORD}")
    )
    with pytest.raises(InvalidCredentials):
        log_in(service)

    assert service.identity().password_hash == f"fake:{OTHER_PASSWORD}"
    assert held(service, logged_in) == {logged_in.session.digest}


def test_an_account_that_is_disabled_concurrently_cannot_log_in(service: Service) -> None:
    """The write checks it again."""
    user_id = service.person().session.user_id
    service.interposed = Interleaved(
        service.world, lambda: Service(service.world).account_disabling.disable(operator_request(user_id), NOW)
    )
    with pytest.raises(InvalidCredentials):
        log_in(service)

    assert service.world.sessions == {}


def test_login_fails_closed_when_the_tables_are_down(service: Service) -> None:
    """503 before any hash: no check runs without a limit (TH-12)."""
    service.person()
    service.world.down = True
    with pytest.raises(Unavailable):
        log_in(service)

    assert service.hasher.calls == 0


def test_a_login_is_printed_without_the_token(service: Service) -> None:
    """It could end up in a traceback."""
    logged_in = service.person()

    assert repr(logged_in) == f"LoggedIn(user_id={logged_in.session.user_id!r})"
