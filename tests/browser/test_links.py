"""Anyone can write a link to a page: the page shows nothing of it as the service's own words."""

from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Visitor, enter
from tests.browser.scenes import Stage

_LIE = "Your account is locked. Call +1 555 0100"
_TOKEN = "t" * 43
_SHOWN = "document.body.innerText + [...document.querySelectorAll('input')].map(it => it.value).join()"


def _words_on(page: Page) -> str:
    words: str = page.evaluate(_SHOWN)
    return words


@pytest.mark.parametrize(
    "path",
    [
        "/second-step?factors=email_code#email={}",
        "/second-step?factors=email_code#email=a•••@example.com.%20{}",
        "/second-step?factors=email_code#email={}@example.com",
        f"/verify-email#token={_TOKEN}&email={{}}",
        f"/verify-email#token={_TOKEN}&email=ann@{{}}",
        "/verify-email#email={}",
        f"/reset-password#token={_TOKEN}&email={{}}",
    ],
)
def test_a_link_puts_no_words_on_a_page(visitor: Visitor, path: str) -> None:
    visitor.visit(path.format(quote(_LIE)))

    assert "locked" not in _words_on(visitor.page)


def test_a_link_names_no_provider_that_does_not_exist(visitor: Visitor) -> None:
    """Every object of a script has a constructor."""
    visitor.visit(f"/verify-email#token={_TOKEN}&with=constructor")

    expect(visitor.page.get_by_label("Password", exact=True)).to_be_visible()
    assert "native code" not in _words_on(visitor.page)


def test_a_link_does_not_say_that_an_account_was_deleted(visitor: Visitor) -> None:
    visitor.visit("/login?deleted")

    expect(visitor.page.get_by_text("Welcome back.")).to_be_visible()
    expect(visitor.page.get_by_role("alert")).to_be_empty()


def test_a_link_fills_in_only_a_code(stage: Stage) -> None:
    enter(stage.visitor, stage.person)
    stage.visitor.visit(f"/device#user_code={quote(_LIE)}")
    expect(stage.page.get_by_label("Code", exact=True)).to_have_value("")

    stage.visitor.visit("/device#user_code=wdjb-mjht")
    expect(stage.page.get_by_label("Code", exact=True)).to_have_value("wdjb-mjht")


@pytest.mark.parametrize("path", [f"/verify-email#token={_TOKEN}", f"/reset-password#token={_TOKEN}"])
def test_a_jump_to_the_content_keeps_the_link(visitor: Visitor, path: str) -> None:
    """The fragment changes, but not to another link. Another link is opened."""
    visitor.visit(path)
    page = visitor.page
    page.get_by_role("link", name="Skip to content").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    expect(page.locator("#ask")).to_be_visible()

    with page.expect_navigation():
        page.evaluate("location.hash = 'token=another'")
    expect(page.locator("#ask")).to_be_visible()


def test_international_addresses_are_shown(visitor: Visitor) -> None:
    visitor.visit("/second-step?factors=email_code#email=a•••@bücher.example")
    expect(visitor.page.get_by_text("emailed to a•••@bücher.example.")).to_be_visible()

    visitor.visit(f"/reset-password#token={_TOKEN}&email=o'hara%2Bx@例え.example")
    expect(visitor.page.get_by_label("Email address")).to_have_value("o'hara+x@例え.example")
