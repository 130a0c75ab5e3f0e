"""A machine without a browser is logged in from another browser (RFC 8628 3.3)."""

from typing import Any

import requests
from playwright.sync_api import Route, expect

from tests.browser.people import enter, long_ago, say_yes
from tests.browser.scenes import Stage, log_in
from tests.local.person import Person

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def polled(stage: Stage, codes: Any) -> Any:
    """Return what the machine receives when it polls."""
    form = {"client_id": "comfy-cli", "grant_type": _GRANT, "device_code": codes["device_code"]}
    return requests.post(f"{stage.cloud.site_url}/oauth/token", data=form, timeout=60).json()


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
    expect(stage.page.get_by_role("heading", name="Comfy CLI wants to log in")).to_be_focused()
    expect(stage.page.get_by_text(codes["user_code"])).to_be_visible()
    stage.told("If someone sent you the code or the link")
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
        "That code is wrong or has expired. Check it, or get a new one on your device."
    )
    code.fill(codes["user_code"].lower().replace("-", " "))
    stage.page.keyboard.press("Enter")
    stage.told(codes["user_code"])
    expect(stage.page.get_by_role("button", name="Cancel", exact=True)).to_be_enabled()
    stage.press("Cancel")

    stage.told("Login cancelled")
    assert polled(stage, codes)["error"] == "access_denied"


def test_an_old_login_is_asked_for_the_password_before_a_device_gets_in(
    stage: Stage, owner: Person, codes: Any
) -> None:
    """The click is then completed (SE-21)."""
    long_ago(stage.cloud, owner)
    stage.visitor.visit(f"/device#user_code={codes['user_code']}")
    stage.press("Continue")
    stage.press("Allow")
    stage.told("Confirm it's you")
    assert polled(stage, codes)["error"] == "authorization_pending"
    stage.page.get_by_label("Password", exact=True).fill(owner.password)
    stage.press("Continue")

    stage.told("Go back to your device")
    assert polled(stage, codes)["token_type"] == "Bearer"


def test_an_old_login_goes_to_google_and_back_to_the_devices_question(stage: Stage, codes: Any) -> None:
    """The question is shown again without the code being typed again; no URL contains it."""
    person = Person(stage.cloud, email="old-device-googler@example.org")
    asked: list[str] = []
    stage.page.on("request", lambda request: asked.append(request.url))
    stage.page.goto(f"{stage.visitor.site}/login")
    stage.page.get_by_role("link", name="Continue with Google").click()
    say_yes(stage.page, person.email)
    stage.told("Account")
    long_ago(stage.cloud, person)
    stage.visitor.visit(f"/device#user_code={codes['user_code']}")
    stage.press("Continue")
    stage.press("Allow")
    stage.told("Confirm it's you")
    stage.press("Continue with Google")
    say_yes(stage.page, person.email)
    stage.told("Comfy CLI wants to log in")
    expect(stage.page.get_by_text(codes["user_code"])).to_be_visible()

    stage.press("Allow")
    stage.told("Go back to your device")
    assert polled(stage, codes)["token_type"] == "Bearer"
    assert stage.page.evaluate("sessionStorage.length") == 0
    assert [url for url in asked if codes["user_code"] in url.partition("#")[0]] == []


def test_another_account_can_be_chosen_before_the_code_is_anybodys(stage: Stage, codes: Any) -> None:
    """The code is kept while another account logs in, even if the browser clears what a logout asks for very late."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit(f"/device#user_code={codes['user_code']}")
    stage.told(stage.person.email)
    asked = _clearing_asked_for(stage)
    stage.press("Not you? Use another account")
    stage.page.wait_for_url("**/login?*")
    if any("storage" in it for it in asked):
        stage.page.evaluate("sessionStorage.clear()")
    log_in(stage, stage.person.email, stage.person.password)

    expect(stage.page.get_by_label("Code", exact=True)).to_have_value(codes["user_code"])


def _clearing_asked_for(stage: Stage) -> list[str]:
    """Collect what logouts ask the browser to clear, and leave the clearing to the test."""
    asked: list[str] = []

    def withhold(route: Route) -> None:
        answer = route.fetch()
        headers = dict(answer.headers)
        asked.append(headers.pop("clear-site-data"))
        route.fulfill(response=answer, headers=headers)

    stage.page.route("**/auth/logout*", withhold)
    return asked


def test_choosing_another_account_clears_what_the_last_one_left(stage: Stage, codes: Any) -> None:
    """In all tabs, whether they show an account or not. Only the code stays, in the tab of the device page."""
    waiting = stage.visitor.beside("/login")
    enter(stage.visitor, stage.person)
    stage.visitor.visit(f"/device#user_code={codes['user_code']}")
    stage.told(stage.person.email)
    shown = stage.visitor.beside("/account")
    expect(shown.locator("#email-shown")).to_have_text(stage.person.email)
    for page in (stage.page, waiting, shown):
        page.evaluate("sessionStorage.setItem('draft', 'x')")
    stage.press("Not you? Use another account")
    stage.page.wait_for_url("**/login?*")

    assert stage.page.evaluate("Object.entries(sessionStorage)") == [["device-code", codes["user_code"]]]
    shown.wait_for_url("**/login")
    for page in (shown, waiting):
        page.wait_for_function("sessionStorage.length === 0")
