"""Chromium, one for each module; a fresh context (cookie jar) for each."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from local.cloud import LocalCloud
from tests.conftest import missing

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Not for the whole session: Playwright keeps an event loop running in this thread, where other tests start their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser that is installed on this machine; none is downloaded."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        missing("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person at a browser, and everything the browser complained of."""

    context: BrowserContext
    page: Page
    site: str
    complaints: list[str] = field(default_factory=list)

    def visit(self, path: str) -> None:
        """Open a page of the site and wait until it is quiet."""
        self.page.goto(self.site + path)
        self.page.wait_for_load_state("networkidle")


def visitor_in(browser: Browser, cloud: LocalCloud, **options: object) -> Visitor:
    """A new visitor with a cookie jar of their own."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    visitor = Visitor(context, context.new_page(), cloud.site_url)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    visitor.page.on("console", lambda message: _listen(visitor, message.type, message.text))
    return visitor


def _listen(visitor: Visitor, kind: str, text: str) -> None:
    # Chromium reports every 4xx answer as an error; those are ours to give.
    if kind == "error" and "status of 4" not in text:
        visitor.complaints.append(text)


@pytest.fixture
def visitor(chromium: Browser, cloud: LocalCloud) -> Iterator[Visitor]:
    """A visitor whose browser must have had nothing to complain of: no script error, no policy violation."""
    someone = visitor_in(chromium, cloud)
    yield someone
    someone.context.close()
    assert someone.complaints == []
