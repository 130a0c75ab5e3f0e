"""The responses to a browser that returns from a provider, and what is stored afterwards."""

from typing import Any

from accounts import errors
from accounts.errors import AccountsError
from tests.functions import expected
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import request
from tests.functions.test_oauth_rules import PAGE_POLICY

# These happen only to owners who are logged in: the page links back to the account.
LINKING = {
    errors.IdentityLinkedElsewhere,
    errors.IdentityLimitReached,
    errors.IdentityNotLinked,
    errors.ReauthenticationRequired,
}
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


def check_page(answer: Answer, status: int, kind: type[AccountsError], retry_after: str | None = None) -> None:
    """The whole response is that refusal, as a page."""
    assert f"<code>{kind.code}</code>" in answer.result["body"]
    said, way = kind().message, f'<a class="button primary wide" href="{"/account" if kind in LINKING else "/login"}">'
    if kind is errors.EmailNotVerified:
        said, way = "hasn't verified your email address. We sent a link to", '<a class="button wide" href="/auth/'
    assert said.replace("'", "&#x27;") in answer.result["body"]
    assert way in answer.result["body"]
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": PAGE_POLICY,
        **({"retry-after": retry_after} if retry_after else {}),
    }
    request_id = answer.result["headers"]["x-request-id"]
    whole = expected.answer("oauth_callback", status, answer.result["body"], headers=headers, request_id=request_id)
    assert answer.result == whole
    assert answer.events[-1] == kind.event


def session_of(answer: Answer) -> str:
    """The session token that a callback sets."""
    [cookie] = [it for it in answer.result["cookies"] if it.startswith("__Host-session=")]
    assert cookie.endswith(f"; {ATTRIBUTES}")
    return cookie.split(";")[0].partition("=")[2]


def owner_of(functions: Lambdas, token: str) -> Any:
    """The owner of the session."""
    answer = functions.invoke("session_show", request("session_show", cookie=token))
    return answer.json.get("customer", answer.json)


def identity_keys(functions: Lambdas) -> set[str]:
    """The keys of all stored identities."""
    return {item["identity"]["S"] for item in functions.cloud.tables()["IdentitiesTable"]}
