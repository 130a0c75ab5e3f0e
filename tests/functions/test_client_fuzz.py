"""No input of a program causes a 5xx."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functions.clients import Program
from tests.functions.lambdas import Lambdas
from tests.functions.machines import GRANT
from tests.functions.requests import SAMPLE_TOKEN, request
from tests.functions.test_fuzz import RELAXED, TEXT

# Values that are almost valid.
ALMOST = st.sampled_from(
    ["authorization_code", "refresh_token", GRANT, "comfy-cli", "a.b.c", f"{'a' * 43}.{'b' * 43}", "c" * 43]
)
FORM = st.dictionaries(
    st.sampled_from(
        [
            "grant_type",
            "client_id",
            "code",
            "redirect_uri",
            "code_verifier",
            "device_code",
            "refresh_token",
            "token",
            "scope",
            "resource",
        ]
    ),
    TEXT | ALMOST,
)


@pytest.mark.parametrize("function", ["client_token", "client_revoke", "device_authorize"])
@RELAXED
@given(form=FORM, raw=st.none() | st.binary(max_size=80))
def test_no_form_causes_a_5xx(functions: Lambdas, function: str, form: dict[str, str], raw: bytes | None) -> None:
    """With any parameters and any bytes, in RFC 6749's format."""
    functions.restore(functions.people.arrange)
    body = urlencode(form, errors="surrogatepass").encode() if raw is None else raw
    event = request(function) | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    answer = functions.invoke(function, event)

    assert 200 <= answer.status < 500
    assert answer.status == 200 or sorted(answer.json) == ["error", "error_description"]
    json.dumps(answer.result).encode()


@RELAXED
@given(
    changes=st.dictionaries(st.sampled_from(["client_id", "redirect_uri", "scope", "state", "resource"]), TEXT | ALMOST)
)
def test_no_authorization_request_causes_a_5xx(functions: Lambdas, changes: dict[str, Any]) -> None:
    """A query of any text; a redirect leads only to the program."""
    functions.restore(functions.people.arrange)
    program = Program(functions)
    asked = {name: value.encode(errors="replace").decode() for name, value in changes.items()}
    answer = program.shown(cookie=SAMPLE_TOKEN, **asked)

    assert 200 <= answer.status < 500
    assert answer.json.get("redirect_to", program.redirect_uri).startswith(program.redirect_uri)
