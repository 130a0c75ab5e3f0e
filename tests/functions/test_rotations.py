"""Secrets that are rotated while functions are warm: cached values are minutes old, and no request fails."""

import json
from datetime import timedelta

from tests.functions import expected, lambdas
from tests.functions.cloud import ADMIN_SECRET, PEPPER
from tests.functions.conftest import NOW
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person
from tests.functions.requests import SAMPLE_TOKEN, request, sample

NEW_PASSWORD = "nine lanterns over a quiet river"
ROTATED = json.dumps({"current": "2", "1": PEPPER, "2": "n" * 64})


def log_in(functions: Lambdas, password: str) -> Answer:
    return functions.invoke("login", request("login", body={"email": Person().email, "password": password}))


def secret_reads(answer: Answer) -> int:
    """The number of calls to Secrets Manager."""
    return [call.service for call in answer.calls].count("secretsmanager")


def test_a_password_under_a_pepper_that_is_not_cached_works_immediately(functions: Lambdas) -> None:
    """Another function used it first. A correct password is neither refused nor counted as a failure (PW-09)."""
    functions.people.arrange()
    lambdas.module.cache_clear()
    assert functions.invoke("login", sample("login")).status == 200
    functions.cloud.secrets["PepperSecret"] = ROTATED
    functions.clock.now = NOW + timedelta(minutes=1)
    body = {"current_password": json.loads(sample("login")["body"])["password"], "new_password": NEW_PASSWORD}
    assert functions.invoke("password_change", request("password_change", cookie=SAMPLE_TOKEN, body=body)).status == 204
    (identity,) = functions.cloud.tables()["IdentitiesTable"]

    answer, again = log_in(functions, NEW_PASSWORD), log_in(functions, NEW_PASSWORD)

    assert identity["password_hash"]["S"].split(":")[1] == "2"
    assert (answer.status, secret_reads(answer), answer.hashes) == (200, 1, 1)
    assert (again.status, secret_reads(again)) == (200, 0)


def test_a_password_under_a_lost_pepper_is_refused_like_a_wrong_one(functions: Lambdas) -> None:
    """The owner can reset it; the response does not reveal that it exists."""
    functions.people.arrange()
    lambdas.module.cache_clear()
    functions.cloud.secrets["PepperSecret"] = json.dumps({"current": "2", "2": "n" * 64})

    answer = functions.invoke("login", sample("login"))

    assert (answer.read, answer.hashes) == (expected.refusal("login", 401, "invalid_credentials"), 1)


def test_guesses_at_the_admin_secret_read_it_once(functions: Lambdas) -> None:
    """It is not read again within five seconds."""
    functions.people.arrange()
    lambdas.module.cache_clear()
    guess = request("key_verify", headers={"x-comfy-admin-secret": "guess"})
    answers = [functions.invoke("key_verify", guess) for _ in range(5)]
    good = functions.invoke("key_verify", request("key_verify", headers={"x-comfy-admin-secret": ADMIN_SECRET}))

    assert [answer.status for answer in answers] == [401] * 5
    # The current secret and the outgoing one.
    assert [secret_reads(answer) for answer in answers] == [2, 0, 0, 0, 0]
    assert good.status == 200
