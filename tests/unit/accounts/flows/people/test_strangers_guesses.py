"""A stranger guesses at a password: the owner stays logged in, is notified, and can always log in again."""

from collections.abc import Iterator
from contextlib import suppress
from copy import copy, replace
from datetime import datetime, timedelta

import pytest

from accounts.errors import AccountsError, InvalidCredentials, TooManyAttempts
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import messages
from accounts.model.audit import Caller
from tests.fakes import World
from tests.unit.accounts.stage import EMAIL, NOW, OTHER_PASSWORD, OWNER, PASSWORD, STRANGER, Service, cookie, later

WRONG = "not the password at all"
NEW_COMPUTER = Caller("198.51.100.77", "a new computer")


def log_in(service: Service, caller: Caller, now: datetime, password: str = PASSWORD, email: str = EMAIL) -> LoggedIn:
    return service.login.with_password(email, password, remember=False, presented=None, caller=caller, now=now)


def guesses(
    service: Service, count: int, caller: Caller = STRANGER, email: str = EMAIL, start: datetime = NOW
) -> datetime:
    """Wrong passwords, each from a new source and as soon as the wait allows; returns the time of the last."""
    now, done = start, 0
    while done < count:
        source = replace(caller, source=f"2001:db8:{done:x}::/64")
        try:
            log_in(service, source, now, WRONG, email)
        except InvalidCredentials:
            done += 1
        except TooManyAttempts as refusal:
            now += timedelta(seconds=refusal.retry_after)
    return now


@pytest.mark.parametrize("count", [5, 20, 150])
def test_the_right_password_works_in_a_known_browser_whatever_strangers_guess(service: Service, count: int) -> None:
    """At once, although new browsers have to wait, also when their password is disabled (TH-07)."""
    service.person()
    last = guesses(service, count)

    assert log_in(service, OWNER, last).identity.email == EMAIL
    with pytest.raises(TooManyAttempts):
        log_in(service, NEW_COMPUTER, last)


def test_a_cookie_that_the_account_does_not_know_gets_no_attempts_of_its_own(service: Service) -> None:
    """A stranger can invent cookies, or have those of another account."""
    service.person()
    last = guesses(service, 5)
    for cookie_of_stranger in ("0" * 64, "f" * 64):
        with pytest.raises(TooManyAttempts):
            log_in(service, replace(STRANGER, known_browser=cookie_of_stranger), last)


def test_a_known_browser_has_five_free_attempts_too(service: Service) -> None:
    """A person at that browser must not have endless guesses."""
    service.person()
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            log_in(service, OWNER, NOW, WRONG)
    with pytest.raises(TooManyAttempts):
        log_in(service, OWNER, NOW)


def test_a_login_in_a_known_browser_does_not_reset_the_count_of_strangers(service: Service) -> None:
    """Otherwise each login of the owner would give strangers five more free guesses."""
    service.person()
    last = guesses(service, 5)
    log_in(service, OWNER, last)

    with pytest.raises(TooManyAttempts):
        log_in(service, STRANGER, last)


@pytest.mark.parametrize("known", [False, True])
def test_a_hundred_failures_disable_the_password_where_they_came_from(service: Service, *, known: bool) -> None:
    """In new browsers or in known ones; until a reset, which ends both."""
    service.person()
    there, elsewhere = (OWNER, NEW_COMPUTER) if known else (NEW_COMPUTER, OWNER)
    last = guesses(service, 100, OWNER if known else STRANGER) + timedelta(hours=1)
    with pytest.raises(InvalidCredentials):
        log_in(service, there, last)
    log_in(service, elsewhere, last)

    token = service.reset_token(now=last)
    service.password_reset.reset(token, OTHER_PASSWORD, NEW_COMPUTER, last)
    for caller in (there, elsewhere):
        log_in(service, caller, last, OTHER_PASSWORD)


def deliver(service: Service, now: datetime) -> None:
    for message in service.outbox.messages:
        service.mailing.deliver(message, now)
    service.outbox.messages.clear()


def delivered(service: Service, now: datetime) -> list[tuple[str, str]]:
    """The templates and recipients of the emails that the queue causes."""
    deliver(service, now)
    return [(mail.template, mail.to) for mail in service.postman.mails]


@pytest.mark.parametrize(
    ("count", "mails"),
    [
        (4, []),
        (5, ["logins_delayed"]),
        (99, ["logins_delayed"]),
        (100, ["logins_delayed", "password_closed"]),
        (120, ["logins_delayed", "password_closed"]),
    ],
)
def test_the_owner_is_told_at_the_fifth_failure_and_at_the_hundredth(
    service: Service, count: int, mails: list[str]
) -> None:
    """Once each; the account's activity shows both."""
    owner = service.person()
    last = guesses(service, count)

    assert delivered(service, last) == [(mail, EMAIL) for mail in mails]
    shown = service.activity.of_account(cookie(owner), NOW)
    events = {"logins_delayed": "authn_login_fail_max", "password_closed": "authn_login_lock"}
    assert [entry.record.event for entry in shown] == [events[mail] for mail in reversed(mails)]


def test_the_email_says_when_from_where_and_what_is_affected(service: Service) -> None:
    service.person()
    last = guesses(service, 5)
    delivered(service, last)

    (mail,) = service.postman.mails
    assert mail.values == {
        "site_url": mail.site_url,
        "greeted": "Olive",
        "browser": "an unknown device",
        "at": last,
        "source": "2001:db8:4::/64",
        "in_known_browser": False,
    }


def test_the_email_about_a_known_browser_says_so(service: Service) -> None:
    service.person()
    guesses(service, 5, OWNER)
    delivered(service, NOW)

    assert service.postman.mails[0].values["in_known_browser"]


def test_wrong_current_passwords_are_told_too(service: Service) -> None:
    """Of a stranger who has a session."""
    owner = service.person()
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            service.password_change.change(cookie(owner), WRONG, OTHER_PASSWORD, OWNER, NOW)

    assert delivered(service, NOW) == [("logins_delayed", EMAIL)]


def test_a_message_that_is_delivered_twice_is_recorded_once(service: Service) -> None:
    service.person()
    last = guesses(service, 5)
    (message,) = service.outbox.messages
    for _ in range(2):
        service.mailing.deliver(message, last)

    assert [record.event for record in service.world.records] == ["authn_login_fail_max"]


@pytest.mark.parametrize("state", ["unknown", "disabled", "without a password", "closed"])
def test_an_address_that_no_password_opens_gets_no_email_and_the_same_work(service: Service, state: str) -> None:
    """The request queues the same message for every address; only the mailer looks it up (EN-01)."""
    if state != "unknown":
        user_id = service.person().session.user_id
        {
            "disabled": lambda: service.change_identity(disabled=True),
            "without a password": lambda: service.change_identity(password_hash=None),
            "closed": lambda: service.world.user(user_id, status="disabled"),
        }[state]()
    last = guesses(service, 100)

    assert service.outbox.messages == [
        messages.LoginsDelayed(EMAIL, "an unknown device", NOW, "2001:db8:4::/64", STRANGER.known_browser),
        messages.PasswordClosed(EMAIL, "an unknown device", last, "2001:db8:63::/64", STRANGER.known_browser),
    ]
    assert delivered(service, last) == []
    assert service.world.records == []


def strangers(sources: int) -> list[Caller]:
    return [Caller(f"203.0.113.{number}", "a stranger's browser") for number in range(sources)]


def attack(service: Service, sources: int) -> Iterator[datetime]:
    """Strangers guess, and ask for reset emails, as often as they can; yields the time every five minutes of a day."""
    for minute in range(0, 25 * 60, 5):
        now = later(minutes=minute)
        for stranger in strangers(sources):
            with suppress(AccountsError):
                log_in(service, stranger, now, WRONG)
            service.password_forgotten.ask(EMAIL, stranger, now)
        deliver(service, now)
        yield now


def fork(service: Service) -> Service:
    """A copy, in which something can be tried."""
    tables = {name: copy(value) for name, value in vars(service.world).items() if isinstance(value, dict | list)}
    forked = Service(World(**tables))
    forked.postman.mails += service.postman.mails
    return forked


def gets_in_by_email(service: Service, sources: int, now: datetime) -> bool:
    """The owner asks for a reset, opens the newest email, and some minutes later logs in with a new password.

    Meanwhile, the strangers ask for more emails, whose links must not replace the owner's.
    """
    service.password_forgotten.ask(EMAIL, NEW_COMPUTER, now)
    deliver(service, now)
    resets = [mail for mail in service.postman.mails if mail.template == "password_forgot"]
    token = resets[-1].values["link"].partition("#token=")[2].partition("&")[0]
    soon = now + timedelta(minutes=10)
    for stranger in strangers(sources):
        service.password_forgotten.ask(EMAIL, stranger, soon)
    deliver(service, soon)
    service.password_reset.reset(token, OTHER_PASSWORD, NEW_COMPUTER, soon)
    return log_in(service, NEW_COMPUTER, soon, OTHER_PASSWORD).identity.email == EMAIL


@pytest.mark.parametrize("sources", [1, 20])
def test_an_owner_on_a_new_computer_always_has_a_way_in(service: Service, sources: int) -> None:
    """The attack: spend all attempts and all reset emails, from one source or from twenty, for more than a day."""
    service.person()

    for number, now in enumerate(attack(service, sources)):
        if number % 4 == 0:
            assert gets_in_by_email(fork(service), sources, now), now
