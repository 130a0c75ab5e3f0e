"""The web client of this computer: where the login methods are offered, it can log in, and nowhere else."""

from urllib.parse import urlencode

import pytest

from tests.functions.clients import Program, query_of
from tests.functions.lambdas import Lambdas
from tests.functions.requests import SAMPLE_TOKEN, request

LOOPBACK = {
    "http://127.0.0.1:8188": "http://127.0.0.1:8188",
    "http://[::1]:8188": "http://[::1]:8188",
    "http://localhost:8188": "http://localhost:8188",
    "https://localhost:8188": "https://localhost:8188",
    "https://127.0.0.1": "https://127.0.0.1",
    "http://comfy.localhost:8188": "http://comfy.localhost:8188",
    "http://127.0.0.2:8188": "http://127.0.0.2:8188",
    "http://LOCALHOST:08188": "http://localhost:8188",
    "http://[0:0:0:0:0:0:0:1]:80": "http://[::1]",
}
ELSEWHERE = (
    "http://192.168.1.5:8188",
    "http://0.0.0.0:8188",
    "http://comfyui.local:8188",
    "http://localhost.example.com",
    "http://127.1:8188",
    "http://user@localhost:8188",
)


def _web_client(functions: Lambdas, origin: str) -> Program:
    functions.people.as_sampled()
    return Program(functions, client_id="comfy-local-web", redirect_uri=f"{origin}/")


def _offers_login(functions: Lambdas, origin: str) -> bool:
    answer = functions.invoke("login_methods", request("login_methods", query=urlencode({"origin": origin})))
    return bool(answer.json["allowed"])


@pytest.mark.parametrize(("origin", "spelling"), LOOPBACK.items())
def test_a_loopback_origin_that_offers_logins_can_log_in(functions: Lambdas, origin: str, spelling: str) -> None:
    """In any spelling; the code goes to the canonical one, and the client exchanges it with its own spelling."""
    program = _web_client(functions, origin)
    answered = program.answered()

    assert _offers_login(functions, origin)
    assert answered.json["redirect_to"].startswith(f"{spelling}/?code=")
    assert program.exchange(query_of(answered)["code"]).status == 200


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_another_origin_neither_offers_logins_nor_can_log_in(functions: Lambdas, origin: str) -> None:
    refused = _web_client(functions, origin).answered()

    assert not _offers_login(functions, origin)
    assert (refused.status, refused.json["error"]) == (400, "redirect_not_allowed")


@pytest.mark.parametrize(
    ("origin", "shown"),
    [
        ("http://127.0.0.1", {"host": "127.0.0.1", "port": 80, "loopback": True}),
        ("https://comfy.localhost", {"host": "comfy.localhost", "port": 443, "loopback": True}),
        ("http://[::1]:8188", {"host": "::1", "port": 8188, "loopback": True}),
    ],
)
def test_the_page_is_told_that_it_is_this_computer(functions: Lambdas, origin: str, shown: dict[str, object]) -> None:
    """So that the page does not parse it again."""
    assert _web_client(functions, origin).shown(cookie=SAMPLE_TOKEN).json["redirect"] == shown


def test_a_code_is_bound_to_its_redirect_uri(functions: Lambdas) -> None:
    """Another loopback address is another place."""
    program = _web_client(functions, "http://comfy.localhost:8188")
    code = program.code()

    assert program.exchange(code, redirect_uri="http://localhost:8188/").json["error"] == "invalid_grant"
