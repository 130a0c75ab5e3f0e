"""What the mailer makes of a message: who is told what, how often, and where links come from."""

import pytest

from accounts import secrets
from accounts.errors import Unavailable
from accounts.flows.mail.mailing import LIMIT_REACHED, NOBODY_TO_TELL, SENT
from accounts.flows.mail.mails import AlreadyRegistered, ConfirmEmail, Mail
from accounts.model import messages, users
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    SITE_URL,
    STRANGER,
    Meanwhile,
    Service,
    counted,
    later,
)

ABOUT_SIGNUP = messages.Signup(email=EMAIL)


def signup(service: Service) -> None:
    """Somebody signs up; no mail went out yet."""
    service.signup.start(EMAIL, PASSWORD, "Olive", OWNER, NOW)
    service.world.counters.clear()


def test_who_signed_up_gets_a_link(service: Service) -> None:
    """Built from configuration, its token in the fragment, and only its digest is kept (TK-01, TK-06)."""
    signup(service)

    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == SENT

    (mail,) = service.postman.mails
    address, fragment, token = mail.values["link"].partition("#token=")
    assert (address, fragment, len(token)) == (f"{SITE_URL}/verify-email", "#token=", 43)
    assert mail == Mail(EMAIL, ConfirmEmail(mail.values["link"]), SITE_URL)
    (stored,) = service.world.tokens.values()
    assert (stored.digest, stored.expires_at) == (secrets.digest(token), later(hours=24))
    assert service.identity().pending_token == stored.digest
    assert token not in repr(service.world)


def test_the_owner_of_a_confirmed_address_is_told_that_somebody_tried(service: Service) -> None:
    """With no link that could confirm anything, and no token is made (EN-03)."""
    service.person()

    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == SENT
    assert service.postman.mails == [Mail(EMAIL, AlreadyRegistered(), SITE_URL)]
    assert service.world.tokens == {}


@pytest.mark.parametrize("state", ["unknown", "disabled"])
def test_nobody_is_told_about_an_address_that_is_nobodys(service: Service, state: str) -> None:
    """Nor about one that an operator shut; nothing is counted."""
    if state == "disabled":
        service.person()
        service.change_identity(disabled=True)

    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == NOBODY_TO_TELL
    assert (service.postman.mails, service.world.counters) == ([], {})


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_recipient_gets_three_mails_in_six_hours(service: Service, *, confirmed: bool) -> None:
    """Then nothing goes out, whoever asks; the next window starts afresh (TH-11)."""
    if confirmed:
        service.person()
    else:
        signup(service)

    outcomes = [service.mailing.deliver(ABOUT_SIGNUP, NOW) for _ in range(5)]

    assert outcomes == [SENT] * 3 + [LIMIT_REACHED] * 2
    assert len(service.postman.mails) == 3
    assert service.mailing.deliver(ABOUT_SIGNUP, later(hours=6)) == SENT


def test_over_the_limit_the_link_that_was_sent_stays_good(service: Service) -> None:
    """A message that sends nothing changes nothing."""
    signup(service)
    for _ in range(3):
        token = service.mailed_token()
    service.mailing.deliver(ABOUT_SIGNUP, NOW)

    assert service.email_verification.confirm(token, PASSWORD, None, OWNER, NOW).identity.verified


def test_another_recipient_has_a_limit_of_its_own(service: Service) -> None:
    """Counted per address, under its digest."""
    signup(service)
    service.signup.start("other@example.com", PASSWORD, "", OWNER, NOW)
    for _ in range(4):
        service.mailing.deliver(ABOUT_SIGNUP, NOW)

    assert service.mailing.deliver(messages.Signup(email="other@example.com"), NOW) == SENT
    assert "example.com" not in repr(list(service.world.counters))


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_mail_that_was_not_taken_is_given_back(service: Service, *, confirmed: bool) -> None:
    """The queue brings the message again, and that is not one mail more (design, promise 7)."""
    if confirmed:
        service.person()
    else:
        signup(service)
    service.postman.down = True
    for _ in range(5):
        with pytest.raises(Unavailable):
            service.mailing.deliver(ABOUT_SIGNUP, NOW)
    assert counted(service) == {}

    service.postman.down = False
    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == SENT
    assert counted(service) == {"sign-up-mail/21600": 1}


def test_a_message_that_comes_again_makes_a_new_link(service: Service) -> None:
    """The link of the try that failed is superseded, and the new one works."""
    signup(service)
    service.postman.down = True
    with pytest.raises(Unavailable):
        service.mailing.deliver(ABOUT_SIGNUP, NOW)
    service.postman.down = False

    token = service.mailed_token()
    assert service.email_verification.confirm(token, PASSWORD, None, OWNER, NOW).identity.verified


def test_a_table_that_does_not_answer_is_unavailable(service: Service) -> None:
    """The message goes back to the queue, and no mail was sent."""
    signup(service)
    service.world.down = True
    with pytest.raises(Unavailable):
        service.mailing.deliver(ABOUT_SIGNUP, NOW)

    assert service.postman.mails == []


def test_a_sign_up_that_is_replaced_meanwhile_gets_no_link(service: Service) -> None:
    """Its own message is on the queue: the stranger's link must not confirm the newer one."""
    signup(service)
    rival = Service(service.world, service.hasher)
    service.interposed = Meanwhile(service.world, lambda: rival.signup.start(EMAIL, OTHER_PASSWORD, "", STRANGER, NOW))

    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == NOBODY_TO_TELL
    assert (service.postman.mails, service.world.tokens) == ([], {})
    assert service.identity().pending_token is None


@pytest.mark.parametrize("kind", [messages.ApiKeyCreated, messages.ApiKeyDeleted])
def test_the_owner_is_told_about_keys(service: Service, kind: type[messages.ApiKeyCreated]) -> None:
    """At the address that is stored, under the template of that name (EM-03, TK-11)."""
    user_id = service.person().session.user_id

    assert service.mailing.deliver(kind(user_id, "laptop"), NOW) == SENT
    (mail,) = service.postman.mails
    assert (mail.to, mail.template, sorted(mail.values.values())) == (EMAIL, kind("", "").kind, [SITE_URL, "laptop"])


@pytest.mark.parametrize("state", ["gone", "without an address"])
def test_nobody_is_told_about_keys_of_nobody(service: Service, state: str) -> None:
    """The account was deleted meanwhile, or reads no mail."""
    user_id = service.person().session.user_id
    if state == "gone":
        service.world.users.clear()
    else:
        service.world.user(user_id, email="")

    assert service.mailing.deliver(messages.ApiKeyCreated(user_id, "laptop"), NOW) == NOBODY_TO_TELL
    assert service.postman.mails == []


def test_a_disabled_owner_is_still_told() -> None:
    """It is still the owner's account that something happened to."""
    service = Service()
    user_id = service.person().session.user_id
    service.world.user(user_id, status=users.DISABLED)

    assert service.mailing.deliver(messages.ApiKeyDeleted(user_id=user_id), NOW) == SENT
