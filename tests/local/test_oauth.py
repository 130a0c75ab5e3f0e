"""Google and GitHub against the deployed local cloud, through HTTP: the stories and the attacks."""

from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from local.cloud import LocalCloud
from tests.local.person import Person, token_in


def test_a_new_person_arrives_with_google_and_sets_a_password(cloud: LocalCloud) -> None:
    """Signed in by the callback, without a password until one is set."""
    person = Person(cloud)
    answer = person.call("GET", person.with_provider("google"))
    assert (answer.status_code, answer.headers.get("location")) == (303, f"{cloud.site_url}/"), answer.text
    assert person.call("GET", "/auth/session").json()["session"]["method"] == "google"
    assert person.log_in().status_code == 401

    assert person.call("POST", "/auth/password", {"new_password": person.password}).status_code == 204
    assert person.wait_for_mail("A password was set for your Comfy account")
    assert Person(cloud, email=person.email).log_in().status_code == 200
    again = person.call("POST", "/auth/password", {"new_password": person.password})
    assert (again.status_code, again.json()["error"]) == (409, "password_exists")


def test_the_same_verified_address_is_the_same_person(cloud: LocalCloud) -> None:
    """A confirmed account with a password, then Google, then GitHub: one account, and an email each time."""
    person = Person(cloud).join()
    account = person.call("GET", "/customers/me").json()["id"]
    for provider in ("google", "github"):
        elsewhere = Person(cloud, email=person.email)
        elsewhere.call("GET", elsewhere.with_provider(provider))
        assert elsewhere.call("GET", "/customers/me").json()["id"] == account
    person.wait_for_mail("A login method was added to your Comfy account", at_least=2)
    listed = person.call("GET", "/auth/identities").json()["identities"]
    assert {entry["provider"] for entry in listed} == {"email", "google", "github"}


def test_the_owner_comes_in_clean_over_a_strangers_sign_up(cloud: LocalCloud) -> None:
    """The pre-registered victim: the stranger's password and pending link are worth nothing afterwards."""
    stranger = Person(cloud, password="nine rivers under a lantern")
    token = stranger.signup()
    owner = Person(cloud, email=stranger.email)

    owner.call("GET", owner.with_provider("google"))

    assert owner.call("GET", "/auth/session").status_code == 200
    assert stranger.confirm(token).json()["error"] == "address_confirmed"
    assert stranger.log_in().status_code == 401


def test_an_address_the_provider_has_not_verified_needs_our_mail_and_this_browser(cloud: LocalCloud) -> None:
    """In another browser the link does nothing; in the browser that started the login it completes it."""
    person = Person(cloud, email="unverified.one@example.com")
    refused = person.call("GET", person.with_provider("github"))
    assert refused.status_code == 403
    assert "<code>email_not_verified</code>" in refused.text
    token = token_in(person.wait_for_mail("Confirm your email address for Comfy"))

    other = Person(cloud).call("POST", "/auth/identities/confirm", {"token": token})
    assert (other.status_code, other.json()["error"]) == (400, "invalid_link")
    assert person.call("POST", "/auth/identities/confirm", {"token": token}).status_code == 200
    assert person.call("GET", "/auth/session").json()["session"]["method"] == "github"


def test_linking_on_purpose_and_unlinking_but_never_the_last(cloud: LocalCloud) -> None:
    """A logged-in person links an identity with another address and unlinks it; the last one cannot be unlinked."""
    person = Person(cloud)
    person.call("GET", person.with_provider("google"))
    started = person.call("POST", "/auth/github/link", {"return_to": "/"}).json()["authorization_url"]
    work = Person(cloud, http=person.http)
    linked = person.call("GET", work.with_provider("github", started))
    assert (linked.status_code, "__Host-session" in linked.headers.get("set-cookie", "")) == (303, False)

    listed = {entry["provider"]: entry["id"] for entry in person.call("GET", "/auth/identities").json()["identities"]}
    assert person.call("DELETE", f"/auth/identities/{listed['github']}").status_code == 204
    last = person.call("DELETE", f"/auth/identities/{listed['google']}")

    assert (last.status_code, last.json()["error"]) == (409, "last_identity")
    assert person.wait_for_mail("A login method was removed from your Comfy account")


def test_the_login_of_another_person_cannot_be_linked(cloud: LocalCloud) -> None:
    """A subject opens one account only."""
    owner, other = Person(cloud), Person(cloud).join()
    owner.call("GET", owner.with_provider("github"))
    started = other.call("POST", "/auth/github/link", {}).json()["authorization_url"]

    answer = other.call("GET", owner.with_provider("github", started))

    assert (answer.status_code, "<code>identity_linked_elsewhere</code>" in answer.text) == (409, True)


def test_a_callback_works_in_its_own_browser_once(cloud: LocalCloud) -> None:
    """Captured and opened elsewhere it does nothing and spoils nothing; replayed at home it is used up."""
    person, thief = Person(cloud), Person(cloud)
    callback = person.with_provider("google")

    assert "<code>cookies_blocked</code>" in thief.call("GET", callback).text
    assert person.call("GET", callback).status_code == 303
    assert "<code>sign_in_expired</code>" in person.call("GET", callback).text


def test_a_code_captured_elsewhere_cannot_be_put_into_my_sign_in(cloud: LocalCloud) -> None:
    """An attacker's Google code in the victim's callback: the nonce in the ID token is not the victim's."""
    attacker, victim = Person(cloud), Person(cloud)
    code = dict(parse_qsl(urlsplit(attacker.with_provider("google")).query))["code"]
    own = victim.with_provider("google")
    state = dict(parse_qsl(urlsplit(own).query))["state"]

    answer = victim.call("GET", f"/auth/google/callback?state={state}&code={code}")

    assert (answer.status_code, "<code>provider_not_trusted</code>" in answer.text) == (400, True)
    assert victim.call("GET", "/auth/session").status_code == 401


def test_a_state_of_one_provider_is_worthless_at_the_other(cloud: LocalCloud) -> None:
    """One callback for each provider (RFC 9700 4.4)."""
    person = Person(cloud)
    callback = person.with_provider("google")

    answer = person.call("GET", callback.replace("/google/", "/github/"))

    assert (answer.status_code, "<code>sign_in_expired</code>" in answer.text) == (400, True)


def test_declining_leads_back_to_the_login_page(cloud: LocalCloud) -> None:
    """Which says so."""
    person = Person(cloud)
    start = person.call("GET", "/auth/github/start").headers["location"]
    state = dict(parse_qsl(urlsplit(start).query))["state"]

    answer = person.call("GET", f"/auth/github/callback?error=access_denied&error_description=%3Cb%3E&state={state}")

    location = f"{cloud.site_url}/login?cancelled=github&return_to=%2F"
    assert (answer.status_code, answer.headers["location"]) == (303, location)


@pytest.mark.parametrize(
    ("origin", "methods"),
    [
        ("http://127.0.0.1:8188", ["email", "google", "github", "api_key"]),
        ("https://cloud.comfy.org", ["email", "google", "github", "api_key"]),
        ("http://192.168.1.20:8188", ["api_key"]),
        ("https://comfy.org.evil.com", ["api_key"]),
    ],
)
def test_an_origin_is_told_its_ways_in(cloud: LocalCloud, origin: str, methods: list[str]) -> None:
    """On the list: all ways; not on it: an API key, and where to make one."""
    answer = requests.get(f"{cloud.site_url}/auth/methods", params={"origin": origin}, timeout=60)

    assert answer.json()["methods"] == methods
    assert answer.json()["api_key_url"].startswith(cloud.site_url)
    assert answer.headers["access-control-allow-origin"] == "*"


def test_returning_goes_to_listed_places_only(cloud: LocalCloud) -> None:
    """A local ComfyUI gets its person back; a stranger's site does not get one at all."""
    person = Person(cloud)
    target = "http://127.0.0.1:8188/login?done=1"
    start = person.call("GET", f"/auth/google/start?return_to={target}").headers["location"]
    assert person.call("GET", person.with_provider("google", start)).headers["location"] == target

    refused = person.call("GET", "/auth/google/start?return_to=https://evil.example/")
    assert (refused.status_code, "<code>origin_not_allowed</code>" in refused.text) == (403, True)
