"""Stories from beginning to end with real bcrypt, and that a warm function keeps nothing of them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import bcrypt
import pytest

from accounts.model import passwords
from tests.functions import expected
from tests.functions.conftest import NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import another_person
from tests.functions.requests import at, request

PASSWORD = "canary password of the story"
EMAIL = "story@example.com"


def _link_token(functions: Lambdas) -> str:
    token = functions.cloud.mailed_token()
    functions.issued.add(token)
    return token


def _log_in(functions: Lambdas, password: str = PASSWORD, **more: Any) -> Answer:
    return functions.invoke("login", request("login", body={"email": EMAIL, "password": password}, **more))


def _sign_up(functions: Lambdas) -> str:
    """Sign up as a person does, and return the session's token."""
    functions.people.known.add(PASSWORD)
    body = {"email": EMAIL, "password": PASSWORD, "name": "Some Body"}
    assert functions.invoke("signup", request("signup", body=body)).status == 202
    functions.deliver(functions.cloud.queued()[-1])
    token = _link_token(functions)
    for _ in range(3):
        assert functions.invoke("pages", at("/verify-email")).status == 200
    confirmation = request("email_verify", body={"token": token, "password": PASSWORD})
    confirmed = functions.invoke("email_verify", confirmation)
    again = functions.invoke("email_verify", confirmation)
    assert (confirmed.status, again.read) == (200, expected.refusal("email_verify", 400, "invalid_link"))
    return confirmed.cookie


def test_no_secret_is_left_anywhere_from_sign_up_to_deletion(
    functions: Lambdas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With real hashes. The fixture then searches tables, queue, logs and bodies for every secret."""
    monkeypatch.setattr(passwords, "bcrypt", bcrypt)
    cookie = _sign_up(functions)
    assert _log_in(functions, "canary password of a stranger").status == 401
    cookie = _log_in(functions, cookie=cookie).cookie
    key = functions.invoke("key_create", request("key_create", cookie=cookie)).json["api_key"]
    shown = functions.invoke("account_show", request("account_show", key=key["plaintext_key"])).json
    assert shown["email"] == EMAIL
    listed = functions.invoke("key_list", request("key_list", cookie=cookie)).json["api_keys"]
    assert [entry["key_prefix"] for entry in listed] == [key["plaintext_key"][:16]]
    deleted = functions.invoke("key_delete", request("key_delete", cookie=cookie, target=key["id"]))
    refused = functions.invoke("account_show", request("account_show", key=key["plaintext_key"]))
    assert (deleted.status, refused.status) == (204, 401)
    assert functions.invoke("session_revoke_all", request("session_revoke_all", cookie=cookie)).status == 204
    assert functions.invoke("session_show", request("session_show", cookie=cookie)).status == 401
    last = _log_in(functions).cookie
    assert functions.invoke("account_delete", request("account_delete", cookie=last)).status == 204
    assert _log_in(functions).status == 401
    functions.deliver_all()
    # The browser of the sign-up, its proof, the link, three sessions with their known browsers, and the key.
    assert len(functions.issued) == 10


def test_login_ends_the_browsers_old_session(functions: Lambdas) -> None:
    """No session token outlives a login, and a planted one is not adopted (SE-03)."""
    old = _sign_up(functions)
    new = _log_in(functions, cookie=old).cookie
    planted = _log_in(functions, cookie="p" * 43).cookie

    assert len({old, new, planted, "p" * 43}) == 4
    shown = [functions.invoke("session_show", request("session_show", cookie=c)).status for c in (old, "p" * 43, new)]
    assert shown == [401, 401, 200]


def test_an_expired_session_is_refused_though_its_item_still_exists(functions: Lambdas) -> None:
    """Expiry is compared in code; TTL only deletes."""
    person = functions.people.arrange()
    functions.clock.now = NOW + timedelta(hours=1)
    answer = functions.invoke("session_show", request("session_show", cookie=person.token))

    assert answer.read == expected.refusal("session_show", 401, "not_authenticated")
    assert answer.events == ["authz_fail"]


@pytest.mark.parametrize("cookie", [None, "u" * 43, "not a token"])
def test_logout_without_a_session_succeeds(functions: Lambdas, cookie: str | None) -> None:
    answer = functions.invoke("logout", request("logout", cookie=cookie))

    assert answer.read == expected.answer("logout", 204, headers=expected.LOGGED_OUT, cookies=expected.NO_COOKIE)


@pytest.mark.parametrize(
    ("query", "cleared"),
    [
        ("keep=storage", '"cache"'),
        ("keep=", '"cache", "storage"'),
        ("keep=storage&keep=storage", '"cache", "storage"'),
        ("%ff", '"cache", "storage"'),
    ],
)
def test_logout_leaves_the_storage_only_to_a_page_that_asks(functions: Lambdas, query: str, cleared: str) -> None:
    """Any other query is ignored: it must not prevent a logout."""
    answer = functions.invoke("logout", request("logout", query=query))

    headers = {"clear-site-data": cleared}
    assert answer.read == expected.answer("logout", 204, headers=headers, cookies=expected.NO_COOKIE)


def test_sensitive_actions_need_a_recent_login(functions: Lambdas) -> None:
    """403, a second more than 15 minutes after the login (SE-12)."""
    person = functions.people.arrange()
    functions.people.login(person, "o" * 43, ago=timedelta(minutes=15, seconds=1))
    functions.people.login(person, "f" * 43, ago=timedelta(minutes=15))
    for function in ("key_create", "account_export", "account_delete"):
        refused = functions.invoke(function, request(function, cookie="o" * 43))
        assert refused.read == expected.refusal(function, 403, "reauth_required")
        assert refused.events == ["authz_fail_reauth"]

    assert functions.invoke("key_create", request("key_create", cookie="f" * 43)).status == 201


def test_the_twenty_sixth_key_is_refused(functions: Lambdas) -> None:
    """409, and the other 25 stay."""
    person = functions.people.arrange()
    made = [functions.invoke("key_create", request("key_create", cookie=person.token)) for _ in range(25)]

    assert [answer.status for answer in made] == [201] * 24 + [409]
    assert made[-1].read == expected.refusal("key_create", 409, "key_limit_reached")
    assert made[-1].events == ["excess_api_keys"]
    assert len(functions.cloud.tables()["ApiKeysTable"]) == 25


def test_a_warm_function_keeps_nothing_of_the_previous_request(functions: Lambdas) -> None:
    """As one person, without a credential, as another person, as the first again (SE-17)."""
    first, second = (
        functions.people.arrange(another_person("First")),
        functions.people.arrange(another_person("Second")),
    )
    asked = [
        functions.invoke("account_show", request("account_show", **credential)).read
        for credential in (
            {"key": first.key},
            {},
            {"cookie": second.token},
            {"key": "comfyui-nonsense"},
            {"bearer": second.key},
            {},
            {"cookie": first.token},
        )
    ]

    for_first = expected.answer("account_show", 200, first.customer(NOW))
    for_second = expected.answer("account_show", 200, second.customer(NOW))
    refused = expected.refusal("account_show", 401, "not_authenticated")
    mistyped = expected.refusal("account_show", 401, "api_key_mistyped")
    assert asked == [for_first, refused, for_second, mistyped, for_second, refused, for_first]


def test_concurrent_requests_are_not_mixed_up(functions: Lambdas) -> None:
    """Threads of one process: each response is for its own caller (SE-17)."""
    first, second = (
        functions.people.arrange(another_person("First")),
        functions.people.arrange(another_person("Second")),
    )
    cases = [({"key": first.key}, first), ({}, None), ({"cookie": second.token}, second)] * 8
    start = Barrier(len(cases))

    def ask(credential: dict[str, str]) -> str:
        event = request("account_show", **credential)
        start.wait(timeout=60)
        body: str = functions.in_thread("account_show", event)["body"]
        return body

    with ThreadPoolExecutor(len(cases)) as pool:
        bodies = list(pool.map(ask, [credential for credential, _ in cases]))
    owners = [next((p for p in (first, second) if p.user_id in body), None) for body in bodies]
    assert owners == [person for _, person in cases]
