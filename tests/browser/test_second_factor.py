"""Two-step login, clicked through."""

from pathlib import Path

from playwright.sync_api import Locator, expect

from local.stack import NAME
from scripts.admin.people import Operator
from scripts.place import Place
from tests.authenticator_app import AuthenticatorApp
from tests.browser.people import leave, long_ago, say_yes
from tests.browser.scenes import Stage, log_in
from tests.browser.test_passkeys import Device, complaints, only_the_button, with_passkey
from tests.local.person import PASSWORD, Person, token_in

NEW_PASSWORD = "seven brave otters pay rent"


def app_field(stage: Stage) -> Locator:
    return stage.page.get_by_role("textbox", name="Code from your app", exact=True)


def recovery_field(stage: Stage) -> Locator:
    return stage.page.get_by_role("textbox", name="Recovery code", exact=True)


def asked(stage: Stage, person: Person, password: str = PASSWORD) -> Locator:
    """The password is right, and the page asks for a code; returns the field."""
    stage.visitor.visit("/login")
    log_in(stage, person.email, password)
    stage.page.wait_for_url("**/second-step?*")
    return app_field(stage)


def paste(stage: Stage, field: Locator, text: str) -> None:
    """As from the clipboard."""
    field.focus()
    stage.page.keyboard.insert_text(text)


def recover(stage: Stage, code: str) -> None:
    """With the field that asks for the app's code."""
    stage.press("Use a recovery code")
    field = recovery_field(stage)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("inputmode", "text")
    paste(stage, field, code)


def card(stage: Stage) -> Locator:
    return stage.page.get_by_role("region", name="Two-step login")


def test_an_owner_turns_it_on(stage: Stage, owner: Person) -> None:
    """From the QR code to the recovery codes, which are shown until they are saved."""
    page = stage.page
    stage.visitor.visit("/account")
    stage.press("Turn on two-step login")
    image = page.get_by_role("img", name="QR code with the key below")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    secret = page.get_by_label("Can't scan it? Enter this key in the app").input_value()
    app = AuthenticatorApp(secret.replace(" ", ""))
    field = page.get_by_label("Code that the app shows")
    expect(field).to_be_focused()
    field.fill("12 34 5")
    page.keyboard.press("Enter")
    stage.told("This code is wrong or was used before.")
    paste(stage, field, f" {app.code_with_space()} ")
    stage.press("Turn on")

    shown = page.get_by_role("textbox", name="Your recovery codes")
    codes = shown.input_value().split("\n")
    assert len(set(codes)) == 10
    page.keyboard.press("Escape")
    stage.told("Save your codes first, then check the box.")
    page.keyboard.press("Escape")
    expect(shown).to_be_visible()
    with page.expect_download() as download:
        stage.press("Download")
    about, _, saved = Path(download.value.path()).read_text(encoding="utf-8").strip().partition("\n\n")
    assert (owner.email in about, saved.split("\n")) == (True, codes)
    stage.press("Done")
    expect(page.get_by_label("I saved my recovery codes")).to_be_focused()
    page.keyboard.press("Space")
    stage.press("Done")
    stage.told("Two-step login is on. All other devices and programs were logged out.")
    expect(card(stage)).to_contain_text("Recovery codes left: 10.")
    assert (page.locator("#codes").input_value(), page.locator("#factor-secret").input_value()) == ("", "")
    assert owner.call("GET", "/auth/session").status_code == 401
    assert owner.wait_for_mail("Two-step login was turned on for your Comfy account")


def test_an_owner_logs_in_with_the_app_and_trusts_the_browser(stage: Stage, owner: Person) -> None:
    """The code is pasted as the app shows it."""
    page = stage.page
    app, _ = owner.turn_on_two_steps()
    leave(stage.visitor)
    field = asked(stage, owner)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("autocomplete", "one-time-code")
    expect(field).to_have_attribute("inputmode", "numeric")
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(field).to_have_accessible_description("Enter the code.")
    paste(stage, field, app.code_with_space())
    page.get_by_label("Trust this browser for 30 days").check()
    stage.press("Log in")
    stage.told("This device")
    stage.log_out()
    stage.told("You're logged out.")
    log_in(stage, owner.email, PASSWORD)
    trusted = page.get_by_role("region", name="Trusted browsers")
    trusted.get_by_role("button", name="Remove ").click()
    stage.told("We'll ask for a code the next time you log in there.")
    stage.press("Remove")
    stage.told("Removed.")
    stage.log_out()
    stage.told("You're logged out.")
    log_in(stage, owner.email, PASSWORD)
    stage.page.wait_for_url("**/second-step?*")


def test_an_owner_without_a_phone_logs_in_and_turns_it_off(stage: Stage, owner: Person) -> None:
    """With recovery codes, each once. A new password changes nothing; new recovery codes replace the old ones."""
    _, (first, second, third, *_) = owner.turn_on_two_steps()
    leave(stage.visitor)
    assert owner.call("POST", "/auth/password/forgot", {"email": owner.email}).status_code == 202
    token = token_in(owner.wait_for_mail("Reset your Comfy password"))
    stage.visitor.visit(f"/reset-password#token={token}")
    stage.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    stage.press("Set new password")
    stage.told("Password changed")
    asked(stage, owner, NEW_PASSWORD)
    stage.told("Lost your phone?")
    recover(stage, first.upper().replace("-", " "))
    stage.press("Log in")
    stage.told("Recovery codes left: 9.")
    assert owner.wait_for_mail("A recovery code for your Comfy account was used")

    stage.press("New recovery codes")
    stage.told("You'll get 10 new codes.")
    recover(stage, first)
    stage.press("Create codes")
    stage.told("This code is wrong or was used before.")
    recovery_field(stage).fill(second)
    stage.press("Create codes")
    shown = stage.page.get_by_role("textbox", name="Your recovery codes")
    expect(shown).not_to_have_value("")
    fresh = shown.input_value().split("\n")[0]
    stage.page.get_by_label("I saved my recovery codes").check()
    stage.press("Done")
    stage.told("You have new recovery codes.")

    stage.press("Turn off")
    stage.told("You'll log in without a code.")
    recover(stage, third)
    stage.press("Turn off")
    stage.told("This code is wrong or was used before.")
    recovery_field(stage).fill(fresh)
    stage.press("Turn off")
    stage.told("Two-step login is off. All other devices and programs were logged out.")
    leave(stage.visitor)
    stage.visitor.visit("/login")
    log_in(stage, owner.email, NEW_PASSWORD)
    stage.told("This device")


def test_a_login_with_a_provider_asks_too(stage: Stage) -> None:
    """And ends where it was going."""
    person = Person(stage.cloud)
    assert person.call("GET", person.with_provider("google")).status_code == 303
    app, _ = person.turn_on_two_steps()
    stage.visitor.visit("/login?return_to=/api-keys")
    stage.page.get_by_role("link", name="Continue with Google").click()
    say_yes(stage.page, person.email)
    field = app_field(stage)
    field.fill("000000")
    stage.press("Log in")
    stage.told("This code is wrong or was used before.")
    field.fill(app.code())
    stage.press("Log in")

    stage.told("No API keys yet")
    assert stage.page.url == f"{stage.visitor.site}/api-keys"


def test_a_trusted_browser_asks_for_the_code_before_a_passkey_is_added(stage: Stage, owner: Person) -> None:
    """A passkey would replace the code. The same for the address, and for removing a passkey."""
    app, (recovery, *_) = owner.turn_on_two_steps()
    leave(stage.visitor)
    field = asked(stage, owner)
    stage.page.get_by_label("Trust this browser for 30 days").check()
    field.fill(app.code())
    stage.press("Log in")
    stage.told("This device")
    stage.log_out()
    stage.told("You're logged out.")
    log_in(stage, owner.email, PASSWORD)
    stage.told("This device")
    Device.of(stage.page)
    with complaints(stage.visitor):
        stage.press("Add a passkey")
        stage.told("Confirm it's you")
        stage.page.get_by_role("dialog").get_by_label("Password", exact=True).fill(PASSWORD)
        stage.press("Continue")
        recover(stage, recovery)
        stage.press("Continue")
        stage.told("You can now log in with it.")


def test_an_old_login_is_confirmed_with_both_steps(stage: Stage, owner: Person) -> None:
    """Before the dialog that asks for a code, which a login afterwards would use up."""
    app, (recovery, *_) = owner.turn_on_two_steps()
    leave(stage.visitor)
    asked(stage, owner).fill(app.code())
    stage.press("Log in")
    stage.told("This device")
    long_ago(stage.cloud, owner)
    stage.press("New recovery codes")
    stage.told("Confirm it's you")
    stage.page.get_by_role("dialog").get_by_label("Password", exact=True).fill(PASSWORD)
    stage.press("Continue")
    recover(stage, recovery)
    stage.press("Continue")

    stage.told("You'll get 10 new codes.")


def test_an_owner_cancels_a_reset(stage: Stage, owner: Person) -> None:
    """The second time, the login is too long ago and is confirmed with a recovery code."""
    app, (recovery, *_) = owner.turn_on_two_steps()
    operator = Operator(Place(stage.cloud.client, NAME, "the local cloud"))
    leave(stage.visitor)
    asked(stage, owner).fill(app.code())
    stage.press("Log in")
    stage.told("This device")
    for is_old in (False, True):
        assert operator.act("OperatorFactorReset", operator.find(owner.email))["requested"]
        mail = owner.wait_for_mail("Two-step login reset requested for your Comfy account")
        assert f"{stage.cloud.site_url}/account" in str(mail)
        stage.visitor.visit("/account")
        expect(card(stage)).to_contain_text("Our support team was asked to reset your two-step login. After ")
        if is_old:
            long_ago(stage.cloud, owner)
        stage.press("Cancel the reset")
        if is_old:
            stage.page.get_by_role("dialog").get_by_label("Password", exact=True).fill(PASSWORD)
            stage.press("Continue")
            recover(stage, recovery)
            stage.press("Continue")
        stage.told("Reset cancelled. Two-step login works as before.")
        expect(stage.page.get_by_role("button", name="Cancel the reset")).to_be_hidden()
        expect(card(stage)).not_to_contain_text("Our support")

    assert owner.wait_for_mail("Two-step login reset cancelled for your Comfy account", at_least=2)
    assert not operator.act("OperatorFactorReset", operator.find(owner.email), cancel="yes")["cancelled"]


def test_a_passkey_is_both_steps(stage: Stage, owner: Person) -> None:
    """It replaces the code, also when two-step login is turned off."""
    with_passkey(stage)
    only_the_button(stage)
    owner.turn_on_two_steps()
    leave(stage.visitor)
    asked(stage, owner)
    stage.press("Use a passkey")
    stage.told("This device")
    stage.press("Turn off")
    stage.told("You'll log in without a code.")
    expect(app_field(stage)).to_be_hidden()
    stage.press("Turn off")

    stage.told("Two-step login is off.")


def test_a_login_that_took_too_long_begins_again(stage: Stage) -> None:
    """The page keeps where it was going."""
    stage.visitor.visit("/second-step?return_to=/api-keys")
    app_field(stage).fill("123456")
    stage.press("Log in")
    stage.told("This login took too long, had too many wrong codes or was finished already.")
    stage.page.get_by_role("alert").get_by_role("link", name="Back to login").click()
    log_in(stage, stage.person.email, PASSWORD)

    stage.told("render box")
