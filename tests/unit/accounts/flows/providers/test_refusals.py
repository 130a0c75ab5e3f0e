"""Every refusal of a login with a provider: its own code, its own text, and a page that shows it."""

import html
import re

import pytest

from accounts import errors
from accounts.errors import AccountsError
from accounts.settings import Settings
from accounts.web import pages, responses
from tests.unit.accounts.stage import SITE_URL

SETTINGS = Settings(
    "prod",
    SITE_URL,
    {
        "SITE_NAME": "Comfy",
        "ACCENT_COLOR": "#1a56db",
        "ACCENT_COLOR_DARK": "#8ab4ff",
        "SUPPORT_URL": 'https://support.example.com/?a=1&b="2"',
        "PASSWORD_MIN_CHARACTERS": "15",
        "SECOND_FACTOR": "optional",
        "CONFIRM_NEW_BROWSERS": "off",
        "WALKTHROUGH_URL": "https://example.com/readme",
    },
)
REFUSALS: dict[type[AccountsError], tuple[int, str]] = {
    errors.LoginDeclined: (400, "sign_in_declined"),
    errors.LoginExpired: (400, "sign_in_expired"),
    errors.CookiesBlocked: (400, "cookies_blocked"),
    errors.ProviderNotTrusted: (400, "provider_not_trusted"),
    errors.EmailNotVerified: (403, "email_not_verified"),
    errors.EmailMissing: (403, "email_missing"),
    errors.OriginNotAllowed: (403, "origin_not_allowed"),
    errors.ReauthenticationRequired: (403, "reauth_required"),
    errors.ProviderOff: (404, "provider_off"),
    errors.IdentityLinkedElsewhere: (409, "identity_linked_elsewhere"),
    errors.AddressReused: (409, "address_reused"),
    errors.IdentityLimitReached: (409, "identity_limit_reached"),
    errors.LastIdentity: (409, "last_identity"),
    errors.PasswordExists: (409, "password_exists"),
    errors.ProviderUnavailable: (503, "provider_unavailable"),
}
# Refusals that only a logged-in owner meets: their page links back to the account.
LINKING = {errors.IdentityLinkedElsewhere, errors.IdentityLimitReached, errors.ReauthenticationRequired}
PAGE_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"


@pytest.mark.parametrize("kind", REFUSALS)
def test_each_refusal_has_its_status_and_its_code(kind: type[AccountsError]) -> None:
    """Clients depend on these."""
    assert (responses.status_of(kind()), kind.code) == REFUSALS[kind]


def test_no_two_refusals_share_a_code_a_text_or_an_event() -> None:
    """Several codes of one family may share an event in the log."""
    codes = {kind.code for kind in REFUSALS}
    words = {kind().message for kind in REFUSALS}

    assert (len(codes), len(words)) == (len(REFUSALS), len(REFUSALS))


@pytest.mark.parametrize("kind", REFUSALS)
def test_each_refusal_says_what_to_do(kind: type[AccountsError]) -> None:
    """A whole sentence with a verb that the reader can follow."""
    words = kind().message
    verbs = "start|allow|choose|log in|open|add|make|try|unlink|link|change|set"

    assert words[-1] == "."
    assert re.search(rf"\b({verbs})\b", words.lower()), words


@pytest.mark.parametrize("kind", [kind for kind in REFUSALS if kind is not errors.LoginDeclined])
def test_a_page_shows_the_text_of_the_refusal_and_the_other_login_methods(kind: type[AccountsError]) -> None:
    """With the content security policy of pages and the status of the refusal."""
    answer = pages.Pages(SETTINGS).refused(kind())
    event = responses.as_event(answer, request_id="r", cors=False)

    assert answer.status == REFUSALS[kind][0]
    assert html.escape(kind().message) in answer.body
    assert f"<code>{kind.code}</code>" in answer.body
    way = "/account" if kind in LINKING else "/login"
    assert f'<a class="button primary wide" href="{way}">' in answer.body
    assert html.escape(SETTINGS["SUPPORT_URL"]) in answer.body
    assert event["headers"]["content-type"] == "text/html; charset=utf-8"
    assert event["headers"]["content-security-policy"].startswith(PAGE_POLICY)
    assert event["headers"].get("retry-after") == ("5" if kind is errors.ProviderUnavailable else None)


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_json_refusal_has_the_strict_policy(kind: type[AccountsError]) -> None:
    """And only the two fields."""
    event = responses.as_event(responses.refused(kind()), request_id="r", cors=False)

    assert event["headers"]["content-security-policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert event["headers"]["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("return_url", "back"),
    [
        (f"{SITE_URL}/api-keys?a=1", "&return_to=%2Fapi-keys%3Fa%3D1"),
        ("http://127.0.0.1:8188/", ""),
        (f"{SITE_URL}.evil.example/", ""),
    ],
)
def test_a_login_that_was_cancelled_leads_back_to_the_login_page(return_url: str, back: str) -> None:
    """Which says so, and goes on to the page of this site that the login was for."""
    answer = pages.Pages(SETTINGS).refused(errors.LoginDeclined("github", return_url))

    location = f"{SITE_URL}/login?cancelled=github{back}"
    assert (answer.status, dict(answer.headers), answer.body) == (303, {"location": location}, "")


def test_an_owner_who_cancelled_stays_where_they_are_logged_in() -> None:
    """While linking a provider, or confirming a login with it."""
    answer = pages.Pages(SETTINGS).refused(errors.LoginDeclined("github", f"{SITE_URL}/account", logged_in=True))

    assert (answer.status, dict(answer.headers)) == (303, {"location": f"{SITE_URL}/account"})


def test_an_address_to_confirm_is_shown_with_its_provider_and_a_way_to_send_again() -> None:
    """Starting the login again sends another email. Addresses are escaped, and have the letters of their domain."""
    refusal = errors.EmailNotVerified("github", "o'live@xn--bcher-kva.example", f"{SITE_URL}/api-keys")
    answer = pages.Pages(SETTINGS).refused(refusal)

    assert (answer.status, answer.content_type) == (403, "text/html; charset=utf-8")
    assert "GitHub hasn&#x27;t verified your email address." in answer.body
    assert "o&#x27;live@bücher.example" in answer.body
    assert 'href="/auth/github/start?return_to=%2Fapi-keys"' in answer.body
    assert "<code>email_not_verified</code>" in answer.body


def test_texts_on_a_page_are_escaped() -> None:
    """Texts and addresses (XSS)."""
    body = pages.Pages(SETTINGS).refused(errors.MalformedRequest("<script>alert('$code')</script>&\"")).body

    assert "&lt;script&gt;alert(&#x27;$code&#x27;)&lt;/script&gt;&amp;&quot;" in body
    assert "<script>alert" not in body
    assert 'href="https://support.example.com/?a=1&amp;b=&quot;2&quot;"' in body
