"""Chromium, one for each module; a fresh context (cookie jar) for each test that does not share one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.cloud import LocalCloud
from tests.browser.chromium import FLAGS, installed
from tests.browser.people import Visitor, visitor_in
from tests.browser.scenes import Stage
from tests.conftest import missing
from tests.local.person import Person


# Not for the whole session: Playwright keeps an event loop running in this thread, where other tests start their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser that is installed on this machine."""
    path = installed()
    if path is None:
        missing("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Browser, cloud: LocalCloud) -> Iterator[Visitor]:
    """A visitor whose browser must have had nothing to complain of: no script error, no policy violation."""
    someone = visitor_in(chromium, cloud)
    yield someone
    someone.context.close()
    assert someone.complaints == []


@pytest.fixture(scope="module")
def member(cloud: LocalCloud) -> Person:
    """Somebody with an account and a key, for tests that change nothing of it."""
    person = Person(cloud).join()
    person.make_key("render box")
    return person


@pytest.fixture
def stage(visitor: Visitor, cloud: LocalCloud, member: Person) -> Stage:
    """A visitor's browser, and the member to be."""
    return Stage(visitor, cloud, member)
