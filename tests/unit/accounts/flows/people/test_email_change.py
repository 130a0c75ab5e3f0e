"""Changing the account's email: announced at the old address, proven at the new one, only by the logged-in owner."""

from collections.abc import Callable
from copy import replace
from datetime import datetime

import pytest

from accounts import secrets
from accounts.errors import (
    AddressConfirmed,
    CredentialNotAccepted,
    InvalidCredentials,
    InvalidInput,
    InvalidLink,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from accounts.flows.mail.mailing import LIMIT_REACHED, NOBODY_TO_TELL, SENT
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import CONFIRMATIONS_PER_ADDRESS_PER_MINUTE
from accounts.model import messages
from accounts.model.address_changes import pending_change
from accounts.model.audit import Record
from accounts.model.identities import BOUNCE, Identity
from accounts.model.messages import Message
from tests.unit.accounts.stage import (
    EMAIL,
    NEW_EMAIL,
    NO_KEY,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    SITE_URL,
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

OTHER_EMAIL = "oscar@example.com"


def confirm(service: Service, logged_in: LoggedIn, token: str, minutes: float = 5) -> Identity:
    """The owner opens the link."""
    return service.email_change.confirm(cookie(logged_in), token, OWNER, later(minutes=minutes))


def about_change(logged_in: LoggedIn, to: str = NEW_EMAIL) -> Message:
    """The messages that are queued when that owner asks for a change."""
    return messages.EmailChange(user_id=logged_in.session.user_id, email=to, asked_at=NOW)


def pending(service: Service, minutes: float = 0) -> tuple[str, datetime] | None:
    """The change of address that the account page shows."""
    return pending_change([service.identity()], later(minutes=minutes))


def recorded(service: Service) -> list[str]:
    return [record.event for record in service.world.records]


def log_in_as(service: Service, email: str, password: str = PASSWORD) -> LoggedIn:
    """With that address."""
    caller, now = OWNER, later(minutes=10)
    return service.login.with_password(email, password, remember=False, presented=None, caller=caller, now=now)


@pytest.mark.parametrize("email", [NEW_EMAIL, OTHER_EMAIL, "OSCAR@Example.com"])
def test_asking_counts_and_queues_alike_for_every_address(service: Service, email: str) -> None:
    """Free or taken: the address is not looked up, so nothing is revealed (EN-07)."""
    service.person(OTHER_EMAIL)
    logged_in = service.person()
    user_id = service.email_change_request.ask(cookie(logged_in), email, OWNER, NOW)

    assert service.outbox.messages == [
        messages.EmailChangeAsked(user_id=user_id, email=EMAIL, **placed()),
        messages.EmailChange(user_id=user_id, email=email.lower(), asked_at=NOW),
    ]
    assert counted(service) == {"email-change/86400": 1}
    assert [read.partition(":")[0] for read in service.world.reads] == ["sessions", "users", "identities"]
    assert pending(service) == (email.lower(), later(hours=1))
    assert recorded(service) == ["user_email_change_requested"]


@pytest.mark.parametrize("email", [EMAIL, "OLIVE@Example.com"])
def test_the_current_address_is_refused(service: Service, email: str) -> None:
    """No email is sent."""
    logged_in = service.person()
    with pytest.raises(InvalidInput, match="already your email address"):
        service.email_change_request.ask(cookie(logged_in), email, OWNER, NOW)

    assert (counted(service), service.outbox.messages) == ({}, [])


def test_asking_needs_a_recent_login(service: Service) -> None:
    """It could hand the account to an attacker (SE-12)."""
    logged_in = service.person()
    with pytest.raises(ReauthenticationRequired):
        service.email_change_request.ask(cookie(logged_in), NEW_EMAIL, OWNER, later(minutes=16))
    with pytest.raises(CredentialNotAccepted):
        service.email_change_request.ask(key_credential(NO_KEY), NEW_EMAIL, OWNER, NOW)
    with pytest.raises(Unauthenticated):
        service.email_change_request.ask(None, NEW_EMAIL, OWNER, NOW)

    assert service.outbox.messages == []


@pytest.mark.parametrize("email", ["", "olive", "a@b.example,c@d.example"])
def test_an_invalid_address_is_refused(service: Service, email: str) -> None:
    """Before anything is counted."""
    logged_in = service.person()
    with pytest.raises(InvalidInput):
        service.email_change_request.ask(cookie(logged_in), email, OWNER, NOW)

    assert counted(service) == {}


def test_an_account_may_ask_five_times_a_day(service: Service) -> None:
    """So that it cannot be used to send email to strangers."""
    logged_in = service.person()
    for number in range(5):
        service.email_change_request.ask(cookie(logged_in), f"{number}@example.com", OWNER, NOW)
    with pytest.raises(TooManyAttempts):
        service.email_change_request.ask(cookie(logged_in), NEW_EMAIL, OWNER, NOW)

    assert len(service.outbox.messages) == 10


def test_no_link_is_sent_unless_the_owner_is_warned(service: Service) -> None:
    """The warning is queued first; if that fails, nothing is queued."""
    logged_in = service.person()
    service.outbox.down = True
    with pytest.raises(Unavailable):
        service.email_change_request.ask(cookie(logged_in), NEW_EMAIL, OWNER, NOW)

    assert service.outbox.messages == []


def test_the_old_address_is_warned_and_the_new_one_gets_the_link(service: Service) -> None:
    """Neither contains anything that the requester chose (TK-12, EM-05)."""
    token = service.change_token(service.person())

    warning, link = service.postman.mails
    assert (warning.to, warning.template) == (EMAIL, "email_change_asked")
    assert NEW_EMAIL not in str(warning.values)
    assert (link.to, link.template) == (NEW_EMAIL, "email_change")
    address = f"{SITE_URL}/verify-email#token={token}&change=1&email={NEW_EMAIL}"
    assert link.values == {"site_url": SITE_URL, "greeted": "", "link": address}
    assert service.identity().pending_change == secrets.digest(token)


def test_an_address_of_another_account_gets_no_link(service: Service) -> None:
    """Its owner is notified, as with a sign-up; the account keeps its address."""
    service.person(OTHER_EMAIL)
    logged_in = service.person()

    assert service.mailing.deliver(about_change(logged_in, OTHER_EMAIL), NOW) == SENT
    [mail] = service.postman.mails
    assert (mail.to, mail.template) == (OTHER_EMAIL, "already_registered")
    assert (service.world.tokens, service.identity().pending_change) == ({}, None)


@pytest.mark.parametrize("email", [NEW_EMAIL, OTHER_EMAIL])
def test_a_pending_change_is_shown_alike_for_every_address(service: Service, email: str) -> None:
    """Also after the emails are sent, although only the free address gets a link (EN-07)."""
    service.person(OTHER_EMAIL)
    logged_in = service.person()
    service.email_change_request.ask(cookie(logged_in), email, OWNER, NOW)
    for message in service.outbox.messages:
        assert service.mailing.deliver(message, NOW) == SENT

    assert pending(service) == (email, later(hours=1))


@pytest.mark.parametrize(("minutes", "shown"), [(59, True), (60, False)])
def test_a_pending_change_is_shown_until_its_link_expires(service: Service, minutes: int, *, shown: bool) -> None:
    service.change_token(service.person())

    assert (pending(service, minutes) is not None) == shown


def test_a_cancelled_change_does_not_happen(service: Service) -> None:
    """Without a recent login: it keeps the address that the account has."""
    logged_in = service.person()
    token = service.change_token(logged_in)
    service.world.records.clear()
    service.email_change_request.cancel(cookie(logged_in), OWNER, later(minutes=16))

    with pytest.raises(InvalidLink):
        confirm(service, logged_in, token, minutes=17)
    assert (pending(service, 17), recorded(service)) == (None, ["user_email_change_cancelled"])


def test_a_cancelled_change_gets_no_link(service: Service) -> None:
    """The request may still be on the queue, or be written at this moment."""
    logged_in = service.person()
    service.email_change_request.ask(cookie(logged_in), NEW_EMAIL, OWNER, NOW)
    asked = service.outbox.messages[-1]
    calm = Service(service.world, service.hasher)
    during = Interleaved(
        service.world, lambda: calm.email_change_request.cancel(cookie(logged_in), OWNER, later(minutes=1))
    )
    service.interposed = during

    assert service.mailing.deliver(asked, later(minutes=1)) == NOBODY_TO_TELL
    service.interposed = None
    assert (during.times, service.mailing.deliver(asked, later(minutes=2))) == (0, NOBODY_TO_TELL)
    assert (service.postman.mails, service.world.tokens) == ([], {})


def test_a_change_can_be_requested_again_after_it_was_cancelled(service: Service) -> None:
    logged_in = service.person()
    service.change_token(logged_in)
    service.email_change_request.cancel(cookie(logged_in), OWNER, later(minutes=1))
    token = service.change_token(logged_in, now=later(minutes=2))

    assert confirm(service, logged_in, token).email == NEW_EMAIL


def test_cancelling_without_a_pending_change_writes_nothing(service: Service) -> None:
    """So that a stolen session cannot fill the history."""
    logged_in = service.person()
    before = service.identity()
    service.email_change_request.cancel(cookie(logged_in), OWNER, NOW)

    assert (service.identity(), service.world.records) == (before, [])


def test_only_a_session_can_cancel(service: Service) -> None:
    service.change_token(service.person())
    with pytest.raises(CredentialNotAccepted):
        service.email_change_request.cancel(key_credential(NO_KEY), OWNER, NOW)
    with pytest.raises(Unauthenticated):
        service.email_change_request.cancel(None, OWNER, NOW)

    assert pending(service) is not None


def test_a_change_is_no_longer_pending_after_a_reset(service: Service) -> None:
    service.change_token(service.person())
    service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, OWNER, later(minutes=1))

    assert pending(service, 1) is None


@pytest.mark.parametrize("late", [False, True])
def test_a_queued_request_is_void_after_a_reset(service: Service, *, late: bool) -> None:
    """The owner recovered the account; the link that a thief asked for is not even created (TK-12)."""
    logged_in = service.person()
    asked = about_change(logged_in)
    if late:
        assert service.mailing.deliver(asked, later(hours=1)) == NOBODY_TO_TELL
        return
    service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, OWNER, later(minutes=1))
    service.postman.mails.clear()

    assert service.mailing.deliver(asked, later(minutes=2)) == NOBODY_TO_TELL
    assert (service.postman.mails, service.identity().pending_change) == ([], None)


def test_an_account_causes_at_most_three_such_emails_to_an_address_in_six_hours(service: Service) -> None:
    """Another account causes more, so that no stranger uses up the emails of an address (TH-11)."""
    asked, other = (about_change(service.person(f"{number}@example.com")) for number in range(2))
    results = [service.mailing.deliver(message, NOW) for message in (*[asked] * 4, other)]

    assert results == [SENT, SENT, SENT, LIMIT_REACHED, SENT]


def test_an_address_gets_at_most_twenty_such_emails_in_six_hours(service: Service) -> None:
    """However many accounts name it (TH-11)."""
    asked = [about_change(service.person(f"{number}@example.com")) for number in range(21)]
    results = [service.mailing.deliver(message, NOW) for message in asked]

    assert results == [SENT] * 20 + [LIMIT_REACHED]


def test_the_password_moves_with_the_account(service: Service) -> None:
    """This session is kept, the others end; the old address no longer logs in and is free again (SE-09)."""
    logged_in = service.person()
    service.log_in()
    key = service.key(logged_in)
    token = service.change_token(logged_in)
    service.world.records.clear()
    service.outbox.messages.clear()
    old = service.identity()

    moved = confirm(service, logged_in, token)

    user_id, now = logged_in.session.user_id, later(minutes=5)
    user = service.world.users[user_id]
    assert (user.email, user.identities, user.updated_at) == (NEW_EMAIL, frozenset({f"email#{NEW_EMAIL}"}), now)
    assert user.api_keys == {key.api_key.digest}
    expected = replace(old, key=f"email#{NEW_EMAIL}", email=NEW_EMAIL, pending_change=None, secured_at=now)
    expected = replace(expected, wanted_email=None)
    expected = replace(expected, streak=old.streak + 1, known_streak=old.known_streak + 1)
    assert replace(moved, version=0) == replace(expected, updated_at=now, version=0)
    assert service.world.identities == {moved.key: replace(moved, version=0)}
    assert held(service, logged_in) == {logged_in.session.digest}
    [record] = service.world.records
    assert record == Record(user_id, "user_email_changed", now, OWNER, {}, record.serial)
    assert service.outbox.messages == [messages.EmailChanged(user_id=user_id, email=EMAIL, **placed(now))]
    assert log_in_as(service, NEW_EMAIL).session.user_id == user_id
    with pytest.raises(InvalidCredentials):
        log_in_as(service, EMAIL)


@pytest.mark.parametrize("times", [5, 101])
@pytest.mark.parametrize("streak", [0, 1])
def test_failures_at_the_new_address_do_not_count(service: Service, times: int, streak: int) -> None:
    """Strangers can guess before the account has it, and nobody is notified (TH-07).

    Also of an account that is older than the numbers of streaks.
    """
    logged_in = service.person()
    service.change_identity(streak=streak, known_streak=streak)
    token = service.change_token(logged_in)
    service.fail(times, NEW_EMAIL)
    confirm(service, logged_in, token)

    assert failures(service, NEW_EMAIL) == (0, 0)
    stranger = replace(STRANGER, known_browser="")
    now = later(minutes=5)
    back = service.login.with_password(NEW_EMAIL, PASSWORD, remember=False, presented=None, caller=stranger, now=now)
    assert back.session.user_id == logged_in.session.user_id


def test_an_address_that_comes_back_starts_without_failures(service: Service) -> None:
    """Neither its own earlier ones, nor those of strangers while it had no account."""
    logged_in = service.person()
    service.fail(101)
    confirm(service, logged_in, service.change_token(logged_in))
    service.fail(101)
    token = service.change_token(logged_in, to=EMAIL, now=later(minutes=6))
    confirm(service, logged_in, token, minutes=7)

    assert failures(service) == (0, 0)


def test_the_old_address_is_notified(service: Service) -> None:
    """Although it is no longer the account's: its owner may read there."""
    message = messages.EmailChanged(user_id="u" * 28, email=EMAIL, **placed())

    assert service.mailing.deliver(message, NOW) == SENT
    [mail] = service.postman.mails
    assert (mail.to, mail.template) == (EMAIL, "email_changed")
    assert mail.values == {"site_url": SITE_URL, "greeted": "", **placed(), "at": NOW}


def test_the_old_address_can_sign_up_again(service: Service) -> None:
    """For another account, which shares nothing with the first."""
    logged_in = service.person()
    confirm(service, logged_in, service.change_token(logged_in))
    newcomer = service.person(EMAIL, OTHER_PASSWORD)

    assert newcomer.session.user_id != logged_in.session.user_id


def test_problems_of_the_old_address_do_not_move(service: Service) -> None:
    """Emails are sent again, except the one to the address that bounces."""
    logged_in = service.person()
    token = service.change_token(logged_in)
    service.change_identity(undeliverable=BOUNCE)
    service.world.user(logged_in.session.user_id, mail_problem=BOUNCE)
    service.outbox.messages.clear()
    moved = confirm(service, logged_in, token)

    assert service.outbox.messages == []
    assert (moved.undeliverable, service.world.users[moved.user_id].mail_problem) == (None, None)


def test_a_pending_sign_up_at_the_new_address_cannot_be_confirmed(service: Service) -> None:
    """It claims nothing, and its link says that the address is confirmed."""
    waiting = service.signed_up(NEW_EMAIL, OTHER_PASSWORD)
    logged_in = service.person()
    confirm(service, logged_in, service.change_token(logged_in))

    with pytest.raises(AddressConfirmed):
        service.email_verification.confirm(waiting, OTHER_PASSWORD, None, STRANGER, later(minutes=6))
    assert log_in_as(service, NEW_EMAIL).session.user_id == logged_in.session.user_id


def test_only_the_session_of_the_account_can_confirm(service: Service) -> None:
    """The attack: have the owner of an address click, and so claim it for the attacker's account.

    The owner cannot, logged out or logged in to their own account; and the attacker does not have the link.
    """
    attacker = service.person()
    token = service.change_token(attacker, OTHER_EMAIL)
    victim = service.person("victim@example.com")
    before = dict(service.world.identities)
    for credential, refusal in ((None, Unauthenticated), (cookie(victim), InvalidLink)):
        with pytest.raises(refusal):
            service.email_change.confirm(credential, token, STRANGER, later(minutes=1))

    assert service.world.identities == before


@pytest.mark.parametrize("minutes", [60, 61, 10_000])
def test_a_link_works_for_an_hour(service: Service, minutes: int) -> None:
    """Expiry is compared in code."""
    logged_in = service.person()
    logged_in = service.log_in(remember=True)
    token = service.change_token(logged_in)

    with pytest.raises(InvalidLink):
        confirm(service, logged_in, token, minutes)


def test_a_newer_request_invalidates_the_older_link(service: Service) -> None:
    """One pending change an account."""
    logged_in = service.person()
    older = service.change_token(logged_in, "first@example.com")
    newer = service.change_token(logged_in)
    with pytest.raises(InvalidLink):
        confirm(service, logged_in, older)

    assert confirm(service, logged_in, newer).email == NEW_EMAIL


def test_a_link_works_once(service: Service) -> None:
    """The second use changes nothing."""
    logged_in = service.person()
    token = service.change_token(logged_in)
    confirm(service, logged_in, token)

    with pytest.raises(InvalidLink):
        confirm(service, logged_in, token)


def _taken(service: Service) -> None:
    Service(service.world, service.hasher).person(NEW_EMAIL, OTHER_PASSWORD)


@pytest.mark.parametrize("when", ["before", "during the commit"])
def test_an_address_that_was_taken_first_is_refused(service: Service, when: str) -> None:
    """Before the confirmation or during its commit: the account keeps its address."""
    logged_in = service.person()
    token = service.change_token(logged_in)
    if when == "before":
        _taken(service)
    else:
        service.interposed = Interleaved(service.world, lambda: _taken(service))
    with pytest.raises(InvalidLink):
        confirm(service, logged_in, token)

    assert service.world.users[logged_in.session.user_id].email == EMAIL
    assert service.identity(NEW_EMAIL).user_id != logged_in.session.user_id


def _reset(service: Service, _: LoggedIn) -> None:
    service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, OWNER, later(minutes=1))


def _logged_out(service: Service, logged_in: LoggedIn) -> None:
    service.logout_everywhere.everywhere(cookie(logged_in), OWNER, NOW)


@pytest.mark.parametrize("something", [_reset, _logged_out])
def test_a_change_that_loses_a_race_with_the_owner_does_not_happen(
    service: Service, something: Callable[[Service, LoggedIn], None]
) -> None:
    """The owner recovers the account during the commit: it keeps the old address (TK-12)."""
    logged_in = service.person()
    token = service.change_token(logged_in)
    owners = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, lambda: something(owners, logged_in))
    with pytest.raises((InvalidLink, Unauthenticated)):
        confirm(service, logged_in, token)

    assert service.world.users[logged_in.session.user_id].email == EMAIL


def test_guesses_at_links_are_limited(service: Service) -> None:
    """From one source."""
    logged_in = service.person()
    for _ in range(CONFIRMATIONS_PER_ADDRESS_PER_MINUTE):
        with pytest.raises(InvalidLink):
            confirm(service, logged_in, "x" * 43, 0)
    with pytest.raises(TooManyAttempts):
        confirm(service, logged_in, "x" * 43, 0)
