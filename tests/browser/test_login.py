"""Logging in with an address and a password: as it should be, and whatever can be in the way."""

import json
import re
from datetime import UTC, datetime

import altcha
import pytest
from playwright.sync_api import Page, Route, expect

from accounts.proof_of_work import AltchaProofs
from tests.browser.people import Visitor
from tests.browser.scenes import WRONG, Stage, caps_lock, log_in
from tests.local import counters
from tests.local.person import PASSWORD, Person

_RETURN_TO = """async query => {
  const page = document.querySelector("link[rel=modulepreload][href*='/page.js']").href;
  history.replaceState(null, "", query);
  return (await import(page)).returnTo();
}"""

# Runs the whole check of another tab between the write and the read of this one.
_CHECKED_IN_TWO_TABS = """async () => {
  const { keepsCookies } = await import(document.querySelector("link[rel=modulepreload][href*='/browser.js']").href);
  const { get, set } = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
  const found = [];
  Object.defineProperty(document, "cookie", {
    get() {
      Object.defineProperty(document, "cookie", { get, set });
      found.push(keepsCookies());
      return get.call(document);
    },
    set,
    configurable: true,
  });
  found.push(keepsCookies());
  return [found, document.cookie.includes("probe")];
}"""

# The query of the login page, and where it leads.
_RETURNS = {
    "": "/account",
    "?return_to=": "/account",
    "?return_to=/api-keys": "/api-keys",
    "?return_to=%2Foauth%2Fauthorize%3Fa%3D1%26b%3D2": "/oauth/authorize?a=1&b=2",
    "?return_to=https://evil.example/": "/account",
    "?return_to=//evil.example/": "/account",
    "?return_to=/%5Cevil.example/": "/account",
    "?return_to=/.//evil.example/": "/evil.example/",
    "?return_to=/%09/evil.example/": "/account",
    "?return_to=javascript:alert(1)": "/account",
    "?return_to=/%2F/evil.example/": "/account",
    "?return_to=login": "/account",
    "?return_to=http://%5B": "/account",
}


def test_a_person_logs_in_and_out(stage: Stage) -> None:
    """From the front door to the account and out again; a session ends with the browser unless they ask otherwise."""
    stage.page.goto(stage.visitor.site)
    log_in(stage, stage.person.email, PASSWORD)

    expect(stage.page.get_by_role("heading", level=1)).to_have_text("Account")
    stage.told(stage.person.email)
    assert _session(stage.visitor)["expires"] == -1
    stage.log_out()
    stage.told("You're logged out.")
    assert stage.page.url == f"{stage.visitor.site}/login"
    assert _session(stage.visitor) == {}


def test_a_person_stays_signed_in_who_asks_for_it(stage: Stage) -> None:
    """Off unless ticked, with a word about devices that others use."""
    stage.visitor.visit("/login")
    remember = stage.page.get_by_label("Keep me logged in")
    expect(remember).not_to_be_checked()
    expect(remember).to_have_accessible_description(re.compile("shared device"))
    remember.check()
    log_in(stage, stage.person.email, PASSWORD)

    stage.told("This device")
    assert _session(stage.visitor)["expires"] > 0


def test_a_person_carries_on_where_they_were(stage: Stage) -> None:
    """A page that needs a login is shown after it."""
    stage.page.goto(f"{stage.visitor.site}/api-keys")
    stage.page.wait_for_url("**/login?*")
    log_in(stage, stage.person.email, PASSWORD)

    stage.told("render box")
    assert stage.page.url == f"{stage.visitor.site}/api-keys"
    stage.page.goto(f"{stage.visitor.site}/login?return_to=/api-keys")
    stage.page.wait_for_url("**/api-keys")


def test_the_method_that_was_used_last_is_marked(stage: Stage) -> None:
    """Without the address, and no longer after logging out everywhere."""
    stage.visitor.visit("/login")
    log_in(stage, stage.person.email, PASSWORD)
    stage.told("This device")
    stage.log_out()
    stage.told("You're logged out.")
    button = stage.page.get_by_role("button", name="Log in", exact=True)
    expect(button).to_have_accessible_description("Last used")
    assert stage.page.evaluate("document.cookie") == "last-method=password"
    log_in(stage, stage.person.email, PASSWORD)
    stage.told("This device")
    stage.press("Log out everywhere")
    stage.told("including this one")
    stage.press("Log out everywhere")
    stage.told("You're logged out.")

    expect(button).to_have_accessible_description("")
    assert stage.page.evaluate("document.cookie") == ""


def test_a_login_leads_to_no_other_site(visitor: Visitor) -> None:
    """Own paths only, read as the browser reads them (RFC 9700 4.11)."""
    visitor.visit("/forgot-password")

    assert {query: visitor.page.evaluate(_RETURN_TO, f"/login{query}") for query in _RETURNS} == _RETURNS


def test_caps_lock_is_said_while_it_is_on(stage: Stage) -> None:
    """And not a moment longer."""
    stage.visitor.visit("/login")
    stage.page.get_by_label("Password", exact=True).focus()
    caps_lock(stage.page, on=True)
    stage.told("Caps Lock is on")
    caps_lock(stage.page, on=False)

    expect(stage.page.get_by_text("Caps Lock is on")).to_have_count(0)


def test_a_password_can_be_looked_at(stage: Stage) -> None:
    """And is hidden again before it is sent, so that password managers know it for one."""
    stage.visitor.visit("/login")
    field = stage.page.get_by_label("Password", exact=True)
    field.fill(PASSWORD)
    stage.press("Show Password")
    expect(field).to_have_attribute("type", "text")
    stage.press("Log in")

    expect(field).to_have_attribute("type", "password")
    expect(field).to_have_value(PASSWORD)


def test_what_is_missing_is_said_beside_it(stage: Stage) -> None:
    """Focus goes to the first; the words belong to the field."""
    stage.visitor.visit("/login")
    stage.page.get_by_label("Email address").fill("not an address")
    stage.press("Log in")
    address = stage.page.get_by_label("Email address")

    expect(address).to_be_focused()
    expect(address).to_have_accessible_description("Enter an address like name@example.com.")
    expect(stage.page.get_by_label("Password", exact=True)).to_have_accessible_description("Enter your password.")


def test_a_failure_helps(stage: Stage) -> None:
    """It is announced, what was typed stays, and everything that may help is named, support with the request's id."""
    stage.visitor.visit("/login")
    log_in(stage, stage.person.email, WRONG)
    stage.told("Wrong email address or password")
    alert = stage.page.get_by_role("alert").filter(has_text="Wrong email address")
    help_ = stage.page.get_by_role("region", name="What to check")

    expect(alert).to_be_visible()
    for words in ("spelled correctly", "Caps Lock", "Choose a new one", "Send it again", "cookies", "Contact support"):
        expect(help_).to_contain_text(words)
    expect(help_.locator("code")).to_have_text(re.compile(r"\S{8,}"))
    expect(stage.page.get_by_label("Email address")).to_have_value(stage.person.email)
    stage.press("Send it again")
    expect(help_).to_contain_text("we've sent a new email")


def test_a_proof_of_work_is_computed_and_the_login_goes_on(stage: Stage) -> None:
    """As the service asks for one when many requests come from this network; the page shows that (TH-15)."""
    key, now = "k" * 48, datetime(2026, 3, 1, tzinfo=UTC)
    challenge = AltchaProofs(lambda: lambda: key).challenge("login", "192.0.2.1", now)
    asking = json.dumps({"error": "proof_required", "message": "Solve it.", "challenge": challenge})
    sent, notices = [], []

    def answer(route: Route) -> None:
        proof = route.request.headers.get("x-proof-of-work")
        if proof is None:
            route.fulfill(status=429, content_type="application/json", body=asking)
        else:
            sent.append(proof)
            notices.append(stage.page.get_by_role("status").filter(has_text="Checking your browser").count())
            route.continue_()

    stage.page.route("**/auth/login", answer)
    stage.page.goto(stage.visitor.site)
    log_in(stage, stage.person.email, PASSWORD)

    expect(stage.page.get_by_role("heading", level=1)).to_have_text("Account")
    assert [altcha.verify_solution(proof, key).verified for proof in sent] == [True]
    assert notices == [1]


def log_in_too_often(timed: Stage, *, retry_after: int) -> None:
    """Have a login refused for so many seconds, on a clock that the test moves."""
    timed.page.clock.install()
    timed.visitor.visit("/login")
    refusal = '{"error": "too_many_attempts", "message": "Wait."}'
    timed.answer("/auth/login", 429, refusal, retry_after=str(retry_after))
    log_in(timed, timed.person.email, WRONG)


def test_too_many_attempts_count_down(timed: Stage) -> None:
    """The page says how long to wait and when the wait is over."""
    log_in_too_often(timed, retry_after=599)
    timed.told("Too many attempts. Try again in 9:")

    timed.page.clock.fast_forward(600_000)
    timed.told("You can try again now.")


def test_a_long_wait_is_shown_in_hours(timed: Stage) -> None:
    """Some limits are those of a day."""
    log_in_too_often(timed, retry_after=38_834)
    timed.told("Too many attempts. Try again in 10:47:")

    timed.page.clock.fast_forward(10 * 3_600_000)
    timed.told("Too many attempts. Try again in 47:")


def test_too_many_guesses_are_refused_with_the_time_to_wait(stage: Stage) -> None:
    """The sixth in a row, by the service."""
    victim = Person(stage.cloud, email="guessed@example.com", password=WRONG)
    assert [victim.log_in().status_code for _ in range(5)] == [401] * 5
    counters.prolong_waits(stage.cloud)
    stage.visitor.visit("/login")
    log_in(stage, victim.email, WRONG)
    stage.told("Too many attempts. Try again in ")


def test_cookies_that_are_blocked_are_said_at_once(stage: Stage) -> None:
    """The browser itself says so."""
    stage.page.context.new_cdp_session(stage.page).send("Emulation.setDocumentCookieDisabled", {"disabled": True})
    stage.page.goto(f"{stage.visitor.site}/login")

    stage.told("Your browser is blocking cookies")


def test_cookies_are_found_while_another_tab_looks_for_them(stage: Stage) -> None:
    """A logout leads all tabs to the login page at the same time."""
    stage.visitor.visit("/login")
    assert stage.page.evaluate(_CHECKED_IN_TWO_TABS) == [[True, True], False]


def test_cookies_that_are_not_kept_are_noticed(stage: Stage) -> None:
    """Logged in, and unknown the moment after."""
    stage.visitor.visit("/login")
    stage.answer("/auth/login", 200, '{"id": "1", "email": "ann@example.com"}')
    log_in(stage, "ann@example.com", PASSWORD)

    stage.told("Your browser is blocking cookies")


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "couldn't reach the server"), (500, "on our side"), (502, "on our side"), (503, "on our side")],
)
def test_a_failing_service_keeps_what_was_typed(stage: Stage, status: int, words: str) -> None:
    """And says whose fault it is; pressing once more is all that it takes."""
    stage.visitor.visit("/login")
    if status:
        stage.answer("/auth/login", status, "<html>not ours</html>")
    else:
        stage.page.route("**/auth/login", lambda route: route.abort())
    log_in(stage, stage.person.email, PASSWORD)

    stage.told(words)
    stage.told("What you typed is still here")
    stage.page.unroute_all()
    stage.press("Log in")
    stage.page.wait_for_url("**/account")


def test_a_slow_service_says_that_it_takes_longer(timed: Stage) -> None:
    """As after a while without visitors; it is asked once, however often the button is pressed."""
    asked: list[Route] = []
    timed.page.clock.install()
    timed.visitor.visit("/login")

    def keep(route: Route) -> None:
        asked.append(route)

    timed.page.route("**/auth/login", keep)
    log_in(timed, timed.person.email, PASSWORD)
    timed.page.clock.fast_forward(3000)
    timed.told("taking longer than usual")
    timed.page.keyboard.press("Enter")

    assert len(asked) == 1
    asked[0].continue_()
    timed.page.wait_for_url("**/account")


def test_everything_works_by_keyboard(stage: Stage) -> None:
    """In the order in which it is read, from the top."""
    stage.visitor.visit("/login")
    assert _focused(stage.page) == "email"
    for _ in range(3):
        stage.page.keyboard.press("Shift+Tab")
    seen = []
    for _ in range(12):
        stage.page.keyboard.press("Tab")
        seen.append(_focused(stage.page))

    assert seen == [
        "Skip to content",
        "Comfy",
        "email",
        "password",
        "Show",
        "remember",
        "Log in",
        "Forgot password?",
        "Sign up",
        "Log in with a passkey",
        "Continue with Google",
        "Continue with GitHub",
    ]


def test_a_machine_that_cannot_log_in_is_shown_the_way(stage: Stage) -> None:
    """What an API key is, and where to make one."""
    stage.visitor.visit("/login")
    machines = stage.page.get_by_role("region", name="Logging in from a server or container?")

    expect(machines).to_contain_text("API key")
    expect(machines.get_by_role("link", name="Get an API key")).to_have_attribute("href", "/api-keys")


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))


def _session(visitor: Visitor) -> dict[str, object]:
    found = [dict(cookie) for cookie in visitor.context.cookies() if cookie["name"] == "__Host-session"]
    return found[0] if found else {}
