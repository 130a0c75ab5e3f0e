"""The samples of the routes for Google and GitHub, replayed: whole responses and log lines."""

import json

import pytest

from accounts import secrets
from tests.functions import expected
from tests.functions.away import SAMPLE_GITHUB, EmulatedProviders, arrange_for
from tests.functions.cloud import SITE_URL
from tests.functions.conftest import HERE, NOW
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_OTHER_TOKEN, SAMPLE_TOKEN, sample
from tests.unit.accounts.identity_providers.forgery import NONCE

MOMENT = "2026-01-05T12:00:00.000Z"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


@pytest.mark.usefixtures("providers")
def test_the_sample_of_login_methods_lists_every_method(functions: Lambdas) -> None:
    """For a local ComfyUI, readable by any origin."""
    answer = functions.invoke("login_methods", sample("login_methods"))

    body = {
        "origin": "http://127.0.0.1:8188",
        "allowed": True,
        "methods": ["email", "google", "github", "api_key"],
        "start_urls": {
            "google": f"{SITE_URL}/auth/google/start",
            "github": f"{SITE_URL}/auth/github/start",
        },
        "api_key_url": f"{SITE_URL}/api-keys",
    }
    assert answer.read == expected.answer("login_methods", 200, body, headers=expected.CORS)
    assert answer.events == ["methods_shown"]


@pytest.mark.usefixtures("providers")
def test_the_sample_of_oauth_start_returns_the_providers_url(functions: Lambdas) -> None:
    """With a cookie that binds the callback to this browser."""
    arrange_for(functions, "oauth_start", NOW)
    answer = functions.invoke("oauth_start", sample("oauth_start"))
    url = answer.json["authorization_url"]
    [cookie] = answer.result["cookies"]

    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert cookie == f"{cookie.partition('=')[0]}={answer.cookie}; {ATTRIBUTES}; Max-Age=3600"
    assert answer.read == expected.answer("oauth_start", 200, {"authorization_url": url}, cookies=[cookie])
    assert answer.events == ["authn_identity_link_start"]
    [state] = functions.cloud.tables()["OneTimeTokensTable"]
    assert state["data"]["M"]["intent"] == {"S": "link"}
    assert state["data"]["M"]["session"] == {"S": secrets.digest(SAMPLE_TOKEN)}


def test_the_sample_of_oauth_callback_logs_in(functions: Lambdas, providers: EmulatedProviders) -> None:
    """303 to the requested page, with a session; the login's own cookie is removed."""
    arrange_for(functions, "oauth_callback", NOW)
    providers.google_says(nonce=NONCE)
    answer = functions.invoke("oauth_callback", sample("oauth_callback"))

    session, device = answer.cookies
    cookies = [
        f"__Host-oauth-b80724f0=; {ATTRIBUTES}; Max-Age=0",
        f"__Host-session={session}; {ATTRIBUTES}",
        expected.HINT,
        f"__Host-device={device}; {ATTRIBUTES}; Max-Age=31536000",
    ]
    headers = {"location": f"{SITE_URL}/keys"}
    assert answer.read == expected.answer("oauth_callback", 303, headers=headers, cookies=cookies)
    assert answer.events == ["authn_login_success"]


def test_the_sample_of_identity_list_lists_the_identities(functions: Lambdas) -> None:
    """By an opaque id, without subject or hash."""
    person = arrange_for(functions, "identity_unlink", NOW)
    answer = functions.invoke("identity_list", sample("identity_list"))

    rows = [
        {
            "id": secrets.digest(key),
            "provider": key.partition("#")[0],
            "email": person.email,
            "email_shown": person.email,
            "can_log_in": True,
            "created_at": MOMENT,
        }
        for key in (f"email#{person.email}", SAMPLE_GITHUB)
    ]
    assert answer.read == expected.answer("identity_list", 200, {"identities": rows, "pending_change": None})
    assert answer.events == ["identities_listed"]


def test_the_sample_of_identity_unlink_removes_the_identity(functions: Lambdas) -> None:
    """No name and no address of it are kept: only its key, on the account. The owner is notified."""
    person = arrange_for(functions, "identity_unlink", NOW)
    answer = functions.invoke("identity_unlink", sample("identity_unlink"))

    assert answer.read == expected.answer("identity_unlink", 204)
    assert answer.events == ["authn_identity_unlinked"]
    tables = functions.cloud.tables()
    assert [item["identity"]["S"] for item in tables["IdentitiesTable"]] == [f"email#{person.email}"]
    [account] = tables["UsersTable"]
    assert account["identities"] == {"SS": [f"email#{person.email}"]}
    assert account["unlinked"] == {"SS": [SAMPLE_GITHUB]}
    assert functions.queued() == [{"kind": "identity_unlinked", "user_id": person.user_id, "detail": "GitHub", **HERE}]


def test_the_sample_of_identity_confirm_creates_the_account(functions: Lambdas) -> None:
    arrange_for(functions, "identity_confirm", NOW)
    answer = functions.invoke("identity_confirm", sample("identity_confirm"))
    accounts = functions.cloud.tables()["UsersTable"]
    [user_id] = [item["user_id"]["S"] for item in accounts if item["email"]["S"] == "waiting@example.com"]

    body = {"id": user_id, "email": "waiting@example.com", "name": "Waiting", "createdAt": MOMENT, "updatedAt": MOMENT}
    session, device = answer.cookies
    known = f"__Host-device={device}; {ATTRIBUTES}; Max-Age=31536000"
    cookies = [f"__Host-session={session}; {ATTRIBUTES}", expected.HINT, known]
    assert answer.read == expected.answer("identity_confirm", 200, body, cookies=cookies)
    assert answer.events == ["email_verified"]


def test_the_sample_of_password_set_sets_a_password(functions: Lambdas) -> None:
    """It logs in; the other sessions end, and the owner is notified."""
    person = arrange_for(functions, "password_set", NOW)
    functions.people.login(person, SAMPLE_OTHER_TOKEN)
    answer = functions.invoke("password_set", sample("password_set"))

    assert answer.read == expected.answer("password_set", 204)
    assert (answer.events, answer.hashes) == (["authn_password_change"], 1)
    assert [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]] == [person.session_id]
    assert functions.queued() == [{"kind": "password_set", "user_id": person.user_id, **HERE}]
    body = {"email": person.email, "password": "sample new passphrase of the events folder"}
    assert functions.invoke("login", sample("login") | {"body": json.dumps(body)}).status == 200
