"""A machine without a browser is logged in from another browser (RFC 8628 3.3)."""

from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from local.cloud import LocalCloud
from tests.browser.people import enter
from tests.browser.scenes import Stage, log_in

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def codes(cloud: LocalCloud) -> Any:
    """What a machine has just asked for."""
    form = {"client_id": "comfy-cli"}
    return requests.post(f"{cloud.site_url}/oauth/device_authorization", data=form, timeout=30).json()


def polled(stage: Stage, codes: Any) -> Any:
    """Return what the machine receives when it polls."""
    form = {"client_id": "comfy-cli", "grant_type": _GRANT, "device_code": codes["device_code"]}
    return requests.post(f"{stage.cloud.site_url}/oauth/token", data=form, timeout=30).json()


def test_a_link_with_a_code_in_it_asks_and_does_nothing_else(stage: Stage, codes: Any) -> None:
    """The code survives the login, reaches no server in a URL, and two clicks log the machine in."""
    asked: list[str] = []
    stage.page.on("request", lambda request: asked.append(request.url))
    stage.page.goto(codes["verification_uri_complete"])
    stage.page.wait_for_url("**/login?*")
    log_in(stage, stage.person.email, stage.person.password)
    code = stage.page.get_by_label("Code", exact=True)

    expect(code).to_have_value(codes["user_code"])
    assert polled(stage, codes)["error"] == "authorization_pending"
    assert stage.page.url == f"{stage.visitor.site}/device"
    stage.press("Continue")
    expect(stage.page.get_by_role("heading", name="Comfy CLI wants to sign in")).to_be_focused()
    expect(stage.page.get_by_text(codes["user_code"])).to_be_visible()
    stage.told("Has somebody sent you the code or the link?")
    stage.told(stage.person.email)
    expect(stage.page.get_by_role("button", name="Allow", exact=True)).to_be_enabled()
    stage.press("Allow")
    stage.told("Go back to your device")
    assert polled(stage, codes)["token_type"] == "Bearer"
    assert [url for url in asked if codes["user_code"] in url.partition("#")[0]] == []
    stage.visitor.visit("/account")
    stage.told("Comfy CLI")


def test_a_code_is_typed_by_hand_and_refused(stage: Stage, codes: Any) -> None:
    """A mistake is said beside it; the machine hears the no."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit("/device")
    code = stage.page.get_by_label("Code", exact=True)
    code.fill("bbbb bbbb")
    stage.press("Continue")
    expect(code).to_have_accessible_description(
        "This code is not right, or no longer good. Check it, or have your device show you a new one."
    )
    code.fill(codes["user_code"].lower().replace("-", " "))
    stage.page.keyboard.press("Enter")
    stage.told(codes["user_code"])
    expect(stage.page.get_by_role("button", name="Cancel", exact=True)).to_be_enabled()
    stage.press("Cancel")

    stage.told("Nobody was let in")
    assert polled(stage, codes)["error"] == "access_denied"


def test_another_account_can_be_chosen_before_the_code_is_anybodys(stage: Stage, codes: Any) -> None:
    """The code is kept while another account logs in."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit(f"/device#user_code={codes['user_code']}")
    stage.told(stage.person.email)
    stage.press("Not you? Use another account")
    stage.page.wait_for_url("**/login?*")
    log_in(stage, stage.person.email, stage.person.password)

    expect(stage.page.get_by_label("Code", exact=True)).to_have_value(codes["user_code"])
