"""ComfyUI's frontend, unmodified, in a browser: logs in with an API key and with SSO, reloads, and logs out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response, Route, expect, sync_playwright

from local.cloud import LocalCloud
from tests.browser.chromium import FLAGS, installed
from tests.clients.comfyui import ADDRESSES, ComfyUI
from tests.clients.conftest import Clients, programs
from tests.conftest import missing
from tests.local.person import PASSWORD, Person

_SECONDS = 120_000
_TOKENS = "Comfy.LocalWebSignIn.Tokens"
_EXPIRED = """name => localStorage.setItem(
  name, JSON.stringify({...JSON.parse(localStorage.getItem(name)), expiresAt: 0})
)"""


@dataclass
class Frontend:
    """The frontend in a browser of its own, and what it sent to the service and elsewhere."""

    page: Page
    url: str
    site: str
    answers: list[Response] = field(default_factory=list)
    elsewhere: list[Request] = field(default_factory=list)

    def open(self) -> None:
        self.page.goto(self.url)

    def ask_to_log_in(self) -> None:
        self.page.get_by_test_id("login-button").first.click()

    def is_logged_in(self) -> None:
        expect(self.page.get_by_test_id("current-user-button").first).to_be_visible()
        expect(self.page.get_by_test_id("login-button")).to_have_count(0)

    def is_logged_out(self) -> None:
        expect(self.page.get_by_test_id("login-button").first).to_be_visible()
        expect(self.page.get_by_test_id("current-user-button")).to_have_count(0)

    def menu(self) -> Any:
        self.page.get_by_test_id("current-user-button").first.click()
        return self.page.get_by_test_id("current-user-popover").filter(visible=True)

    def answered(self, path: str) -> list[int]:
        """The statuses of the service's answers at `path`."""
        return [it.status for it in self.answers if urlsplit(it.url).path == path and it.request.method != "OPTIONS"]

    def elsewhere_with(self, secret: str) -> set[str]:
        """The other hosts to which the frontend tried to send the secret."""
        sent = [it for it in self.elsewhere if secret in json.dumps(it.headers) + (it.post_data or "")]
        return {str(urlsplit(it.url).hostname) for it in sent}

    def tokens(self) -> dict[str, str]:
        """The tokens that the frontend keeps after a login with SSO."""
        found: dict[str, str] = json.loads(self.stored()[_TOKENS])
        return found

    def stored(self) -> dict[str, str]:
        found: dict[str, str] = self.page.evaluate("({...localStorage})")
        return found


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    path = installed()
    if path is None:
        missing("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, "--ignore-certificate-errors"])
        found = browser.new_context(ignore_https_errors=True)
        found.set_default_timeout(_SECONDS)
        expect.set_options(timeout=_SECONDS)
        yield found
        browser.close()


@pytest.fixture
def features() -> dict[str, object]:
    """How the features of the ComfyUI differ from what examples/README.md advises."""
    return {}


@pytest.fixture
def frontend(
    context: BrowserContext, clients: Clients, cloud: LocalCloud, features: dict[str, object]
) -> Iterator[Frontend]:
    with ComfyUI(clients.frontend, cloud.site_url, **features) as comfyui:
        found = Frontend(context.new_page(), comfyui.url, cloud.site_url)

        def stay_here(route: Route) -> None:
            if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
                route.continue_()
            else:
                found.elsewhere.append(route.request)
                route.abort()

        context.route("**/*", stay_here)
        context.on("response", lambda it: found.answers.append(it) if it.url.startswith(cloud.site_url) else None)
        yield found


def _log_in_with_a_key(frontend: Frontend, ann: Person) -> str:
    key: str = ann.make_key("render box")["plaintext_key"]
    frontend.open()
    frontend.ask_to_log_in()
    frontend.page.get_by_role("button", name="Comfy API Key").click()
    frontend.page.locator("#comfy-org-api-key").fill(key)
    frontend.page.get_by_role("button", name="Save").click()
    frontend.is_logged_in()
    return key


def test_the_frontend_logs_in_with_an_api_key(frontend: Frontend, ann: Person) -> None:
    """It stays logged in after a reload, and sends the key to the service only."""
    key, page = _log_in_with_a_key(frontend, ann), frontend.page
    page.reload()
    frontend.is_logged_in()
    menu = frontend.menu()
    expect(menu).to_contain_text(ann.email)
    expect(menu).to_contain_text("Personal workspace")
    menu.get_by_test_id("logout-menu-item").click()

    frontend.is_logged_out()
    assert set(frontend.answered("/customers")) == set(frontend.answered("/api/workspaces/current")) == {200}
    assert key not in json.dumps(frontend.stored())
    assert frontend.elsewhere_with(key) == set()


@pytest.mark.parametrize("features", [dict.fromkeys(ADDRESSES[1:])])
def test_the_frontend_sends_a_key_to_comfy_org_unless_it_has_both_addresses(frontend: Frontend, ann: Person) -> None:
    """As examples/README.md warns: it logs in here with the first address only, and nothing on the page says so."""
    with frontend.page.expect_request("https://cloud.comfy.org/**"):
        key = _log_in_with_a_key(frontend, ann)

    assert frontend.elsewhere_with(key) == {"cloud.comfy.org"}


@pytest.mark.parametrize("features", [{"local_web_sso": "true"}])
def test_the_frontend_offers_sso_only_for_a_boolean(frontend: Frontend) -> None:
    frontend.open()
    frontend.ask_to_log_in()

    expect(frontend.page.get_by_role("button", name="Comfy API Key")).to_be_visible()
    expect(frontend.page.get_by_test_id("desktop-host-sso")).to_have_count(0)


def test_the_frontend_logs_in_with_sso(frontend: Frontend, ann: Person) -> None:
    """Its token names the workspace, so the frontend uses it; after a reload, it renews an expired one."""
    page = frontend.page
    frontend.open()
    frontend.ask_to_log_in()
    page.get_by_test_id("desktop-host-sso").click()
    page.get_by_label("Email address").fill(ann.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    frontend.is_logged_in()
    before = frontend.tokens()
    page.evaluate(_EXPIRED, _TOKENS)
    with page.expect_response(f"{frontend.site}/api/workspaces"):
        page.reload()
    frontend.is_logged_in()
    after = frontend.tokens()
    menu = frontend.menu()
    expect(menu).to_contain_text("Personal workspace")
    menu.get_by_test_id("logout-menu-item").click()

    frontend.is_logged_out()
    assert all(after[name] != before[name] for name in ("accessToken", "refreshToken"))
    assert frontend.answered("/oauth/token") == [200, 200]
    assert frontend.answered("/api/workspaces") == [200] * len(frontend.answered("/api/workspaces"))
    assert _TOKENS not in frontend.stored()
    # It forgets the tokens, and does not revoke them.
    assert programs(ann) == ["ComfyUI on this computer"]
