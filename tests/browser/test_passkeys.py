"""Passkeys in Chromium, with its virtual authenticator."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser.people import Visitor, enter, leave, long_ago
from tests.browser.scenes import Stage, log_in
from tests.local.person import PASSWORD, Person

_DEVICE = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
# Not every page has it, such as one without an address.
_NO_SUGGESTIONS = """if (globalThis.PublicKeyCredential) {
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;
}"""
_WITHOUT = "delete window.PublicKeyCredential"


@dataclass
class Device:
    """A device with a fingerprint reader, in one tab."""

    cdp: CDPSession
    id: str

    @classmethod
    def of(cls, page: Page, **options: Any) -> "Device":
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        made = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": _DEVICE | options})
        return cls(cdp, made["authenticatorId"])

    def send(self, what: str, **parameters: Any) -> Any:
        return self.cdp.send(f"WebAuthn.{what}", {"authenticatorId": self.id, **parameters})

    @property
    def credentials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send("getCredentials")["credentials"]
        return found

    def count(self, number: int) -> None:
        """Set the signature counter of its passkey."""
        self.change(signCount=number)

    def change(self, **parts: Any) -> None:
        """Replace parts of its passkey."""
        (credential,) = self.credentials
        self.send("removeCredential", credentialId=credential["credentialId"])
        self.send("addCredential", credential=credential | parts)


def card(stage: Stage) -> Locator:
    return stage.page.get_by_role("region", name="Passkeys")


def with_passkey(stage: Stage, **options: Any) -> Device:
    """The owner, logged in, has just added a passkey on the account page."""
    device = Device.of(stage.page, **options)
    stage.visitor.visit("/account")
    stage.press("Add a passkey")
    stage.told("You can now log in with it.")
    return device


def only_the_button(stage: Stage) -> None:
    """As in a browser that suggests no passkeys."""
    stage.page.add_init_script(_NO_SUGGESTIONS)


def press_passkey(stage: Stage) -> None:
    stage.visitor.visit("/login")
    stage.press("Log in with a passkey")


def expect_another_try(stage: Stage) -> None:
    """The page waits for nothing and shows no error."""
    button = stage.page.get_by_role("button", name="Log in with a passkey")
    expect(button).not_to_have_attribute("aria-disabled", "true")
    expect(stage.page.get_by_role("alert").filter(has_text="passkey")).to_have_count(0)


@contextmanager
def complaints(visitor: Visitor) -> Iterator[None]:
    """Refused requests, which the browser reports."""
    yield
    visitor.complaints.clear()


def test_a_passkey_is_added_and_used_from_the_suggestions(stage: Stage, owner: Person) -> None:
    """No address and no password: the browser offers it in the email field."""
    device = with_passkey(stage)
    expect(card(stage).get_by_role("listitem")).to_have_count(1)
    (credential,) = device.credentials
    assert (credential["rpId"], credential["isResidentCredential"]) == ("localhost", True)
    leave(stage.visitor)
    stage.page.goto(f"{stage.visitor.site}/login")

    stage.page.wait_for_url("**/account")
    stage.told(owner.email)


def test_a_passkey_is_used_with_the_button(stage: Stage, owner: Person) -> None:
    with_passkey(stage)
    only_the_button(stage)
    leave(stage.visitor)
    press_passkey(stage)

    stage.page.wait_for_url("**/account")
    stage.told(owner.email)


def test_a_passkey_that_exists_is_not_added_again(stage: Stage, owner: Person) -> None:
    assert owner
    device = with_passkey(stage)
    stage.press("Add a passkey")

    stage.told("This device or browser already has a passkey for your account.")
    assert len(device.credentials) == 1


def test_a_passkey_is_renamed_and_removed(stage: Stage, owner: Person) -> None:
    """A removed one no longer logs in, and the page says what to do."""
    with_passkey(stage)
    card(stage).get_by_role("button", name="Rename").click()
    stage.page.get_by_label("Passkey name").fill("My phone")
    stage.press("Save")
    stage.told('Renamed to "My phone".')
    card(stage).get_by_role("button", name="Remove My phone").click()
    stage.page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    stage.told('Removed "My phone".')
    assert owner.wait_for_mail("A passkey was removed from your Comfy account")
    only_the_button(stage)
    leave(stage.visitor)
    with complaints(stage.visitor):
        press_passkey(stage)
        stage.told("This passkey didn't work.")


def test_a_counter_that_goes_back_is_refused(stage: Stage, owner: Person) -> None:
    """As if the passkey had been copied; the owner is emailed."""
    device = with_passkey(stage)
    only_the_button(stage)
    leave(stage.visitor)
    device.count(1000)
    press_passkey(stage)
    stage.page.wait_for_url("**/account")
    leave(stage.visitor)
    device.count(10)
    with complaints(stage.visitor):
        press_passkey(stage)
        stage.told("This passkey didn't work.")
    assert owner.wait_for_mail("We refused a login with your Comfy passkey")


def test_a_passkey_of_another_site_is_not_used(stage: Stage, owner: Person) -> None:
    """The browser finds none for this site, and the page stays as it is."""
    assert owner
    device = with_passkey(stage)
    only_the_button(stage)
    leave(stage.visitor)
    device.change(rpId="example.com")
    press_passkey(stage)

    expect_another_try(stage)


def test_a_device_that_cannot_verify_its_user_adds_none(stage: Stage, owner: Person) -> None:
    """The browser itself refuses, because the site requires it."""
    assert owner
    device = Device.of(stage.page, hasUserVerification=False, isUserVerified=False)
    stage.visitor.visit("/account")
    stage.press("Add a passkey")

    expect(stage.page.get_by_role("button", name="Add a passkey")).to_be_enabled()
    assert device.credentials == []


def test_a_person_who_cancels_sees_no_error(stage: Stage, owner: Person) -> None:
    """And can log in another way, or try again."""
    device = with_passkey(stage)
    only_the_button(stage)
    leave(stage.visitor)
    device.send("setUserVerified", isUserVerified=False)
    press_passkey(stage)
    expect_another_try(stage)
    log_in(stage, owner.email, PASSWORD)

    stage.told(owner.email)


def test_two_tabs_log_in_with_challenges_of_their_own(stage: Stage, owner: Person) -> None:
    """The second tab does not spoil the first."""
    with_passkey(stage)
    only_the_button(stage)
    leave(stage.visitor)
    stage.visitor.visit("/login")
    other = stage.visitor.beside("/login")
    expect(other.get_by_role("button", name="Log in with a passkey")).to_be_visible()
    stage.press("Log in with a passkey")

    stage.page.wait_for_url("**/account")
    stage.told(owner.email)


def test_a_passkey_confirms_who_is_logged_in(stage: Stage, owner: Person) -> None:
    """For a step that needs a recent login."""
    with_passkey(stage)
    long_ago(stage.cloud, owner)
    with complaints(stage.visitor):
        stage.visitor.visit("/account")
        stage.press("Download my data")
        with stage.page.expect_download():
            stage.press("Use a passkey")


def test_a_password_is_removed_beside_two_passkeys(stage: Stage, owner: Person) -> None:
    """The button appears with the second one; afterwards the passkey still logs in."""
    with_passkey(stage)
    expect(stage.page.get_by_role("button", name="Remove password")).to_be_hidden()
    first = stage.page
    first.context.new_cdp_session(first).send("WebAuthn.disable")
    Device.of(first, transport="usb")
    stage.press("Add a passkey")
    expect(card(stage).get_by_role("listitem")).to_have_count(2)
    stage.press("Remove password")
    stage.page.get_by_role("dialog").get_by_role("button", name="Remove password").click()

    stage.told("Password removed.")
    assert owner.log_in().status_code == 401


@pytest.mark.parametrize("path", ["/login", "/account"])
def test_a_browser_without_passkeys_shows_nothing_of_them(stage: Stage, owner: Person, path: str) -> None:
    assert owner
    stage.page.add_init_script(_WITHOUT)
    if path == "/login":
        leave(stage.visitor)
    else:
        enter(stage.visitor, owner)
    stage.visitor.visit(path)

    expect(stage.page.get_by_text("passkey", exact=False).locator("visible=true")).to_have_count(0)
