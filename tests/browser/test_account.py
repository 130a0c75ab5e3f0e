"""The account page: details, login methods, sessions, deletion."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.people import long_ago, say_yes
from tests.browser.scenes import WRONG, Stage, log_in
from tests.local.person import PASSWORD, Person, token_in

NEW_PASSWORD = "seven brave otters pay rent"


@pytest.fixture
def owner(stage: Stage, owner: Person) -> Person:
    """The owner, looking at the account."""
    stage.visitor.visit("/account")
    stage.told(owner.email)
    return owner


@pytest.mark.parametrize(("path", "loaded"), [("/account", "This device"), ("/api-keys", "No API keys yet")])
@pytest.mark.usefixtures("owner")
def test_a_worker_loads_the_data_of_languages(stage: Stage, path: str, loaded: str) -> None:
    """Not the page, which would not react meanwhile."""
    with stage.page.expect_worker() as worker:
        stage.visitor.visit(path)
    stage.told(loaded)

    assert worker.value.url.endswith("/first_formats.js")


def test_a_name_is_changed(stage: Stage, owner: Person) -> None:
    """Shown at once, and kept."""
    stage.press("Change name")
    stage.page.get_by_label("Name", exact=True).fill("Ann of Green Gables")
    stage.press("Save")
    stage.told("Name changed.")

    expect(stage.page.locator("#name-shown")).to_have_text("Ann of Green Gables")
    assert owner.call("GET", "/customers/me").json()["name"] == "Ann of Green Gables"


def test_a_password_is_changed(stage: Stage, owner: Person) -> None:
    """With the current one; other devices are logged out, this one stays."""
    stage.press("Change password")
    stage.page.get_by_label("Current password", exact=True).fill(WRONG)
    stage.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    stage.press("Save password")
    stage.told("Wrong password.")
    stage.page.get_by_label("Current password", exact=True).fill(PASSWORD)
    stage.press("Save password")
    stage.told("Password changed.")

    assert owner.call("GET", "/auth/session").status_code == 401
    owner.password = NEW_PASSWORD
    assert owner.log_in().status_code == 200
    expect(stage.page.locator("#devices > li")).to_have_count(1)


def test_a_first_password_is_set(stage: Stage) -> None:
    """After a sign-up with Google; the password can then be used to log in."""
    person = Person(stage.cloud, email="first.password@example.org", password=NEW_PASSWORD)
    stage.visitor.visit("/login")
    stage.page.get_by_role("link", name="Continue with Google").click()
    say_yes(stage.page, person.email)
    stage.told("Not set")
    stage.press("Set a password")
    expect(stage.page.get_by_label("Current password", exact=True)).to_be_hidden()
    stage.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    stage.press("Save password")
    stage.told("Password set. You've been logged out on all other devices.")

    assert person.log_in().status_code == 200


def test_where_one_is_signed_in(stage: Stage, owner: Person) -> None:
    """One device is logged out, then all of them, including this one."""
    stage.told("Chrome on Linux")
    stage.page.get_by_role("listitem").get_by_role("button", name="Log out").first.click()
    stage.told("That device will have to log in again.")
    stage.press("Log out")
    stage.told("Logged out ")
    assert owner.call("GET", "/auth/session").status_code == 401
    stage.press("Log out everywhere")
    stage.told("including this one")
    stage.press("Log out everywhere")

    stage.told("You're logged out.")


@pytest.mark.usefixtures("owner")
def test_what_happened_lately_is_told_in_plain_words(stage: Stage) -> None:
    """The newest at the top, with device and time."""
    activity = stage.page.locator("#activity > li")

    expect(activity.first).to_contain_text("You logged in with your password")
    expect(activity.first.locator("time")).to_have_text(re.compile("now|seconds? ago|minutes? ago"))
    expect(activity.first.locator("time")).to_have_attribute("title", re.compile(r"\b20\d\d\b.*:"))
    expect(activity.first).to_contain_text("Chrome on Linux")
    expect(activity.filter(has_text="You confirmed your address")).to_have_count(1)


def test_everything_held_can_be_taken_along(stage: Stage, owner: Person) -> None:
    """As a file, after showing once more who one is."""
    long_ago(stage.cloud, owner)
    stage.press("Download my data")
    stage.told("Confirm it's you")
    stage.page.get_by_label("Password", exact=True).fill(PASSWORD)
    with stage.page.expect_download() as download:
        stage.press("Continue")

    assert download.value.suggested_filename == "comfy-account.json"
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert owner.email in json.dumps(json.loads(text))


def test_an_account_is_deleted_by_typing_its_address(stage: Stage, owner: Person) -> None:
    """Not by any other word. Deletion is final."""
    stage.press("Delete my account…")
    stage.page.get_by_label("To confirm, type").fill("yes, please")
    stage.press("Delete my account")
    stage.told("That doesn't match your email address.")
    stage.page.get_by_label("To confirm, type").fill(owner.email.upper())
    stage.press("Delete my account")

    stage.told("Your account has been deleted.")
    assert owner.log_in().status_code == 401
    # The login page then asks for a challenge for passkeys.
    left = {cookie["name"] for cookie in stage.visitor.context.cookies()}
    assert left <= {"__Host-device", "__Host-passkey"}


def test_a_failing_part_says_so_and_the_rest_is_there(stage: Stage, owner: Person) -> None:
    """No activity today, but everything else."""
    stage.answer("/auth/activity", 503)
    stage.visitor.visit("/account")

    expect(stage.page.locator("#activity")).to_contain_text("Something went wrong on our side.")
    stage.told(owner.email)


def test_a_failing_service_can_be_asked_again(stage: Stage, owner: Person) -> None:
    """One press, when it is back. Nothing was typed, and the page does not say so."""
    stage.answer("/auth/identities", 503)
    stage.visitor.visit("/account")
    stage.told("Something went wrong on our side.")
    expect(stage.page.get_by_text("What you typed")).to_have_count(0)
    stage.page.unroute_all()
    stage.press("Try again")

    stage.told(owner.email)


def test_a_question_that_failed_does_not_speak_of_typing(stage: Stage, owner: Person) -> None:
    """A dialog without a field; one with a field says that it keeps what was typed."""
    stage.press("Log out everywhere")
    stage.answer("/auth/sessions/revoke-all", 503)
    stage.press("Log out everywhere")
    stage.told("Something went wrong on our side. Try again in a moment.")
    expect(stage.page.get_by_text("What you typed")).to_have_count(0)
    stage.press("Cancel")
    stage.press("Delete my account…")
    stage.page.get_by_label("To confirm, type").fill(owner.email)
    stage.answer("/customers/me", 503)
    stage.press("Delete my account")

    stage.told("Something went wrong on our side. Try again in a moment. What you typed is still here.")


def test_a_pending_change_of_address_is_sent_again_and_cancelled(stage: Stage, owner: Person) -> None:
    """Also after a reload, and the link of the email no longer works."""
    new = Person(stage.cloud, email="second.thoughts@example.com")
    stage.press("Change email")
    stage.page.get_by_label("New email address").fill(new.email)
    stage.press("Send link")
    stage.told(f"We sent a link to {new.email}.")
    stage.visitor.visit("/account")
    stage.told("Not confirmed yet")
    stage.press("Send again")
    stage.told(f"We sent a link to {new.email}.")
    new.wait_for_mail("Confirm your new email address for Comfy")
    stage.press("Cancel change")
    stage.told(f"Your email address is still {owner.email}.")

    expect(stage.page.locator("#pending-change")).to_be_hidden()
    assert owner.call("GET", "/auth/identities").json()["pending_change"] is None


def test_an_address_is_changed_from_a_mail_opened_while_logged_out(stage: Stage, owner: Person) -> None:
    """The link waits in this tab until its owner has logged in, and then works by a click."""
    old, new = owner.email, "moved.house@example.com"
    stage.press("Change email")
    stage.page.get_by_label("New email address").fill(new)
    stage.press("Send link")
    stage.told(f"We sent a link to {new}.")
    token = token_in(Person(stage.cloud, email=new).wait_for_mail("Confirm your new email address for Comfy"))
    stage.log_out()
    stage.told("You're logged out.")
    stage.visitor.visit(f"/verify-email#token={token}&change=1")
    stage.press("Confirm address")
    stage.page.wait_for_url("**/login?*")
    assert token not in stage.page.url
    log_in(stage, old, PASSWORD)
    stage.told("Confirm your new email address.")
    stage.press("Confirm address")

    stage.told(f"Your email address is now {new}.")
    assert stage.page.evaluate("sessionStorage.length") == 0
    owner.email = new
    assert owner.log_in().status_code == 200
