"""Google and GitHub in a real browser, the stand-ins' own pages clicked through."""

from itertools import count

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from local.cloud import LocalCloud
from tests.browser.conftest import Visitor, visitor_in
from tests.local.person import Person, token_in

_serial = count(1)


def _address(prefix: str = "clicker") -> str:
    return f"{prefix}{next(_serial)}@example.org"


def _say_yes(page: Page, email: str) -> None:
    """Fill in the stand-in's form."""
    page.locator('input[type="email"], input[name="email"]').first.fill(email)
    page.locator('button[type="submit"], form button').first.click()


@pytest.mark.parametrize("provider", ["Google", "GitHub"])
def test_a_person_logs_in_by_clicking(visitor: Visitor, provider: str) -> None:
    """From the front page to the provider and back, logged in."""
    email = _address()
    visitor.visit("/")
    visitor.page.get_by_role("link", name=provider).click()
    _say_yes(visitor.page, email)

    expect(visitor.page.locator("#who")).to_contain_text(email)
    assert visitor.page.url == f"{visitor.site}/"
    assert {cookie["name"] for cookie in visitor.context.cookies()} == {"__Host-session"}


def test_a_person_links_and_unlinks_by_clicking(visitor: Visitor) -> None:
    """Google first, then GitHub on purpose, and away with it again; the last one stays."""
    visitor.visit("/")
    visitor.page.get_by_role("link", name="Google").click()
    _say_yes(visitor.page, _address())
    visitor.page.get_by_role("link", name="Link GitHub").click()
    _say_yes(visitor.page, _address("work"))

    expect(visitor.page.get_by_role("button", name="Unlink GitHub")).to_be_visible()
    visitor.page.get_by_role("button", name="Unlink GitHub").click()
    expect(visitor.page.get_by_role("button", name="Unlink GitHub")).to_have_count(0)
    visitor.page.get_by_role("button", name="Unlink Google").click()
    expect(visitor.page.locator("#status")).to_contain_text("your only way to log in")


def test_a_callback_opened_in_another_browser_does_nothing_there(
    visitor: Visitor, chromium: Browser, cloud: LocalCloud
) -> None:
    """The page says that it was not started here, and offers to start again."""
    caught: list[str] = []

    def keep(route: Route) -> None:
        """The stand-in's redirect is caught on its way back, as malware on the person's machine might."""
        caught.append(route.fetch(max_redirects=0).headers["location"])
        route.fulfill(body="caught")

    visitor.visit("/")
    visitor.page.get_by_role("link", name="Google").click()
    visitor.page.wait_for_load_state("networkidle")
    visitor.context.route("**/o/oauth2/v2/auth*", keep)
    _say_yes(visitor.page, _address())
    expect(visitor.page.get_by_text("caught")).to_be_visible()
    other = visitor_in(chromium, cloud)
    other.page.goto(caught[0])

    expect(other.page.locator("code")).to_have_text("cookies_blocked")
    assert other.context.cookies() == []
    other.context.close()


def test_an_unverified_address_is_confirmed_by_mail_in_this_browser(visitor: Visitor, cloud: LocalCloud) -> None:
    """GitHub has not verified it: a mail comes, and its link finishes the log-in here."""
    person = Person(cloud, email=_address("unverified"))
    visitor.visit("/")
    visitor.page.get_by_role("link", name="GitHub").click()
    _say_yes(visitor.page, person.email)
    expect(visitor.page.locator("code")).to_have_text("email_not_verified")

    token = token_in(person.wait_for_mail("Confirm your email address"))
    visitor.visit(f"/email/verify#token={token}&with=github")
    visitor.page.get_by_role("button", name="Confirm address").click()

    expect(visitor.page.locator("#status")).to_contain_text("is confirmed, and you are logged in")
