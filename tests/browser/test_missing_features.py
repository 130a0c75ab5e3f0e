"""A browser that lacks or refuses what pages use: the pages still work, or say why not."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from local.cloud import LocalCloud
from tests.authenticator_app import AuthenticatorApp
from tests.browser.absent import ABSENT
from tests.browser.chromium import FLAGS, with_settings
from tests.browser.people import Visitor, enter, leave, visitor_in, visitor_on
from tests.browser.scenes import Stage, confirm_beside, log_in, question_of, sign_up
from tests.conftest import missing
from tests.local.person import PASSWORD, Person, token_in

BROKEN = "Something on this page failed to load."
# Stories that use neither storage nor anything else that a browser refuses.
old = pytest.mark.parametrize("lacking", ["an old browser"], indirect=True)
_THERE = re.compile(r"^http://127\.0\.0\.1:8188/")
_BLOCK_ALL_COOKIES = {"profile": {"default_content_setting_values": {"cookies": 2}}}


@pytest.fixture(scope="module", params=ABSENT)
def lacking(request: pytest.FixtureRequest, chromium: Browser, cloud: LocalCloud, member: Person) -> Iterator[Stage]:
    """A browser without these features, not logged in."""
    visitor = visitor_in(chromium, cloud)
    visitor.context.add_init_script(ABSENT[request.param])
    yield Stage(visitor, cloud, member)
    visitor.context.close()
    assert visitor.complaints == []


@pytest.fixture
def outside(lacking: Stage) -> Stage:
    lacking.page.unroute_all()
    leave(lacking.visitor)
    return lacking


@pytest.fixture
def inside(outside: Stage) -> Stage:
    enter(outside.visitor, outside.person)
    return outside


@pytest.fixture(scope="module")
def without_cookies(
    chromium: Browser, cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitor]:
    """A browser that blocks all cookies and, with them, storage and messages between tabs."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(_BLOCK_ALL_COOKIES), encoding="utf-8")
    path = with_settings()
    if path is None:
        missing("A Chromium that reads settings is not installed (Debian: apt-get install chromium)")
    context = chromium.browser_type.launch_persistent_context(profile, executable_path=path, args=FLAGS)
    visitor = visitor_on(context, cloud)
    yield visitor
    context.close()
    assert visitor.complaints == []


def test_a_question_survives_the_login(outside: Stage) -> None:
    """It is shown after the login, and one click leads back to the program."""
    page = outside.page
    answered: list[str] = []

    def receive(route: Route) -> None:
        answered.append(route.request.url)
        route.fulfill(body="back in the program")

    page.route(_THERE, receive)
    page.goto(outside.visitor.site + question_of())
    log_in(outside, outside.person.email, PASSWORD)
    allow = page.get_by_role("button", name="Allow", exact=True)
    expect(allow).not_to_have_attribute("aria-disabled", "true")
    allow.click()

    expect(page.get_by_text("back in the program")).to_be_visible()
    assert "code=" in answered[0]


def test_log_out_ends_the_session(inside: Stage) -> None:
    """A page never looks logged out when it is not."""
    inside.visitor.visit("/account")
    inside.told("This device")
    inside.log_out()
    inside.told("You're logged out.")

    assert inside.page.evaluate("fetch('/auth/session').then(answer => answer.status)") == 401


@old
def test_a_key_is_created_and_can_be_copied(inside: Stage) -> None:
    """By the button, or by hand: the page says which."""
    inside.visitor.visit("/api-keys")
    inside.told("render box")
    inside.press("+ New API Key")
    inside.page.get_by_label("Name", exact=True).fill("old laptop")
    inside.press("Generate")
    inside.told("Copy it now")
    assert inside.page.locator("#plaintext").input_value().startswith("comfyui-")
    inside.press("Copy")

    expect(inside.page.locator("#copied")).not_to_be_empty()
    inside.press("Done")
    inside.told("old laptop")
    inside.press("Actions for old laptop")
    inside.page.get_by_role("menuitem", name="Delete…").click()
    inside.press("Delete")
    inside.told('Deleted "old laptop"')


@old
def test_a_new_owner_signs_up(outside: Stage) -> None:
    """Another tab opens the link; the one of the sign-up continues when its owner comes back to it."""
    person = Person(outside.cloud)
    outside.visitor.visit("/signup?return_to=/api-keys")
    sign_up(outside, person.email)
    mailed = confirm_beside(outside, person)
    expect(mailed.get_by_text("is confirmed, and you're logged in.")).to_be_visible()
    mailed.close()
    outside.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(outside.page.get_by_role("heading", name="New API key")).to_be_visible()


@old
def test_a_forgotten_password_is_reset(outside: Stage) -> None:
    """From the form to the new password."""
    person = Person(outside.cloud).join()
    outside.visitor.visit("/forgot-password")
    outside.page.get_by_label("Email address").fill(person.email)
    outside.press("Send link")
    outside.told("Check your email")
    token = token_in(person.wait_for_mail("Reset your Comfy password"))
    outside.visitor.visit(f"/reset-password#token={token}")
    outside.page.get_by_label("New password", exact=True).fill("seven brave otters pay rent")
    outside.press("Set new password")

    outside.told("Password changed")


@old
def test_two_steps_are_turned_on_and_asked_for(outside: Stage) -> None:
    """Codes are copied by hand: the page says how."""
    person, page = Person(outside.cloud).join(), outside.page
    enter(outside.visitor, person)
    outside.visitor.visit("/account")
    outside.press("Turn on two-step login")
    key = page.get_by_label("Enter this key in the app")
    expect(key).not_to_have_value("")
    app = AuthenticatorApp(key.input_value().replace(" ", ""))
    page.get_by_label("Code that the app shows").fill(app.code())
    outside.press("Turn on")
    outside.press("Copy")
    expect(page.locator("#codes-note")).not_to_be_empty()
    page.get_by_label("I saved my recovery codes").check()
    outside.press("Done")
    outside.told("Two-step login is on.")
    outside.log_out()
    outside.told("You're logged out.")
    log_in(outside, person.email, PASSWORD)
    page.get_by_role("textbox", name="Code from your app").fill(app.code())
    outside.press("Log in")

    outside.told("This device")


def _has_storage(stage: Stage) -> bool:
    found: bool = stage.page.evaluate("(() => { try { return sessionStorage !== null } catch { return false } })()")
    return found


def test_a_device_is_logged_in(outside: Stage, codes: Any) -> None:
    """The code of the link is there after the login or, without storage, is typed once more."""
    outside.page.goto(codes["verification_uri_complete"])
    outside.page.wait_for_url("**/login?*")
    kept = codes["user_code"] if _has_storage(outside) else ""
    log_in(outside, outside.person.email, PASSWORD)
    code = outside.page.get_by_label("Code", exact=True)
    expect(code).to_have_value(kept)
    code.fill(codes["user_code"])
    outside.press("Continue")
    allow = outside.page.get_by_role("button", name="Allow", exact=True)
    expect(allow).not_to_have_attribute("aria-disabled", "true")
    allow.click()

    outside.told("Go back to your device")


def test_a_new_address_is_confirmed_or_the_page_says_how(inside: Stage) -> None:
    """Confirming it needs a login. Without storage, the token does not survive that: the link is opened again."""
    inside.visitor.context.clear_cookies()
    inside.visitor.visit(f"/verify-email#token={'t' * 43}&change=1")
    survives = _has_storage(inside)
    inside.press("Confirm address")
    if not survives:
        inside.told("then open the link in the email again.")
        inside.page.get_by_role("link", name="Log in", exact=True).click()
    expect(inside.page.get_by_role("heading", name="Log in", exact=True)).to_be_visible()
    log_in(inside, inside.person.email, PASSWORD)

    expect(inside.page).to_have_url(f"{inside.visitor.site}/{'verify-email' if survives else 'account'}")


@pytest.mark.parametrize("path", ["/login", "/api-keys", question_of()])
def test_blocked_cookies_are_said_wherever_a_login_is_needed(without_cookies: Visitor, path: str) -> None:
    """In words, before anything is typed."""
    without_cookies.page.goto(without_cookies.site + path)

    expect(without_cookies.page.get_by_text("Your browser is blocking cookies")).to_be_visible()
    assert without_cookies.page.locator("#broken").is_hidden()


def test_what_needs_no_cookie_works_without(without_cookies: Visitor, cloud: LocalCloud) -> None:
    """Sign-up and confirmation; then the page does not claim a login that the browser refused."""
    person, page = Person(cloud), without_cookies.page
    without_cookies.visit("/signup")
    page.get_by_label("Email address").fill(person.email)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    token = token_in(person.wait_for_mail("Confirm your email address for Comfy"))
    without_cookies.visit(f"/verify-email#token={token}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm address").click()

    expect(page.get_by_role("heading", name="Your address is confirmed")).to_be_visible()
    expect(page.get_by_text("Your browser is blocking cookies")).to_be_visible()
    # The page has these words ready, hidden, for a used link.
    expect(page.get_by_text("you're logged in").filter(visible=True)).to_have_count(0)


def _fail(status: int, body: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, content_type="text/javascript")


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("consent.js", _fail(200, "a ?? = b")),
        ("consent.js", _fail(200, "document.nothing.there()")),
        ("consent.js", _fail(200, "Promise.reject(new Error('refused'))")),
        ("question.js", _fail(503, "")),
        ("texts.en.js", _fail(503, "")),
    ],
    ids=["syntax", "error", "promise", "part missing", "texts"],
)
def test_a_page_whose_script_fails_says_so(stage: Stage, script: str, answer: Any) -> None:
    """It does not show "Loading" for ever; other scripts in the page, such as an extension's, change nothing."""
    stage.page.goto(stage.visitor.site + "/nothing-here")
    stage.page.evaluate("setTimeout(() => { throw new Error('of an extension') })")
    assert stage.page.locator("#broken").is_hidden()
    stage.page.route(f"**/{script}", answer)
    stage.page.goto(stage.visitor.site + question_of())

    stage.told(BROKEN)
    expect(stage.page.get_by_text("Loading")).to_have_count(0)
    stage.visitor.complaints.clear()


def test_a_form_cannot_be_sent_before_its_script_runs(chromium: Browser, cloud: LocalCloud) -> None:
    """The browser itself would send it, and lose what was entered."""
    visitor = visitor_in(chromium, cloud, java_script_enabled=False)
    for path in (
        "/login",
        "/second-step",
        "/signup",
        "/forgot-password",
        "/reset-password",
        "/verify-email",
        "/device",
    ):
        visitor.page.goto(visitor.site + path)
        forms = visitor.page.locator("form[method=post]")
        assert forms.count() > 0
        assert forms.locator("[type=submit]:enabled").count() == 0
    visitor.context.close()
