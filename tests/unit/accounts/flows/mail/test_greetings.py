"""Who an email greets: the owner at their confirmed address, by a name that cannot be a message of its own."""

import pytest

from accounts.flows.mail.greetings import greeted
from accounts.flows.mail.mails import Mail, PasswordRevoked
from accounts.limits import GREETED_NAME_MAX_CHARACTERS, GREETED_NAME_MAX_WORDS
from accounts.model import messages, user_agents
from accounts.ses import postman
from scripts.mails import BRAND
from tests.unit.accounts.stage import EMAIL, NEW_EMAIL, NOW, OWNER, PASSWORD, STRANGER, Service

NAMES = (
    "Ada",
    "Ada Lovelace",
    "Ludwig van Beethoven",
    "Jean-Luc O'Neill",
    "Conan O\u2019Brien",
    "J. R. R. Tolkien",
    "José María Ñúñez",
    "Ngũgĩ wa Thiong'o",
    "李雷",
    "ジョン・スミス",
    "Анна Ахматова",
    "محمد علي",
    "प्रिया शर्मा",
    "x" * GREETED_NAME_MAX_CHARACTERS,
    " ".join("x" * GREETED_NAME_MAX_WORDS),
)
MESSAGES = (
    "Win $$$ http://evil",
    "Win $$$ http://evil.example",
    "https://evil.example",
    "evil.example",
    "www.evil.example",
    "evil\u2024example",
    "evil\uff0eexample",
    "evil\u3002example",
    "Ann evil.com",
    "J.R. Tolkien",
    "ann@example.com",
    "Call 555 0100",
    "Call +\u0665\u0665\u0665",
    "You won! Click here",
    "Ann <b>bold</b>",
    'Ann"><script>',
    "Ann & Bob",
    "Ann\r\nBcc: mallory@example.com",
    "Ann\u202egro.live",
    "Ann\u200bBob",
    "Ann, your account is locked",
    "Ann: reply",
    "Ann/Bob",
    "[Ann](evil)",
    "{link}",
    "{{ 7*7 }}",
    "%s",
    "🎁 Prize",
    "x" * (GREETED_NAME_MAX_CHARACTERS + 1),
    " ".join("x" * (GREETED_NAME_MAX_WORDS + 1)),
    "",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_greeted(name: str) -> None:
    assert greeted(name) == name


@pytest.mark.parametrize("text", MESSAGES)
def test_another_text_is_not(text: str) -> None:
    """Links, numbers, marks of sentences, and what is too long for a name."""
    assert greeted(text) == ""


@pytest.mark.parametrize("name", ["Win $$$ http://evil", "Rich Friend Ada"])
def test_a_sign_up_cannot_make_our_email_say_anything(service: Service, name: str) -> None:
    """A stranger typed the address and the name: the email is the same for each name."""
    service.signup.start(EMAIL, PASSWORD, name, STRANGER, NOW)
    service.mailed_token()
    (mail,) = service.postman.mails

    assert mail.greeted == ""
    assert _has_nothing_of(name, mail)


def test_the_owner_is_greeted_at_the_confirmed_address_only(service: Service) -> None:
    """In notices, resets and warnings; not at the new address of a change, nor at the former one."""
    owner = service.person()
    user_id, place = owner.session.user_id, user_agents.place(OWNER, NOW)
    service.world.user(user_id, name="Ada Lovelace")
    service.mailing.deliver(messages.PasswordChanged(user_id, **place), NOW)
    service.reset_token()
    service.mailing.deliver(messages.LoginsDelayed(EMAIL, "Firefox", NOW, STRANGER.source, ""), NOW)
    service.mailing.deliver(messages.Signup(EMAIL, STRANGER.known_browser, STRANGER.source), NOW)
    service.change_token(owner)
    service.mailing.deliver(messages.EmailChanged(user_id, EMAIL, **place), NOW)

    assert [(it.template, it.to, it.greeted) for it in service.postman.mails] == [
        ("password_changed", EMAIL, "Ada Lovelace"),
        ("password_forgot", EMAIL, "Ada Lovelace"),
        ("logins_delayed", EMAIL, "Ada Lovelace"),
        ("already_registered", EMAIL, "Ada Lovelace"),
        ("email_change_asked", EMAIL, "Ada Lovelace"),
        ("email_change", NEW_EMAIL, ""),
        ("email_changed", EMAIL, ""),
    ]


@pytest.mark.parametrize("name", ["Win $$$ http://evil", "Ann <b>evil.example</b>"])
def test_an_account_with_another_text_for_a_name_is_not_greeted(service: Service, name: str) -> None:
    """Whoever has the session can choose it, and the owner reads the email."""
    user_id = service.person().session.user_id
    service.world.user(user_id, name=name)
    service.mailing.deliver(messages.PasswordRevoked(user_id), NOW)
    (mail,) = service.postman.mails

    assert mail.greeted == ""
    assert _has_nothing_of(name, mail)


@pytest.mark.parametrize("language", ["en", "ar", "ja"])
def test_a_greeting_is_in_text_and_html(language: str) -> None:
    mail = Mail(EMAIL, PasswordRevoked(), "https://accounts.example.com", language, "Conan O'Brien")
    _, text, html = postman.render(mail.template, mail.values, BRAND, language)

    said = {"en": "Hi Conan O'Brien,", "ar": "مرحبًا Conan O'Brien،", "ja": "Conan O'Brien 様"}[language]
    assert text.startswith(f"{said}\n\n")
    assert f"<p>{said.replace("'", '&#39;')}</p>" in html


def _has_nothing_of(name: str, mail: Mail) -> bool:
    rendered = "".join(postman.render(mail.template, mail.values, BRAND))
    return not any(word in rendered for word in name.split())
