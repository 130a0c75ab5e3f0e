"""A deployment that requires two-step login, clicked through."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from local.cloud import LocalCloud
from tests import quick_bcrypt
from tests.authenticator_app import AuthenticatorApp
from tests.browser.people import Visitor
from tests.browser.scenes import Stage, log_in
from tests.local.person import PASSWORD, Person


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    settings = {"SecondFactor": "required"}
    with LocalCloud(mailbox_url="http://127.0.0.1:9", parameters=settings, prelude=quick_bcrypt.FILE) as started:
        yield started


def test_an_owner_sets_up_two_step_login_before_anything_else(visitor: Visitor, cloud: LocalCloud) -> None:
    """The login leads to the setup, every other page leads there too, and the setup leads to where the owner was."""
    person = Person(cloud).join()
    stage, page = Stage(visitor, cloud, person), visitor.page
    visitor.visit("/login?return_to=/api-keys")
    log_in(stage, person.email, PASSWORD)
    page.wait_for_url("**/account?return_to=%2Fapi-keys")
    stage.told("This site requires two-step login.")
    page.goto(f"{cloud.site_url}/api-keys")
    page.wait_for_url("**/account?return_to=%2Fapi-keys")
    expect(page.get_by_role("button", name="Delete my account…")).to_be_hidden()
    refused = person.call("POST", "/customers/api-keys", {"name": "box"})
    assert (refused.status_code, refused.json()["error"]) == (403, "second_factor_setup_required")

    stage.press("Turn on two-step login")
    expect(page.get_by_role("img", name="QR code with the key below")).to_be_visible()
    app = AuthenticatorApp(page.get_by_label("Can't scan it? Enter this key in the app").input_value().replace(" ", ""))
    page.get_by_label("Code that the app shows").fill(app.code_with_space())
    stage.press("Turn on")
    page.get_by_label("I saved my recovery codes").check()
    stage.press("Done")

    page.wait_for_url("**/api-keys")
    stage.press("Create an API key")
    page.get_by_label("Name", exact=True).fill("box")
    stage.press("Generate")
    stage.told("Copy it now")
