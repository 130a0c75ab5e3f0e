"""Resetting a forgotten password by email: one link, one use, and every session ends."""

from collections.abc import Callable
from copy import replace

import pytest

from accounts import secrets
from accounts.errors import (
    InvalidCredentials,
    InvalidInput,
    InvalidLink,
    ProofRequired,
    TooManyAttempts,
    Unavailable,
    WeakPassword,
)
from accounts.flows.mail.mailing import LIMIT_REACHED, NOBODY_TO_TELL, SENT
from accounts.flows.people.password_reset import Reset
from accounts.limits import CONFIRMATIONS_PER_ADDRESS_PER_MINUTE, SIGNUPS_PER_ADDRESS_PER_MINUTE
from accounts.model import messages
from accounts.model.audit import Record
from accounts.model.one_time_tokens import EMAIL_VERIFICATION, SIGN_UP
from tests.unit.accounts.stage import (
    EMAIL,
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
    held,
    later,
    operator_request,
    placed,
)

ABOUT = messages.PasswordForgot(email=EMAIL)


def reset(service: Service, token: str, password: str = OTHER_PASSWORD, minutes: float = 1) -> Reset:
    """The owner opens the link and chooses another password."""
    return service.password_reset.reset(token, password, OWNER, later(minutes=minutes))


def stored(service: Service) -> tuple[object, ...]:
    """What a refused reset must not change."""
    world = service.world
    return dict(world.identities), dict(world.users), dict(world.sessions), dict(world.tokens), list(world.records)


@pytest.mark.parametrize("email", [EMAIL, "OLIVE@example.com", "unknown@example.com"])
def test_asking_only_counts_and_queues(service: Service, email: str) -> None:
    """The same for every address: no account is read, so none is revealed (EN-04)."""
    service.person()
    service.password_forgotten.ask(email, OWNER, NOW)

    assert service.outbox.messages == [messages.PasswordForgot(email.lower(), OWNER.known_browser, OWNER.source)]
    assert (counted(service), service.world.reads, service.postman.mails) == (
        {"mail/3600": 1, "mail/3600 part_0": 1},
        [],
        [],
    )


def test_a_limited_source_is_asked_for_a_proof_of_work(service: Service) -> None:
    """The response promises no email; other sources are not affected (TH-11, TH-15)."""
    for _ in range(SIGNUPS_PER_ADDRESS_PER_MINUTE):
        service.password_forgotten.ask(EMAIL, STRANGER, NOW)
    with pytest.raises(ProofRequired) as refusal:
        service.password_forgotten.ask(EMAIL, STRANGER, NOW)
    service.password_forgotten.ask(EMAIL, OWNER, NOW)
    proof = service.proofs.solution(refusal.value.challenge)
    service.password_forgotten.ask(EMAIL, replace(STRANGER, proof=proof), NOW)

    assert len(service.outbox.messages) == SIGNUPS_PER_ADDRESS_PER_MINUTE + 2


def test_an_invalid_address_is_refused_before_anything_is_counted(service: Service) -> None:
    with pytest.raises(InvalidInput):
        service.password_forgotten.ask("olive", OWNER, NOW)

    assert (counted(service), service.outbox.messages) == ({}, [])


@pytest.mark.parametrize("broken", ["counters", "queue"])
def test_a_message_that_cannot_be_counted_or_queued_is_a_service_error(service: Service, broken: str) -> None:
    """Fail closed: never promise an email that will not arrive."""
    service.world.down, service.outbox.down = broken == "counters", broken == "queue"
    with pytest.raises(Unavailable):
        service.password_forgotten.ask(EMAIL, OWNER, NOW)


def test_the_owner_gets_a_link(service: Service) -> None:
    """At the stored address; the token is in the fragment, and only its digest is stored (TK-01, TK-06)."""
    service.person()
    token = service.reset_token()

    [mail] = service.postman.mails
    link = f"{SITE_URL}/reset-password#token={token}&email={EMAIL}"
    assert (mail.to, mail.template) == (EMAIL, "password_forgot")
    assert mail.values == {"site_url": SITE_URL, "greeted": "Olive", "link": link}
    [kept] = service.world.tokens.values()
    assert (kept.key, kept.expires_at) == (f"password-reset#{secrets.digest(token)}", later(minutes=30))
    assert kept.data == {"user_id": service.identity().user_id}
    assert token not in str(service.world)


def test_an_account_without_a_password_gets_its_login_methods_and_a_link(service: Service) -> None:
    """The link sets the first password."""
    user_id = service.person().session.user_id
    service.change_identity(password_hash=None)
    service.world.user(user_id, identities=frozenset({f"email#{EMAIL}", "google#1", "github#2"}))
    token = service.reset_token()

    [mail] = service.postman.mails
    assert (mail.template, mail.values["methods"]) == ("password_forgot_without_password", ("google", "github"))
    reset(service, token)
    assert service.log_in(later(minutes=2), password=OTHER_PASSWORD).session.user_id == user_id


def _unknown(service: Service) -> None:
    service.world.identities.clear()


def _unconfirmed(service: Service) -> None:
    service.change_identity(verified=False)


def _disabled(service: Service) -> None:
    service.account_disabling.disable(operator_request(service.identity().user_id), NOW)


def _gone(service: Service) -> None:
    service.world.users.clear()


WITHOUT_ACTIVE_ACCOUNT = pytest.mark.parametrize("state", [_unknown, _unconfirmed, _disabled, _gone])


@WITHOUT_ACTIVE_ACCOUNT
def test_an_address_without_an_active_account_gets_no_email(service: Service, state: Callable[[Service], None]) -> None:
    """Nothing is sent, created or counted."""
    service.person()
    state(service)

    assert service.mailing.deliver(ABOUT, NOW) == NOBODY_TO_TELL
    assert (service.postman.mails, service.world.tokens, counted(service)) == ([], {}, {})


@WITHOUT_ACTIVE_ACCOUNT
def test_a_link_of_an_account_that_is_no_longer_active_is_refused(
    service: Service, state: Callable[[Service], None]
) -> None:
    """Whatever happened to it after the link was emailed."""
    service.person()
    token = service.reset_token()
    state(service)
    before = stored(service)

    with pytest.raises(InvalidLink):
        reset(service, token)
    assert stored(service) == before


def test_an_address_gets_three_emails_an_hour_and_five_a_day(service: Service) -> None:
    """For any caller; further ones are dropped silently (TH-11)."""
    service.person()
    results = [service.mailing.deliver(ABOUT, later(minutes=n)) for n in range(4)]
    results += [service.mailing.deliver(ABOUT, later(hours=n)) for n in (1, 2, 3)]

    assert results == [SENT, SENT, SENT, LIMIT_REACHED, SENT, SENT, LIMIT_REACHED]
    assert service.mailing.deliver(ABOUT, later(hours=24)) == SENT


def test_a_stranger_does_not_use_up_the_owners_emails(service: Service) -> None:
    """A known browser has a limit of its own: an attacker cannot prevent the owner's reset (promise 5)."""
    service.person()
    for _ in range(6):
        service.mailing.deliver(replace(ABOUT, known_browser="a stranger's"), NOW)
    service.mailing.deliver(ABOUT, NOW)
    assert len(service.postman.mails) == 3
    results = [service.mailing.deliver(replace(ABOUT, known_browser=OWNER.known_browser), NOW) for _ in range(4)]

    assert results == [SENT, SENT, SENT, LIMIT_REACHED]


def test_an_email_that_could_not_be_sent_is_not_counted(service: Service) -> None:
    """The queue delivers the message again; the link in the email that arrives is the valid one."""
    service.person()
    service.postman.down = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            service.mailing.deliver(ABOUT, NOW)
    service.postman.down = False

    reset(service, service.reset_token())
    assert service.log_in(later(minutes=2), password=OTHER_PASSWORD)


def test_a_reset_sets_the_password_and_ends_every_session(service: Service) -> None:
    """In one transaction; recorded and emailed, and it opens no session (SE-09, TK-09, TK-11)."""
    logged_in = service.person()
    service.log_in()
    token = service.reset_token()
    service.world.records.clear()
    service.outbox.messages.clear()

    user_id = logged_in.session.user_id

    assert reset(service, token) == Reset(user_id)
    assert held(service, logged_in) == set()
    assert service.world.tokens == {}
    [record] = service.world.records
    assert record == Record(user_id, "authn_password_change", later(minutes=1), OWNER, {"by": "reset"}, record.serial)
    assert service.outbox.messages == [messages.PasswordReset(user_id=user_id, **placed(later(minutes=1)))]
    with pytest.raises(InvalidCredentials):
        service.log_in(later(minutes=2))
    assert service.log_in(later(minutes=2), password=OTHER_PASSWORD)


def test_api_keys_are_kept(service: Service) -> None:
    """The email says so, and where to delete them."""
    logged_in = service.person()
    key = service.key(logged_in)
    reset(service, service.reset_token())

    assert service.world.api_keys.keys() == {key.api_key.digest}
    assert service.world.users[logged_in.session.user_id].api_keys == {key.api_key.digest}


@pytest.mark.parametrize("failures", [5, 40, 100, 5000])
def test_a_reset_clears_the_waits(service: Service, failures: int) -> None:
    """However many guesses were made, the owner can log in at once (TH-02, TH-07)."""
    service.person()
    service.fail(failures)
    reset(service, service.reset_token(), minutes=0)

    assert service.log_in(password=OTHER_PASSWORD)


def test_only_the_browser_that_resets_remains_known(service: Service) -> None:
    """A thief who logged in before is announced as new at the next login."""
    service.person()
    thief = replace(STRANGER, known_browser=secrets.digest("the thief's browser"))
    for caller in (thief, OWNER):
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=caller, now=NOW)
    token = service.reset_token()
    done = service.password_reset.reset(token, OTHER_PASSWORD, replace(OWNER, known_browser=""), later(minutes=1))
    assert service.identity().known_browsers == (secrets.digest(done.browser_token),)
    service.outbox.messages.clear()
    service.login.with_password(
        EMAIL, OTHER_PASSWORD, remember=False, presented=None, caller=thief, now=later(minutes=2)
    )

    assert [message.kind for message in service.outbox.messages] == ["sign_in_new_device"]


def test_asking_changes_nothing_about_the_account(service: Service) -> None:
    """Not the password, the waits or a session, until the token is presented (TK-15)."""
    logged_in = service.person()
    service.fail(5)
    service.reset_token()

    assert counted(service)["streak"] == 5
    assert held(service, logged_in) == {logged_in.session.digest}
    assert service.log_in(later(minutes=1))


def test_a_link_works_once(service: Service) -> None:
    """The second use is refused like any invalid link, and changes nothing (TK-02)."""
    service.person()
    token = service.reset_token()
    reset(service, token)
    before = stored(service)

    with pytest.raises(InvalidLink):
        reset(service, token, "a third password of sorts")
    assert stored(service) == before


@pytest.mark.parametrize(("minutes", "works"), [(30, False), (30 - 1 / 60, True)])
def test_a_link_works_for_thirty_minutes(service: Service, minutes: float, *, works: bool) -> None:
    """Expiry is compared in code: the item may still be in the table (TK-03)."""
    service.person()
    token = service.reset_token()
    if works:
        assert reset(service, token, minutes=minutes)
        return
    with pytest.raises(InvalidLink):
        reset(service, token, minutes=minutes)


@pytest.mark.parametrize("used", [0, 1])
def test_a_stranger_cannot_replace_the_owners_link_by_asking_for_another(service: Service, used: int) -> None:
    """Each works, until one of them has set the password, which ends all (TK-04)."""
    service.person()
    links = [service.reset_token(), service.reset_token(now=later(seconds=1))]

    assert reset(service, links[used])
    for link in links:
        with pytest.raises(InvalidLink):
            reset(service, link)


def test_a_link_from_the_moment_of_a_reset_ends_with_it(service: Service) -> None:
    """Nobody knows which of the two was first (TK-04)."""
    service.person()
    used, other = service.reset_token(), service.reset_token(now=later(minutes=1))
    reset(service, used, minutes=1)

    with pytest.raises(InvalidLink):
        reset(service, other, minutes=2)


def test_a_link_from_before_the_account_is_refused(service: Service) -> None:
    """It was emailed to the owner of an earlier account with the address."""
    first = service.person()
    link = service.reset_token()
    service.account_closing.close(cookie(first), OWNER, NOW)
    service.person()

    with pytest.raises(InvalidLink):
        reset(service, link)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "a#b", "password-reset#x"])
def test_an_invalid_link_is_refused(service: Service, token: str) -> None:
    """The same answer for all."""
    service.person()
    service.reset_token()
    with pytest.raises(InvalidLink):
        reset(service, token)


def test_a_link_of_another_purpose_is_refused(service: Service) -> None:
    """The token of a confirmation sets no password, although it is pending (TK-05)."""
    token = service.signed_up()
    kept = dict(service.world.tokens)
    assert [it.purpose for it in kept.values()] == [SIGN_UP, EMAIL_VERIFICATION]

    with pytest.raises(InvalidLink):
        reset(service, token)
    assert service.world.tokens == kept


@pytest.mark.parametrize(
    ("password", "refusal"),
    [("short", WeakPassword), (EMAIL, WeakPassword), ("x" * 257, InvalidInput), ("passwordpassword", WeakPassword)],
)
def test_a_password_that_breaks_the_policy_does_not_consume_the_link(
    service: Service, password: str, refusal: type[Exception]
) -> None:
    """The same rules as everywhere (PW-11)."""
    service.person()
    token = service.reset_token()
    service.hasher.calls = 0
    with pytest.raises(refusal):
        reset(service, token, password)

    assert service.hasher.calls == 0
    assert reset(service, token)


def test_a_breached_password_is_refused(service: Service) -> None:
    service.person()
    service.breached_passwords.leaked = frozenset({OTHER_PASSWORD})
    with pytest.raises(WeakPassword):
        reset(service, service.reset_token())


def test_guesses_at_links_are_limited(service: Service) -> None:
    """From one source, before any is looked up (TK-14)."""
    for _ in range(CONFIRMATIONS_PER_ADDRESS_PER_MINUTE):
        with pytest.raises(InvalidLink):
            reset(service, "x" * 43, minutes=0)
    service.world.reads.clear()

    with pytest.raises(TooManyAttempts):
        reset(service, "x" * 43, minutes=0)
    assert service.world.reads == []


def test_a_session_that_starts_during_the_reset_ends_with_it(service: Service) -> None:
    """The account is read again, and the new session ends too."""
    logged_in = service.person()
    token = service.reset_token()
    service.interposed = Interleaved(service.world, lambda: Service(service.world, service.hasher).log_in())
    reset(service, token)

    assert held(service, logged_in) == set()


def test_only_one_of_two_concurrent_resets_succeeds(service: Service) -> None:
    """The other's password is not set."""
    service.person()
    token = service.reset_token()
    first = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, lambda: reset(first, token))
    with pytest.raises(InvalidLink):
        reset(service, token, "a third password of sorts")

    assert first.log_in(later(minutes=2), password=OTHER_PASSWORD)


def test_a_deleted_accounts_link_opens_no_later_account(service: Service) -> None:
    """An account that signs up later with the same address is another one."""
    logged_in = service.person()
    token = service.reset_token()
    service.account_closing.close(cookie(logged_in), OWNER, NOW)
    service.person(password=PASSWORD)

    with pytest.raises(InvalidLink):
        reset(service, token)
