"""Limits of emails: counted silently, so that no response reveals when they are reached (TH-11)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.limits import SIGNUPS_PER_ADDRESS_PER_MINUTE
from tests.functions import expected
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.people import Person
from tests.functions.proofs import solved
from tests.functions.requests import SAMPLE_BROWSER, request

PERSON = Person()
ACCEPTED = expected.answer(
    "password_forgot", 202, {"message": "If there is an account with this address, a mail with a link is on its way."}
)


def _forget(functions: Lambdas, email: str = PERSON.email, source: str | None = None) -> Any:
    event = request("password_forgot", body={"email": email}, source=source)
    return functions.invoke("password_forgot", event)


def _known(functions: Lambdas) -> None:
    functions.people.arrange()


def _unknown(_functions: Lambdas) -> None:
    return


@pytest.mark.parametrize(
    ("arrange", "sources", "mails"),
    [(_known, 1, [3, 5, 5, 8]), (_known, 10, [3, 6, 9, 12]), (_unknown, 10, [0, 0, 0, 0])],
    ids=["one source", "ten sources", "unknown"],
)
def test_resets_are_limited_by_source_and_address_and_then_by_address(
    functions: Lambdas, arrange: Callable[[Lambdas], None], sources: int, mails: list[int]
) -> None:
    """One source causes three emails an hour and five a day; all together cause three in a quarter of an hour.

    Every response is the same, and as much is queued.
    """
    arrange(functions)
    sent = []
    for hours in (0, 1, 2, 24):
        functions.clock.now = NOW + timedelta(hours=hours)
        answers = [_forget(functions, source=f"198.51.100.{number % sources}") for number in range(10)]
        assert [answer.read for answer in answers] == [ACCEPTED] * 10
        assert {tuple(call.name for call in answer.calls) for answer in answers} == {
            ("dynamodb.UpdateItem", "sqs.SendMessage")
        }
        functions.deliver_all()
        sent.append(len(functions.cloud.mails()))

    assert sent == mails
    assert len(functions.cloud.queued()) == 40


def test_no_response_promises_an_email_that_is_not_queued(functions: Lambdas) -> None:
    """Above the limit of a source, the response asks for a proof of work; with it, the email is queued (TH-15)."""
    free = SIGNUPS_PER_ADDRESS_PER_MINUTE
    answers = [_forget(functions, f"person{number}@example.com") for number in range(free + 2)]
    elsewhere = _forget(functions, "somebody@example.com", source="198.51.100.1")
    asked = answers[-1]
    event = request("password_forgot", body={"email": PERSON.email}, headers={"x-proof-of-work": solved(asked.json)})
    proven, again = (functions.invoke("password_forgot", event) for _ in range(2))

    assert [answer.read for answer in (*answers[:free], elsewhere, proven)] == [ACCEPTED] * (free + 2)
    assert [(answer.status, answer.json["error"]) for answer in (*answers[free:], again)] == [
        (429, "proof_required")
    ] * 3
    assert asked.result["headers"]["retry-after"] == "60"
    assert [message["email"] for message in functions.queued()] == [
        *(f"person{number}@example.com" for number in range(free)),
        "somebody@example.com",
        PERSON.email,
    ]


def test_a_flood_of_requests_does_not_end_the_last_emailed_link(functions: Lambdas) -> None:
    """The newest link that was sent works, though later emails were not sent."""
    functions.people.arrange()
    for number in range(10):
        _forget(functions, source=f"198.51.100.{number}")
    functions.deliver_all()
    token = functions.cloud.mailed_token()
    functions.people.known.add(token)

    body = {"token": token, "password": "a password of the owner"}
    assert functions.invoke("password_reset", request("password_reset", body=body)).status == 204


def test_an_attacker_cannot_use_up_the_emails_of_a_known_browser(functions: Lambdas) -> None:
    """After the day's five emails of their common source, the owner still gets one from a known browser."""
    functions.people.arrange()
    for hours in (0, 1):
        functions.clock.now = NOW + timedelta(hours=hours)
        for _ in range(5):
            _forget(functions)
        functions.deliver_all()
    functions.clock.now = NOW + timedelta(hours=3)
    event = request("password_forgot", body={"email": PERSON.email})
    sent = []
    for cookies in ([], [f"__Host-device={'x' * 43}"], [f"__Host-device={SAMPLE_BROWSER}"]):
        assert functions.invoke("password_forgot", event | {"cookies": cookies}).read == ACCEPTED
        functions.deliver_all()
        sent.append(len(functions.cloud.mails()))

    assert sent == [5, 5, 6]


def test_an_account_may_request_five_email_changes_a_day(functions: Lambdas) -> None:
    """The sixth is a 429, as the caller is known, and sends no email."""
    functions.people.arrange()
    answers = []
    for number in range(6):
        body = {"email": f"elsewhere{number}@example.com"}
        event = request("email_change", cookie=PERSON.token, body=body, source=f"198.51.100.{number}")
        answers.append(functions.invoke("email_change", event))
    functions.deliver_all()

    assert [answer.status for answer in answers] == [202] * 5 + [429]
    assert answers[-1].result["headers"]["retry-after"] == str(12 * 60 * 60)
    recipients = [mail["Destination"]["ToAddresses"] for mail in functions.cloud.mails()]
    assert recipients == [[to] for n in range(5) for to in (PERSON.email, f"elsewhere{n}@example.com")]


def test_an_account_causes_three_links_to_an_address_whatever_its_source(functions: Lambdas) -> None:
    """In six hours, by email change; a sign-up from elsewhere still gets its link."""
    functions.people.arrange()
    for number in range(5):
        event = request("email_change", cookie=PERSON.token, body={"email": "stranger@example.com"})
        event["requestContext"]["http"]["sourceIp"] = f"198.51.100.{number}"
        functions.invoke("email_change", event)
    body = {"email": "stranger@example.com", "password": "password of a stranger"}
    functions.invoke("signup", request("signup", body=body))
    functions.deliver_all()

    to_stranger = [m for m in functions.cloud.mails() if m["Destination"]["ToAddresses"] == ["stranger@example.com"]]
    subjects = [mail["Content"]["Simple"]["Subject"]["Data"] for mail in to_stranger]
    assert subjects == [subjects[0]] * 3 + ["Confirm your email address for Comfy"]
