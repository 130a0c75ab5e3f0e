"""What may be a password, as a person meets it: at sign-up, and that login neither cuts nor changes it."""

import pytest

from tests.functions import expected
from tests.functions.lambdas import Lambdas
from tests.functions.people import HASHER, somebody
from tests.functions.requests import request

EMAIL = "newcomer@example.com"
SHORT = "Use at least 15 characters: a few words in a row are easy to remember."
LONG = "A password can have 256 characters at most."
COMMON = "This password is on lists that attackers try first. Choose another one."
PERSONAL = "Choose a password that is not made of your email address or the name of this service."


def _sign_up(password: str, email: str = EMAIL) -> dict[str, object]:
    return request("signup", body={"email": email, "password": password})


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
def test_a_password_that_breaks_the_policy_is_refused_with_the_reason(
    functions: Lambdas, password: str, code: str, message: str
) -> None:
    """400, nothing hashed, nothing written but the counter, nothing mailed."""
    answer = functions.invoke("signup", _sign_up(password))

    assert answer.read == expected.refusal("signup", 400, code, message)
    assert (answer.hashes, functions.cloud.queued()) == (0, [])
    assert functions.cloud.tables()["IdentitiesTable"] == []


@pytest.mark.parametrize(
    "password",
    [
        "fifteen letters",
        "qzjvkxwpfhgbnmy",
        "x" * 128 + "y" * 128,
        "\U0001f512" * 64,
        "e\u0301" * 15,
        "&%$#@!~^*()_+=-",
        " ' ' ' ' ' ' ' '",
        "a password\x00 with a NUL",
        "correct horse \u2028 battery",
    ],
)
def test_length_is_all_that_is_asked(functions: Lambdas, password: str) -> None:
    """No rules on what it is made of (ASVS 6.2.5, 6.2.9); it then logs in exactly as it was chosen."""
    assert functions.invoke("signup", _sign_up(password)).status == 202
    functions.deliver_all()
    token = functions.cloud.mails()[0]["Content"]["Simple"]["Body"]["Text"]["Data"].split("#token=")[1].split()[0]
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


def test_nothing_is_cut_off_at_72_bytes(functions: Lambdas) -> None:
    """Two passwords that begin alike are two passwords (PW-03)."""
    person = functions.people.arrange(somebody("Long"))
    functions.people.change_login(person, password_hash=HASHER.hash("a" * 72 + "x"))

    for end, status in (("y", 401), ("", 401), ("x", 200)):
        body = {"email": person.email, "password": "a" * 72 + end}
        assert functions.invoke("login", request("login", body=body)).status == status


def test_composed_and_decomposed_letters_are_the_same_password(functions: Lambdas) -> None:
    """NFC is the only transformation (PW-10)."""
    person = functions.people.arrange(somebody("Accent"))
    functions.people.change_login(person, password_hash=HASHER.hash("caf\u00e9 caf\u00e9 caf\u00e9"))

    body = {"email": person.email, "password": "cafe\u0301 cafe\u0301 cafe\u0301"}
    assert functions.invoke("login", request("login", body=body)).status == 200


@pytest.mark.parametrize("password", ["x" * 257, "\U0001f512" * 257, "x" * 10_000])
def test_login_refuses_what_no_password_can_be_before_any_work(functions: Lambdas, password: str) -> None:
    """400 without a hash, a read or a counter (PW-05)."""
    functions.people.arrange()
    answer = functions.invoke("login", request("login", body={"email": EMAIL, "password": password}))

    assert answer.read == expected.refusal("login", 400, "invalid_input", LONG)
    assert (answer.hashes, answer.calls) == (0, [])
