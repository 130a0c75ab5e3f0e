"""Chromium, one for each module; no test finds cookies, storage or open tabs of another."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from local.cloud import LocalCloud
from tests.browser.chromium import FLAGS, installed
from tests.browser.people import Visitor, enter, visitor_on
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


@pytest.fixture(scope="module")
def context(chromium: Browser) -> BrowserContext:
    """One browser profile, so that what may be kept for ever is fetched once; `visitor` clears all else."""
    return chromium.new_context()


@pytest.fixture
def visitor(context: BrowserContext, cloud: LocalCloud) -> Iterator[Visitor]:
    """A visitor whose browser must have had nothing to complain of: no script error, no policy violation."""
    context.clear_cookies()
    context.clear_permissions()
    context.unroute_all()
    someone = visitor_on(context, cloud)
    yield someone
    for page in context.pages:
        page.close()
    assert someone.complaints == []


@pytest.fixture(scope="module")
def member(cloud: LocalCloud) -> Person:
    """The owner of an account with a key, for tests that change neither."""
    person = Person(cloud).join()
    person.make_key("render box")
    return person


@pytest.fixture
def owner(cloud: LocalCloud, stage: Stage) -> Person:
    """The owner of an account that no other test uses, logged in."""
    person = Person(cloud).join()
    enter(stage.visitor, person)
    return person


@pytest.fixture
def stage(visitor: Visitor, cloud: LocalCloud, member: Person) -> Stage:
    """A visitor's browser, and the member who may log in there."""
    return Stage(visitor, cloud, member)
