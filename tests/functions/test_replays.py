"""Every sample in ``events/``, replayed: the whole response and the whole log."""

from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from tests.cloudformation import ROOT
from tests.functions import expected
from tests.functions.cloud import SITE_URL
from tests.functions.conftest import HERE, NOW
from tests.functions.lambdas import NAMES, Answer, Lambdas
from tests.functions.people import Person
from tests.functions.requests import (
    SAMPLE_BROWSER,
    SAMPLE_LINK_TOKEN,
    SAMPLE_OTHER_TOKEN,
    SAMPLE_USER_ID,
    request,
    sample,
)

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW_PASSWORD = "another sample passphrase of the events"
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
# The place of the samples, as a message says it.


def _line(function: str, event: str, route: str, status: int, user_id: str, method: str = "") -> dict[str, Any]:
    request_id = f"sample-{function.replace('_', '-')}"
    return {
        "event": event,
        "message": event,
        "level": "INFO",
        "function": function,
        "route": route,
        "status": status,
        "request_id": request_id,
        "correlation_id": request_id,
        "source": "203.0.113.7",
        "user_agent": AGENT,
        "user_id": user_id,
        "method": method,
        "service": "accounts",
    }


def _logged(answer: Answer) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key not in ("timestamp", "location")} for line in answer.log]


def _session(token: str, *, current: bool) -> dict[str, Any]:
    return {
        "id": secrets.digest(token),
        "current": current,
        "client": None,
        "resource": None,
        "method": "password",
        "remembered": False,
        "amr": ["pwd"],
        "acr": "urn:comfy:acr:1fa",
        "auth_time": "2026-01-05T12:00:00.000Z",
        "authenticated_at": "2026-01-05T12:00:00.000Z",
        "fresh_until": "2026-01-05T12:15:00.000Z",
        "last_seen_at": "2026-01-05T12:00:00.000Z",
        "expires_at": "2026-01-06T12:00:00.000Z",
        "source": "203.0.113.7",
        "device": "an unknown device",
        "user_agent": "Firefox",
    }


def _logs_in_with(functions: Lambdas, password: str, email: str = "person@example.com") -> bool:
    return functions.invoke("login", request("login", body={"email": email, "password": password})).status == 200


def test_every_function_has_a_sample_and_every_sample_a_function() -> None:
    """The folders of ``functions/`` and the files of ``events/`` have the same names."""
    assert tuple(sorted(path.stem for path in (ROOT / "events").glob("*"))) == NAMES


def test_the_sample_of_signup_queues_a_message(functions: Lambdas) -> None:
    answer = functions.invoke("signup", sample("signup"))

    body = {"message": "Check your email for a link to confirm your address."}
    [proof] = answer.cookies
    cookie = [f"__Host-sign-up={proof}; {ATTRIBUTES}; Max-Age=3600"]
    assert answer.read == expected.answer("signup", 202, body, cookies=cookie)
    assert _logged(answer) == [_line("signup", "user_created", "POST /auth/signup", 202, "")]
    assert functions.queued() == [
        {
            "kind": "sign_up",
            "email": "newcomer@example.com",
            "device": secrets.digest(SAMPLE_BROWSER),
            "source": "203.0.113.7",
            "detail": "en",
        }
    ]


def test_a_sign_up_in_a_new_browser_sets_its_cookie(functions: Lambdas) -> None:
    """By which it can have its link sent again; only the digest is queued."""
    body = {"email": "newcomer@example.com", "password": "sample passphrase of the events folder"}
    answer = functions.invoke("signup", request("signup", body=body))

    proof, device = answer.cookies
    sign_up = f"__Host-sign-up={proof}; {ATTRIBUTES}; Max-Age=3600"
    cookie = [sign_up, f"__Host-device={device}; {ATTRIBUTES}; Max-Age=31536000"]
    message = {"message": "Check your email for a link to confirm your address."}
    assert answer.read == expected.answer("signup", 202, message, cookies=cookie)
    assert functions.queued()[0]["device"] == secrets.digest(device)


def test_the_sample_of_email_verify_creates_the_account_and_logs_in(functions: Lambdas) -> None:
    """With a session cookie that ends with the browser."""
    person = Person()
    functions.people.sign_up(person, SAMPLE_LINK_TOKEN)
    answer = functions.invoke("email_verify", sample("email_verify"))

    session, device = answer.cookies
    known = f"__Host-device={device}; {ATTRIBUTES}; Max-Age=31536000"
    done = f"__Host-sign-up=; {ATTRIBUTES}; Max-Age=0"
    cookie = [f"__Host-session={session}; {ATTRIBUTES}", expected.HINT, known, done]
    person = replace(person, user_id=answer.json["id"])
    assert answer.read == expected.answer("email_verify", 200, person.customer(NOW), cookies=cookie)
    assert _logged(answer) == [_line("email_verify", "email_verified", "POST /auth/email/verify", 200, person.user_id)]


def test_the_cookie_of_a_sign_up_replaces_its_password(functions: Lambdas) -> None:
    """In a request from the site's own page only; without it, the answer says what is missing."""
    body = {"email": "newcomer@example.com", "password": "sample passphrase of the events folder"}
    proof, _ = functions.invoke("signup", request("signup", body=body)).cookies
    functions.deliver_all()
    event = request("email_verify", body={"token": functions.cloud.mailed_token()})
    refused = functions.invoke("email_verify", event)
    event["cookies"] = [f"__Host-sign-up={proof}"]
    foreign = functions.invoke(
        "email_verify", event | {"headers": event["headers"] | {"origin": "https://evil.example"}}
    )
    confirmed = functions.invoke("email_verify", event)

    assert refused.read == expected.refusal("email_verify", 400, "password_required")
    assert (foreign.status, confirmed.status, confirmed.hashes) == (403, 200, 0)


def test_the_sample_of_email_resend_queues_a_message(functions: Lambdas) -> None:
    answer = functions.invoke("email_resend", sample("email_resend"))

    body = {"message": "If you signed up with this address in this browser, we've sent a new email."}
    assert answer.read == expected.answer("email_resend", 202, body)
    assert _logged(answer) == [_line("email_resend", "email_resend_requested", "POST /auth/email/resend", 202, "")]


def test_the_sample_of_login_logs_in_for_30_days(functions: Lambdas) -> None:
    person = functions.people.arrange()
    answer = functions.invoke("login", sample("login"))

    lasts = "Max-Age=2592000"
    cookie = [f"__Host-session={answer.cookie}; {ATTRIBUTES}; {lasts}", f"{expected.HINT}; {lasts}"]
    assert answer.read == expected.answer("login", 200, person.customer(NOW), cookies=cookie)
    assert _logged(answer) == [
        _line("login", "authn_login_success", "POST /auth/login", 200, person.user_id, "password")
    ]


def test_the_sample_of_password_forgot_queues_a_message(functions: Lambdas) -> None:
    answer = functions.invoke("password_forgot", sample("password_forgot"))

    body = {"message": "If there is an account with this address, a mail with a link is on its way."}
    assert answer.read == expected.answer("password_forgot", 202, body)
    assert _logged(answer) == [
        _line("password_forgot", "authn_password_reset_requested", "POST /auth/password/forgot", 202, "")
    ]
    assert functions.queued() == [{"kind": "password_forgot", "email": "person@example.com", "source": "203.0.113.7"}]


def test_the_sample_of_password_reset_sets_the_password_and_ends_all_sessions(functions: Lambdas) -> None:
    """Without a session: the owner logs in with the new password, and is emailed. Its browser is known from then on."""
    person = functions.people.as_sampled()
    answer = functions.invoke("password_reset", sample("password_reset"))

    cookie = f"__Host-device={answer.cookie}; {ATTRIBUTES}; Max-Age=31536000"
    assert answer.read == expected.answer("password_reset", 204, cookies=[cookie])
    assert _logged(answer) == [
        _line("password_reset", "authn_password_change", "POST /auth/password/reset", 204, person.user_id, "reset")
    ]
    assert functions.cloud.tables()["SessionsTable"] == []
    assert functions.queued() == [{"kind": "password_reset", "user_id": person.user_id, **HERE}]
    assert _logs_in_with(functions, NEW_PASSWORD)


def test_the_sample_of_password_change_sets_the_password_and_ends_the_other_sessions(functions: Lambdas) -> None:
    """The owner is emailed."""
    person = functions.people.as_sampled()
    answer = functions.invoke("password_change", sample("password_change"))

    assert answer.read == expected.answer("password_change", 204)
    assert _logged(answer) == [
        _line("password_change", "authn_password_change", "POST /auth/password/change", 204, person.user_id)
    ]
    assert [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]] == [person.session_id]
    assert functions.queued() == [{"kind": "password_changed", "user_id": person.user_id, **HERE}]
    assert _logs_in_with(functions, NEW_PASSWORD)


def test_the_sample_of_reauthenticate_replaces_the_session(functions: Lambdas) -> None:
    person = functions.people.arrange()
    answer = functions.invoke("reauthenticate", sample("reauthenticate"))

    cookie = [f"__Host-session={answer.cookie}; {ATTRIBUTES}", expected.HINT]
    assert answer.read == expected.answer("reauthenticate", 204, cookies=cookie)
    assert _logged(answer) == [
        _line("reauthenticate", "authn_reauthenticated", "POST /auth/reauthenticate", 204, person.user_id)
    ]
    left = [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]]
    assert left == [secrets.digest(answer.cookie)]


def test_the_sample_of_email_change_queues_a_warning_and_a_link(functions: Lambdas) -> None:
    """The old address is emailed first."""
    person = functions.people.arrange()
    answer = functions.invoke("email_change", sample("email_change"))

    body = {"message": "Look in the mail of the new address for a link that confirms it."}
    assert answer.read == expected.answer("email_change", 202, body)
    assert _logged(answer) == [
        _line("email_change", "user_email_change_requested", "POST /auth/email/change", 202, person.user_id)
    ]
    assert functions.queued() == [
        {"kind": "email_change_asked", "user_id": person.user_id, "email": person.email, **HERE},
        {
            "kind": "email_change",
            "user_id": person.user_id,
            "email": "moved@example.com",
            "at": "2026-01-05T12:00:00+00:00",
        },
    ]


def test_a_change_of_address_is_listed_until_it_is_cancelled(functions: Lambdas) -> None:
    """The cancelled one is in the owner's history."""
    person = functions.people.arrange()
    functions.invoke("email_change", sample("email_change"))
    listed = functions.invoke("identity_list", sample("identity_list")).json["pending_change"]
    event = request("email_change", cookie=person.token)
    event["routeKey"] = event["requestContext"]["routeKey"] = "DELETE /auth/email/change"
    answer = functions.invoke("email_change", event)

    until = "2026-01-05T13:00:00.000Z"
    assert listed == {"email": "moved@example.com", "email_shown": "moved@example.com", "expires_at": until}
    assert answer.read == expected.answer("email_change", 204)
    line = ("email_change", "user_email_change_cancelled", "DELETE /auth/email/change", 204, person.user_id)
    assert _logged(answer) == [_line(*line)]
    assert functions.invoke("identity_list", sample("identity_list")).json["pending_change"] is None
    activity = functions.invoke("activity_list", sample("activity_list")).json["activity"]
    # Both have the same time: which comes first is up to their random IDs.
    assert {it["event"] for it in activity} == {"user_email_change_requested", "user_email_change_cancelled"}


def test_the_sample_of_email_change_confirm_changes_the_email(functions: Lambdas) -> None:
    """The other sessions end, and the old address is notified."""
    person = functions.people.as_sampled()
    answer = functions.invoke("email_change_confirm", sample("email_change_confirm"))

    body = person.customer(NOW) | {"email": "moved@example.com"}
    assert answer.read == expected.answer("email_change_confirm", 200, body)
    assert _logged(answer) == [
        _line("email_change_confirm", "user_email_changed", "POST /auth/email/change/confirm", 200, person.user_id)
    ]
    assert [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]] == [person.session_id]
    assert functions.queued() == [{"kind": "email_changed", "user_id": person.user_id, "email": person.email, **HERE}]
    assert not _logs_in_with(functions, person.password)
    assert _logs_in_with(functions, person.password, "moved@example.com")


@pytest.mark.parametrize(
    ("function", "route", "event"),
    [
        ("logout", "POST /auth/logout", "session_revoked"),
        ("session_revoke_all", "POST /auth/sessions/revoke-all", "session_revoked_all"),
        ("account_delete", "DELETE /customers/me", "user_deleted"),
    ],
)
def test_the_samples_that_log_out_end_the_session_and_remove_the_cookie(
    functions: Lambdas, function: str, route: str, event: str
) -> None:
    person = functions.people.arrange()
    answer = functions.invoke(function, sample(function))

    assert answer.read == expected.answer(function, 204, headers=expected.LOGGED_OUT, cookies=expected.NO_COOKIE)
    assert _logged(answer) == [_line(function, event, route, 204, person.user_id)]
    assert functions.cloud.tables()["SessionsTable"] == []


def test_the_sample_of_session_show_returns_account_and_session(functions: Lambdas) -> None:
    person = functions.people.arrange()
    answer = functions.invoke("session_show", sample("session_show"))

    who = {"customer": person.customer(NOW), "session": _session(person.token, current=True)}
    body = {**who, "email_shown": person.email, "mail_problem": None, "enrolling": False}
    assert answer.read == expected.answer("session_show", 200, body)
    assert _logged(answer) == [_line("session_show", "session_shown", "GET /auth/session", 200, person.user_id)]


def test_the_sample_of_session_list_lists_the_sessions(functions: Lambdas) -> None:
    """The current one is marked."""
    person = functions.people.arrange()
    functions.people.login(person, SAMPLE_OTHER_TOKEN)
    answer = functions.invoke("session_list", sample("session_list"))

    sessions = sorted(answer.json["sessions"], key=lambda entry: not entry["current"])
    assert sessions == [_session(person.token, current=True), _session(SAMPLE_OTHER_TOKEN, current=False)]
    assert {**answer.read, "body": None} == {**expected.answer("session_list", 200, {"sessions": []}), "body": None}
    assert _logged(answer) == [_line("session_list", "sessions_listed", "GET /auth/sessions", 200, person.user_id)]


def test_the_sample_of_activity_list_lists_events_newest_first(functions: Lambdas) -> None:
    """A new key with its name, and before it a login."""
    person = functions.people.arrange()
    functions.invoke("login", sample("login"))
    functions.clock.now = NOW + timedelta(minutes=1)
    functions.invoke("key_create", sample("key_create"))
    answer = functions.invoke("activity_list", sample("activity_list"))

    where = {"source": "203.0.113.7", "device": "Firefox on Linux"}
    key = {"event": "authn_token_created", "at": "2026-01-05T12:01:00.000Z", "detail": {"name": "Workshop computer"}}
    login = {"event": "authn_login_success", "at": "2026-01-05T12:00:00.000Z", "detail": {"method": "password"}}
    once = {"count": 1, "first_at": key["at"]}, {"count": 1, "first_at": login["at"]}
    body = {"activity": [key | where | once[0], login | where | once[1]]}
    assert answer.read == expected.answer("activity_list", 200, body)
    assert _logged(answer) == [_line("activity_list", "activity_listed", "GET /auth/activity", 200, person.user_id)]


def test_the_sample_of_session_revoke_ends_the_other_session(functions: Lambdas) -> None:
    person = functions.people.arrange()
    functions.people.login(person, SAMPLE_OTHER_TOKEN)
    answer = functions.invoke("session_revoke", sample("session_revoke"))

    assert answer.read == expected.answer("session_revoke", 204)
    assert _logged(answer) == [
        _line("session_revoke", "session_revoked", "DELETE /auth/sessions/{id}", 204, person.user_id)
    ]
    assert [item["digest"]["S"] for item in functions.cloud.tables()["SessionsTable"]] == [person.session_id]


@pytest.mark.parametrize(
    ("function", "route"), [("account_open", "POST /customers"), ("account_show", "GET /customers/me")]
)
def test_the_samples_with_a_key_return_its_owner(functions: Lambdas, function: str, route: str) -> None:
    """Readable from any origin."""
    person = functions.people.arrange()
    answer = functions.invoke(function, sample(function))

    assert answer.read == expected.answer(function, 200, person.customer(NOW))
    assert _logged(answer) == [_line(function, "user_shown", route, 200, person.user_id, "api_key")]


_WORKSPACE = {"id": ..., "name": "Personal workspace", "type": "personal", "role": "owner"}


def _workspaces(person: Person) -> dict[str, Any]:
    """The bodies of the three routes for the sample's credential."""
    workspace, moment = _WORKSPACE | {"id": person.user_id}, "2026-01-05T12:00:00.000Z"
    member = {"id": person.user_id, "name": person.name, "email": person.email, "role": "owner", "joined_at": moment}
    return {
        "/api/workspaces": {
            "workspaces": [workspace | {"created_at": moment, "joined_at": moment}],
            "can_create_workspace": False,
        },
        "/api/workspaces/current": workspace | {"auth_method": "api_key"},
        "/api/workspace/members": {
            "members": [member | {"is_original_owner": True}],
            "pagination": {"offset": 0, "limit": 1, "total": 1, "has_more": False},
        },
    }


@pytest.mark.parametrize("path", ["/api/workspaces", "/api/workspaces/current", "/api/workspace/members"])
def test_the_sample_of_workspace_show_returns_the_account_as_a_workspace(functions: Lambdas, path: str) -> None:
    """At each of its paths, with what ComfyUI's frontend parses; readable from any origin."""
    person = functions.people.arrange()
    event = sample("workspace_show") | {"rawPath": path, "routeKey": f"GET {path}"}
    answer = functions.invoke("workspace_show", event)

    assert answer.read == expected.answer("workspace_show", 200, _workspaces(person)[path])
    assert _logged(answer) == [_line("workspace_show", "user_shown", f"GET {path}", 200, person.user_id, "api_key")]


def test_the_sample_of_account_export_returns_a_file_with_everything(functions: Lambdas) -> None:
    """All that the other lists show."""
    person = functions.people.arrange()
    answer = functions.invoke("account_export", sample("account_export"))

    moment = "2026-01-05T12:00:00.000Z"
    identity = {
        "id": secrets.digest(f"email#{person.email}"),
        "provider": "email",
        "email": person.email,
        "can_log_in": True,
        "created_at": moment,
        "name": person.name,
        "subject": None,
        "verified": True,
        "disabled": False,
        "has_password": True,
        "requested_email": None,
        "updated_at": moment,
    }
    keys = functions.invoke("key_list", sample("key_list")).json["api_keys"]
    body = {
        "exported_at": moment,
        "account": person.customer(NOW) | {"status": "active", "mail_problem": None, "language": ""},
        "identities": [identity],
        "passkeys": [],
        "second_factor": {"on": False, "recovery_codes_left": 0, "trusted_browsers": [], "reset_at": None},
        "unlinked": [],
        "sessions": [_session(person.token, current=True)],
        "api_keys": [listed | {"last_used_user_agent": ""} for listed in keys],
        "activity": [],
    }
    file = {"content-disposition": 'attachment; filename="comfy-account.json"'}
    assert answer.read == expected.answer("account_export", 200, body, headers=file)
    assert _logged(answer) == [
        _line("account_export", "user_exported", "GET /customers/me/export", 200, person.user_id)
    ]


def test_the_sample_of_account_update_changes_the_name(functions: Lambdas) -> None:
    """The next login returns the same name and time."""
    person = functions.people.arrange()
    functions.clock.now = NOW + timedelta(minutes=1)
    answer = functions.invoke("account_update", sample("account_update"))

    customer = {**person.customer(NOW), "name": "Olive Branch", "updatedAt": "2026-01-05T12:01:00.000Z"}
    assert answer.read == expected.answer("account_update", 200, customer)
    assert _logged(answer) == [_line("account_update", "user_updated", "PATCH /customers/me", 200, person.user_id)]
    assert functions.invoke("login", sample("login")).json == customer
    assert functions.invoke("account_show", sample("account_show")).json == customer


def test_the_sample_of_key_create_shows_the_key_once(functions: Lambdas) -> None:
    """In the response, as plaintext. The owner is emailed."""
    person = functions.people.arrange()
    answer = functions.invoke("key_create", sample("key_create"))

    text = answer.json["api_key"]["plaintext_key"]
    body = {
        "api_key": {
            "id": secrets.digest(text),
            "name": "Workshop computer",
            "description": "The one under the desk",
            "key_prefix": text[:16],
            "created_at": "2026-01-05T12:00:00.000Z",
            "last_used_at": None,
            "last_used_source": "",
            "last_used_device": "",
            "expires_at": None,
            "rotated_at": None,
            "old_secret": None,
            "networks": [],
            "scopes": [],
            "plaintext_key": text,
        }
    }
    assert answer.read == expected.answer("key_create", 201, body)
    assert _logged(answer) == [
        _line("key_create", "authn_token_created", "POST /customers/api-keys", 201, person.user_id)
    ]
    message = {"kind": "api_key_created", "user_id": person.user_id, "detail": "Workshop computer"}
    assert functions.queued() == [message | {"identity": f"{text[:16]}…"} | HERE]


def test_a_key_expires_when_its_owner_says(functions: Lambdas) -> None:
    """From the body to the list; afterwards, the key is refused with a reason."""
    person = functions.people.arrange()
    body = {"name": "laptop", "expires_at": "2026-01-12T13:00:00+01:00"}
    made = functions.invoke("key_create", request("key_create", cookie=person.token, body=body))

    assert (made.status, made.json["api_key"]["expires_at"]) == (201, "2026-01-12T12:00:00.000Z")
    key = made.json["api_key"]["plaintext_key"]
    assert functions.invoke("account_show", request("account_show", key=key)).status == 200
    functions.clock.now = NOW + timedelta(days=7)
    refused = functions.invoke("account_show", request("account_show", key=key))
    assert refused.read == expected.refusal("account_show", 401, "api_key_expired")


def test_a_key_works_from_the_networks_that_its_owner_allows(functions: Lambdas) -> None:
    """From the body to the list, our own routes, verification and the authorizer; changed with the next request."""
    person = functions.people.arrange()
    body = {"name": "laptop", "networks": ["203.0.113.0/24", "2001:db8::/32"]}
    made = functions.invoke("key_create", request("key_create", cookie=person.token, body=body)).json["api_key"]
    key = made["plaintext_key"]
    answers = {
        "account_show": request("account_show", key=key),
        "authorizer": request("authorizer", key=key),
        "key_verify": request("key_verify", body={"api_key": key, "source": "2001:db8::7"}),
    }
    assert functions.invoke("account_show", answers["account_show"]).status == 200
    assert functions.invoke("authorizer", answers["authorizer"]).result["isAuthorized"]
    assert functions.invoke("key_verify", answers["key_verify"]).json["valid"]

    body = {"networks": ["198.51.100.0/24"]}
    edit = request("key_update", cookie=person.token, body=body, target=made["id"])
    assert functions.invoke("key_update", edit).read == expected.answer("key_update", 204)

    refused = functions.invoke("account_show", answers["account_show"])
    assert refused.read == expected.refusal("account_show", 403, "api_key_wrong_network")
    assert refused.events == ["authz_fail_network"]
    assert functions.invoke("authorizer", answers["authorizer"]).result == {"isAuthorized": False}
    verified = functions.invoke("key_verify", answers["key_verify"]).json
    assert (verified["valid"], verified["error"]) == (False, "api_key_wrong_network")
    listed = functions.invoke("key_list", sample("key_list")).json["api_keys"]
    assert [it["networks"] for it in listed if it["id"] == made["id"]] == [["198.51.100.0/24"]]


def test_a_key_may_do_what_its_owner_allows(functions: Lambdas) -> None:
    """From the body to the list, our own routes, verification and the authorizer; changed with the next request."""
    person = functions.people.arrange()
    body = {"name": "laptop", "scopes": ["account", "jobs:read"]}
    made = functions.invoke("key_create", request("key_create", cookie=person.token, body=body)).json["api_key"]
    key = made["plaintext_key"]
    guarded = {"stageVariables": {"comfyAudience": "https://cloud.example.com/mcp"}}
    asked = {"api_key": key, "scopes": ["jobs:read"]}
    answers = {
        "account_show": request("account_show", key=key),
        "authorizer": request("authorizer", key=key) | guarded,
        "key_verify": request("key_verify", body=asked),
    }
    assert functions.invoke("account_show", answers["account_show"]).status == 200
    assert functions.invoke("authorizer", answers["authorizer"]).result["context"]["scope"] == "jobs:read"
    assert functions.invoke("key_verify", answers["key_verify"]).json["scopes"] == ["account", "jobs:read"]
    unaware = functions.invoke("key_verify", request("key_verify", body={"api_key": key})).json
    assert (unaware["valid"], unaware["error"]) == (False, "api_key_insufficient_scope")

    edit = request("key_update", cookie=person.token, body={"scopes": ["orders"]}, target=made["id"])
    assert functions.invoke("key_update", edit).read == expected.answer("key_update", 204)

    refused = functions.invoke("account_show", answers["account_show"])
    assert refused.read == expected.refusal("account_show", 403, "api_key_insufficient_scope")
    assert refused.events == ["authz_fail_scope"]
    for function in ("account_open", "workspace_show"):
        assert functions.invoke(function, request(function, key=key)).json["error"] == "api_key_insufficient_scope"
    denied = functions.invoke("authorizer", answers["authorizer"])
    assert (denied.result, denied.events) == ({"isAuthorized": False}, ["authz_fail_scope"])
    assert functions.invoke("key_verify", answers["key_verify"]).json["error"] == "api_key_insufficient_scope"
    listed = functions.invoke("key_list", sample("key_list")).json["api_keys"]
    assert [it["scopes"] for it in listed if it["id"] == made["id"]] == [["orders"]]


def test_the_sample_of_key_list_lists_the_keys(functions: Lambdas) -> None:
    """Without plaintext."""
    person = functions.people.arrange()
    answer = functions.invoke("key_list", sample("key_list"))

    moment = "2026-01-05T12:00:00.000Z"
    key = {
        "id": person.key_id,
        "name": "Workshop computer",
        "description": "",
        "key_prefix": person.key[:16],
        "created_at": moment,
        "last_used_at": moment,
        "last_used_source": "",
        "last_used_device": "",
        "expires_at": None,
        "rotated_at": None,
        "old_secret": None,
        "networks": [],
        "scopes": [],
    }
    scopes = [
        {"name": "account", "means": ["See your name and email address"], "services": []},
        {"name": "jobs:read", "means": ["See your jobs"], "services": ["Comfy Cloud"]},
        {"name": "jobs:write", "means": ["Start jobs"], "services": ["Comfy Cloud"]},
        {"name": "orders", "means": ["See orders"], "services": ["Comfy Store"]},
    ]
    assert answer.read == expected.answer("key_list", 200, {"api_keys": [key], "scopes": scopes})
    assert _logged(answer) == [_line("key_list", "authn_tokens_listed", "GET /customers/api-keys", 200, person.user_id)]


def test_the_sample_of_key_update_renames_the_key(functions: Lambdas) -> None:
    """Its description stays."""
    person = functions.people.arrange()
    answer = functions.invoke("key_update", sample("key_update"))

    assert answer.read == expected.answer("key_update", 204)
    assert _logged(answer) == [
        _line("key_update", "authn_token_updated", "PATCH /customers/api-keys/{id}", 204, person.user_id)
    ]
    (key,) = functions.invoke("key_list", sample("key_list")).json["api_keys"]
    assert (key["id"], key["name"], key["description"]) == (person.key_id, "Workshop computer 2", "")


def test_the_sample_of_key_rotate_shows_the_new_secret_once(functions: Lambdas) -> None:
    """The old one works for seven days beside it, or until its owner ends it."""
    person = functions.people.arrange()
    answer = functions.invoke("key_rotate", sample("key_rotate"))

    text, moment = answer.json["api_key"]["plaintext_key"], "2026-01-05T12:00:00.000Z"
    unused = {"last_used_at": None, "last_used_source": "", "last_used_device": ""}
    old = {"key_prefix": person.key[:16], "ends_at": "2026-01-12T12:00:00.000Z", **unused, "last_used_at": moment}
    key = {
        "id": person.key_id,
        "name": "Workshop computer",
        "description": "",
        "key_prefix": text[:16],
        "created_at": moment,
        **unused,
        "expires_at": None,
        "rotated_at": moment,
        "old_secret": old,
        "networks": [],
        "scopes": [],
    }
    assert answer.read == expected.answer("key_rotate", 201, {"api_key": {**key, "plaintext_key": text}})
    route = "POST /customers/api-keys/{id}/rotate"
    assert _logged(answer) == [_line("key_rotate", "authn_token_rotated", route, 201, person.user_id)]
    about = {"user_id": person.user_id, "detail": "Workshop computer", "old_ends": "2026-01-12T12:00:00+00:00"}
    assert functions.queued() == [{"kind": "api_key_rotated", **about, "identity": f"{text[:16]}…", **HERE}]
    assert functions.invoke("key_list", sample("key_list")).json["api_keys"] == [key]
    for each in (text, person.key):
        assert functions.invoke("account_show", request("account_show", key=each)).status == 200

    ended = functions.invoke("key_rotate", _ends_old(person.key_id, person.token))

    assert ended.read == expected.answer("key_rotate", 204)
    assert ended.events == ["authn_token_ended"]
    shown = [functions.invoke("account_show", request("account_show", key=each)).status for each in (text, person.key)]
    assert shown == [200, 401]


def _ends_old(key_id: str, token: str) -> dict[str, Any]:
    event = request("key_rotate", cookie=token, target=key_id, body="")
    event["routeKey"] = event["requestContext"]["routeKey"] = "DELETE /customers/api-keys/{id}/old-secret"
    event["rawPath"] = event["requestContext"]["http"]["path"] = f"/customers/api-keys/{key_id}/old-secret"
    event["requestContext"]["http"]["method"] = "DELETE"
    return event


def test_the_sample_of_key_delete_deletes_the_key(functions: Lambdas) -> None:
    person = functions.people.arrange()
    answer = functions.invoke("key_delete", sample("key_delete"))

    assert answer.read == expected.answer("key_delete", 204)
    assert _logged(answer) == [
        _line("key_delete", "authn_token_revoked", "DELETE /customers/api-keys/{id}", 204, person.user_id)
    ]
    assert functions.cloud.tables()["ApiKeysTable"] == []
    about = {"user_id": person.user_id, "detail": "Workshop computer", "identity": f"{person.key[:16]}…"}
    assert functions.queued() == [{"kind": "api_key_deleted", **about, **HERE}]


def test_the_sample_of_key_verify_returns_the_owner(functions: Lambdas) -> None:
    """With the fields that other services read."""
    person = functions.people.arrange()
    answer = functions.invoke("key_verify", sample("key_verify"))

    body = {
        "valid": True,
        "firebase_uid": person.user_id,
        "email": person.email,
        "name": person.name,
        "is_admin": False,
        "key_name": "Workshop computer",
        "key_description": "",
        "key_expires_at": None,
        "scopes": None,
    }
    assert answer.read == expected.answer("key_verify", 200, body)
    assert _logged(answer) == [
        _line("key_verify", "authn_token_verified", "POST /admin/verify-api-key", 200, person.user_id)
    ]


def test_the_sample_of_pages_shows_a_page(functions: Lambdas) -> None:
    """In the reader's language; its policy allows only the site's own scripts."""
    answer = functions.invoke("pages", sample("pages"))

    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": expected.PAGE_POLICY,
        "content-language": "en",
        "vary": "Accept-Encoding, Accept-Language, Cookie",
    }
    assert answer.read == expected.answer("pages", 200, answer.result["body"], headers=headers)
    assert answer.result["body"].startswith("<!doctype html>")
    assert _logged(answer) == [_line("pages", "page_shown", "GET /login", 200, "")]


def test_the_sample_of_fallback_answers_a_preflight(functions: Lambdas) -> None:
    """With the path's methods and the allowed headers."""
    answer = functions.invoke("fallback", sample("fallback"))

    headers = {**expected.CORS, "access-control-allow-methods": "DELETE, GET, HEAD, PATCH"}
    assert answer.read == expected.answer("fallback", 204, headers=headers)
    assert len(_logged(answer)) == 1


def test_the_sample_of_the_authorizer_returns_the_owner(functions: Lambdas) -> None:
    """In the context."""
    person = functions.people.arrange()
    answer = functions.invoke("authorizer", sample("authorizer"))

    context = {
        "account_id": person.user_id,
        "credential_kind": "api_key",
        "credential_id": person.key_id,
        "scope": "",
        "expires_at": "",
        "amr": "",
        "auth_time": "",
        "acr": "",
    }
    assert answer.result == {"isAuthorized": True, "context": context}
    assert answer.events == ["authz_granted"]


def test_the_sample_of_operator_account_disable_disables_the_account(functions: Lambdas) -> None:
    """Its sessions and keys end, and login is refused."""
    functions.people.arrange()
    answer = functions.invoke("operator_account_disable", sample("operator_account_disable"))

    assert answer.result == {"user_id": SAMPLE_USER_ID, "status": "disabled"}
    assert answer.events == ["user_disabled"]
    assert functions.cloud.tables()["SessionsTable"] == functions.cloud.tables()["ApiKeysTable"] == []
    refused = functions.invoke("login", sample("login"))
    assert refused.read == expected.refusal("login", 401, "invalid_credentials")


def test_the_sample_of_the_mailer_sends_one_email(functions: Lambdas) -> None:
    """To the stored address, with the name of the key."""
    person = functions.people.arrange()
    answer = functions.invoke("mailer", sample("mailer"))

    assert answer.result == {"batchItemFailures": []}
    assert answer.events == ["mail_sent"]
    [mail] = functions.cloud.mails()
    assert mail["Destination"] == {"ToAddresses": [person.email]}
    assert '"Workshop computer"' in mail["Content"]["Simple"]["Body"]["Text"]["Data"]
    assert SITE_URL in mail["Content"]["Simple"]["Body"]["Text"]["Data"]
