"""Whatever an event contains, the response is never a 5xx."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import errors
from accounts.model.email_addresses import canonical
from tests.functions.inventory import FUNCTIONS, WITH_BODY, body_of
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request

TEXT = st.text(st.characters(), max_size=80)
HEADER = st.one_of(TEXT, st.sampled_from(["Bearer " + SAMPLE_KEY, SAMPLE_KEY, f"__Host-session={SAMPLE_TOKEN}"]))
CREDENTIALS = st.dictionaries(
    st.sampled_from(["authorization", "x-api-key", "cookie", "content-type", "host", "x-comfy-admin-secret"]),
    HEADER,
    max_size=4,
)
# The user agent never contains a credential here, because it is logged.
HEADERS = st.builds(lambda headers, agent: headers | {"user-agent": agent}, CREDENTIALS, TEXT)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=6,
)
RELAXED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _is_sound(functions: Lambdas, function: str, event: dict[str, Any]) -> None:
    answer = functions.invoke(function, event)
    assert 200 <= answer.status < 500
    assert len(answer.events) == 1
    if answer.status >= 400:
        assert sorted(answer.json) == ["error", "message"]
    json.dumps(answer.result).encode()


@pytest.mark.parametrize("function", FUNCTIONS)
@RELAXED
@given(
    headers=HEADERS,
    cookies=st.lists(HEADER, max_size=2),
    query=TEXT,
    source=TEXT,
    target=TEXT,
    body=st.none() | TEXT,
    is_base64=st.booleans(),
)
def test_no_event_causes_a_5xx(
    functions: Lambdas,
    function: str,
    headers: dict[str, str | None],
    cookies: list[str],
    query: str,
    source: str,
    target: str,
    body: str | None,
    is_base64: bool,
) -> None:
    """Any headers, cookies, parameters, addresses and bytes: below 500, JSON, and one log line."""
    functions.restore(functions.people.arrange)
    event = request(function, headers=headers, query=query, source=source)
    event |= {"cookies": cookies, "body": body, "isBase64Encoded": is_base64}
    if "pathParameters" in event:
        event["pathParameters"] = {"id": target}

    _is_sound(functions, function, event)


@pytest.mark.parametrize("function", WITH_BODY)
@RELAXED
@given(data=st.data())
def test_no_body_causes_a_5xx(functions: Lambdas, function: str, data: st.DataObject) -> None:
    """Any JSON in place of each field, and any text in text fields."""
    functions.restore(functions.people.arrange)
    fields = body_of(function)
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(fields)), TEXT | VALUES, max_size=3))
    event = request(function, cookie=SAMPLE_TOKEN, body=json.dumps(fields | changes))

    _is_sound(functions, function, event)


@RELAXED
@given(local=TEXT, domain=st.text(st.characters(), max_size=40))
def test_an_address_is_canonical_ascii_or_refused(local: str, domain: str) -> None:
    for text in (f"{local}@{domain}", f"a@{domain}.example", f"{local}@example.com", f"a@xn--{domain}.com"):
        try:
            address = canonical(text)
        except errors.InvalidInput:
            continue
        assert address.isascii()
        assert canonical(address) == address


@RELAXED
@given(headers=HEADERS, cookies=st.lists(HEADER, max_size=2), source=TEXT)
def test_the_authorizer_denies_any_event(
    functions: Lambdas, headers: dict[str, str | None], cookies: list[str], source: str
) -> None:
    """Without accounts in the tables. It never raises."""
    event = request("authorizer", headers=headers, source=source) | {"cookies": cookies}

    answer = functions.invoke("authorizer", event)
    assert answer.result == {"isAuthorized": False}
    assert len(answer.events) == 1


@RELAXED
@given(path=TEXT, method=TEXT)
def test_no_path_or_method_causes_a_5xx(functions: Lambdas, path: str, method: str) -> None:
    """Any path and method reach ``pages`` and ``fallback``."""
    event = request("pages")
    event["rawPath"], event["requestContext"]["http"]["method"] = "/" + path, method
    for function in ("pages", "fallback"):
        _is_sound(functions, function, event)
