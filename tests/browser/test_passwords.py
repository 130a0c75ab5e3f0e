"""A forgotten password, from the link on the login page to being in again."""

import pytest
from playwright.sync_api import expect

from tests.browser.scenes import Stage, log_in
from tests.local.person import PASSWORD, Person, token_in

NEW_PASSWORD = "seven brave otters pay rent"
RESET = "Reset your Comfy password"


def test_a_person_who_forgot_gets_in_again(stage: Stage) -> None:
    """Email, link, new password; the link works once, and every browser is logged out."""
    person = Person(stage.cloud, email="forgetful@example.com").join()
    stage.visitor.visit("/login")
    stage.page.get_by_label("Email address").fill(person.email)
    stage.page.get_by_role("link", name="Forgot password?").click()
    expect(stage.page.get_by_label("Email address")).to_have_value(person.email)
    stage.press("Send link")
    stage.told("Check your email")
    token = token_in(person.wait_for_mail(RESET))
    stage.visitor.visit(f"/reset-password#token={token}&email={person.email}")
    assert stage.page.url == f"{stage.visitor.site}/reset-password"
    expect(stage.page.locator("form [autocomplete=username]")).to_have_value(person.email)
    stage.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    stage.press("Set new password")
    stage.told("Password changed")
    assert person.call("GET", "/auth/session").status_code == 401
    stage.page.get_by_role("link", name="Log in").click()
    expect(stage.page.get_by_label("Email address")).to_have_value(person.email)
    expect(stage.page.get_by_label("Password", exact=True)).to_be_focused()
    log_in(stage, person.email, NEW_PASSWORD)
    stage.told("This device")

    stage.visitor.visit(f"/reset-password#token={token}")
    stage.page.get_by_label("New password", exact=True).fill(PASSWORD)
    stage.press("Set new password")
    stage.told("This link doesn't work")


@pytest.mark.parametrize("email", ["nobody.at.all@example.com", None])
def test_known_and_unknown_addresses_look_the_same(stage: Stage, email: str | None) -> None:
    """The page does not tell whether there is an account."""
    stage.visitor.visit("/forgot-password")
    stage.page.get_by_label("Email address").fill(email or stage.person.email)
    stage.press("Send link")

    stage.told("If you have an account, we sent a link to")


def test_a_weak_password_is_refused_where_it_was_typed(stage: Stage) -> None:
    """The link is not used up by it."""
    person = Person(stage.cloud, email="weakling@example.com").join()
    assert person.call("POST", "/auth/password/forgot", {"email": person.email}).status_code == 202
    token = token_in(person.wait_for_mail(RESET))
    stage.visitor.visit(f"/reset-password#token={token}")
    stage.page.get_by_label("New password", exact=True).fill("too short")
    stage.press("Set new password")
    stage.told("Use at least 15 characters")
    stage.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    stage.press("Set new password")

    stage.told("Password changed")
