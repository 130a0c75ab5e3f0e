"""A browser that logged in before is known again; its owner hears of one that is not, and of a guess that hit."""

from copy import replace

import pytest

from accounts import secrets
from accounts.errors import InvalidCredentials
from accounts.flows.mail.mailing import LIMIT_REACHED, SENT
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import messages
from accounts.model.audit import Caller
from tests.unit.accounts.stage import EMAIL, NOW, OTHER_PASSWORD, OWNER, PASSWORD, STRANGER, Service, cookie, later

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ELSEWHERE = Caller("198.51.100.7", FIREFOX)


def log_in(service: Service, caller: Caller, password: str = PASSWORD) -> LoggedIn:
    """From that browser."""
    return service.login.with_password(EMAIL, password, remember=False, presented=None, caller=caller, now=NOW)


def again(caller: Caller, logged_in: LoggedIn) -> Caller:
    """The same browser with the cookie that it was given."""
    return replace(caller, known_browser=secrets.digest(logged_in.browser_token))


def told(service: Service) -> list[str]:
    """What the owner is to hear of."""
    return [message.kind for message in service.outbox.messages]


def test_a_new_browser_is_given_a_token_and_its_owner_is_told(service: Service) -> None:
    """In words of ours, with when and from where; only the token's digest is kept."""
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


def test_the_mail_says_it_as_people_do(service: Service) -> None:
    """UTC, because nobody knows where they are."""
    service.person()
    log_in(service, ELSEWHERE)
    [message] = service.outbox.messages

    assert service.mailing.deliver(message, NOW) == SENT
    [mail] = service.postman.mails
    assert mail.values["at"] == "1 March 2026, 12:00 UTC"
    assert (mail.values["browser"], mail.values["source"]) == ("Firefox on Linux", "198.51.100.7")


def test_a_browser_that_is_known_is_no_news(service: Service) -> None:
    """No mail, no new token, and nothing is written to the identity."""
    service.person()
    first = log_in(service, ELSEWHERE)
    service.outbox.messages.clear()
    before = service.identity()
    second = log_in(service, again(ELSEWHERE, first))

    assert (second.browser_token, told(service), service.identity()) == ("", [], before)


def test_a_browser_that_served_somebody_else_keeps_its_token(service: Service) -> None:
    """One a browser, whoever uses it; to this account it is new all the same."""
    service.person()
    borrowed = replace(ELSEWHERE, known_browser=secrets.digest("a token of another account's browser"))
    logged_in = log_in(service, borrowed)

    assert (logged_in.browser_token, told(service)) == ("", ["sign_in_new_device"])
    assert service.identity().known_browsers[-1] == borrowed.known_browser


def test_the_first_log_in_of_all_is_no_news(service: Service) -> None:
    """Confirming the address opens it, in a browser that is known from then on."""
    service.person()

    assert service.identity().known_browsers == (OWNER.known_browser,)
    assert told(service) == []


def test_who_has_not_logged_in_since_browsers_are_remembered_is_not_told(service: Service) -> None:
    """Or everybody would be, once."""
    service.person()
    service.change_identity(known_browsers=())
    log_in(service, ELSEWHERE)

    assert told(service) == []


def test_a_flood_of_log_ins_is_not_a_flood_of_mail(service: Service) -> None:
    """Ten notices of a kind in an hour: whoever has one account must not fill the queue and the quota for all."""
    service.person()
    for _ in range(30):
        log_in(service, ELSEWHERE)
    told = [service.mailing.deliver(message, NOW) for message in service.outbox.messages]

    assert (told.count(SENT), told.count(LIMIT_REACHED), len(service.postman.mails)) == (10, 20, 10)
    other = messages.PasswordChanged(user_id=service.identity().user_id)
    assert service.mailing.deliver(other, NOW) == SENT
    assert service.mailing.deliver(service.outbox.messages[0], later(hours=1)) == SENT


def test_ten_browsers_are_remembered(service: Service) -> None:
    """The one that was added first is forgotten."""
    service.person()
    for number in range(10):
        log_in(service, Caller("198.51.100.7", "x", f"{number}"))

    assert service.identity().known_browsers == tuple(str(number) for number in range(10))


def test_a_failed_log_in_makes_no_browser_known(service: Service) -> None:
    """Or a guesser would be spared the mail later."""
    service.person()
    with pytest.raises(InvalidCredentials):
        log_in(service, STRANGER, OTHER_PASSWORD)

    assert (service.identity().known_browsers, told(service)) == ((OWNER.known_browser,), [])


@pytest.mark.parametrize(("failures", "mails"), [(4, []), (5, ["sign_in_after_failures"])])
def test_success_after_many_failures_is_told(service: Service, failures: int, mails: list[str]) -> None:
    """From any browser, once: it is the more alarming of the two (LG-10)."""
    service.person()
    service.fail(failures, at=later(hours=-2))
    log_in(service, OWNER)

    assert told(service) == mails
    service.fail(failures, at=later(hours=-2))
    service.outbox.messages.clear()
    log_in(service, ELSEWHERE)
    assert told(service) == (mails or ["sign_in_new_device"])


def test_an_outdated_hash_and_a_new_browser_are_written_together(service: Service) -> None:
    """One change of the identity."""
    service.person()
    version = service.identity().version
    service.hasher.outdated = True
    log_in(service, ELSEWHERE)

    assert service.identity().version == version + 1
    assert len(service.identity().known_browsers) == 2


def test_a_token_for_browsers_opens_nothing(service: Service) -> None:
    """It is no session, and no session is found by it (SE-13)."""
    service.person()
    logged_in = log_in(service, ELSEWHERE)
    as_session = replace(cookie(logged_in), secret=logged_in.browser_token)

    assert service.session_authentication.find(as_session, NOW) is None
