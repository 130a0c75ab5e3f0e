"""The menu of the account, and the theme: in it while logged in, in the footer otherwise."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import enter
from tests.browser.scenes import Stage
from tests.local.person import Person

_GROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(244, 245, 247)", "rgb(12, 14, 16)"


@pytest.fixture
def inside(stage: Stage) -> Stage:
    """On the account page."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit("/account")
    expect(_button(stage.page)).to_be_visible()
    return stage


def test_the_menu_is_used_by_keyboard(inside: Stage) -> None:
    """It says whether it is open; Tab and the arrow keys go through it; Escape leads back to its button."""
    button, keys = _button(inside.page), inside.page.keyboard
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    keys.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    inside.told(inside.person.email)
    seen = []
    for _ in range(5):
        keys.press("Tab")
        seen.append(_focused(inside.page))
    assert seen == ["API keys", "Account", "language", "theme", "Log out"]

    keys.press("Escape")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")
    for key, focused in (("ArrowDown", "API keys"), ("ArrowDown", "Account"), ("ArrowUp", "API keys")):
        keys.press(key)
        assert _focused(inside.page) == focused
    keys.press("Enter")
    inside.page.wait_for_url("**/api-keys")


def test_the_menu_closes_when_the_owner_goes_elsewhere(inside: Stage) -> None:
    """With a pointer or with Tab."""
    panel = inside.page.locator("#account-panel")
    inside.open_menu()
    inside.page.get_by_role("heading", level=1).click()
    expect(panel).to_be_hidden()
    inside.open_menu()
    for _ in range(6):
        inside.page.keyboard.press("Tab")
    expect(panel).to_be_hidden()


@pytest.mark.parametrize(("name", "initial"), [("ädä", "Ä"), ("李雷", "李"), ("🐙 Octo", "🐙"), ("", "P")])
def test_the_button_shows_the_initial_of_the_name(stage: Stage, owner: Person, name: str, initial: str) -> None:
    """Of the address, if there is no name."""
    assert owner.email.startswith("p")
    stage.visitor.visit("/account")
    shown = stage.page.locator("#account-initial")
    expect(shown).to_have_text("A")
    stage.press("Change name")
    stage.page.get_by_label("Name", exact=True).fill(name)
    stage.press("Save")
    expect(shown).to_have_text(initial)


def test_a_chosen_theme_applies_at_once_and_lasts(stage: Stage) -> None:
    """What was typed is still there, and the next page has the theme before its scripts run."""
    page = stage.page
    page.emulate_media(color_scheme="light")
    stage.visitor.visit("/login")
    page.get_by_label("Email address").fill("ann@example.com")
    assert page.evaluate(_GROUND) == LIGHT
    page.get_by_label("Theme").select_option("Dark")
    assert page.evaluate(_GROUND) == DARK
    expect(page.get_by_label("Email address")).to_have_value("ann@example.com")

    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"{stage.visitor.site}/signup")
    assert page.evaluate(_GROUND) == DARK
    page.unroute_all()
    enter(stage.visitor, stage.person)
    stage.visitor.visit("/account")
    stage.open_menu()
    assert page.evaluate(_GROUND) == DARK
    page.get_by_label("Theme").select_option("System")
    assert page.evaluate(_GROUND) == LIGHT
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(_GROUND) == DARK
    page.get_by_label("Theme").select_option("Light")
    assert page.evaluate(_GROUND) == LIGHT
    page.emulate_media(color_scheme="light")


def test_a_dark_page_is_printed_in_light(stage: Stage) -> None:
    stage.page.context.add_cookies([{"name": "theme", "value": "dark", "url": stage.visitor.site}])
    stage.visitor.visit("/login")
    assert stage.page.evaluate(_GROUND) == DARK
    stage.page.emulate_media(media="print")

    assert stage.page.evaluate(_GROUND) == LIGHT
    stage.page.emulate_media(media="screen")


def _button(page: Page) -> Locator:
    return page.get_by_role("button", name="Account menu")


def _focused(page: Page) -> str:
    """The id of a select; the text of a link or a button."""
    focused: str = page.evaluate("(it => it.tagName === 'SELECT' ? it.id : it.textContent)(document.activeElement)")
    return focused
