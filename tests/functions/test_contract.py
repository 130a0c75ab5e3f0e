"""What `contract.check`, which sees every response of the tests in this folder, does not let pass."""

import json
from typing import Any

import pytest

from accounts.web import responses, routes
from tests.functions import contract

CUSTOMER = {"id": "a", "email": "a@example.com", "name": "", "createdAt": "2026-01-05T12:00:00.000Z"}
SHOWN = {**CUSTOMER, "updatedAt": "2026-01-05T12:00:00.000Z"}
EVENT: dict[str, Any] = {"routeKey": "GET /customers/me", "requestContext": {"http": {"method": "GET"}}}


def check(status: int = 200, body: dict[str, Any] | None = None, **headers: str | None) -> None:
    """Check a response of GET /customers/me; a header of None is left out."""
    sent = {"content-type": responses.JSON, "x-request-id": "r"} | {
        it.replace("_", "-"): to for it, to in headers.items()
    }
    text = json.dumps(body if body is not None else SHOWN)
    found = {name: value for name, value in sent.items() if value is not None}
    contract.check("account_show", EVENT, {"statusCode": status, "headers": found, "body": text})


def refusal(error: str) -> dict[str, Any]:
    return {"error": error, "message": "Do something."}


def test_a_documented_response_passes() -> None:
    check()
    check(401, refusal("api_key_unknown"), www_authenticate="Bearer")
    check(429, refusal("too_many_attempts"), retry_after="5")


@pytest.mark.parametrize(
    ("problem", "status", "body", "headers"),
    [
        ("status 409 is not documented", 409, refusal("not_found"), {}),
        ("'plan' was unexpected", 200, {**SHOWN, "plan": "free"}, {}),
        ("'updatedAt' is a required property", 200, CUSTOMER, {}),
        ("None is not of type 'string'", 200, {**SHOWN, "name": None}, {}),
        ("'not_found' is not one of", 401, refusal("not_found"), {}),
        ("'hint' was unexpected", 401, {**refusal("not_authenticated"), "hint": "x"}, {}),
        ("is not valid under any of the given schemas", 429, {"message": "Too Many Requests"}, {"retry_after": "5"}),
        ("header retry-after is missing", 429, refusal("too_many_attempts"), {}),
        ("header x-request-id is missing", 200, None, {"x_request_id": None}),
        ("header x-plan is not documented", 200, None, {"x_plan": "free"}),
        ("content type text/plain is not documented", 200, None, {"content_type": "text/plain"}),
    ],
)
def test_what_the_document_does_not_have_fails(
    problem: str, status: int, body: dict[str, Any] | None, headers: dict[str, str | None]
) -> None:
    with pytest.raises(AssertionError) as failed:
        check(status, body, **headers)
    assert problem in str(failed.value)


def test_a_body_that_must_not_be_there_fails() -> None:
    """Of 204, and to HEAD."""
    event = {"routeKey": "HEAD /customers/me", "requestContext": {"http": {"method": "HEAD"}}}
    answer = {"statusCode": 200, "headers": {"content-type": responses.JSON, "x-request-id": "r"}, "body": "{}"}
    with pytest.raises(AssertionError, match="HEAD has a body"):
        contract.check("account_show", event, answer)

    deleted = {"routeKey": routes.KEY_DELETE.keys[0], "requestContext": {"http": {"method": "DELETE"}}}
    with pytest.raises(AssertionError, match="documented"):
        contract.check("key_delete", deleted, {"statusCode": 204, "headers": {"x-request-id": "r"}, "body": "{}"})
