"""Changing a known password needs the current one and a recent login, and ends the other sessions."""

from copy import replace
from itertools import pairwise

import pytest

from accounts import secrets
from accounts.errors import (
    CredentialNotAccepted,
    InvalidCredentials,
    InvalidInput,
    PasswordMissing,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
    WeakPassword,
)
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import PASSWORD_CHANGES_PER_ACCOUNT_PER_DAY
from accounts.model import messages
from accounts.model.audit import Record
from tests.unit.accounts.stage import (
    EMAIL,
    NO_KEY,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    Interleaved,
    Service,
    cookie,
    counted,
    failures,
    held,
    key_credential,
    later,
    placed,
)

THIRD = "thirteen red umbrellas"


def change(
    service: Service, logged_in: LoggedIn, current: str = PASSWORD, new: str = OTHER_PASSWORD, minutes: float = 1
) -> str:
    """The owner changes the password."""
    return service.password_change.change(cookie(logged_in), current, new, OWNER, later(minutes=minutes))


def test_a_browser_in_which_only_the_old_password_was_used_is_not_known_any_more(service: Service) -> None:
    """Otherwise a past intruder could use up the attempts of known browsers, or log in again without an email."""
    logged_in = service.person()
    intruder = replace(STRANGER, known_browser=secrets.digest("the intruder's browser"))
    service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=intruder, now=NOW)
    change(service, logged_in)

    assert service.identity().known_browsers == (OWNER.known_browser,)


def test_only_the_new_password_works(service: Service) -> None:
    """This session is kept, the others end; recorded and emailed (PW-15, SE-09, TK-11)."""
    logged_in = service.person()
    service.log_in()
    service.world.records.clear()
    user_id = change(service, logged_in)

    assert held(service, logged_in) == {logged_in.session.digest}
    [record] = service.world.records
    assert record == Record(user_id, "authn_password_change", later(minutes=1), OWNER, {}, record.serial)
    assert service.outbox.messages == [messages.PasswordChanged(user_id=user_id, **placed(later(minutes=1)))]
    with pytest.raises(InvalidCredentials):
        service.log_in(later(minutes=2))
    assert service.log_in(later(minutes=2), password=OTHER_PASSWORD)


def test_a_wrong_current_password_counts_like_a_failed_login(service: Service) -> None:
    """In the same streak, and by source if the browser is not known; nothing changes (PW-15, TH-06)."""
    logged_in = service.person()
    before = service.identity()
    with pytest.raises(InvalidCredentials) as refusal:
        change(service, logged_in, "not the current one")

    assert refusal.value.message == "Wrong password. Check Caps Lock and try again."
    assert counted(service) == {"streak": 1}
    assert (service.identity(), service.hasher.calls) == (before, 1)


def test_guesses_share_one_limit_with_login(service: Service) -> None:
    """Three here and two at login: the sixth must wait, without a hash, at both."""
    logged_in = service.person()
    for _ in range(3):
        with pytest.raises(InvalidCredentials):
            change(service, logged_in, "not the current one", minutes=0)
    for _ in range(2):
        with pytest.raises(InvalidCredentials):
            service.log_in(password="not the current one")
    service.hasher.calls = 0

    with pytest.raises(TooManyAttempts):
        change(service, logged_in, minutes=0)
    with pytest.raises(TooManyAttempts):
        service.log_in()
    assert service.hasher.calls == 0


def test_a_password_disabled_by_guessing_cannot_be_changed_only_reset(service: Service) -> None:
    """After a hundred failures even the right one is refused (TH-02)."""
    logged_in = service.person()
    service.fail(100, at=later(hours=-2))

    with pytest.raises(InvalidCredentials):
        change(service, logged_in)


def test_a_change_clears_the_streak(service: Service) -> None:
    """Like a login."""
    logged_in = service.person()
    service.fail(3)
    change(service, logged_in)

    assert failures(service) == (0, 0)


def test_a_change_needs_a_recent_login(service: Service) -> None:
    """Of the last fifteen minutes, to the second (SE-12)."""
    logged_in = service.person()
    with pytest.raises(ReauthenticationRequired):
        change(service, logged_in, minutes=15.01)

    assert change(service, logged_in, minutes=15)


@pytest.mark.parametrize(
    ("credential", "refusal"),
    [(None, Unauthenticated), (Credential("session", "x" * 43), Unauthenticated)],
)
def test_an_anonymous_caller_is_refused(
    service: Service, credential: Credential | None, refusal: type[Exception]
) -> None:
    """Without a session there is no hash and no counter."""
    service.person()
    with pytest.raises(refusal):
        service.password_change.change(credential, PASSWORD, OTHER_PASSWORD, OWNER, NOW)

    assert (service.hasher.calls, counted(service)) == (0, {})


def test_a_key_is_refused(service: Service) -> None:
    with pytest.raises(CredentialNotAccepted):
        service.password_change.change(key_credential(NO_KEY), PASSWORD, OTHER_PASSWORD, OWNER, NOW)


def test_an_account_without_a_password_has_none_to_change(service: Service) -> None:
    """With an error that says so; nothing is counted."""
    logged_in = service.person()
    service.change_identity(password_hash=None)
    with pytest.raises(PasswordMissing):
        change(service, logged_in)

    assert (service.hasher.calls, counted(service)) == (0, {})


@pytest.mark.parametrize(
    ("new", "refusal"),
    [("short", WeakPassword), (EMAIL, WeakPassword), ("passwordpassword", WeakPassword), ("x" * 257, InvalidInput)],
)
def test_the_new_password_must_follow_the_policy(service: Service, new: str, refusal: type[Exception]) -> None:
    """Checked before the current one: no hash, no counter."""
    logged_in = service.person()
    with pytest.raises(refusal):
        change(service, logged_in, new=new)

    assert (service.hasher.calls, counted(service)) == (0, {})


def test_a_concurrent_password_change_is_not_overwritten(service: Service) -> None:
    """The stored hash is checked again: the current password is no longer current."""
    logged_in = service.person()
    service.interposed = Interleaved(
        service.world, lambda: service.change_identity(password_hash=service.hasher.hash(THIRD))
    )
    with pytest.raises(InvalidCredentials):
        change(service, logged_in)

    assert service.identity().password_hash == f"fake:{THIRD}"


def test_a_concurrent_change_of_anything_else_costs_no_second_hash(service: Service) -> None:
    """The account is read again; the password is not verified again."""
    logged_in = service.person()
    service.interposed = Interleaved(service.world, lambda: service.change_identity(name="Olive O."))
    change(service, logged_in)

    assert (service.hasher.calls, service.identity().name) == (2, "Olive O.")


def test_a_session_that_ended_concurrently_changes_nothing(service: Service) -> None:
    """The owner logged out everywhere to stop exactly this."""
    logged_in = service.person()
    other = Service(service.world, service.hasher)
    service.interposed = Interleaved(
        service.world, lambda: other.logout_everywhere.everywhere(cookie(logged_in), OWNER, NOW)
    )
    with pytest.raises(Unauthenticated):
        change(service, logged_in)

    assert service.identity().password_hash == f"fake:{PASSWORD}"


def test_a_password_changes_twenty_times_a_day(service: Service) -> None:
    """Only the right one is counted: a stolen session must not keep the owner from changing theirs."""
    logged_in = service.person()
    words = [f"{number} green umbrellas in the rain" for number in range(PASSWORD_CHANGES_PER_ACCOUNT_PER_DAY + 1)]
    with pytest.raises(InvalidCredentials):
        service.password_change.change(cookie(logged_in), OTHER_PASSWORD, words[0], OWNER, NOW)
    for current, new in pairwise([PASSWORD, *words[:-1]]):
        service.password_change.change(cookie(logged_in), current, new, OWNER, NOW)
    stored = service.identity()
    with pytest.raises(TooManyAttempts) as refused:
        service.password_change.change(cookie(logged_in), words[-2], words[-1], OWNER, NOW)

    assert (refused.value.retry_after, service.identity()) == (12 * 60 * 60, stored)
