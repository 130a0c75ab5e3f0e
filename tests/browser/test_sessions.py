"""Sessions: here, in another tab, with the back button, and when logging out fails."""

from playwright.sync_api import expect

from tests.browser.people import Visitor, enter
from tests.browser.scenes import Stage, log_in
from tests.local.person import PASSWORD, Person

HINT = "__Host-session-hint"


def test_the_back_button_shows_nothing_after_logging_out(stage: Stage) -> None:
    """Neither from a cache nor from a page that was kept alive."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit("/account")
    stage.told(stage.person.email)
    stage.visitor.visit("/api-keys")
    stage.told("render box")
    stage.log_out()
    stage.told("You're logged out.")

    for move in (stage.page.go_back, stage.page.go_forward):
        move()
        expect(stage.page.get_by_role("heading", level=1)).to_have_text("Log in")
        assert stage.person.email not in stage.page.content()
        assert "render box" not in stage.page.content()


def test_pages_ask_for_a_session_only_where_one_may_be(stage: Stage) -> None:
    """By a hint, which may be wrong: the next page that asks corrects it."""
    asked: list[str] = []
    stage.page.on("request", lambda it: asked.append(it.url) if it.url.endswith("/auth/session") else None)
    for path in ("/login", "/signup", "/forgot-password", "/nothing-here"):
        stage.visitor.visit(path)
    assert asked == []

    hint = {"name": HINT, "value": "1", "url": stage.visitor.site.replace("http:", "https:")}
    stage.page.context.add_cookies([{**hint, "secure": True}])  # type: ignore[typeddict-item]
    for _ in range(2):
        stage.visitor.visit("/signup")
    assert (len(asked), _has_hint(stage)) == (1, False)

    enter(stage.visitor, stage.person)
    assert _has_hint(stage)
    stage.page.context.clear_cookies(name=HINT)
    stage.visitor.visit("/account")
    stage.told(stage.person.email)
    assert _has_hint(stage)
    stage.log_out()
    stage.told("You're logged out.")
    assert not _has_hint(stage)


def test_logging_out_in_one_tab_clears_the_other(stage: Stage) -> None:
    """At once, without a click there."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit("/account")
    stage.told(stage.person.email)
    other = stage.visitor.beside("/api-keys")
    expect(other.get_by_text("render box")).to_be_visible()
    Stage(Visitor(other.context, other, stage.visitor.site), stage.cloud, stage.person).log_out()

    stage.told("You're logged out.")
    assert stage.person.email not in stage.page.content()


def test_a_session_that_ended_elsewhere_asks_to_log_in_and_carries_on(stage: Stage) -> None:
    """What was typed for a new key is there again after it."""
    person = Person(stage.cloud, email="elsewhere@example.com").join()
    enter(stage.visitor, person)
    stage.visitor.visit("/api-keys")
    stage.press("+ New API Key")
    stage.page.get_by_label("Name", exact=True).fill("my laptop")
    assert person.call("POST", "/auth/sessions/revoke-all").status_code == 204
    stage.press("Generate")
    stage.page.wait_for_url("**/login?*")
    stage.told("Your session has ended. Log in to continue where you left off.")
    log_in(stage, person.email, PASSWORD)

    expect(stage.page.get_by_label("Name", exact=True)).to_have_value("my laptop")
    stage.press("Generate")
    stage.told("Copy it now")


def test_logging_out_that_fails_clears_the_page_and_says_so(stage: Stage) -> None:
    """Nothing personal is left to see, and trying again is one press (ASVS 14.3.1)."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit("/account")
    stage.told(stage.person.email)
    stage.answer("/auth/logout", 503)
    stage.log_out()
    stage.told("You may still be logged in on this device")
    assert stage.person.email not in stage.page.content()
    stage.page.unroute_all()
    stage.press("Try to log out again")

    stage.told("You're logged out.")


def test_log_out_is_on_every_page(stage: Stage) -> None:
    """While logged in; the front page and the sign-up then lead to the account."""
    enter(stage.visitor, stage.person)
    for path in (
        "/account",
        "/api-keys",
        "/forgot-password",
        "/verify-email",
        "/reset-password",
        "/nowhere",
    ):
        stage.page.goto(stage.visitor.site + path)
        stage.open_menu()
        expect(stage.page.get_by_role("button", name="Log out", exact=True)).to_be_visible()
    for path in ("/", "/signup"):
        stage.page.goto(stage.visitor.site + path)
        stage.page.wait_for_url("**/account")


def test_nothing_personal_is_kept_by_the_browser(stage: Stage) -> None:
    """No storage, no cookie that a script can read but the hint without a secret, nothing in an address."""
    enter(stage.visitor, stage.person)
    stage.visitor.visit("/account")
    stage.told(stage.person.email)

    kept = "[localStorage.length, sessionStorage.length, document.cookie, location.search + location.hash]"
    assert stage.page.evaluate(kept) == [0, 0, f"{HINT}=1", ""]


def _has_hint(stage: Stage) -> bool:
    return HINT in str(stage.page.evaluate("document.cookie"))
