"""Responses: the status of every refusal, and the headers that all of them have."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct

from accounts import errors
from accounts.errors import AccountsError, MethodNotAllowed, TooManyAttempts
from accounts.web import responses
from accounts.web.responses import Response

_STATUS = {
    "AccountsError": 500,
    "InvalidInput": 400,
    "MalformedRequest": 400,
    "WeakPassword": 400,
    "InvalidLink": 400,
    "Unauthenticated": 401,
    "InvalidCredentials": 401,
    "InvalidAdminSecret": 401,
    "Forbidden": 403,
    "CredentialNotAccepted": 403,
    "CrossSiteRequest": 403,
    "ReauthenticationRequired": 403,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "KeyLimitReached": 409,
    "BodyTooLarge": 413,
    "UnsupportedMediaType": 415,
    "TooManyAttempts": 429,
    "Unavailable": 503,
    "ConfigurationError": 500,
}
SECURITY = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Authorization, X-API-KEY, Content-Type",
    "access-control-expose-headers": "Retry-After, WWW-Authenticate, X-Request-Id",
    "access-control-max-age": "7200",
}


class Empty(Struct):
    pass


class Named(Struct):
    name: str


def _examples(kind: type[AccountsError] = AccountsError) -> Iterator[AccountsError]:
    if kind is MethodNotAllowed:
        yield MethodNotAllowed(("GET", "POST"))
    elif kind is TooManyAttempts:
        yield TooManyAttempts(30)
    elif kind is errors.ProofRequired:
        yield errors.ProofRequired(30, {"parameters": {"cost": 1}})
    elif kind.__module__ == "accounts.errors":
        yield kind()
    for child in kind.__subclasses__():
        yield from _examples(child)


def test_every_refusal_has_its_status() -> None:
    """The table is complete: 4xx for what the caller can correct, 5xx for service errors, and nothing else."""
    found = {type(error).__name__: responses.status_of(error) for error in _examples()}

    assert {name: found[name] for name in _STATUS} == _STATUS
    mendable = [e for e in _examples() if isinstance(e, errors.Refusal) and type(e) is not errors.Refusal]
    assert [type(error).__name__ for error in mendable if not 400 <= responses.status_of(error) < 500] == []


@pytest.mark.parametrize("error", list(_examples()), ids=lambda error: type(error).__name__)
def test_every_refusal_has_its_code_and_its_sentence(error: AccountsError) -> None:
    """In JSON, with no other field but a challenge, or the factors that finish a login and its cookie."""
    answer = responses.refused(error)
    challenge = {"challenge": {"parameters": {"cost": 1}}} if isinstance(error, errors.ProofRequired) else {}
    factors: dict[str, Any] = {"factors": []} if isinstance(error, errors.SecondFactorRequired) else {}
    lasts = 300
    if isinstance(error, errors.EmailCodeRequired):
        factors, lasts = {"factors": ["email_code"], "email": ""}, 600
    cookies = (f"__Host-login=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={lasts}",) if factors else ()

    assert json.loads(answer.body) == {"error": error.code, "message": error.message, **challenge, **factors}
    assert (answer.content_type, answer.cookies, answer.user_id) == ("application/json; charset=utf-8", cookies, "")


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (TooManyAttempts(30), {"retry-after": "30"}),
        (errors.Unavailable(), {"retry-after": "5"}),
        (MethodNotAllowed(("GET", "POST")), {"allow": "GET, POST"}),
        (errors.Unauthenticated(), {"www-authenticate": "Bearer"}),
        (errors.ClientAuthentication(), {"www-authenticate": 'Basic realm="clients"'}),
        (errors.InvalidClient(), {}),
        (errors.InvalidCredentials(), {}),
        (errors.InvalidAdminSecret(), {}),
        (errors.CredentialNotAccepted(), {}),
        (errors.NotFound(), {}),
        (AccountsError(), {}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_refusals_that_need_a_header_have_it(error: AccountsError, headers: dict[str, str]) -> None:
    """``Retry-After``, ``Allow``, ``WWW-Authenticate``; a wrong password sends no challenge to a browser."""
    assert responses.refused(error).headers == headers


@pytest.mark.parametrize("error", list(_examples()), ids=lambda error: type(error).__name__)
def test_security_headers_are_on_every_response(error: AccountsError) -> None:
    """Errors too (WB-06, WB-08, WB-09)."""
    answer = responses.as_event(responses.refused(error), request_id="r", cors=False)

    expected = {**SECURITY, "content-type": "application/json; charset=utf-8", "x-request-id": "r"}
    assert answer["headers"] == {**expected, **responses.refused(error).headers}


def test_an_operator_can_leave_subdomains_out_of_hsts() -> None:
    """The site itself stays on HTTPS for a year (WB-06)."""
    answer = responses.as_event(responses.ok(Empty()), request_id="r", cors=False, subdomains=False)

    assert answer["headers"] == {
        **SECURITY,
        "strict-transport-security": "max-age=31536000",
        "content-type": "application/json; charset=utf-8",
        "x-request-id": "r",
    }


def test_a_response_to_head_has_every_header_and_no_body() -> None:
    """RFC 9110 9.3.2."""
    get, head = (responses.as_event(responses.ok(Empty()), request_id="r", cors=True, head=it) for it in (False, True))

    assert head == {**get, "body": ""}


def test_a_success_is_json_with_every_header() -> None:
    """In the format of API Gateway; text is not escaped more than needed."""
    answer = responses.as_event(responses.ok(Named("Zoë"), user_id="u"), request_id="request-1", cors=False)

    assert answer == {
        "statusCode": 200,
        "headers": {**SECURITY, "content-type": "application/json; charset=utf-8", "x-request-id": "request-1"},
        "body": '{"name":"Zoë"}',
    }


def test_a_download_is_an_attachment() -> None:
    """Indented, with a file name of the service, not cached."""
    answer = responses.as_event(responses.download(Named("Zoë"), "a.json", user_id="u"), request_id="r", cors=False)

    own = {"content-type": "application/json; charset=utf-8", "content-disposition": 'attachment; filename="a.json"'}
    assert answer == {
        "statusCode": 200,
        "headers": {**SECURITY, **own, "x-request-id": "r"},
        "body": '{\n  "name": "Zoë"\n}',
    }


def test_an_empty_response_has_no_content_type() -> None:
    answer = responses.as_event(responses.no_content(user_id="u"), request_id="r", cors=False)

    assert answer == {"statusCode": 204, "headers": {**SECURITY, "x-request-id": "r"}, "body": ""}


def test_other_origins_may_read_responses_to_header_credentials() -> None:
    """Any origin, never with cookies (WB-04)."""
    answer = responses.as_event(responses.ok(Empty()), request_id="r", cors=True)

    assert {name: value for name, value in answer["headers"].items() if name.startswith("access-")} == CORS
    assert "access-control-allow-credentials" not in answer["headers"]


def test_an_accepted_response_is_one_sentence() -> None:
    """The same for all."""
    assert responses.accepted("Look in your mail.") == Response(202, '{"message":"Look in your mail."}')


def test_cookies_are_in_the_list_that_the_gateway_reads() -> None:
    answer = responses.as_event(responses.ok(Empty(), cookies=("a=1", "b=2")), request_id="r", cors=False)

    assert answer["cookies"] == ["a=1", "b=2"]


def test_logging_out_clears_the_browser() -> None:
    """The session's cookies, and everything that the pages stored (SE-06)."""
    assert responses.logged_out("u") == Response(
        204,
        cookies=(
            "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
            "__Host-session-hint=; Path=/; Secure; SameSite=Lax; Max-Age=0",
        ),
        headers={"clear-site-data": '"cache", "storage"'},
        user_id="u",
    )


def test_logging_out_can_leave_the_storage_to_the_page() -> None:
    cleared = responses.logged_out("u", keep_storage=True).headers

    assert cleared == {"clear-site-data": '"cache"'}


def test_a_page_may_run_only_the_sites_own_scripts() -> None:
    """Nothing inline, nothing external, in no frame (WB-07)."""
    answer = responses.as_event(
        Response(200, "<p>", responses.HTML, responses.page_headers()), request_id="r", cors=False
    )

    policy = answer["headers"]["content-security-policy"].split("; ")
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "text/html; charset=utf-8")
    assert "unsafe" not in str(policy)
    assert {
        "default-src 'none'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    } <= set(policy)
