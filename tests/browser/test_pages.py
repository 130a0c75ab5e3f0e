"""The plain pages: readable, usable by keyboard, still, and quiet."""

import pytest
from playwright.sync_api import Browser, expect

from local.cloud import LocalCloud
from tests.browser.conftest import Visitor, visitor_in
from tests.local.person import Person

_SHIFT = """() => new Promise(resolve => {
  let total = 0;
  new PerformanceObserver(list => { for (const e of list.getEntries()) total += e.value; })
    .observe({type: 'layout-shift', buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(total)));
})"""


def test_the_front_page_says_that_the_service_runs(visitor: Visitor) -> None:
    """With links to the walk-through and to Google and GitHub."""
    visitor.visit("/")

    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("The account service is running")
    assert visitor.page.get_by_role("link", name="with curl").get_attribute("href")
    assert visitor.page.get_by_role("link", name="Google").get_attribute("href") == "/auth/google/start"


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/email/verify", "/auth/google/callback"])
def test_no_page_shifts_or_overflows(chromium: Browser, cloud: LocalCloud, path: str, scheme: str, width: int) -> None:
    """On a small phone and a desktop, light and dark."""
    someone = visitor_in(chromium, cloud, color_scheme=scheme, viewport={"width": width, "height": 700})
    someone.visit(path)

    assert someone.page.evaluate(_SHIFT) == 0
    assert someone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    someone.context.close()


def test_a_link_is_confirmed_by_keyboard_and_leaves_the_address_bar(visitor: Visitor, cloud: LocalCloud) -> None:
    """Open the link, type the password, press Enter; the token is gone from the address at once."""
    person = Person(cloud)
    token = person.sign_up()
    visitor.visit(f"/email/verify#token={token}")
    assert visitor.page.url == f"{visitor.site}/email/verify"

    expect(visitor.page.get_by_label("Password")).to_be_focused()
    visitor.page.keyboard.type("not this one, surely not")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator("#status")).to_contain_text("not the password that was chosen")
    visitor.page.keyboard.type(person.password)
    visitor.page.keyboard.press("Enter")

    expect(visitor.page.locator("#status")).to_contain_text("is confirmed, and you are logged in")
    visitor.visit("/")
    expect(visitor.page.locator("#who")).to_contain_text(person.email)


def test_a_page_without_a_link_says_where_to_find_one(visitor: Visitor) -> None:
    """The button cannot be pressed, and the page says why."""
    visitor.visit("/email/verify")

    expect(visitor.page.get_by_role("button")).to_be_disabled()
    expect(visitor.page.locator("#status")).to_contain_text("opened by the link in our mail")


def test_logging_out_clears_the_page(visitor: Visitor, cloud: LocalCloud) -> None:
    """After logout, the front page knows nobody."""
    person = Person(cloud)
    visitor.visit(f"/email/verify#token={person.sign_up()}")
    visitor.page.get_by_label("Password").fill(person.password)
    visitor.page.get_by_role("button", name="Confirm address").click()
    expect(visitor.page.locator("#status")).to_contain_text("logged in")
    visitor.visit("/")

    visitor.page.get_by_role("button", name="Log out").click()

    expect(visitor.page.locator("#who")).to_have_text("Log in with:")
    assert visitor.context.cookies() == []
