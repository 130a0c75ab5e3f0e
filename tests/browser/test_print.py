"""What is on paper: what a page says, and none of what can only be pressed."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import enter
from tests.browser.scenes import Stage, account, account_recovery_codes, api_keys, login

_PRESSED = "header nav, footer, button, .button, .skip, input[type=checkbox]"


def _on_paper(page: Page, scheme: str) -> None:
    page.emulate_media(media="print", color_scheme=scheme)


@pytest.fixture(autouse=True)
def _member(stage: Stage) -> None:
    enter(stage.visitor, stage.person)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("scene", [account, api_keys], ids=lambda scene: scene.__name__)
def test_a_page_is_printed_without_menus_and_buttons(stage: Stage, scene: Callable[[Stage], None], scheme: str) -> None:
    scene(stage)
    _on_paper(stage.page, scheme)

    expect(stage.page.locator(_PRESSED).filter(visible=True)).to_have_count(0)
    expect(stage.page.get_by_role("heading", level=1)).to_be_visible()
    expect(stage.page.locator("header .brand")).to_be_visible()


def test_the_login_page_is_printed_without_buttons(stage: Stage) -> None:
    stage.visitor.context.clear_cookies()
    login(stage)
    _on_paper(stage.page, "light")

    expect(stage.page.locator("button, .button, footer").filter(visible=True)).to_have_count(0)


def test_recovery_codes_are_printed_alone(stage: Stage) -> None:
    """With whose they are, and without the page behind the dialog."""
    account_recovery_codes(stage)
    expect(stage.page.locator("#codes-about")).to_be_hidden()
    _on_paper(stage.page, "light")

    about = f"Recovery codes for {stage.person.email} at Comfy. Each works once."
    codes = stage.page.locator("#codes")
    expect(stage.page.get_by_text(about)).to_be_visible()
    assert len(codes.input_value().split("\n")) == 10
    assert codes.evaluate("it => it.scrollHeight <= it.clientHeight")
    expect(stage.page.locator(_PRESSED).filter(visible=True)).to_have_count(0)
    for hidden in ("#title", "#loaded", "#codes-dialog .message"):
        expect(stage.page.locator(hidden)).to_be_hidden()
