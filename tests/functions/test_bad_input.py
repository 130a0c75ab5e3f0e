"""Malformed bodies: each is refused before anything is hashed or written."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.errors import MalformedRequest
from accounts.web import requests
from tests.functions import expected
from tests.functions.conftest import NOW
from tests.functions.inventory import SESSION_ROUTES, WITH_BODY, body_of
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_TOKEN, request

REPEATED = "A name came more than once. Send each field and parameter once."
BASE64 = "aGVsbG8="


def _with(function: str, **changes: Any) -> str:
    return json.dumps(body_of(function) | changes)


def _event(function: str, body: object, **more: Any) -> dict[str, Any]:
    return request(function, cookie=SAMPLE_TOKEN if function in SESSION_ROUTES else None, body=body, **more)


def _unreadable(function: str) -> Iterator[tuple[str, str | None]]:
    """Bodies, each with the message of its refusal if that is not the default."""
    text = json.dumps(body_of(function))
    first = next(iter(body_of(function)))
    for body in ("", " ", "[]", '"text"', "1", "null", "true", "{", text + "}", text[:-1], "\ufeff" + text, "{'a': 1}"):
        yield body, None
    for number, name in ((float("nan"), "NaN"), (float("inf"), "Infinity"), (-float("inf"), "-Infinity")):
        yield _with(function, **{first: number}), f"{name} is not JSON (RFC 8259)."
    yield f'{{"{first}": {"9" * 5000}}}', None
    yield f'{{"{first}": "\\ud800"}}', None
    yield f'{{"\\udfff": "{first}"}}', None
    yield text.replace('"', '"\ud800', 1), None
    yield f'{{"{first}": {"[" * 8000}', None
    yield "{" + '"a":{' * 3000, None
    yield "[" * 8000 + "]" * 8000, None


def _refused_unchanged(functions: Lambdas, function: str, event: dict[str, Any], whole: dict[str, Any]) -> None:
    before = functions.cloud.tables()
    answer = functions.invoke(function, event)
    assert answer.read == whole
    assert answer.events == ["input_validation_fail"]
    assert (functions.cloud.tables(), functions.cloud.queued(), answer.hashes) == (before, [], 0)


@pytest.mark.parametrize("function", WITH_BODY)
def test_a_body_that_is_not_one_json_object_is_refused(functions: Lambdas, function: str) -> None:
    """Broken JSON, other types, NaN, endless numbers, lone surrogates, deep nesting: 400."""
    functions.people.arrange()
    for body, message in _unreadable(function):
        whole = expected.refusal(function, 400, "malformed_request", message)
        _refused_unchanged(functions, function, _event(function, body), whole)


@pytest.mark.parametrize("function", WITH_BODY)
def test_a_repeated_field_is_refused(functions: Lambdas, function: str) -> None:
    """Also with equal values: a check may read one, and the code behind it the other."""
    functions.people.arrange()
    text = json.dumps(body_of(function))
    twice = f"{text[:-1]}, {text[1:]}"

    whole = expected.refusal(function, 400, "malformed_request", REPEATED)
    _refused_unchanged(functions, function, _event(function, twice), whole)


@pytest.mark.parametrize("function", WITH_BODY)
def test_an_unknown_field_is_refused(functions: Lambdas, function: str) -> None:
    """Schemas are closed: callers cannot set fields such as ``user_id`` (CVE-2025-61928)."""
    functions.people.arrange()
    for name in ("user_id", "is_admin", "", "__proto__", "Email", "x" * 3000):
        answer = functions.invoke(function, _event(function, _with(function, **{name: "x"})))
        assert (answer.status, answer.json["error"]) == (400, "invalid_input")
        assert answer.json["message"].startswith("This request has an unknown field. Known fields: ")
        assert (functions.cloud.queued(), answer.hashes) == ([], 0)


@pytest.mark.parametrize("function", WITH_BODY)
def test_a_field_of_another_type_is_refused(functions: Lambdas, function: str) -> None:
    """Nothing is converted, and null is not a missing field."""
    functions.people.arrange()
    for name, value in body_of(function).items():
        others: list[Any] = [True, 1, "true"]
        wrong = [None, 1.5, [value], {"value": value}, [], *(it for it in others if type(it) is not type(value))]
        words = {bool: "true or false", int: "a whole number", str: "text"}[type(value)]
        for other in wrong:
            whole = expected.refusal(function, 400, "invalid_input", f"The field {name} must be {words}.")
            _refused_unchanged(functions, function, _event(function, _with(function, **{name: other})), whole)


@pytest.mark.parametrize(
    ("function", "field"),
    [
        ("signup", "email"),
        ("signup", "password"),
        ("email_verify", "token"),
        ("email_resend", "email"),
        ("login", "email"),
        ("login", "password"),
        ("password_forgot", "email"),
        ("password_reset", "token"),
        ("password_reset", "password"),
        ("password_change", "current_password"),
        ("password_change", "new_password"),
        ("reauthenticate", "password"),
        ("email_change", "email"),
        ("email_change_confirm", "token"),
        ("key_create", "name"),
        ("key_verify", "api_key"),
    ],
)
def test_a_missing_field_is_refused_by_name(functions: Lambdas, function: str, field: str) -> None:
    functions.people.arrange()
    body = {name: value for name, value in body_of(function).items() if name != field}

    whole = expected.refusal(function, 400, "invalid_input", f"The field {field} is missing.")
    _refused_unchanged(functions, function, _event(function, body), whole)


@pytest.mark.parametrize("function", WITH_BODY)
def test_only_json_is_read(functions: Lambdas, function: str) -> None:
    """415 for every other content type, above all for forms, which any site can send."""
    functions.people.arrange()
    whole = expected.refusal(function, 415, "unsupported_media_type")
    for kind in (
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "application/json, text/plain",
        "application/jsonp",
        "application/ld+json",
        "x application/json",
    ):
        event = _event(function, body_of(function), headers={"content-type": kind})
        _refused_unchanged(functions, function, event, whole)


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "APPLICATION/JSON", 'application/json;charset="UTF-8"']
)
def test_json_may_say_that_it_is_utf_8(functions: Lambdas, kind: str) -> None:
    functions.people.arrange()
    answer = functions.invoke("login", request("login", headers={"content-type": kind}))

    assert answer.status == 200


@pytest.mark.parametrize("function", WITH_BODY)
def test_a_body_may_have_16_kib(functions: Lambdas, function: str) -> None:
    """In plain text and in base64; the limit is in bytes, not characters."""
    limit = 16 * 1024
    good = json.dumps(body_of(function)).ljust(limit)
    accents = '{"x":"' + "é" * (limit // 2) + '"}'
    whole = expected.refusal(function, 413, "body_too_large")
    functions.people.arrange()
    for body in (good + " ", accents, "x" * 10_000_000):
        _refused_unchanged(functions, function, _event(function, body), whole)
        coded = _event(function, base64.b64encode(body.encode()).decode()) | {"isBase64Encoded": True}
        _refused_unchanged(functions, function, coded, whole)

    for body, flag in ((good, False), (base64.b64encode(good.encode()).decode(), True)):
        functions.cloud.empty_tables()
        functions.people.as_sampled()
        answer = functions.invoke(function, _event(function, body) | {"isBase64Encoded": flag})
        assert answer.status in (200, 201, 202, 204)


@pytest.mark.parametrize("function", WITH_BODY)
def test_a_body_that_does_not_match_its_encoding_is_refused(functions: Lambdas, function: str) -> None:
    """Invalid base64, base64 of invalid UTF-8, base64 of something other than JSON."""
    functions.people.arrange()
    whole = expected.refusal(function, 400, "malformed_request")
    for body in ("{", "abc", "é", "\ud800", "a b=", base64.b64encode(b'{"a": "\xff\xfe"}').decode(), BASE64, ""):
        _refused_unchanged(functions, function, _event(function, body) | {"isBase64Encoded": True}, whole)


def test_a_missing_body_is_refused(functions: Lambdas) -> None:
    """The gateway omits the field for an empty body."""
    event = request("login")
    del event["body"]

    whole = expected.refusal("login", 400, "malformed_request")
    _refused_unchanged(functions, "login", event, whole)


@pytest.mark.parametrize("query", ["a=1&a=2", "a=1&a=1", "a=1&a", "a=%ff", "a=" + "x" * 3000])
def test_an_ambiguous_query_is_refused(query: str) -> None:
    """Repeated, also without a value, not UTF-8, or endless: every function that reads parameters refuses it."""
    asked = requests.read(request("session_show", query=query), NOW)

    with pytest.raises(MalformedRequest):
        asked.query()
