"""The language of an account's emails: chosen on a page, at first the one of the sign-up."""

from copy import replace

import pytest

from accounts.errors import InvalidInput, Unauthenticated
from accounts.model import messages
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, PASSWORD, Service, cookie, later

GERMAN = replace(OWNER, language="de")


def mailed(service: Service, message: messages.Message) -> str:
    """The language of its email."""
    assert service.mailing.deliver(message, NOW) == "sent"
    return service.postman.mails[-1].language


def test_a_sign_up_is_confirmed_in_its_language(service: Service) -> None:
    service.signup.start(EMAIL, PASSWORD, "Olive", GERMAN, NOW)

    assert mailed(service, service.about_sign_up()) == "de"


def test_a_new_account_has_the_language_in_which_it_was_confirmed(service: Service) -> None:
    token = service.signed_up()
    logged_in = service.email_verification.confirm(token, PASSWORD, None, GERMAN, NOW)

    assert service.world.users[logged_in.session.user_id].language == "de"


def test_notices_are_in_the_chosen_language(service: Service) -> None:
    logged_in = service.person()
    owner, user_id = cookie(logged_in), logged_in.session.user_id
    assert mailed(service, messages.PasswordChanged(user_id)) == ""

    chosen = service.account_renaming.change(owner, None, "de-AT", OWNER, later(minutes=1))

    assert chosen == service.world.users[user_id]
    sent = (
        messages.PasswordChanged(user_id),
        messages.EmailChangeAsked(user_id, EMAIL),
        messages.EmailChanged(user_id, EMAIL),
        messages.PasswordForgot(EMAIL),
        messages.Signup(EMAIL, language="en"),
    )
    assert [mailed(service, message) for message in sent] == ["de"] * len(sent)


def test_a_name_and_a_language_can_change_together(service: Service) -> None:
    changed = service.account_renaming.change(cookie(service.person()), "Zoe", "de", OWNER, later(minutes=1))

    assert (changed.name, changed.language) == ("Zoe", "de")
    assert changed == service.world.users[changed.user_id]


@pytest.mark.parametrize("language", ["nl", "", "x" * 10_000, "-", "de\r\nBcc: mallory@example.com"])
def test_an_unknown_language_changes_nothing(service: Service, language: str) -> None:
    owner = cookie(service.person())
    before = dict(service.world.users)

    with pytest.raises(InvalidInput, match="Available languages: en, de"):
        service.account_renaming.change(owner, "Zoe", language, OWNER, NOW)
    assert service.world.users == before


def test_a_change_names_what_to_change(service: Service) -> None:
    with pytest.raises(InvalidInput, match="Send a name or a language"):
        service.account_renaming.change(cookie(service.person()), None, None, OWNER, NOW)


def test_choosing_a_language_requires_a_session(service: Service) -> None:
    with pytest.raises(Unauthenticated):
        service.account_renaming.change(None, None, "de", OWNER, NOW)
