"""The password policy wherever a password is chosen; and that login neither truncates nor changes a password."""

from typing import Any

import pytest

from tests.functions import expected
from tests.functions.inventory import taking
from tests.functions.lambdas import Lambdas
from tests.functions.people import HASHER, Person, another_person
from tests.functions.requests import SAMPLE_RESET_TOKEN, request

EMAIL = "newcomer@example.com"
SHORT = "Use at least 15 characters: a few words in a row are easy to remember."
LONG = "A password can have 256 characters at most."
COMMON = "This password is on lists that attackers try first. Choose a different one."
PERSONAL = "Choose a password that is not made of your email address or the name of this service."


NEWCOMER = another_person("Newcomer")
# Every function that sets a password.
SETTING = ("signup", "password_set", "password_reset", "password_change")


def _sign_up(password: str, email: str = EMAIL) -> dict[str, object]:
    return request("signup", body={"email": email, "password": password})


def _arrange(functions: Lambdas, function: str) -> Person | None:
    """A person who may set a password there; for a sign-up, None."""
    if function == "signup":
        return None
    person = functions.people.arrange(NEWCOMER)
    if function == "password_set":
        functions.people.change_login(person, password_hash=None)
    if function == "password_reset":
        functions.people.store_reset_link(person)
    return person


def _choose(function: str, password: str) -> dict[str, Any]:
    """The request that sets the password."""
    return {
        "signup": lambda: _sign_up(password),
        "password_set": lambda: request(function, cookie=NEWCOMER.token, body={"new_password": password}),
        "password_reset": lambda: request(function, body={"token": SAMPLE_RESET_TOKEN, "password": password}),
        "password_change": lambda: request(
            function, cookie=NEWCOMER.token, body={"current_password": NEWCOMER.password, "new_password": password}
        ),
    }[function]()


@pytest.mark.parametrize(
    ("password", "code", "message"),
    [
        ("", "weak_password", SHORT),
        ("fourteen chars", "weak_password", SHORT),
        ("\U0001f512" * 8, "weak_password", SHORT),
        ("e\u0301" * 14, "weak_password", SHORT),
        ("x" * 257, "invalid_input", LONG),
        ("\U0001f512" * 257, "invalid_input", LONG),
        ("x" * 15_000, "invalid_input", LONG),
        ("passwordpassword", "weak_password", COMMON),
        ("PASSWORDPASSWORD", "weak_password", COMMON),
        ("newcomer@example.com", "weak_password", PERSONAL),
        ("NewComer@Example.com", "weak_password", PERSONAL),
        ("newcomernewcomer", "weak_password", PERSONAL),
        ("newcomer-123456789", "weak_password", PERSONAL),
        ("comfyui-comfyui-2026", "weak_password", PERSONAL),
    ],
)
@pytest.mark.parametrize("function", SETTING)
def test_a_password_that_breaks_the_policy_is_refused_with_the_reason(
    functions: Lambdas, function: str, password: str, code: str, message: str
) -> None:
    """400 in every function (PW-11): nothing hashed, nothing written but the counter, nothing emailed."""
    _arrange(functions, function)
    before = functions.cloud.but_counters()
    answer = functions.invoke(function, _choose(function, password))

    assert answer.read == expected.refusal(function, 400, code, message)
    assert (answer.hashes, functions.cloud.queued()) == (0, [])
    assert functions.cloud.but_counters() == before


GOOD = (
    "fifteen letters",
    "qzjvkxwpfhgbnmy",
    "x" * 128 + "y" * 128,
    "\U0001f512" * 64,
    "e\u0301" * 15,
    "&%$#@!~^*()_+=-",
    " ' ' ' ' ' ' ' '",
    "a password\x00 with a NUL",
    "correct horse \u2028 battery",
)


@pytest.mark.parametrize("password", GOOD)
@pytest.mark.parametrize("function", [name for name in SETTING if name != "signup"])
def test_a_password_that_sign_up_accepts_is_accepted_everywhere(
    functions: Lambdas, function: str, password: str
) -> None:
    """It then logs in."""
    _arrange(functions, function)
    assert functions.invoke(function, _choose(function, password)).status == 204

    body = {"email": EMAIL, "password": password}
    assert functions.invoke("login", request("login", body=body)).status == 200


def test_every_function_that_sets_a_password_is_listed() -> None:
    """The other functions that read one compare it with the stored hash."""
    choosing = {*taking("password"), *taking("new_password")}
    assert choosing - {"login", "email_verify", "reauthenticate"} == set(SETTING)


@pytest.mark.parametrize("password", GOOD)
def test_only_the_length_is_restricted(functions: Lambdas, password: str) -> None:
    """No composition rules (ASVS 6.2.5, 6.2.9); it then logs in exactly as it was chosen."""
    assert functions.invoke("signup", _sign_up(password)).status == 202
    functions.deliver_all()
    token = functions.cloud.mailed_token()
    functions.people.known.add(token)
    confirmed = functions.invoke("email_verify", request("email_verify", body={"token": token, "password": password}))
    assert confirmed.status == 200

    for attempt, status in (
        (password, 200),
        (password + " ", 401),
        (password[:-1], 401),
        (password.swapcase() + "x", 401),
    ):
        body = {"email": EMAIL, "password": attempt}
        expected_status = 400 if len(attempt) > 256 else status
        assert functions.invoke("login", request("login", body=body)).status == expected_status


def test_passwords_are_not_truncated_at_72_bytes(functions: Lambdas) -> None:
    """Passwords with the same first 72 bytes differ (PW-03)."""
    person = functions.people.arrange(another_person("Long"))
    functions.people.change_login(person, password_hash=HASHER.hash("a" * 72 + "x"))

    for end, status in (("y", 401), ("", 401), ("x", 200)):
        body = {"email": person.email, "password": "a" * 72 + end}
        assert functions.invoke("login", request("login", body=body)).status == status


def test_composed_and_decomposed_letters_are_the_same_password(functions: Lambdas) -> None:
    """NFC is the only transformation (PW-10)."""
    person = functions.people.arrange(another_person("Accent"))
    functions.people.change_login(person, password_hash=HASHER.hash("caf\u00e9 caf\u00e9 caf\u00e9"))

    body = {"email": person.email, "password": "cafe\u0301 cafe\u0301 cafe\u0301"}
    assert functions.invoke("login", request("login", body=body)).status == 200


@pytest.mark.parametrize("password", ["x" * 257, "\U0001f512" * 257, "x" * 10_000])
def test_login_refuses_a_password_that_is_too_long_before_any_work(functions: Lambdas, password: str) -> None:
    """400 without a hash, a read or a counter (PW-05)."""
    functions.people.arrange()
    answer = functions.invoke("login", request("login", body={"email": EMAIL, "password": password}))

    assert answer.read == expected.refusal("login", 400, "invalid_input", LONG)
    assert (answer.hashes, answer.calls) == (0, [])
