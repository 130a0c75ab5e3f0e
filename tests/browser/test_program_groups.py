"""The logins of a program on the account page: one row for each program, and one button that ends them all."""

import re

import pytest
from playwright.sync_api import Locator, expect

from local.cloud import EXAMPLE_SERVICE
from tests.browser.scenes import Stage
from tests.local.person import Person
from tests.local.programs import logged_in

GROUP = "Log out all 3 logins of ComfyUI on this computer"


@pytest.fixture
def row(stage: Stage, owner: Person) -> Locator:
    """The row of a program that logged in three times, once at another service; the owner looks at the account."""
    for asked in ({}, {}, {"resource": EXAMPLE_SERVICE, "scope": "jobs:read"}):
        logged_in(owner, **asked)
    stage.visitor.visit("/account")
    stage.told("This device")
    return stage.page.locator("#devices > li").filter(has_text="ComfyUI on this computer")


def test_the_logins_of_a_program_are_one_row(stage: Stage, row: Locator) -> None:
    """With their number and the services that they are for. Each browser has a row of its own."""
    expect(stage.page.locator("#devices > li")).to_have_count(3)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Program")
    expect(row.locator("summary")).to_have_text("3 logins")
    expect(row.locator("> .about").first).to_have_text(f"For Example service ({EXAMPLE_SERVICE})")
    expect(row.locator("> .about").nth(1)).to_have_text("For this site")


def test_the_logins_of_a_program_end_with_one_request(stage: Stage, owner: Person, row: Locator) -> None:
    """By keyboard; the focus is then on the title of the page, and the page says what it did."""
    sent: list[str] = []
    stage.page.on("request", lambda it: sent.append(it.url) if it.method == "DELETE" else None)
    button = row.get_by_role("button", name=GROUP, exact=True)
    button.focus()
    stage.page.keyboard.press("Enter")
    dialog = stage.page.get_by_role("dialog", name=GROUP)
    expect(dialog).to_contain_text("The program will have to log in again on every computer where you use it.")
    dialog.get_by_role("button", name="Log out all", exact=True).focus()
    stage.page.keyboard.press("Enter")

    stage.told("Logged out ComfyUI on this computer: 3 logins.")
    expect(stage.page.get_by_role("alert").filter(has_text="3 logins")).to_be_visible()
    expect(stage.page.locator("#title")).to_be_focused()
    expect(row).to_have_count(0)
    assert len(sent) == 1
    sessions = owner.call("GET", "/auth/sessions").json()["sessions"]
    assert [entry["client"] for entry in sessions] == [None, None]


def test_a_closed_question_returns_to_the_button_of_the_program(stage: Stage, row: Locator) -> None:
    button = row.get_by_role("button", name=GROUP, exact=True)
    button.focus()
    stage.page.keyboard.press("Enter")
    expect(stage.page.get_by_role("dialog", name=GROUP)).to_be_visible()
    stage.page.keyboard.press("Escape")

    expect(button).to_be_focused()
    expect(row.locator("summary")).to_have_text("3 logins")


def test_one_login_of_a_program_is_ended_alone(stage: Stage, owner: Person, row: Locator) -> None:
    """Opened by keyboard. Each is told from the others by its description."""
    row.locator("summary").focus()
    stage.page.keyboard.press("Enter")
    expect(row.get_by_role("listitem").filter(has_text="For this site")).to_have_count(2)
    one = row.get_by_role("listitem").filter(has_text="For Example service")
    button = one.get_by_role("button", name="Log out ComfyUI on this computer", exact=True)
    expect(button).to_have_accessible_description(re.compile("last active"))
    stage.page.keyboard.press("Tab")
    expect(row.get_by_role("listitem").first.get_by_role("button")).to_be_focused()
    button.press("Enter")
    stage.press("Log out")
    stage.told("Logged out ComfyUI on this computer.")

    expect(row.locator("summary")).to_have_text("2 logins")
    expect(row).not_to_contain_text("Example service")
    programs = [it for it in owner.call("GET", "/auth/sessions").json()["sessions"] if it["client"]]
    assert [it["resource"] for it in programs] == [None, None]
