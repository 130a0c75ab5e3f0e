"""Passkeys over HTTP: whole responses, cookies, and the rules of every route."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fido2.utils import websafe_encode

from accounts import secrets
from accounts.errors import InvalidPasskey
from accounts.model.passkeys import public_id
from scripts.sam_local.made_up import VALUES
from tests.authenticators import Authenticator
from tests.functions import expected, passkey_steps
from tests.functions.cloud import Call, denied, unreachable
from tests.functions.conftest import HERE, NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person
from tests.functions.requests import (
    SAMPLE_CREDENTIAL,
    SAMPLE_KEY,
    SAMPLE_PENDING_LOGIN,
    SAMPLE_TOKEN,
    request,
    sample,
)

ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
MOMENT = NOW.strftime("%Y-%m-%dT%H:%M:%S.000Z")
SESSION_ROUTES = ("passkey_list", "passkey_create", "passkey_rename", "passkey_remove", "password_remove")
LATER = timedelta(minutes=16)
FRESH = ("passkey_create", "passkey_remove", "password_remove")


@pytest.fixture
def person(functions: Lambdas) -> Person:
    """The owner of two passkeys, the first of which is that of the samples."""
    person = functions.people.as_sampled()
    for credential in (SAMPLE_CREDENTIAL, b"sample-passkey-2"):
        functions.people.give_passkey(person, Authenticator(credential=credential))
    return person


def finish(functions: Lambdas, function: str, device: Authenticator, **changes: Any) -> Answer:
    """Ask for options, and answer them."""
    begun = functions.invoke(function, sample(function))
    return functions.invoke(function, passkey_steps.answered(function, begun, device, **changes))


def test_the_options_of_a_login_name_no_account(functions: Lambdas) -> None:
    """The authenticator knows its accounts; the cookie binds the challenge to the browser."""
    answer = functions.invoke("passkey_login", sample("passkey_login"))

    [browser] = answer.cookies
    cookie = [f"__Host-passkey={browser}; {ATTRIBUTES}; Max-Age=300"]
    options = {
        "challenge": answer.json["challenge"],
        "rpId": "accounts.example.com",
        "allowCredentials": [],
        "timeout": 300_000,
        "userVerification": "required",
    }
    assert answer.read == expected.answer("passkey_login", 200, options, cookies=cookie)
    assert secrets.is_token(answer.json["challenge"])
    assert answer.events == ["authn_passkey_challenge"]


def test_a_second_tab_keeps_the_cookie(functions: Lambdas) -> None:
    """Both challenges work in the browser; each works once."""
    first = functions.invoke("passkey_login", sample("passkey_login"))
    event = sample("passkey_login") | {"cookies": [f"__Host-passkey={first.cookie}"]}
    second = functions.invoke("passkey_login", event)

    assert second.cookie == first.cookie
    assert second.json["challenge"] != first.json["challenge"]


def test_a_login_with_a_passkey(functions: Lambdas, person: Person) -> None:
    device = Authenticator()
    functions.people.give_passkey(person, device)
    answer = finish(functions, "passkey_login", device)

    assert (answer.status, answer.json) == (200, person.customer(NOW))
    assert answer.events == ["authn_login_success"]
    assert (answer.log[0]["method"], answer.hashes) == ("passkey", 0)
    shown = functions.invoke("session_show", request("session_show", cookie=answer.cookie))
    assert shown.json["session"]["method"] == "passkey"


def test_a_passkey_finishes_a_login_that_waits_for_a_code(functions: Lambdas, person: Person) -> None:
    """The pending login and its cookie end (MF-10)."""
    device = Authenticator()
    functions.people.give_passkey(person, device)
    functions.people.give_second_factor(person)
    functions.people.begin_login(person)
    event = passkey_steps.answered("passkey_login", functions.invoke("passkey_login", sample("passkey_login")), device)
    event["cookies"].append(f"__Host-login={SAMPLE_PENDING_LOGIN}")
    answer = functions.invoke("passkey_login", event)

    assert answer.status == 200
    assert "__Host-login=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0" in answer.result["cookies"]
    left = [it["token"]["S"] for it in functions.cloud.tables()["OneTimeTokensTable"]]
    assert not [it for it in left if it.startswith("pending-login")]


def test_every_refusal_is_the_same(functions: Lambdas, person: Person) -> None:
    """An unknown passkey, a wrong signature, another browser, and a response that is used again."""
    device = Authenticator()
    functions.people.give_passkey(person, device)
    begun = functions.invoke("passkey_login", sample("passkey_login"))
    event = passkey_steps.answered("passkey_login", begun, device)
    elsewhere = event | {"cookies": [f"__Host-passkey={secrets.new_token()}"]}
    without = event | {"cookies": []}
    refused = [
        finish(functions, "passkey_login", Authenticator(user_id=person.user_id)),
        finish(functions, "passkey_login", device, signature=""),
        functions.invoke("passkey_login", elsewhere),
        functions.invoke("passkey_login", without),
    ]
    assert functions.invoke("passkey_login", event).status == 200
    refused.append(functions.invoke("passkey_login", event))

    whole = expected.refusal("passkey_login", 401, "invalid_passkey", InvalidPasskey.default_message)
    assert [answer.read for answer in refused] == [whole] * 5
    assert {tuple(answer.events) for answer in refused} == {("authn_passkey_fail",)}


@pytest.mark.parametrize("cookie", ["__Host-session", "__Host-passkey"])
def test_a_repeated_cookie_is_refused(functions: Lambdas, person: Person, cookie: str) -> None:
    """It is unclear which one is the browser's own, and nothing changes."""
    device = Authenticator()
    functions.people.give_passkey(person, device)
    event = passkey_steps.answered("passkey_login", functions.invoke("passkey_login", sample("passkey_login")), device)
    before = functions.cloud.tables()
    event["cookies"] += [f"{cookie}={secrets.new_token()}" for _ in range(2)]
    answer = functions.invoke("passkey_login", event)

    message = f"The cookie {cookie} came more than once. Clear this site's cookies and try again."
    assert answer.read == expected.refusal("passkey_login", 400, "malformed_request", message)
    assert functions.cloud.tables() == before


@pytest.mark.parametrize("failure", [unreachable, denied])
@pytest.mark.parametrize(
    ("function", "status"),
    [
        ("passkey_create", 201),
        ("passkey_login", 200),
        ("passkey_reauthenticate", 204),
        ("passkey_remove", 204),
        ("password_remove", 204),
    ],
)
def test_what_is_done_stays_when_the_email_cannot_be_queued(
    functions: Lambdas, person: Person, function: str, status: int, failure: Callable[[Call], Exception]
) -> None:
    """Each has a notice: a login in a browser that the account does not know, too."""
    device = Authenticator()
    if function in {"passkey_login", "passkey_reauthenticate"}:
        functions.people.give_passkey(person, device)
    functions.cloud.failing["sqs"] = failure
    steps = passkey_steps.PATHS
    answer = finish(functions, function, device) if function in steps else functions.invoke(function, sample(function))

    assert (answer.status, answer.events[0]) == (status, "sys_dependency_failed")


def test_the_options_for_a_new_passkey(functions: Lambdas, person: Person) -> None:
    """Discoverable, with verification, without attestation; those that exist are excluded."""
    answer = functions.invoke("passkey_create", sample("passkey_create"))

    ids = sorted(websafe_encode(it) for it in (SAMPLE_CREDENTIAL, b"sample-passkey-2"))
    assert answer.json == {
        "rp": {"id": "accounts.example.com", "name": answer.json["rp"]["name"]},
        "user": {
            "id": websafe_encode(person.user_id.encode()),
            "name": person.email,
            "displayName": person.name,
        },
        "challenge": answer.json["challenge"],
        "pubKeyCredParams": [{"type": "public-key", "alg": it} for it in (-8, -7, -257)],
        "excludeCredentials": [{"type": "public-key", "id": it} for it in ids],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "timeout": 300_000,
        "attestation": "none",
    }


def test_a_passkey_is_added(functions: Lambdas, person: Person) -> None:
    """The response has neither its key nor its credential id."""
    device = Authenticator()
    answer = finish(functions, "passkey_create", device, name="Desk")

    passkey = {
        "id": public_id(device.credential_id),
        "name": "Desk",
        "synced": True,
        "created_at": MOMENT,
        "last_used_at": None,
    }
    assert answer.read == expected.answer("passkey_create", 201, {"passkey": passkey})
    assert answer.events == ["authn_passkey_created"]
    assert functions.queued() == [{"kind": "passkey_created", "user_id": person.user_id, "detail": "Desk", **HERE}]
    listed = functions.invoke("passkey_list", sample("passkey_list"))
    assert passkey in listed.json["passkeys"]


def test_a_session_is_confirmed(functions: Lambdas, person: Person) -> None:
    """Only the account's own passkeys are offered."""
    device = Authenticator()
    functions.people.give_passkey(person, device)
    begun = functions.invoke("passkey_reauthenticate", sample("passkey_reauthenticate"))
    offered = [it["id"] for it in begun.json["allowCredentials"]]
    event = passkey_steps.answered("passkey_reauthenticate", begun, device)
    answer = functions.invoke("passkey_reauthenticate", event)

    assert device.credential_id in offered
    assert len(offered) == 3
    assert (answer.status, answer.events) == (204, ["authn_reauthenticated"])
    assert functions.invoke("session_show", request("session_show", cookie=answer.cookie)).status == 200
    assert functions.invoke("session_show", request("session_show", cookie=SAMPLE_TOKEN)).status == 401


def test_the_sample_of_passkey_rename_renames_it(functions: Lambdas, person: Person) -> None:
    assert person
    answer = functions.invoke("passkey_rename", sample("passkey_rename"))

    assert answer.read == expected.answer("passkey_rename", 204)
    assert answer.events == ["authn_passkey_renamed"]
    listed = functions.invoke("passkey_list", sample("passkey_list")).json["passkeys"]
    assert {it["name"] for it in listed if it["id"] == VALUES["passkey_id"]} == {"Phone"}


def test_the_sample_of_passkey_remove_removes_it(functions: Lambdas, person: Person) -> None:
    answer = functions.invoke("passkey_remove", sample("passkey_remove"))

    assert answer.read == expected.answer("passkey_remove", 204)
    assert answer.events == ["authn_passkey_removed"]
    assert functions.queued() == [{"kind": "passkey_removed", "user_id": person.user_id, **HERE}]
    again = functions.invoke("passkey_remove", sample("passkey_remove"))
    assert again.read == expected.refusal("passkey_remove", 404, "not_found")


def test_the_sample_of_password_remove_removes_it(functions: Lambdas, person: Person) -> None:
    answer = functions.invoke("password_remove", sample("password_remove"))

    assert answer.read == expected.answer("password_remove", 204)
    assert answer.events == ["authn_password_removed"]
    assert functions.queued() == [{"kind": "password_removed", "user_id": person.user_id, **HERE}]
    again = functions.invoke("password_remove", sample("password_remove"))
    assert again.read == expected.refusal("password_remove", 409, "password_missing")


def test_a_password_is_not_removed_without_other_login_methods(functions: Lambdas) -> None:
    functions.people.as_sampled()
    answer = functions.invoke("password_remove", sample("password_remove"))

    assert answer.read == expected.refusal("password_remove", 409, "login_methods_missing")


@pytest.mark.parametrize("function", SESSION_ROUTES)
def test_only_a_session_is_accepted(functions: Lambdas, person: Person, function: str) -> None:
    """Neither nothing nor an API key."""
    assert person
    target = {"target": VALUES["passkey_id"]} if function in {"passkey_rename", "passkey_remove"} else {}
    own = {"origin": "https://accounts.example.com", "sec-fetch-site": "same-origin"}
    nothing = functions.invoke(function, request(function, headers=own, **target))
    key = functions.invoke(function, request(function, key=SAMPLE_KEY, headers=own, **target))

    assert nothing.read == expected.refusal(function, 401, "not_authenticated")
    assert key.read == expected.refusal(function, 403, "credential_not_accepted")


@pytest.mark.parametrize("function", [*SESSION_ROUTES[1:], "passkey_login", "passkey_reauthenticate"])
def test_another_site_changes_nothing(functions: Lambdas, person: Person, function: str) -> None:
    """A page of another origin, with the cookie: no login is forced upon the browser either."""
    assert person
    event = sample(function)
    event["headers"] |= {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    before = functions.cloud.but_counters()
    answer = functions.invoke(function, event)

    assert answer.read["body"]["error"] in {"cross_site_request", "not_authenticated"}
    assert functions.cloud.but_counters() == before


@pytest.mark.parametrize("function", FRESH)
def test_an_older_login_is_refused(functions: Lambdas, person: Person, function: str) -> None:
    assert person
    functions.clock.now += LATER
    answer = functions.invoke(function, sample(function))

    assert answer.read == expected.refusal(function, 403, "reauth_required")
