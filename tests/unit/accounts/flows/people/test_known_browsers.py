"""A browser that has logged in before is known; a login from another, or after many failures, emails the owner."""

from copy import replace

import pytest

from accounts import secrets
from accounts.errors import InvalidCredentials
from accounts.flows.mail.mailing import LIMIT_REACHED, SENT
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import messages
from accounts.model.audit import Caller
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    Busy,
    Service,
    cookie,
    later,
)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ELSEWHERE = Caller("198.51.100.7", FIREFOX)


def log_in(service: Service, caller: Caller, password: str = PASSWORD) -> LoggedIn:
    """From that browser."""
    return service.login.with_password(EMAIL, password, remember=False, presented=None, caller=caller, now=NOW)


def with_its_cookie(caller: Caller, logged_in: LoggedIn) -> Caller:
    """The same browser with the cookie that it was given."""
    return replace(caller, known_browser=secrets.digest(logged_in.browser_token))


def kinds_sent(service: Service) -> list[str]:
    """The kinds of messages that are queued for the owner."""
    return [message.kind for message in service.outbox.messages]


def test_a_login_from_a_new_browser_gives_it_a_token_and_emails_the_owner(service: Service) -> None:
    """With the browser's name in the service's own words, time and address; only the digest of the token is stored."""
    user_id = service.person().session.user_id
    logged_in = log_in(service, ELSEWHERE)

    assert secrets.is_token(logged_in.browser_token)
    assert service.identity().known_browsers == (OWNER.known_browser, secrets.digest(logged_in.browser_token))
    assert logged_in.browser_token not in str(service.world)
    assert service.outbox.messages == [
        messages.LoginNewBrowser(
            user_id=user_id,
            browser="Firefox on Linux",
            at=NOW,
            source="198.51.100.7",
        )
    ]


def test_the_email_says_when_and_from_where(service: Service) -> None:
    service.person()
    log_in(service, ELSEWHERE)
    [message] = service.outbox.messages

    assert service.mailing.deliver(message, NOW) == SENT
    [mail] = service.postman.mails
    assert mail.values["at"] == NOW
    assert (mail.values["browser"], mail.values["source"]) == ("Firefox on Linux", "198.51.100.7")


def test_a_login_from_a_known_browser_sends_no_email(service: Service) -> None:
    """No new token. Of the identity, only the number of its streak in known browsers changes."""
    service.person()
    first = log_in(service, ELSEWHERE)
    service.outbox.messages.clear()
    before = service.identity()
    second = log_in(service, with_its_cookie(ELSEWHERE, first))

    after = replace(before, known_streak=before.known_streak + 1, version=before.version + 1)
    assert (second.browser_token, kinds_sent(service), service.identity()) == ("", [], after)


def test_a_browser_that_another_account_uses_keeps_its_token(service: Service) -> None:
    """One token a browser; to this account it is new nevertheless."""
    service.person()
    borrowed = replace(ELSEWHERE, known_browser=secrets.digest("a token of another account's browser"))
    logged_in = log_in(service, borrowed)

    assert (logged_in.browser_token, kinds_sent(service)) == ("", ["sign_in_new_device"])
    assert service.identity().known_browsers[-1] == borrowed.known_browser


def test_the_first_login_sends_no_email(service: Service) -> None:
    """Confirming the address opens it, in a browser that is known from then on."""
    service.person()

    assert service.identity().known_browsers == (OWNER.known_browser,)
    assert kinds_sent(service) == []


def test_an_account_without_known_browsers_gets_no_email(service: Service) -> None:
    """Otherwise every account would get one when this feature is deployed."""
    service.person()
    service.change_identity(known_browsers=())
    log_in(service, ELSEWHERE)

    assert kinds_sent(service) == []


def test_notices_of_one_kind_are_limited(service: Service) -> None:
    """Ten an hour: one account must not use up the queue and the quota for all."""
    service.person()
    for _ in range(30):
        log_in(service, ELSEWHERE)
    results = [service.mailing.deliver(message, NOW) for message in service.outbox.messages]

    assert (results.count(SENT), results.count(LIMIT_REACHED), len(service.postman.mails)) == (10, 20, 10)
    other = messages.PasswordChanged(user_id=service.identity().user_id)
    assert service.mailing.deliver(other, NOW) == SENT
    assert service.mailing.deliver(service.outbox.messages[0], later(hours=1)) == SENT


def test_ten_browsers_are_remembered(service: Service) -> None:
    """The oldest is forgotten."""
    service.person()
    for number in range(10):
        log_in(service, Caller("198.51.100.7", "x", f"{number}"))

    assert service.identity().known_browsers == tuple(str(number) for number in range(10))


def test_a_failed_login_does_not_make_the_browser_known(service: Service) -> None:
    """Otherwise an attacker's later login would send no email."""
    service.person()
    with pytest.raises(InvalidCredentials):
        log_in(service, STRANGER, OTHER_PASSWORD)

    assert (service.identity().known_browsers, kinds_sent(service)) == ((OWNER.known_browser,), [])


def test_the_owner_is_emailed_though_the_presented_session_cannot_be_ended(service: Service) -> None:
    """The attack: present a session of an own account that is too busy to end it."""
    service.person()
    busy = service.person("mallory@example.com")
    service.interposed = Busy(service)
    service.login.with_password(EMAIL, PASSWORD, remember=False, presented=cookie(busy), caller=ELSEWHERE, now=NOW)

    assert len(service.identity().known_browsers) == 2
    assert kinds_sent(service) == ["sign_in_new_device"]


@pytest.mark.parametrize(("failures", "mails"), [(4, []), (5, ["sign_in_after_failures"])])
def test_a_login_after_many_failures_emails_the_owner(service: Service, failures: int, mails: list[str]) -> None:
    """From any browser, once; it replaces the notice of a new browser (LG-10)."""
    service.person()
    service.fail(failures, at=later(hours=-2))
    log_in(service, OWNER)

    assert kinds_sent(service) == mails
    service.fail(failures, at=later(hours=-2))
    service.outbox.messages.clear()
    log_in(service, ELSEWHERE)
    assert kinds_sent(service) == (mails or ["sign_in_new_device"])


def test_an_outdated_hash_and_a_new_browser_are_written_together(service: Service) -> None:
    """In one change of the identity."""
    service.person()
    version = service.identity().version
    service.hasher.outdated = True
    log_in(service, ELSEWHERE)

    assert service.identity().version == version + 1
    assert len(service.identity().known_browsers) == 2


def test_a_browser_token_is_not_a_credential(service: Service) -> None:
    """It is not a session token, and no session is found by it (SE-13)."""
    service.person()
    logged_in = log_in(service, ELSEWHERE)
    as_session = replace(cookie(logged_in), secret=logged_in.browser_token)

    assert service.session_authentication.find(as_session, NOW) is None
