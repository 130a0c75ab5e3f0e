"""Bodies are one closed JSON object of at most 16 KiB; anything else is refused, and never causes a server error."""

import base64
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import AccountsError, BodyTooLarge, InvalidInput, MalformedRequest, UnsupportedMediaType
from accounts.model.api_keys import Edit
from accounts.web import requests
from accounts.web.key_schemas import KeyCreate, KeyUpdate
from accounts.web.login_schemas import Login
from accounts.web.requests import Request
from tests.unit.accounts.stage import NOW, exactly
from tests.unit.accounts.web.events import event, json_request

FORM = "application/x-www-form-urlencoded"
_LOGIN = '{"email": "olive@example.com", "password": "p"}'


def refusal_of(sent: Request, schema: type[msgspec.Struct] = Login) -> AccountsError:
    """The error that refuses that body."""
    with pytest.raises(AccountsError) as refusal:
        sent.json(schema)
    return refusal.value


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        'application/json ; charset="utf-8"',
        "application/json;",
        "application/json; charset=utf8 ;",
    ],
)
def test_json_is_read_into_its_schema(content_type: str) -> None:
    """Optional fields get their defaults."""
    assert json_request(_LOGIN, content_type).json(Login) == Login("olive@example.com", "p", remember=False)


def test_a_body_may_come_in_base64() -> None:
    """The gateway encodes what it considers binary."""
    sent = json_request(base64.b64encode(_LOGIN.encode()).decode(), isBase64Encoded=True)

    assert sent.json(Login) == Login("olive@example.com", "p")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json, text/plain",
        "application/jsonp",
        "application/json; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; charset",
        "application/json; charset=utf-8; x=y",
        "text/plain; application/json",
    ],
)
def test_a_body_that_is_not_declared_as_json_is_refused(content_type: str) -> None:
    """A form on another site can send the other types without a preflight (WB-01)."""
    assert type(refusal_of(json_request(_LOGIN, content_type))) is UnsupportedMediaType


@pytest.mark.parametrize(
    "body",
    [
        "",
        " ",
        "{",
        "null",
        "[]",
        '"text"',
        "1",
        '{"email": "a", "email": "b", "password": "p"}',
        '{"email": {"a": 1, "a": 2}, "password": "p"}',
        '{"email": NaN, "password": "p"}',
        '{"email": -Infinity, "password": "p"}',
        '{"email": "\\ud800", "password": "p"}',
        '{"\\udfff": "a", "password": "p"}',
        '\ufeff{"email": "a", "password": "p"}',
        '{"email": "a", "password": "p"} {}',
        "{'email': 'a'}",
        '{"email": "a\nb", "password": "p"}',
        '{"email": ' + "1" * 5000 + "}",
        "[" * 10_000,
        '{"a":' * 3000,
        "\ud800",
    ],
)
def test_anything_but_one_json_object_is_refused(body: str) -> None:
    """Broken, repeated, undecodable, too deep, or with a number too long: 4xx, never 5xx (IN-01)."""
    assert type(refusal_of(json_request(body))) is MalformedRequest


@pytest.mark.parametrize("body", ["not base64!", "e30", "é", "e30=e30="])
def test_invalid_base64_is_refused(body: str) -> None:
    """Although the gateway declared it."""
    assert type(refusal_of(json_request(body, isBase64Encoded=True))) is MalformedRequest


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    """Only UTF-8 is JSON (RFC 8259)."""
    sent = json_request(base64.b64encode(b'{"email": "\xff"}').decode(), isBase64Encoded=True)

    assert type(refusal_of(sent)) is MalformedRequest


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{}", "The field email is missing."),
        ('{"email": "a"}', "The field password is missing."),
        ('{"email": null, "password": "p"}', "The field email must be text."),
        ('{"email": 1, "password": "p"}', "The field email must be text."),
        ('{"email": ["a"], "password": "p"}', "The field email must be text."),
        ('{"email": {"a": "b"}, "password": "p"}', "The field email must be text."),
        ('{"email": "a", "password": true}', "The field password must be text."),
        ('{"email": "a", "password": "p", "remember": "true"}', "The field remember must be true or false."),
        ('{"email": "a", "password": "p", "remember": 1}', "The field remember must be true or false."),
        (
            '{"email": "a", "password": "p", "is_admin": true}',
            "This request has an unknown field. Known fields: email, password, remember.",
        ),
        (
            '{"Email": "a", "password": "p"}',
            "This request has an unknown field. Known fields: email, password, remember.",
        ),
    ],
)
def test_a_schema_is_closed(body: str, message: str) -> None:
    """Unknown fields, missing ones and other types are refused with an error that names only fields of the schema."""
    refusal = refusal_of(json_request(body))

    assert (type(refusal), refusal.message) == (InvalidInput, message)


@pytest.mark.parametrize(
    ("body", "edit"),
    [
        ("{}", Edit()),
        ('{"name": "box"}', Edit("box")),
        ('{"description": ""}', Edit(description="")),
        ('{"name": "box", "description": "upstairs"}', Edit("box", "upstairs")),
        ('{"networks": null}', Edit(networks=None)),
        ('{"scopes": null}', Edit(scopes=None)),
        ('{"scopes": ["jobs:read"]}', Edit(scopes=["jobs:read"])),
        ('{"networks": []}', Edit(networks=[])),
        ('{"networks": ["192.0.2.7"]}', Edit(networks=["192.0.2.7"])),
    ],
)
def test_an_optional_field_may_be_missing(body: str, edit: Edit) -> None:
    """Which is not the same as empty, or as null."""
    assert json_request(body).json(KeyUpdate).edit == edit


@pytest.mark.parametrize("value", ['"192.0.2.7"', "7", "false", "{}", "[7]", '["192.0.2.7", null]', "[[]]"])
def test_a_list_has_texts_only(value: str) -> None:
    for kind, more in ((KeyUpdate, ""), (KeyCreate, '"name": "box", ')):
        refusal = refusal_of(json_request(f'{{{more}"networks": {value}}}'), kind)
        assert (type(refusal), refusal.message) == (InvalidInput, "The field networks must be a list of texts.")


@pytest.mark.parametrize("value", ["null", "7", "true", "[]", "{}"])
def test_an_optional_field_has_no_other_type(value: str) -> None:
    """Null is not a missing field."""
    refusal = refusal_of(json_request(f'{{"name": {value}}}'), KeyUpdate)

    assert (type(refusal), refusal.message) == (InvalidInput, "The field name must be text.")


@pytest.mark.parametrize("field", ["user_id", "digest", "key_prefix", "created_at", "__class__"])
def test_a_caller_cannot_set_internal_fields(field: str) -> None:
    """The owner of a key comes from the session alone (AK-04, AK-09)."""
    refusal = refusal_of(json_request(f'{{"name": "laptop", "{field}": "x"}}'), KeyCreate)

    assert (type(refusal), field in refusal.message) == (InvalidInput, False)


def _of_length(length: int) -> str:
    shell = '{"name": ""}'
    return shell.replace('""', '"' + "x" * (length - len(shell)) + '"')


def test_a_body_may_have_16_kib() -> None:
    """Exactly, plain and in base64."""
    fits, over = _of_length(16_384), _of_length(16_385)
    encoded = [base64.b64encode(text.encode()).decode() for text in (fits, over)]

    assert len(json_request(fits).json(KeyCreate).name) == 16_384 - 12
    assert json_request(encoded[0], isBase64Encoded=True).json(KeyCreate) == json_request(fits).json(KeyCreate)
    assert type(refusal_of(json_request(over), KeyCreate)) is BodyTooLarge
    assert type(refusal_of(json_request(encoded[1], isBase64Encoded=True), KeyCreate)) is BodyTooLarge


@pytest.mark.parametrize(
    "sent",
    [
        json_request("é" * 8193),
        json_request("x" * 10_000_000),
        json_request("x" * 10_000_000, isBase64Encoded=True),
        json_request("x" * 16_385, "text/plain"),
    ],
)
def test_a_larger_body_is_refused_unread(sent: Request) -> None:
    """In bytes, not characters, before anything is decoded."""
    assert type(refusal_of(sent)) is BodyTooLarge


@exactly
@given(st.text(max_size=200), st.booleans())
def test_no_body_causes_a_server_error(body: str, base64_encoded: bool) -> None:
    """It is read or refused."""
    sent = json_request(body, isBase64Encoded=base64_encoded)
    try:
        read = sent.json(KeyCreate)
    except (InvalidInput, BodyTooLarge):
        return

    assert isinstance(read, KeyCreate)


def form_request(body: str, content_type: str = FORM) -> Request:
    """A request that declares a form."""
    return json_request(body, content_type)


def test_a_form_is_read_without_its_empty_parameters() -> None:
    """RFC 6749 3.2."""
    assert form_request("a=1&b=&c=%C3%A9+d").form() == {"a": "1", "c": "é d"}
    assert form_request("").form() == {}


@pytest.mark.parametrize("body", ["a=1&", "&a=1", "a=1&&", "a=1&debug", "debug=&a=1", "a=1&{}"])
def test_empty_parts_and_names_without_a_value_are_ignored(body: str) -> None:
    """Hand-made clients send them, and browsers read them so (WHATWG URL 5.1)."""
    assert form_request(body).form() == {"a": "1"}


@exactly
@given(
    st.lists(st.tuples(st.text("ab&=%", max_size=2), st.text(max_size=5)), max_size=4), st.sampled_from(["", "&", "&&"])
)
def test_a_form_and_a_query_are_read_alike(pairs: list[tuple[str, str]], tail: str) -> None:
    """One parser: both refuse, or both read the same parameters."""
    encoded = urlencode(pairs, errors="replace") + tail

    def read(method: Callable[[], Mapping[str, str]]) -> dict[str, str] | None:
        try:
            return {name: value for name, value in method().items() if value}
        except MalformedRequest:
            return None

    asked = requests.read(event(rawQueryString=encoded), NOW)
    assert read(form_request(encoded).form) == read(asked.query)


@pytest.mark.parametrize(
    "content_type",
    [FORM.upper(), f"{FORM};charset=utf-8", f'{FORM} ; charset="UTF-8"', f"{FORM};", f"{FORM};charset=utf8;"],
)
def test_a_form_may_name_its_charset(content_type: str) -> None:
    assert form_request("a=1", content_type).form() == {"a": "1"}


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", f"{FORM}s", f"{FORM};charset=latin-1"])
def test_a_body_that_is_not_declared_as_a_form_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        form_request("a=1", content_type).form()


@pytest.mark.parametrize("body", ["a=1&a=2", "a=1&%61=2", "a=1&a=", "a=&a=1", "a=&a=", "a&a", "a=1&a", "a=%ff", "%ff"])
def test_a_form_that_is_not_plain_is_refused(body: str) -> None:
    """Repeated, also once empty or without a value, or not UTF-8 (RFC 6749 3.2)."""
    with pytest.raises(MalformedRequest):
        form_request(body).form()


def test_a_form_of_more_than_16_kib_is_refused() -> None:
    with pytest.raises(BodyTooLarge):
        form_request("a=" + "x" * (16 * 1024)).form()
