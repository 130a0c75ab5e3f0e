"""Login in the browser of an app, where Google refuses it."""

import re

import pytest
from playwright.sync_api import Browser, expect

from local.cloud import LocalCloud
from tests.browser.looks import overflowing, violations
from tests.browser.people import visitor_in
from tests.unit.accounts.web.test_in_app import BROWSERS, IN_APPS

_WHY = "Google doesn't allow logging in from this app's browser"


@pytest.mark.parametrize("app", ["Instagram on Android", "WeChat on iOS", "WeChat on Windows"])
def test_an_apps_browser_says_so_and_helps_out_of_it(chromium: Browser, cloud: LocalCloud, app: str) -> None:
    """Into the system's browser on Android; on others with words; and with the link of this page, to copy."""
    someone = visitor_in(
        chromium,
        cloud,
        user_agent=IN_APPS[app],
        viewport={"width": 375, "height": 667},
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    someone.visit("/login?return_to=/device%23Intent;package=evil;end")
    page = someone.page
    google = page.get_by_role("link", name="Continue with Google")
    expect(google).to_have_accessible_description(re.compile(_WHY))
    out = page.get_by_role("link", name="Open in browser")
    expect(out).to_have_count(1 if "Android" in app else 0)
    expect(page.get_by_text("in Safari")).to_have_count(1 if "iOS" in app else 0)
    if "Android" in app:
        host = cloud.site_url.partition("://")[2]
        assert out.get_attribute("href") == (
            f"intent://{host}/login?return_to=/device%23Intent;package=evil;end"
            "#Intent;scheme=http;action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end"
        )
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url

    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert overflowing(page) == []
    someone.context.close()
    assert someone.complaints == []


def test_another_browser_loads_none_of_it(chromium: Browser, cloud: LocalCloud) -> None:
    someone = visitor_in(chromium, cloud, user_agent=BROWSERS["Chrome on Android"])
    loaded: list[str] = []
    someone.page.on("request", lambda request: loaded.append(request.url))
    someone.visit("/login")

    expect(someone.page.get_by_role("link", name="Continue with Google")).to_have_accessible_description("")
    assert [it for it in loaded if "in_app" in it] == []
    someone.context.close()
