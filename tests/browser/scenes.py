"""Every page in every state that people meet: how to get there. For the tests that look at all, and for screenshots."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, Route, expect

from accounts.errors import InvalidEmailCode, InvalidSecondFactor, InvalidUserCode
from local.cloud import LocalCloud
from tests.browser.people import Visitor, enter, leave
from tests.local.person import PASSWORD, Person, token_in

_serial = count(1)
WRONG = "surely not this one, no"
_STALE = '{"error": "reauth_required", "message": "Log in again."}'
_WRONG_EMAIL_CODE = json.dumps({"error": "invalid_email_code", "message": InvalidEmailCode.default_message})
_WRONG_FACTOR = json.dumps({"error": "invalid_second_factor", "message": InvalidSecondFactor.default_message})
_FAR = "2099-05-06T12:00:00.000Z"
_OF_A_SECRET = {"key_prefix", "created_at", "last_used_at", "last_used_source", "last_used_device"}
_NO_CODE = json.dumps({"error": InvalidUserCode.code, "message": InvalidUserCode.default_message})


@dataclass
class Stage:
    """A visitor's browser, and an account to use: ``person`` has a key and another session."""

    visitor: Visitor
    cloud: LocalCloud
    person: Person

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.visitor.page

    def answer(self, path: str, status: int, body: str = "{}", method: str = "", **headers: str) -> None:
        """Have ``path`` answered like this, for what cannot be brought about in earnest."""

        def fulfil(route: Route) -> None:
            if method and route.request.method != method:
                return route.continue_()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return route.fulfill(status=status, body=body, headers={"content-type": "application/json", **named})

        self.page.route(f"**{path}", fulfil)

    def press(self, name: str) -> None:
        """Press the button of that name; the dialog's, if one is open."""
        place = self.page.locator("dialog[open]").last
        (place if place.count() else self.page).get_by_role("button", name=name, exact=True).click()

    def open_menu(self) -> None:
        """Of the account, in the header."""
        self.press("Account menu")
        expect(self.page.locator("#account-panel")).to_be_visible()

    def log_out(self) -> None:
        """In the menu."""
        self.open_menu()
        self.page.locator("#account-panel").get_by_role("button", name="Log out", exact=True).click()

    def told(self, text: str) -> None:
        """Wait until the page says so."""
        expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()


@dataclass(frozen=True)
class Scene:
    """``play`` starts anywhere; ``inside`` scenes need a logged-in browser."""

    play: Callable[[Stage], None]
    inside: bool = False

    @property
    def name(self) -> str:
        """What it is called in lists and files."""
        return self.play.__name__.replace("_", "-")


def login(stage: Stage) -> None:
    stage.visitor.visit("/login")


def login_missing(stage: Stage) -> None:
    login(stage)
    stage.press("Log in")
    stage.told("Enter your password.")


def login_failed(stage: Stage) -> None:
    login(stage)
    log_in(stage, f"nobody{next(_serial)}@example.com", WRONG)
    stage.told("Is Caps Lock on?")


def login_caps_lock(stage: Stage) -> None:
    login(stage)
    stage.page.get_by_label("Password", exact=True).fill("QUIET")
    caps_lock(stage.page, on=True)
    stage.told("Caps Lock is on")


def login_too_many(stage: Stage) -> None:
    login(stage)
    stage.answer("/auth/login", 429, '{"error": "too_many_attempts", "message": "Wait."}', retry_after="119")
    log_in(stage, stage.person.email, WRONG)
    stage.told("1:")


def login_unreachable(stage: Stage) -> None:
    login(stage)
    stage.page.route("**/auth/login", lambda route: route.abort())
    log_in(stage, stage.person.email, PASSWORD)
    stage.told("couldn't reach the server")


def login_broken(stage: Stage) -> None:
    login(stage)
    stage.answer("/auth/login", 503, '{"error": "temporarily_unavailable", "message": "No."}', x_request_id="K1x2=")
    log_in(stage, stage.person.email, PASSWORD)
    stage.told("K1x2=")


def login_left(stage: Stage) -> None:
    stage.visitor.visit("/login?left")
    stage.told("You're logged out.")


def login_cancelled(stage: Stage) -> None:
    stage.visitor.visit("/login?cancelled=github")
    stage.told("GitHub")


def login_again(stage: Stage) -> None:
    """This browser logged in with a password before."""
    stage.page.context.add_cookies([{"name": "last-method", "value": "github", "url": f"{stage.cloud.site_url}/login"}])
    login(stage)
    stage.told("Last used")


def login_other_ways_unknown(stage: Stage) -> None:
    stage.answer("/auth/methods*", 503)
    stage.visitor.visit("/login")
    stage.told("didn't load")


def second_step(stage: Stage) -> None:
    stage.visitor.visit("/second-step?factors=totp,recovery_code,passkey")
    expect(stage.page.get_by_role("button", name="Use a passkey")).to_be_visible()


def second_step_refused(stage: Stage) -> None:
    second_step(stage)
    stage.answer("/auth/login/second-factor", 401, _WRONG_FACTOR)
    stage.press("Use a recovery code")
    stage.page.get_by_role("textbox", name="Recovery code").fill("5ehb-crgs-rwkf-rf43-0n1q-9h2m")
    stage.press("Log in")
    stage.told("This code is wrong or was used before.")


def second_step_emailed(stage: Stage) -> None:
    stage.visitor.visit("/second-step?factors=email_code#email=a•••@example.com")
    stage.told("Enter the code that we emailed to a•••@example.com.")


def second_step_emailed_refused(stage: Stage) -> None:
    second_step_emailed(stage)
    stage.answer("/auth/login/second-factor", 401, _WRONG_EMAIL_CODE)
    stage.page.get_by_role("textbox", name="Code from our email").fill("042 917")
    stage.press("Log in")
    stage.told("This code is wrong.")


def signup(stage: Stage) -> None:
    stage.visitor.visit("/signup")


def signup_weak(stage: Stage) -> None:
    signup(stage)
    stage.page.get_by_label("Email address").fill("ann@example.com")
    stage.page.get_by_label("New password", exact=True).fill("aaaaaaaaaaaaaaaaaaaa")
    stage.told("Easy to guess")


def signup_strong(stage: Stage) -> None:
    signup(stage)
    stage.page.get_by_label("New password", exact=True).fill(PASSWORD)
    stage.told("Strong")


def sign_up(stage: Stage, email: str) -> None:
    """With the form that is shown."""
    stage.page.get_by_label("Email address").fill(email)
    stage.page.get_by_label("New password", exact=True).fill(PASSWORD)
    stage.press("Sign up")
    stage.told("Check your email")


def confirm_beside(stage: Stage, person: Person) -> Page:
    """Confirm the address in another tab, which the emailed link opens; returns that tab."""
    token = token_in(person.wait_for_mail("Confirm your email address for Comfy"))
    mailed = stage.visitor.beside(f"/verify-email#token={token}")
    mailed.get_by_role("button", name="Confirm address").click()
    return mailed


def signup_sent(stage: Stage) -> None:
    signup(stage)
    sign_up(stage, f"new{next(_serial)}@example.com")


def forgot_password(stage: Stage) -> None:
    stage.visitor.visit("/forgot-password")


def reset_password(stage: Stage) -> None:
    stage.visitor.visit(f"/reset-password#token={'t' * 43}")


def reset_password_no_link(stage: Stage) -> None:
    stage.visitor.visit("/reset-password")
    stage.told("This link doesn't work")


def verify_email(stage: Stage) -> None:
    stage.visitor.visit(f"/verify-email#token={'t' * 43}")


def verify_email_provider(stage: Stage) -> None:
    stage.visitor.visit(f"/verify-email#token={'t' * 43}&with=github")


def verify_email_change(stage: Stage) -> None:
    stage.visitor.visit(f"/verify-email#token={'t' * 43}&change=1")


def verify_email_expired(stage: Stage) -> None:
    verify_email(stage)
    stage.page.get_by_label("Password", exact=True).fill(PASSWORD)
    stage.press("Confirm address")
    stage.told("This link doesn't work")


def verify_email_done(stage: Stage) -> None:
    newcomer = Person(stage.cloud, email=f"fresh{next(_serial)}@example.com")
    stage.visitor.visit(f"/verify-email#token={newcomer.signup()}")
    stage.page.get_by_label("Password", exact=True).fill(PASSWORD)
    stage.press("Confirm address")
    stage.told("Your address is confirmed")


def not_logged_in(stage: Stage) -> None:
    stage.visitor.visit("/auth/google/callback")


def missing(stage: Stage) -> None:
    stage.visitor.visit("/nothing-here")


def unscripted(stage: Stage) -> None:
    signup(stage)
    stage.page.evaluate("document.getElementById('form').submit()")
    stage.told("This page didn't work in your browser")


def broken(stage: Stage) -> None:
    stage.page.route("**/signup.js", lambda route: route.fulfill(status=503))
    stage.page.goto(f"{stage.visitor.site}/signup")
    stage.told("Something on this page failed to load")


def api_keys(stage: Stage) -> None:
    stage.visitor.visit("/api-keys")
    stage.told("render box")


def api_keys_empty(stage: Stage) -> None:
    api_keys(stage)
    stage.answer("/customers/api-keys", 200, '{"api_keys": [], "scopes": []}')
    # As when the owner comes back to the tab after the last key was deleted in another one.
    stage.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    stage.told("No API keys yet")


def api_keys_new(stage: Stage) -> None:
    api_keys(stage)
    stage.press("+ New API Key")


def api_keys_made(stage: Stage) -> None:
    made = '{"api_key": {"plaintext_key": "comfyui-%s"}}' % ("s4mpLe0K3y" * 6 + "Abcd")
    api_keys_new(stage)
    stage.answer("/customers/api-keys", 201, made, "POST")
    stage.page.get_by_label("Name", exact=True).fill("laptop")
    stage.press("Generate")
    stage.told("Copy it now")


def api_keys_delete(stage: Stage) -> None:
    api_keys_menu(stage)
    stage.page.get_by_role("menuitem", name="Delete…").click()


def api_keys_menu(stage: Stage) -> None:
    api_keys(stage)
    stage.press("Actions for render box")


def api_keys_rename(stage: Stage) -> None:
    api_keys_menu(stage)
    stage.page.get_by_role("menuitem", name="Rename…").click()


def api_keys_rotate(stage: Stage) -> None:
    api_keys_menu(stage)
    stage.page.get_by_role("menuitem", name="Rotate…").click()
    stage.told("Both secrets work until")


def api_keys_rotated(stage: Stage) -> None:
    old = {name: value for name, value in _key(2).items() if name in _OF_A_SECRET} | {"ends_at": _FAR}
    listed = _key(1) | {"key_prefix": "comfyui-r0tat3d1", "expires_at": _FAR, "old_secret": old}
    stage.answer("/customers/api-keys", 200, _listed(listed))
    stage.visitor.visit("/api-keys")
    stage.told("comfyui-s4mpL002…")


def api_keys_end_old(stage: Stage) -> None:
    api_keys_rotated(stage)
    stage.press("Actions for render box 1")
    stage.page.get_by_role("menuitem", name="Revoke the old secret…").click()


def api_keys_restrict(stage: Stage) -> None:
    api_keys_menu(stage)
    stage.page.get_by_role("menuitem", name="Restrict…").click()
    stage.page.locator("#new-networks").fill("203.0.113.0/24\n203.0.113.7/24")
    stage.press("Save")
    stage.told("203.0.113.7/24")


def api_keys_scopes(stage: Stage) -> None:
    api_keys_menu(stage)
    stage.page.get_by_role("menuitem", name="Restrict…").click()
    stage.page.locator("#new-may").select_option("some")
    stage.press("Save")
    stage.told("Choose at least one.")


def api_keys_many(stage: Stage) -> None:
    stage.answer("/customers/api-keys", 200, _listed(*map(_key, range(12))))
    stage.visitor.visit("/api-keys")
    stage.told("render box 11")


def _listed(*keys: dict[str, Any]) -> str:
    """The response, of a deployment with one more service."""
    scopes = [
        {"name": "account", "means": ["See your name and email address"], "services": []},
        {"name": "jobs:read", "means": ["See your jobs"], "services": ["Comfy Cloud"]},
        {"name": "jobs:write", "means": ["Start and cancel jobs"], "services": ["Comfy Cloud"]},
    ]
    return json.dumps({"api_keys": keys, "scopes": scopes})


def _key(number: int) -> dict[str, Any]:
    """Every third never expires, was never used and works everywhere; the second has expired."""
    plain = number % 3 == 0
    return {
        "id": f"{number:064x}",
        "name": f"render box {number}",
        "description": "" if plain else "The one under the desk, by the window",
        "key_prefix": f"comfyui-s4mpL{number:03}",
        "created_at": "2026-01-05T12:00:00.000Z",
        "last_used_at": None if plain else "2026-02-05T12:00:00.000Z",
        "last_used_source": "" if plain else "2001:db8:1234:5678::/64",
        "last_used_device": "" if plain else "Python",
        "expires_at": None if plain else "2026-02-06T12:00:00.000Z" if number == 1 else _FAR,
        "networks": [] if plain else ["203.0.113.0/24", "2001:db8:1234:5678:9abc::/80"],
        "scopes": [] if plain else ["jobs:read"],
    }


def api_keys_again(stage: Stage) -> None:
    api_keys_new(stage)
    stage.answer("/customers/api-keys", 403, _STALE, "POST")
    stage.page.get_by_label("Name", exact=True).fill("laptop")
    stage.press("Generate")
    stage.told("Confirm it's you")
    expect(stage.page.get_by_label("Name", exact=True)).to_be_hidden()


def api_keys_failing(stage: Stage) -> None:
    stage.answer("/customers/api-keys", 503)
    stage.visitor.visit("/api-keys")
    stage.told("Something went wrong on our side")


def account(stage: Stage) -> None:
    stage.visitor.visit("/account")
    stage.told("This device")


def _account_with(stage: Stage, mail_problem: str) -> None:
    def answer(route: Route) -> None:
        answered = route.fetch()
        route.fulfill(response=answered, json={**answered.json(), "mail_problem": mail_problem})

    stage.page.route("**/auth/session", answer)
    account(stage)


def account_menu(stage: Stage) -> None:
    account(stage)
    stage.open_menu()


def account_mail_problem(stage: Stage) -> None:
    _account_with(stage, "bounce")
    stage.told("Emails to your address are bouncing")


def account_reported_as_spam(stage: Stage) -> None:
    _account_with(stage, "complaint")
    stage.told("was marked as spam")


def account_programs(stage: Stage) -> None:
    def let_in(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        program = {"current": False, "client": {"id": "comfy-cli", "name": "Comfy CLI"}, "device": "Python"}
        body["sessions"].append({**body["sessions"][0], **program})
        route.fulfill(response=answer, json=body)

    stage.page.route("**/auth/sessions", let_in)
    account(stage)
    stage.press("Log out Comfy CLI")
    stage.told("The program will have to log in again.")


def account_program_group(stage: Stage) -> None:
    def let_in(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        program = {"current": False, "client": {"id": "comfy-cli", "name": "Comfy CLI"}, "device": "Python"}
        service = {"name": "Example service", "address": "https://cloud.example.com/mcp"}
        for number, resource in enumerate((service, None, service)):
            body["sessions"].append({**body["sessions"][0], **program, "id": str(number), "resource": resource})
        route.fulfill(response=answer, json=body)

    stage.page.route("**/auth/sessions", let_in)
    account(stage)
    stage.page.get_by_text("3 logins").click()
    stage.told("For Example service (https://cloud.example.com/mcp)")


def account_name(stage: Stage) -> None:
    account(stage)
    stage.press("Change name")


def account_change_password(stage: Stage) -> None:
    stage.visitor.visit("/.well-known/change-password")
    stage.told("Current password")


def account_email(stage: Stage) -> None:
    account(stage)
    stage.press("Change email")


def account_email_pending(stage: Stage) -> None:
    account(stage)
    stage.press("Change email")
    stage.page.get_by_label("New email address").fill("a-very-long-address.of.somebody@subdomain.of.example.com")
    stage.press("Send link")
    stage.told("Not confirmed yet")


def account_password(stage: Stage) -> None:
    account(stage)
    stage.press("Change password")
    stage.page.get_by_label("New password", exact=True).fill("x" * 16)
    stage.told("Easy to guess")


def account_end_all(stage: Stage) -> None:
    account(stage)
    stage.press("Log out everywhere")


def _with_passkeys(stage: Stage, *names: str) -> None:
    """The account has passkeys with these names; the first was used and synced."""
    used = {"synced": True, "last_used_at": "2026-02-10T12:00:00.000Z"}
    fresh = {"synced": False, "last_used_at": None}
    added = {"created_at": "2026-01-05T12:00:00.000Z"}
    listed = [
        {"id": str(number), "name": name} | added | (fresh if number else used) for number, name in enumerate(names)
    ]
    stage.answer("/auth/passkeys", 200, json.dumps({"passkeys": listed}))


def account_passkey(stage: Stage) -> None:
    _with_passkeys(stage, "Safari on iPhone")
    account(stage)


def account_passkeys(stage: Stage) -> None:
    """As many as there can be, which also lets the owner remove the password."""
    _with_passkeys(stage, *(f"Security key {number}" for number in range(1, 10)), "N" * 64)
    account(stage)
    expect(stage.page.get_by_role("button", name="Remove password")).to_be_visible()


def account_rename_passkey(stage: Stage) -> None:
    account_passkey(stage)
    stage.press("Rename Safari on iPhone")
    expect(stage.page.get_by_label("Passkey name")).to_have_value("Safari on iPhone")


def account_remove_passkey(stage: Stage) -> None:
    account_passkey(stage)
    stage.press("Remove Safari on iPhone")
    stage.told("Delete the passkey from your device, too.")


def account_remove_password(stage: Stage) -> None:
    account_passkeys(stage)
    stage.press("Remove password")
    stage.told("You'll log in with only your passkeys")


def account_again_with_passkey(stage: Stage) -> None:
    account_passkey(stage)
    stage.answer("/auth/passkeys/options", 403, _STALE, "POST")
    stage.press("Add a passkey")
    stage.told("Use a passkey")


def _with_second_factor(stage: Stage, codes_left: int, reset_at: str | None = None) -> None:
    times = {"trusted_at": "2098-12-06T12:00:00.000Z", "expires_at": "2099-01-05T12:00:00.000Z"}
    here = {"id": "0" * 64, "current": True, "device": "Samsung Internet on Android", **times}
    browsers = [here, {"id": "1" * 64, "current": False, "device": "Firefox on Windows", **times}]
    status = {"on": True, "recovery_codes_left": codes_left, "trusted_browsers": browsers, "reset_at": reset_at}
    stage.answer("/auth/second-factor", 200, json.dumps(status), "GET")


def account_two_steps(stage: Stage) -> None:
    _with_second_factor(stage, 2)
    account(stage)
    stage.told("You're running out of recovery codes.")


def account_reset_requested(stage: Stage) -> None:
    _with_second_factor(stage, 9, "2099-01-06T12:00:00.000Z")
    account(stage)
    stage.told("Our support team was asked to reset your two-step login.")


def account_must_set_up_two_steps(stage: Stage) -> None:
    def answer(route: Route) -> None:
        answered = route.fetch()
        route.fulfill(response=answered, json={**answered.json(), "enrolling": True})

    stage.page.route("**/auth/session", answer)
    stage.visitor.visit("/account")
    stage.told("This site requires two-step login.")


def account_turn_on_two_steps(stage: Stage) -> None:
    account(stage)
    stage.press("Turn on two-step login")
    stage.page.get_by_label("Code that the app shows").fill("000 000")
    stage.press("Turn on")
    stage.told("This code is wrong or was used before.")


def account_recovery_codes(stage: Stage) -> None:
    account(stage)
    codes = [f"{number}ehb-crgs-rwkf-rf43-0n1q-9h2m" for number in range(10)]
    stage.answer("/auth/second-factor", 200, json.dumps({"recovery_codes": codes}), "POST")
    stage.press("Turn on two-step login")
    stage.page.get_by_label("Code that the app shows").fill("000 000")
    stage.press("Turn on")
    stage.told("I saved my recovery codes")
    stage.press("Done")
    stage.told("Save your codes first")


def account_turn_off_two_steps(stage: Stage) -> None:
    _with_passkeys(stage, "Safari on iPhone")
    _with_second_factor(stage, 10)
    account(stage)
    stage.press("Turn off")
    stage.told("You'll log in without a code.")
    expect(stage.page.get_by_role("textbox", name="Code from your app")).to_be_focused()


def account_remove_trust(stage: Stage) -> None:
    _with_second_factor(stage, 10)
    account(stage)
    stage.page.get_by_role("button", name="Remove all", exact=True).click()
    stage.told("Remove all trusted browsers")


def account_again_with_code(stage: Stage) -> None:
    account(stage)
    stage.answer("/auth/second-factor/setup", 403, _STALE, "POST")
    stage.answer("/auth/reauthenticate", 401, '{"error": "second_factor_required", "message": "", "factors": []}')
    stage.press("Turn on two-step login")
    stage.page.get_by_role("dialog").get_by_label("Password", exact=True).fill(PASSWORD)
    stage.press("Continue")
    expect(stage.page.get_by_role("textbox", name="Code from your app")).to_be_focused()


def account_delete(stage: Stage) -> None:
    account(stage)
    stage.press("Delete my account…")
    stage.page.get_by_label("To confirm, type").fill("somebody@else.example")
    stage.press("Delete my account")
    stage.told("That doesn't match your email address.")


def question_of(client_id: str = "comfy-local-web", **changes: str) -> str:
    """The address to which a program sends the person's browser."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": "http://127.0.0.1:8188/",
        "state": "the state & nothing but <b>the state</b>",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    return "/oauth/authorize?" + urlencode(asked | changes)


def consent(stage: Stage) -> None:
    stage.visitor.visit(question_of())
    expect(stage.page.get_by_role("button", name="Allow", exact=True)).to_be_enabled()


def refused_once(stage: Stage, code: str, message: str) -> None:
    """The owner allows it, and can answer again."""
    stage.answer("/oauth/authorize", 409, json.dumps({"error": code, "message": message}), "POST")
    stage.press("Allow")
    stage.told(message)
    expect(stage.page.get_by_role("button", name="Allow", exact=True)).to_be_enabled()
    expect(stage.page.locator("#question .lead")).to_be_visible()


def consent_account_changed(stage: Stage) -> None:
    consent(stage)
    message = "You're now logged in to another account. Check which one, then try again."
    refused_once(stage, "account_changed", message)


def consent_again(stage: Stage) -> None:
    consent(stage)
    stage.answer("/oauth/authorize", 403, _STALE, "POST")
    stage.press("Allow")
    stage.told("Confirm it's you")


def consent_elsewhere(stage: Stage) -> None:
    asked = {
        "client": {"id": "studio", "name": "A studio in the cloud with a long name", "document": None},
        "redirect": {"host": "studio.example.com", "port": None, "loopback": False},
        "resource": None,
        "scopes": [{"name": "account", "means": ["See your name and email address"]}],
        "account": {"id": "1", "email_shown": "a-very-long-address.of.somebody@subdomain.of.example.com"},
    }
    stage.answer("/oauth/authorize/request?*", 200, json.dumps(asked))
    consent(stage)
    stage.told("The website studio.example.com")


def described_question(stage: Stage, host: str = "mcp.example.com", claim: str = "An assistant") -> dict[str, Any]:
    """The question of a client that its document describes."""
    return {
        "client": {
            "id": f"https://{host}/oauth/client.json",
            "name": host,
            "document": {"host": host, "claim": claim, "fingerprint": "the fingerprint"},
        },
        "redirect": {"host": host, "port": None, "loopback": False},
        "resource": {"name": "Comfy Cloud", "address": "https://cloud.example.com/mcp"},
        "scopes": [{"name": "jobs:read", "means": ["See your jobs"]}],
        "account": {"id": "1", "email_shown": stage.person.email},
    }


def consent_described(stage: Stage) -> None:
    stage.answer("/oauth/authorize/request?*", 200, json.dumps(described_question(stage)))
    consent(stage)
    stage.told("Allow it only if you trust mcp.example.com")


def consent_described_on_loopback(stage: Stage) -> None:
    asked = described_question(stage, "xn--bcher-kva.a-host-with-a-very-long-name.example", "W" * 64)
    asked["redirect"] = {"host": "127.0.0.1", "port": 49152, "loopback": True}
    stage.answer("/oauth/authorize/request?*", 200, json.dumps(asked))
    consent(stage)
    stage.told("and any program can claim to be from")


def consent_client_changed(stage: Stage) -> None:
    consent_described(stage)
    message = "The program changed its description while you were deciding. Check it again, then answer."
    refused_once(stage, "client_changed", message)


def consent_document_refused(stage: Stage) -> None:
    message = "The program's description cannot be used: its address did not answer in time."
    refusal = {"error": "client_document_refused", "message": message}
    stage.answer("/oauth/authorize/request?*", 400, json.dumps(refusal))
    stage.visitor.visit(question_of("https://mcp.example.com/oauth/client.json"))
    stage.told(message)


def consent_failing(stage: Stage) -> None:
    stage.answer("/oauth/authorize/request?*", 503)
    stage.visitor.visit(question_of())
    stage.told("Something went wrong on our side")


def consent_unknown_client(stage: Stage) -> None:
    stage.visitor.visit(question_of("nobody"))
    stage.told("This login can't continue")


def device(stage: Stage) -> None:
    stage.visitor.visit("/device")
    stage.told(stage.person.email)


def device_missing(stage: Stage) -> None:
    device(stage)
    stage.press("Continue")
    stage.told("Enter the code from your device.")


def device_refused(stage: Stage) -> None:
    stage.answer("/oauth/device/request", 400, _NO_CODE)
    stage.visitor.visit("/device#user_code=WDJB-MJHT")
    stage.press("Continue")
    stage.told("That code is wrong")


def device_question(stage: Stage) -> None:
    asked = {
        "client": {"id": "comfy-cli", "name": "Comfy CLI", "document": None},
        "device": {"source": "203.0.113.7", "device": "Python", "asked_at": "2026-01-05T12:00:00.000Z"},
        "resource": None,
        "scopes": [{"name": "account", "means": ["See your name and email address", "List and delete your API keys"]}],
        "account": {
            "id": "1",
            "email": stage.person.email,
            "email_shown": stage.person.email,
            "email_verified": True,
        },
    }
    stage.answer("/oauth/device/request", 200, json.dumps(asked))
    stage.answer("/oauth/device", 204, "", "POST")
    stage.visitor.visit("/device#user_code=wdjbmjht")
    stage.press("Continue")
    stage.told("WDJB-MJHT")
    expect(stage.page.get_by_role("button", name="Allow", exact=True)).to_be_enabled()


def device_again(stage: Stage) -> None:
    device_question(stage)
    stage.answer("/oauth/device", 403, _STALE, "POST")
    stage.press("Allow")
    stage.told("Confirm it's you")


def device_too_late(stage: Stage) -> None:
    device_question(stage)
    stage.answer("/oauth/device", 400, _NO_CODE, "POST")
    stage.press("Allow")
    stage.told("has expired")


def device_allowed(stage: Stage) -> None:
    device_question(stage)
    stage.press("Allow")
    stage.told("Your device is logged in")


def device_denied(stage: Stage) -> None:
    device_question(stage)
    stage.press("Cancel")
    stage.told("Login cancelled")


def device_failing(stage: Stage) -> None:
    stage.answer("/auth/session", 503)
    stage.visitor.visit("/device")
    stage.told("Something went wrong on our side")


OUTSIDE = (
    login,
    login_missing,
    login_failed,
    login_caps_lock,
    login_too_many,
    login_unreachable,
    login_broken,
    login_left,
    login_cancelled,
    login_again,
    login_other_ways_unknown,
    second_step,
    second_step_refused,
    second_step_emailed,
    second_step_emailed_refused,
    signup,
    signup_weak,
    signup_strong,
    signup_sent,
    forgot_password,
    reset_password,
    reset_password_no_link,
    verify_email,
    verify_email_provider,
    verify_email_change,
    verify_email_expired,
    verify_email_done,
    not_logged_in,
    missing,
    unscripted,
    broken,
    consent_unknown_client,
)
INSIDE = (
    api_keys,
    api_keys_empty,
    api_keys_new,
    api_keys_made,
    api_keys_menu,
    api_keys_rename,
    api_keys_rotate,
    api_keys_rotated,
    api_keys_end_old,
    api_keys_restrict,
    api_keys_scopes,
    api_keys_many,
    api_keys_delete,
    api_keys_again,
    api_keys_failing,
    account,
    account_menu,
    account_mail_problem,
    account_reported_as_spam,
    account_programs,
    account_program_group,
    account_name,
    account_change_password,
    account_email,
    account_email_pending,
    account_password,
    account_end_all,
    account_passkey,
    account_passkeys,
    account_rename_passkey,
    account_remove_passkey,
    account_remove_password,
    account_again_with_passkey,
    account_two_steps,
    account_reset_requested,
    account_must_set_up_two_steps,
    account_turn_on_two_steps,
    account_recovery_codes,
    account_turn_off_two_steps,
    account_remove_trust,
    account_again_with_code,
    account_delete,
    consent,
    consent_account_changed,
    consent_again,
    consent_elsewhere,
    consent_described,
    consent_described_on_loopback,
    consent_client_changed,
    consent_document_refused,
    consent_failing,
    device,
    device_missing,
    device_refused,
    device_question,
    device_again,
    device_too_late,
    device_allowed,
    device_denied,
    device_failing,
)
SCENES = (*(Scene(play) for play in OUTSIDE), *(Scene(play, inside=True) for play in INSIDE))


def log_in(stage: Stage, email: str, password: str) -> None:
    """Type and press."""
    stage.page.get_by_label("Email address").fill(email)
    stage.page.get_by_label("Password", exact=True).fill(password)
    stage.press("Log in")


def caps_lock(page: Page, *, on: bool) -> None:
    """Press a key as a keyboard does whose Caps Lock is on or off; Playwright's own cannot have it on."""
    press = "(input, on) => input.dispatchEvent(new KeyboardEvent('keydown', {modifierCapsLock: on, bubbles: true}))"
    page.get_by_label("Password", exact=True).evaluate(press, on)


def play(scene: Scene, stage: Stage) -> None:
    """Bring the browser into the scene, with nothing left of another."""
    stage.page.unroute_all()
    if scene.inside:
        enter(stage.visitor, stage.person)
    else:
        leave(stage.visitor)
    scene.play(stage)
