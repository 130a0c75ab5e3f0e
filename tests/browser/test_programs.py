"""A program signs in through the browser: the example of a local ComfyUI, served from another origin."""

import html
import json
import re
import threading
from collections.abc import Iterator
from copy import replace
from http.server import ThreadingHTTPServer
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Route, expect

from examples.local_comfyui.serve import server
from local.cloud import EXAMPLE_SERVICE, LocalCloud
from tests.browser.chromium import LAN_HOST
from tests.browser.people import enter, long_ago, say_yes, visitor_on
from tests.browser.scenes import Stage, confirm_beside, described_question, log_in, question_of, sign_up
from tests.local.person import PASSWORD, Person, token_in

NEW_PASSWORD = "seven brave otters pay rent"


@pytest.fixture(scope="module")
def program(cloud: LocalCloud) -> Iterator[ThreadingHTTPServer]:
    """The example, running on this computer."""
    with server(cloud.site_url, port=0) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def here(program: ThreadingHTTPServer) -> str:
    """Its address, as its person opens it."""
    return f"http://127.0.0.1:{program.server_port}"


def begin(page: Page, origin: str) -> None:
    """Press the button in the program."""
    page.goto(origin)
    page.get_by_role("button", name="Log in with the browser").click()


def said(page: Page, text: str | re.Pattern[str]) -> None:
    """What the program says."""
    expect(page.get_by_role("status")).to_have_text(text)


def test_a_local_comfyui_signs_in_renews_and_signs_out(stage: Stage, here: str) -> None:
    """The visitor logs in, comes back to the question, and returns to the program with one click."""
    person = Person(stage.cloud).join()
    stage.page.goto(here)
    said(stage.page, "Not logged in")
    stage.page.get_by_role("button", name="Log in with the browser").click()
    log_in(stage, person.email, PASSWORD)
    expect(stage.page.get_by_role("heading", level=1)).to_have_text("ComfyUI on this computer wants to log in")
    stage.told(f"A program on this computer (127.0.0.1, port {here.rpartition(':')[2]})")
    stage.told(person.email)
    stage.told("Services that accept this login may charge your account for what the program does there.")
    stage.press("Allow")

    said(stage.page, f"Logged in as {person.email}")
    assert stage.page.url == f"{here}/"
    stage.page.reload()
    said(stage.page, f"Logged in as {person.email}")
    stage.press("Renew the tokens")
    said(stage.page, "Renewed")
    stage.press("Log out")
    said(stage.page, "Logged out")
    assert stage.page.evaluate("sessionStorage.length") == 0
    assert "ComfyUI on this computer" not in _programs(person)


def test_a_program_is_ended_from_the_account(stage: Stage, owner: Person, here: str) -> None:
    """It shows with its name and as a program, and is signed out at its next step."""
    begin(stage.page, here)
    stage.press("Allow")
    said(stage.page, f"Logged in as {owner.email}")
    account = stage.visitor.beside("/account")
    entry = account.locator("#devices > li").filter(has_text="ComfyUI on this computer")
    expect(entry).to_contain_text("Program")
    expect(account.locator("#activity")).to_contain_text("You allowed ComfyUI on this computer to log in")
    expect(entry).to_contain_text("Chrome on Linux")
    entry.get_by_role("button").click()
    account.locator("dialog[open]").get_by_role("button", name="Log out", exact=True).click()
    expect(account.get_by_text("Logged out ComfyUI on this computer.")).to_be_visible()

    stage.press("Who am I?")
    said(stage.page, re.compile("log in again", re.IGNORECASE))
    expect(stage.page.get_by_role("button", name="Log in with the browser")).to_be_visible()


def test_a_described_client_is_named_after_its_host(stage: Stage) -> None:
    """SF-06: by its ASCII name, and apart from the name that the client claims."""
    host = "xn--pple-43d.example"
    question = described_question(stage, host, "Comfy Cloud, verified")
    stage.answer("/oauth/authorize/request?*", 200, json.dumps(question))
    enter(stage.visitor, stage.person)
    stage.visitor.visit(question_of(question["client"]["id"]))

    expect(stage.page.get_by_role("heading", level=1)).to_have_text(f"{host} wants to log in")
    stage.told(f"We haven't checked this program. Allow it only if you trust {host} with your account.")
    expect(stage.page.locator("#question-claims")).to_have_text("Calls itselfComfy Cloud, verified")
    expect(stage.page.locator("#question-client-id")).to_have_text(question["client"]["id"])
    expect(stage.page.locator("#question-where")).to_have_text(f"The website {host}")


def test_a_described_client_on_this_computer_proves_no_host(stage: Stage) -> None:
    """SF-06: any program can use the id of another one's document, and receive the answer on loopback."""
    question = described_question(stage)
    question["redirect"] = {"host": "127.0.0.1", "port": 49152, "loopback": True}
    stage.answer("/oauth/authorize/request?*", 200, json.dumps(question))
    enter(stage.visitor, stage.person)
    stage.visitor.visit(question_of(question["client"]["id"]))

    stage.told("any program can claim to be from mcp.example.com")
    stage.told("A program on this computer (127.0.0.1, port 49152)")


def test_a_person_who_says_no_is_back_in_the_program(stage: Stage, here: str) -> None:
    """The program receives the refusal with a message that it can show."""
    enter(stage.visitor, stage.person)
    begin(stage.page, here)
    stage.press("Cancel")

    said(stage.page, "The account owner didn't allow this login.")
    assert stage.page.url == f"{here}/"


def test_an_old_login_is_asked_for_the_password_before_a_program_gets_in(
    stage: Stage, owner: Person, here: str
) -> None:
    """The click is then completed. After a cancel, the question is still there and can be denied (SE-21)."""
    long_ago(stage.cloud, owner)
    begin(stage.page, here)
    stage.press("Allow")
    stage.told("Confirm it's you")
    stage.press("Cancel")
    expect(stage.page.get_by_role("button", name="Allow", exact=True)).to_be_enabled()
    stage.press("Allow")
    stage.page.get_by_label("Password", exact=True).fill(PASSWORD)
    stage.press("Continue")

    said(stage.page, f"Logged in as {owner.email}")


def test_an_old_login_can_say_no(stage: Stage, owner: Person, here: str) -> None:
    """Without a password: it grants nothing."""
    long_ago(stage.cloud, owner)
    begin(stage.page, here)
    stage.press("Cancel")

    said(stage.page, "The account owner didn't allow this login.")


def test_an_old_login_goes_to_google_and_back_to_the_question(stage: Stage, here: str) -> None:
    """The question is intact, and the next click lets the program in."""
    person = Person(stage.cloud, email="old-googler@example.org")
    stage.page.goto(f"{stage.visitor.site}/login")
    stage.page.get_by_role("link", name="Continue with Google").click()
    say_yes(stage.page, person.email)
    stage.told("Account")
    long_ago(stage.cloud, person)
    begin(stage.page, here)
    stage.told("ComfyUI on this computer wants to log in")
    asked = stage.page.url
    stage.press("Allow")
    stage.told("Confirm it's you")
    stage.press("Continue with Google")
    say_yes(stage.page, person.email)
    stage.told("ComfyUI on this computer wants to log in")

    assert stage.page.url == asked
    stage.press("Allow")
    said(stage.page, f"Logged in as {person.email}")


PROGRAM = "http://127.0.0.1:8188/**"


def test_a_program_that_asks_for_a_new_login_gets_one(stage: Stage) -> None:
    """RFC 9470: the login of a moment ago is not enough, and the dialog says why."""
    stage.page.route(PROGRAM, lambda route: route.fulfill(body="The program"))
    enter(stage.visitor, stage.person)
    stage.visitor.visit(question_of(max_age="0"))
    stage.press("Allow")
    stage.told("This program needs a newer login.")
    stage.page.get_by_label("Password", exact=True).fill(PASSWORD)
    stage.press("Continue")

    stage.page.wait_for_url("http://127.0.0.1:8188/?code=*")


def test_a_login_on_the_way_is_a_new_one(stage: Stage) -> None:
    """Nobody is asked twice: the page keeps, through the login with a provider, when it was opened."""
    stage.page.route(PROGRAM, lambda route: route.fulfill(body="The program"))
    stage.page.goto(stage.visitor.site + question_of(max_age="0"))
    stage.page.get_by_role("link", name="Continue with Google").click()
    say_yes(stage.page, "stepped-up@example.org")
    stage.told("ComfyUI on this computer wants to log in")
    stage.press("Allow")

    stage.page.wait_for_url("http://127.0.0.1:8188/?code=*")


@pytest.mark.usefixtures("owner")
def test_the_question_names_the_service_that_the_token_is_for(stage: Stage) -> None:
    """With its address, its scopes in words, and the email address that the token carries."""
    stage.page.goto(stage.visitor.site + question_of(resource=EXAMPLE_SERVICE, scope="jobs:write"))

    stage.told("At Example service (https://cloud.example.com/mcp), it will be able to")
    assert stage.page.locator("#question-may li").all_text_contents() == ["See your email address", "Start jobs"]


def test_the_question_survives_google(stage: Stage) -> None:
    """The longest that a known client asks comes back whole from the provider."""
    scopes = [f"comfy-cloud:{noun}:{verb}" for noun in ("workflows", "jobs", "files", "assets", "hub", "settings")
              for verb in ("read", "write")]  # fmt: skip
    asked = {"redirect_uri": "http://127.0.0.1:49152/callback", "resource": f"{stage.visitor.site}/api"}
    path = question_of("comfy-cli", **asked, scope=" ".join([*scopes, "comfy-cloud:user:read"]), state="s" * 22)
    stage.page.goto(stage.visitor.site + path)
    stage.page.get_by_role("link", name="Continue with Google").click()
    say_yes(stage.page, "asked@example.org")

    stage.told("Comfy CLI wants to log in")
    stage.told("asked@example.org")
    assert stage.page.url == stage.visitor.site + path


def test_the_question_survives_signing_up(stage: Stage) -> None:
    """The emailed link opens another tab; this tab continues to the question, and the other one says so."""
    newcomer = Person(stage.cloud, email="asked-first@example.com")
    stage.page.goto(stage.visitor.site + question_of())
    stage.told("Log in to continue to ComfyUI on this computer.")
    stage.page.get_by_role("link", name="Sign up").click()
    sign_up(stage, newcomer.email)
    mailed = confirm_beside(stage, newcomer)

    expect(mailed.get_by_text("You can continue in the tab where you signed up")).to_be_visible()
    stage.told("ComfyUI on this computer wants to log in")
    stage.told(newcomer.email)


def test_the_question_survives_a_forgotten_password(stage: Stage) -> None:
    """The emailed link opens another tab, whose login leads to the question."""
    person = Person(stage.cloud, email="asked-and-forgot@example.com").join()
    stage.page.goto(stage.visitor.site + question_of())
    stage.page.get_by_role("link", name="Forgot password?").click()
    stage.page.get_by_label("Email address").fill(person.email)
    stage.press("Send link")
    stage.told("Check your email")
    token = token_in(person.wait_for_mail("Reset your Comfy password"))
    mailed = stage.visitor.beside(f"/reset-password#token={token}")
    mailed.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    mailed.get_by_role("button", name="Set new password").click()
    expect(mailed.get_by_text("Password changed")).to_be_visible()
    mailed.get_by_role("link", name="Log in").click()
    log_in(replace(stage, visitor=replace(stage.visitor, page=mailed)), person.email, NEW_PASSWORD)

    expect(mailed.get_by_text("ComfyUI on this computer wants to log in")).to_be_visible()
    assert mailed.url == stage.visitor.site + question_of()


def test_another_account_can_answer(stage: Stage) -> None:
    """The current account is logged out, and the next login returns to the same question."""
    other = Person(stage.cloud).join()
    enter(stage.visitor, stage.person)
    stage.visitor.visit(question_of())
    stage.told(stage.person.email)
    stage.press("Not you? Use another account")
    stage.page.wait_for_url("**/login?*")
    log_in(stage, other.email, PASSWORD)

    expect(stage.page.locator("#question-account")).to_have_text(other.email)
    assert stage.page.url == stage.visitor.site + question_of()


def test_a_click_does_not_count_for_an_account_that_logged_in_since(stage: Stage) -> None:
    """The page shows who it is now, and waits for another click."""
    other = Person(stage.cloud).join()
    enter(stage.visitor, stage.person)
    stage.visitor.visit(question_of())
    stage.visitor.context.clear_cookies()
    enter(visitor_on(stage.visitor.context, stage.cloud), other)
    stage.press("Allow")
    stage.told("You're now logged in to another account")

    expect(stage.page.locator("#question-account")).to_have_text(other.email)
    assert stage.page.url == stage.visitor.site + question_of()


def test_one_click_is_one_answer(timed: Stage, here: str) -> None:
    """However often the button is pressed, and not when the click was aimed at what was there before."""
    enter(timed.visitor, timed.person)
    sent: list[Route] = []

    def keep(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route)
        else:
            route.continue_()

    timed.page.route("**/oauth/authorize", keep)
    timed.page.clock.install(time=0)
    timed.page.clock.pause_at(1)
    begin(timed.page, here)
    allow = timed.page.get_by_role("button", name="Allow", exact=True)
    expect(timed.page.locator("#question-title")).to_be_focused()
    allow.dispatch_event("click")
    assert sent == []
    timed.page.clock.run_for(499)
    allow.dispatch_event("click")
    assert sent == []
    timed.page.clock.run_for(1)
    allow.click()
    for button in (allow, timed.page.get_by_role("button", name="Cancel", exact=True)):
        button.dispatch_event("click")
        button.dispatch_event("dblclick")

    assert [json.loads(route.request.post_data or "")["decision"] for route in sent] == ["allow"]
    sent[0].continue_()
    said(timed.page, f"Logged in as {timed.person.email}")


def test_the_question_is_answered_by_keyboard(stage: Stage, here: str) -> None:
    """Read from its title on; Cancel comes before Allow, and neither is pressed by accident."""
    enter(stage.visitor, stage.person)
    begin(stage.page, here)
    expect(stage.page.locator("#question-title")).to_be_focused()
    expect(stage.page.get_by_role("button", name="Allow", exact=True)).to_be_enabled()
    stage.page.keyboard.press("Enter")
    for name in ("Not you? Use another account", "Cancel", "Allow"):
        stage.page.keyboard.press("Tab")
        expect(stage.page.get_by_role("button", name=name, exact=True)).to_be_focused()
    stage.page.keyboard.press("Enter")

    said(stage.page, f"Logged in as {stage.person.email}")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "unknown_client"),
        (urlencode({"client_id": "comfy-cli", "redirect_uri": "https://evil.example/"}), "redirect_not_allowed"),
        (urlencode({"client_id": "comfy-cli", "redirect_uri": "javascript:alert(1)"}), "redirect_not_allowed"),
        (question_of().partition("?")[2] + "&client_id=comfy-cli", "malformed_request"),
        (question_of().partition("?")[2] + "&redirect_uri=https://evil.example/", "malformed_request"),
    ],
)
def test_what_cannot_be_asked_is_said_here_and_goes_nowhere(stage: Stage, query: str, code: str) -> None:
    """The browser is not redirected to an address that the request supplied."""
    stage.visitor.visit(f"/oauth/authorize?{query}")

    stage.told("This login can't continue")
    expect(stage.page.locator("#refused-code")).to_contain_text(code)
    assert stage.page.url.startswith(stage.visitor.site)


def test_nothing_of_the_question_becomes_part_of_the_page(stage: Stage) -> None:
    """Not the state, not a name that the address brings along, and no address that would be run."""
    enter(stage.visitor, stage.person)
    markup = "<img src=x onerror=alert(1)>"
    stage.visitor.visit(question_of(state=markup, client_name="Your bank", scope="account <b>"))
    expect(stage.page.locator("#question")).to_be_visible()
    assert "Your bank" not in stage.page.content()
    assert "onerror" not in stage.page.content()
    stage.answer("/oauth/authorize/request?*", 200, '{"redirect_to": "javascript:document.title=\'run\'"}')
    stage.page.goto(stage.visitor.site + question_of())

    stage.told("Something on this page failed to load")
    assert stage.page.url == stage.visitor.site + question_of()
    assert stage.page.title() != "run"
    stage.visitor.complaints.clear()


def test_the_question_cannot_be_framed(stage: Stage, here: str) -> None:
    """A page that lays it under something else to click gets nothing to show (OA-19)."""
    enter(stage.visitor, stage.person)
    stage.page.goto(stage.visitor.site + "/nothing-here")
    answer = stage.page.request.get(stage.visitor.site + question_of())
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    frame = f"<iframe src='{html.escape(stage.visitor.site + question_of())}'></iframe>"
    stage.page.route(f"{here}/", lambda route: route.fulfill(body=frame, content_type="text/html"))
    stage.page.goto(here)

    assert len(stage.page.frames) == 2
    assert "question" not in stage.page.frames[1].content()
    stage.visitor.complaints.clear()


def test_another_origin_gets_an_api_key_instead(stage: Stage, program: ThreadingHTTPServer) -> None:
    """The page links to where keys are created; a key logs in through CORS; each mistake has its own message."""
    key = stage.person.make_key("lan box")
    stage.page.goto(f"http://{LAN_HOST}:{program.server_port}")
    said(stage.page, "Not logged in")
    expect(stage.page.get_by_role("button", name="Log in with the browser")).to_be_hidden()
    stage.told("API key")
    expect(stage.page.get_by_role("link", name="Get an API key")).to_have_attribute(
        "href", f"{stage.visitor.site}/api-keys"
    )
    _paste(stage.page, key["plaintext_key"][:-1])
    said(stage.page, re.compile("Copy the whole key"))
    _paste(stage.page, key["plaintext_key"])
    said(stage.page, f"Logged in as {stage.person.email}")
    stage.page.reload()
    said(stage.page, f"Logged in as {stage.person.email}")
    assert stage.person.call("DELETE", f"/customers/api-keys/{key['id']}").status_code == 204
    stage.press("Who am I?")

    expect(stage.page.get_by_label("API key")).to_be_visible()
    said(stage.page, re.compile("deleted"))


def test_a_key_is_kept_while_the_service_is_down(stage: Stage, here: str) -> None:
    """A service error does not discard the key."""
    key = stage.person.make_key("patient box")
    stage.page.goto(here)
    said(stage.page, "Not logged in")
    _paste(stage.page, key["plaintext_key"])
    said(stage.page, f"Logged in as {stage.person.email}")
    stage.page.route("**/customers", lambda route: route.fulfill(status=503, body="{}"))
    stage.press("Who am I?")
    said(stage.page, re.compile("Try again in a moment"))
    stage.page.unroute_all()
    stage.press("Who am I?")

    said(stage.page, f"Logged in as {stage.person.email}")


def _paste(page: Page, key: str) -> None:
    page.get_by_label("API key", exact=True).fill(key)
    page.get_by_role("button", name="Log in with the API key").click()


def _programs(person: Person) -> list[str]:
    sessions = person.call("GET", "/auth/sessions").json()["sessions"]
    return [entry["client"]["name"] for entry in sessions if entry["client"]]
