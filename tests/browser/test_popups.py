"""A program that asks in a popup: it cannot watch the popup, whose last page reports to it instead."""

import re

from playwright.sync_api import Route, expect

from tests.browser.people import enter
from tests.browser.scenes import Stage, question_of

_PROGRAM = re.compile(r"^http://127\.0\.0\.1:8188/")
# docs/integrating.md has the same lines.
_REPORT = "<script>new BroadcastChannel('comfy-login').postMessage(location.search)</script>"
_ASK = """url => {
  window.received = new Promise(resolve => {
    new BroadcastChannel("comfy-login").onmessage = ({ data }) => resolve(data);
  });
  window.popup = window.open(url, "_blank", "width=500,height=700");
}"""


def test_a_popup_is_isolated_and_its_last_page_reports(stage: Stage) -> None:
    """The opener can neither watch nor move it: no look-alike can replace the page in it (ASVS 3.4.8)."""

    def serve(route: Route) -> None:
        body = _REPORT if "code=" in route.request.url else "<h1>A program</h1>"
        route.fulfill(body=body, content_type="text/html")

    stage.visitor.context.route(_PROGRAM, serve)
    enter(stage.visitor, stage.person)
    stage.page.goto("http://127.0.0.1:8188/")
    with stage.page.expect_popup() as opened:
        stage.page.evaluate(_ASK, stage.visitor.site + question_of())
    popup = opened.value
    allow = popup.get_by_role("button", name="Allow", exact=True)
    expect(allow).not_to_have_attribute("aria-disabled", "true")
    assert stage.page.evaluate("window.popup.closed")
    assert popup.evaluate("window.opener") is None
    stage.page.evaluate("window.popup.location = 'about:blank'")
    allow.click()

    assert "code=" in stage.page.evaluate("window.received")
