"""What the mailer sends for a message: to whom, how often, and with which links."""

from copy import replace
from datetime import datetime

import pytest

from accounts import secrets
from accounts.errors import Unavailable
from accounts.flows.mail.mailing import LIMIT_REACHED, NOBODY_TO_TELL, SENT
from accounts.flows.mail.mails import AlreadyRegistered, ApiKeyRotated, ConfirmEmail, Mail
from accounts.model import messages, user_agents, users
from accounts.model.identities import Identity
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OWNER,
    PASSWORD,
    SITE_URL,
    STRANGER,
    Service,
    counted,
    later,
)

ABOUT_SIGNUP = messages.Signup(EMAIL, OWNER.known_browser, OWNER.source)


def signup(service: Service) -> None:
    """A sign-up whose message is not delivered yet."""
    service.signup.start(EMAIL, PASSWORD, "Olive", OWNER, NOW)
    service.world.counters.clear()


def test_a_sign_up_gets_a_link(service: Service) -> None:
    """Built from configuration, with the token in the fragment. Only its digest is stored (TK-01, TK-06)."""
    signup(service)

    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == SENT

    (mail,) = service.postman.mails
    address, _, fragment = mail.values["link"].partition("#")
    token = fragment.removeprefix("token=").removesuffix(f"&email={EMAIL}")
    assert (address, fragment) == (f"{SITE_URL}/verify-email", f"token={token}&email={EMAIL}")
    assert len(token) == 43
    assert mail == Mail(EMAIL, ConfirmEmail(mail.values["link"]), SITE_URL)
    waiting, stored = service.world.tokens.values()
    assert (stored.purpose, stored.digest) == ("email-verification", secrets.digest(token))
    assert (stored.subject, stored.data, stored.expires_at) == (waiting.subject, waiting.data, later(hours=24))
    assert token not in repr(service.world)


@pytest.mark.parametrize(
    ("email", "written"),
    [
        ("o+1&change=1#%@example.com", "o%2B1%26change%3D1%23%25@example.com"),
        ("olive@xn--bcher-kva.example", "olive@b%C3%BCcher.example"),
    ],
)
def test_an_address_is_one_parameter_of_its_link(service: Service, email: str, written: str) -> None:
    """As people write it, and whatever characters it has."""
    service.signed_up(email)

    assert service.postman.mails[-1].values["link"].partition("&")[2] == f"email={written}"


@pytest.mark.parametrize("expires_at", [None, NOW])
def test_an_identity_without_an_address_gets_no_email_and_no_expiry(
    service: Service, expires_at: datetime | None
) -> None:
    """Version 0.2.0 kept such an item for each unlinked identity."""
    mark = Identity("github#77", "Olive", "", "", NOW, NOW, expires_at=expires_at)
    service.world.identities[mark.key] = mark

    assert service.mailing.deliver(messages.ProviderSignup(identity=mark.key), NOW) == NOBODY_TO_TELL
    assert service.world.identities == {mark.key: mark}
    assert (service.postman.mails, service.world.tokens, service.world.counters) == ([], {}, {})


def test_the_owner_of_a_confirmed_address_is_notified_of_a_sign_up(service: Service) -> None:
    """Without a token (EN-03)."""
    service.person()

    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == SENT
    assert service.postman.mails == [Mail(EMAIL, AlreadyRegistered(), SITE_URL, greeted="Olive")]
    assert service.world.tokens == {}


@pytest.mark.parametrize("state", ["unknown", "disabled"])
def test_an_unknown_or_disabled_address_gets_no_email(service: Service, state: str) -> None:
    """Nothing is counted."""
    if state == "disabled":
        service.person()
        service.change_identity(disabled=True)

    assert service.mailing.deliver(ABOUT_SIGNUP, NOW) == NOBODY_TO_TELL
    assert (service.postman.mails, service.world.counters) == ([], {})


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_source_causes_three_emails_to_an_address_in_six_hours(service: Service, *, confirmed: bool) -> None:
    """The next window starts at zero (TH-11)."""
    if confirmed:
        service.person()
    else:
        signup(service)

    outcomes = [service.mailing.deliver(ABOUT_SIGNUP, NOW) for _ in range(5)]

    assert outcomes == [SENT] * 3 + [LIMIT_REACHED] * 2
    assert len(service.postman.mails) == 3
    assert service.mailing.deliver(ABOUT_SIGNUP, later(hours=6)) == SENT


def test_a_recipient_gets_twenty_emails_in_six_hours(service: Service) -> None:
    """From all sources together. What a source may not cause does not count for the others (TH-11)."""
    signup(service)
    sources = [replace(ABOUT_SIGNUP, source=f"198.51.100.{number}") for number in range(8)]

    outcomes = [service.mailing.deliver(message, NOW) for message in sources for _ in range(4)]

    by_source = [SENT] * 3 + [LIMIT_REACHED]
    assert outcomes == by_source * 6 + [SENT, SENT, LIMIT_REACHED, LIMIT_REACHED] + [LIMIT_REACHED] * 4
    assert service.mailing.deliver(ABOUT_SIGNUP, later(hours=6)) == SENT


def test_a_message_over_the_limit_leaves_the_sent_link_valid(service: Service) -> None:
    signup(service)
    for _ in range(3):
        token = service.mailed_token()
    service.mailing.deliver(ABOUT_SIGNUP, NOW)

    assert service.email_verification.confirm(token, PASSWORD, None, OWNER, NOW).identity.verified


def test_each_recipient_has_a_limit_of_its_own(service: Service) -> None:
    """Counted under the digest of the address."""
    signup(service)
    service.signup.start("other@example.com", PASSWORD, "", OWNER, NOW)
    for _ in range(4):
        service.mailing.deliver(ABOUT_SIGNUP, NOW)

    assert service.mailing.deliver(replace(ABOUT_SIGNUP, email="other@example.com"), NOW) == SENT
    assert "example.com" not in repr(list(service.world.counters))


@pytest.mark.parametrize("confirmed", [False, True])
def test_an_email_that_was_not_sent_is_not_counted(service: Service, *, confirmed: bool) -> None:
    """The queue delivers the message again."""
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
    assert counted(service) == {"sign-up-mail-of/21600": 1, "sign-up-mail/21600": 1}


def test_a_message_that_is_retried_gets_a_new_link(service: Service) -> None:
    signup(service)
    service.postman.down = True
    with pytest.raises(Unavailable):
        service.mailing.deliver(ABOUT_SIGNUP, NOW)
    service.postman.down = False

    token = service.mailed_token()
    assert service.email_verification.confirm(token, PASSWORD, None, OWNER, NOW).identity.verified


def test_no_email_is_sent_when_a_table_is_unavailable(service: Service) -> None:
    """The message returns to the queue."""
    signup(service)
    service.world.down = True
    with pytest.raises(Unavailable):
        service.mailing.deliver(ABOUT_SIGNUP, NOW)

    assert service.postman.mails == []


@pytest.mark.parametrize("browser", ["", secrets.digest("another browser")])
def test_only_the_browser_of_the_sign_up_gets_its_link_again(service: Service, browser: str) -> None:
    """Another browser has no sign-up, and causes no email."""
    signup(service)

    assert service.mailing.deliver(replace(ABOUT_SIGNUP, browser=browser), NOW) == NOBODY_TO_TELL
    assert (service.postman.mails, service.world.counters) == ([], {})


def test_a_sign_up_is_forgotten_after_a_week(service: Service) -> None:
    """Compared in code; until then it gets a link that lasts a whole day."""
    signup(service)
    assert service.mailing.deliver(ABOUT_SIGNUP, later(days=7)) == NOBODY_TO_TELL

    at_the_edge = later(days=7, microseconds=-1)
    token = service.mailed_token(now=at_the_edge)
    assert service.email_verification.confirm(token, PASSWORD, None, OWNER, later(days=7, hours=23)).identity.verified


@pytest.mark.parametrize("kind", [messages.ApiKeyCreated, messages.ApiKeyDeleted])
def test_the_owner_is_notified_about_keys(service: Service, kind: type[messages.ApiKeyCreated]) -> None:
    """At the stored address (EM-03, TK-11): which key, when, from which address and with which browser."""
    user_id, hint = service.person().session.user_id, "comfyui-Ab12Cd34…"
    message = kind(user_id, "laptop", hint=hint, **user_agents.place(STRANGER, NOW))

    assert service.mailing.deliver(message, NOW) == SENT
    (mail,) = service.postman.mails
    place = {"key": hint, "browser": user_agents.UNKNOWN, "at": NOW, "source": STRANGER.source}
    values = {"site_url": SITE_URL, "greeted": "Olive", "name": "laptop", **place}
    assert (mail.to, mail.template, mail.values) == (EMAIL, kind("", "").kind, values)


@pytest.mark.parametrize("kind", [messages.ApiKeyCreated, messages.ApiKeyDeleted])
def test_a_message_of_an_earlier_version_says_less(service: Service, kind: type[messages.ApiKeyCreated]) -> None:
    """It was queued before a deployment, and its email leaves out what it does not say."""
    user_id = service.person().session.user_id

    assert service.mailing.deliver(kind(user_id, "laptop"), NOW) == SENT
    (mail,) = service.postman.mails
    empty = dict.fromkeys(("key", "browser", "at", "source"), "")
    assert mail.values == {"site_url": SITE_URL, "greeted": "Olive", "name": "laptop", **empty}


@pytest.mark.parametrize("ends", [later(days=7), None])
def test_the_owner_is_told_until_when_the_old_secret_works(service: Service, ends: datetime | None) -> None:
    user_id = service.person().session.user_id
    message = messages.ApiKeyRotated(user_id, "laptop", ends.isoformat() if ends else "")

    assert service.mailing.deliver(message, NOW) == SENT
    assert service.postman.mails == [Mail(EMAIL, ApiKeyRotated("laptop", ends), SITE_URL, greeted="Olive")]


@pytest.mark.parametrize("state", ["gone", "without an address"])
def test_an_account_that_is_gone_or_has_no_address_gets_no_notice(service: Service, state: str) -> None:
    user_id = service.person().session.user_id
    if state == "gone":
        service.world.users.clear()
    else:
        service.world.user(user_id, email="")

    assert service.mailing.deliver(messages.ApiKeyCreated(user_id, "laptop"), NOW) == NOBODY_TO_TELL
    assert service.postman.mails == []


def test_the_owner_of_a_disabled_account_is_notified() -> None:
    service = Service()
    user_id = service.person().session.user_id
    service.world.user(user_id, status=users.DISABLED)

    assert service.mailing.deliver(messages.ApiKeyDeleted(user_id=user_id), NOW) == SENT
