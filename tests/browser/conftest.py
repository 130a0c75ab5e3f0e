"""Chromium, one for each module; no test finds cookies, storage, open tabs or a moved clock of another."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
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
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser profile, so that what may be kept for ever is fetched once; `visitor` clears all else."""
    shared = chromium.new_context()
    yield shared
    timer = shared.new_page().evaluate("String(setTimeout)")
    assert "[native code]" in timer, "a test moved the clock of the shared profile: it takes `timed`, not `stage`"


@pytest.fixture
def visitor(context: BrowserContext, cloud: LocalCloud) -> Iterator[Visitor]:
    """A visitor whose browser must have had nothing to complain of: no script error, no policy violation."""
    context.clear_cookies()
    context.clear_permissions()
    context.unroute_all()
    with _content_visitor(context, cloud) as someone:
        yield someone


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


@pytest.fixture
def codes(cloud: LocalCloud) -> Any:
    """What a machine has just asked for."""
    form = {"client_id": "comfy-cli"}
    return requests.post(f"{cloud.site_url}/oauth/device_authorization", data=form, timeout=60).json()


@pytest.fixture
def timed(chromium: Browser, cloud: LocalCloud, member: Person) -> Iterator[Stage]:
    """As `stage`, in a profile of its own: who moves the clock moves that of all later pages of the profile."""
    with chromium.new_context() as own, _content_visitor(own, cloud) as someone:
        yield Stage(someone, cloud, member)


@contextmanager
def _content_visitor(context: BrowserContext, cloud: LocalCloud) -> Iterator[Visitor]:
    someone = visitor_on(context, cloud)
    yield someone
    for page in context.pages:
        page.close()
    assert someone.complaints == []
