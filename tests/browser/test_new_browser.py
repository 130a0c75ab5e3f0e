"""A deployment that confirms new browsers by email, clicked through."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from local.cloud import LocalCloud
from tests import quick_bcrypt
from tests.browser.people import Visitor, visitor_in
from tests.browser.scenes import WRONG, Stage, log_in
from tests.local.person import PASSWORD, Person

SUBJECT = "Your login code for Comfy"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    settings = {"ConfirmNewBrowsers": "on"}
    with LocalCloud(mailbox_url="http://127.0.0.1:9", parameters=settings, prelude=quick_bcrypt.FILE) as started:
        yield started


def code_in_mail(person: Person, number: int = 1) -> str:
    """The code of the email of that number."""
    [code] = re.findall(r"^\d{6}$", person.wait_for_mail(SUBJECT, at_least=number)["BodyText"], re.MULTILINE)
    return str(code)


def asked(stage: Stage) -> None:
    """The password is right, and the page asks for the emailed code."""
    stage.visitor.visit("/login?return_to=/api-keys")
    log_in(stage, stage.person.email, PASSWORD)
    stage.page.wait_for_url("**/second-step?*")
    stage.told(f"Enter the code that we emailed to {stage.person.email[0]}•••@example.com.")


def enter(stage: Stage, code: str) -> None:
    stage.page.get_by_role("textbox", name="Code from our email", exact=True).fill(code)
    stage.press("Log in")


def test_a_new_browser_is_confirmed_once(visitor: Visitor, cloud: LocalCloud) -> None:
    """The code, typed with a space, leads to where the owner wanted to go. Later logins there need none."""
    person = Person(cloud).join()
    stage, page = Stage(visitor, cloud, person), visitor.page
    visitor.visit("/login")
    log_in(stage, person.email, WRONG)
    stage.told("Wrong email address or password")
    assert person.mails(SUBJECT) == []

    asked(stage)
    expect(page.get_by_role("textbox", name="Code from our email", exact=True)).to_be_focused()
    expect(page.get_by_role("checkbox")).to_be_hidden()
    expect(page.get_by_role("button", name="Use a recovery code")).to_be_hidden()
    expect(page.get_by_role("button", name=re.compile("^Send again in "))).to_be_disabled()
    code = code_in_mail(person)
    enter(stage, f"{(int(code) + 1) % 10**6:06}")
    stage.told("This code is wrong.")
    enter(stage, f"{code[:3]} {code[3:]}")
    page.wait_for_url("**/api-keys")

    visitor.context.clear_cookies(name=re.compile("^__Host-session"))
    visitor.visit("/login")
    log_in(stage, person.email, PASSWORD)
    page.wait_for_url("**/account")
    assert len(person.mails(SUBJECT)) == 1


def test_a_code_is_sent_again(timed: Stage) -> None:
    """After a pause; it replaces the first."""
    stage, page = timed, timed.page
    page.clock.install()
    asked(stage)
    first = code_in_mail(stage.person)
    page.clock.fast_forward(61_000)
    stage.press("Send again")
    stage.told("We sent another email.")
    second = code_in_mail(stage.person, 2)

    if first != second:
        enter(stage, first)
        stage.told("This code is wrong.")
    enter(stage, second)
    page.wait_for_url("**/api-keys")


def test_a_login_is_over_after_five_wrong_codes(visitor: Visitor, cloud: LocalCloud, chromium: Browser) -> None:
    """The page leads back to the login. Another browser's login is not affected, and its code is its own."""
    person = Person(cloud).join()
    stage, other = Stage(visitor, cloud, person), Stage(visitor_in(chromium, cloud), cloud, person)
    asked(stage)
    code = code_in_mail(person)
    asked(other)
    code_of_other = code_in_mail(person, 2)
    for number in range(1, 6):
        enter(stage, f"{(int(code) + number) % 10**6:06}")
        stage.told("This code is wrong.")
        expect(stage.page.get_by_role("button", name="Log in")).to_be_enabled()
    enter(stage, code)
    stage.told("had too many wrong codes")
    stage.page.get_by_role("alert").get_by_role("link", name="Back to login").click()
    stage.page.wait_for_url("**/login?return_to=%2Fapi-keys")

    enter(other, code_of_other)
    other.page.wait_for_url("**/api-keys")
    other.visitor.context.close()
