"""What an owner was doing when their session ended: it is there again after a login, and does nothing on its own."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.people import enter
from tests.browser.scenes import (
    Stage,
    account_passkey,
    account_passkeys,
    account_remove_trust,
    api_keys_menu,
    api_keys_rotated,
    log_in,
)
from tests.local.person import PASSWORD, Person

type Step = Callable[[Stage], None]
# Nothing that could be sent is lost, but a password is never kept.
_FIELDS = """() => Object.fromEntries(
  [...document.querySelectorAll("dialog[open] :is(input, textarea, select)")]
    .filter(it => it.id && it.checkVisibility() && it.type !== "password")
    .map(it => [it.id, it.type === "checkbox" ? it.checked : it.value]))"""


@dataclass(frozen=True)
class Draft:
    """How to get to a dialog, what to type there, and the button that needs the session."""

    scene: Step
    button: str
    typed: tuple[tuple[str, str], ...] = ()


def _account(button: str = "") -> Step:
    def there(stage: Stage) -> None:
        stage.visitor.visit("/account")
        stage.told(stage.person.email)
        if button:
            stage.press(button)

    return there


def _menu(item: str) -> Step:
    def there(stage: Stage) -> None:
        api_keys_menu(stage)
        stage.page.get_by_role("menuitem", name=item).click()

    return there


def _new_key(stage: Stage) -> None:
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_text("Advanced").click()
    stage.page.locator("#key-expiry").select_option("date")


def _end_old(stage: Stage) -> None:
    api_keys_rotated(stage)
    stage.press("Actions for render box 1")
    stage.page.get_by_role("menuitem", name="Revoke the old secret…").click()


def _after(scene: Step, button: str) -> Step:
    def there(stage: Stage) -> None:
        scene(stage)
        stage.press(button)

    return there


_NEW_KEY = (("#key-name", "late box"), ("#key-description", "attic"), ("#key-date", "2099-05-06"))
_FORMS = {
    "name": Draft(_account("Change name"), "Save", (("#name", "Ann of Green Gables"),)),
    "email": Draft(_account("Change email"), "Send link", (("#new-email", "moved@example.com"),)),
    "passkey": Draft(
        _after(account_passkey, "Rename Safari on iPhone"), "Save", (("#passkey-name", "The phone in my pocket"),)
    ),
    "new key": Draft(_new_key, "Generate", (*_NEW_KEY, ("#key-networks", "203.0.113.0/24"))),
    "key": Draft(_menu("Rename…"), "Save", (("#new-name", "attic"), ("#new-description", "by the window"))),
    "restriction": Draft(_menu("Restrict…"), "Save", (("#new-networks", "203.0.113.0/24\n2001:db8::/32"),)),
}
_QUESTIONS = {
    "rotate a key": Draft(_menu("Rotate…"), "Rotate"),
    "end an old secret": Draft(_end_old, "Revoke now"),
    "delete a key": Draft(_menu("Delete…"), "Delete"),
    "remove a passkey": Draft(_after(account_passkey, "Remove Safari on iPhone"), "Remove"),
    "remove the password": Draft(_after(account_passkeys, "Remove password"), "Remove password"),
    "remove trust": Draft(account_remove_trust, "Remove all"),
    "log out a device": Draft(_account(), "Log out"),
    "log out everywhere": Draft(_account("Log out everywhere"), "Log out everywhere"),
}


def _end_session(stage: Stage) -> None:
    """As when it expired."""
    stage.page.context.clear_cookies(name="__Host-session")


def _come_back(stage: Stage, person: Person) -> None:
    stage.page.wait_for_url("**/login?*")
    stage.told("Your session has ended. Log in to continue where you left off.")
    log_in(stage, person.email, PASSWORD)


@pytest.mark.parametrize("draft", _FORMS.values(), ids=_FORMS)
def test_what_was_typed_is_there_again(stage: Stage, draft: Draft) -> None:
    enter(stage.visitor, stage.person)
    draft.scene(stage)
    for field, text in draft.typed:
        stage.page.locator(field).fill(text)
    typed = stage.page.evaluate(_FIELDS)
    assert typed.items() >= {(field[1:], text) for field, text in draft.typed}
    _end_session(stage)
    stage.press(draft.button)
    _come_back(stage, stage.person)

    expect(stage.page.locator("dialog[open]")).to_be_visible()
    assert stage.page.evaluate(_FIELDS) == typed
    assert stage.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("draft", _QUESTIONS.values(), ids=_QUESTIONS)
def test_a_question_is_asked_again(stage: Stage, draft: Draft) -> None:
    """The owner answers it again: the login alone changes nothing."""
    enter(stage.visitor, stage.person)
    if draft.button == "Log out":
        draft.scene(stage)
        stage.page.locator("#devices .act button").first.click()
    else:
        draft.scene(stage)
    question = stage.page.locator("dialog[open]").inner_text()
    _end_session(stage)
    changed: list[str] = []
    stage.press(draft.button)
    stage.page.wait_for_url("**/login?*")
    stage.page.on("request", lambda it: changed.append(it.url) if it.method in {"DELETE", "PATCH"} else None)
    _come_back(stage, stage.person)

    expect(stage.page.locator("dialog[open]")).to_be_visible()
    assert stage.page.locator("dialog[open]").inner_text() == question
    assert changed == []


def test_the_address_that_confirms_a_deletion_is_there_again(stage: Stage, owner: Person) -> None:
    """The owner still has to press the button."""
    _account("Delete my account…")(Stage(stage.visitor, stage.cloud, owner))
    stage.page.get_by_label("To confirm, type").fill(owner.email)
    _end_session(stage)
    stage.press("Delete my account")
    _come_back(stage, owner)

    expect(stage.page.get_by_label("To confirm, type")).to_have_value(owner.email)
    assert owner.call("GET", "/auth/session").status_code == 200
    stage.press("Delete my account")
    stage.told("Your account has been deleted.")


def test_a_password_is_asked_for_again(stage: Stage) -> None:
    """It is never kept, not even for the login in between."""
    enter(stage.visitor, stage.person)
    _account("Change password")(stage)
    stage.page.get_by_label("Current password", exact=True).fill(PASSWORD)
    stage.page.get_by_label("New password", exact=True).fill("seven brave otters pay rent")
    _end_session(stage)
    stage.press("Save password")
    stage.page.wait_for_url("**/login?*")
    kept = stage.page.evaluate("JSON.stringify(Object.entries(sessionStorage))")
    assert PASSWORD not in kept
    assert "otters" not in kept
    _come_back(stage, stage.person)

    expect(stage.page.get_by_label("Current password", exact=True)).to_have_value("")
    expect(stage.page.get_by_label("New password", exact=True)).to_have_value("")


def test_another_account_does_not_get_it(stage: Stage, owner: Person) -> None:
    """Not even the dialog opens."""
    _account("Change email")(Stage(stage.visitor, stage.cloud, owner))
    stage.page.get_by_label("New email address").fill("moved@example.com")
    _end_session(stage)
    stage.press("Send link")
    _come_back(stage, stage.person)

    stage.told(stage.person.email)
    stage.told("This device")
    expect(stage.page.locator("dialog[open]")).to_have_count(0)
    assert stage.page.evaluate("sessionStorage.length") == 0


def test_another_language_keeps_what_a_visitor_typed(stage: Stage) -> None:
    """The page is loaded again. A password is never kept."""
    stage.visitor.visit("/signup")
    page = stage.page
    page.locator("#name").fill("Ann")
    page.locator("#email").fill("typed@example.com")
    page.locator("#new-password").fill(PASSWORD)
    page.locator("#language").select_option("de")
    expect(page.locator("html")).to_have_attribute("lang", "de")

    expect(page.locator("#email")).to_have_value("typed@example.com")
    expect(page.locator("#name")).to_have_value("Ann")
    expect(page.locator("#new-password")).to_have_value("")
    assert page.evaluate("sessionStorage.length") == 0
