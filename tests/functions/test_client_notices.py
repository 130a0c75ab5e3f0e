"""The owner is notified of a program that logs in; the program does not notice when that email fails."""

from datetime import timedelta

import pytest

from tests.functions.clients import Program
from tests.functions.cloud import unreachable
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.machines import Machine
from tests.functions.requests import SAMPLE_TOKEN, SAMPLE_USER_ID, request

NOTICE = {
    "kind": "program_signed_in",
    "user_id": SAMPLE_USER_ID,
    "detail": "Firefox on Linux",
    "client": "Comfy CLI",
    "at": NOW.isoformat(),
    "source": "203.0.113.7",
}


@pytest.fixture
def program(functions: Lambdas) -> Program:
    """A program on the machine of a person who is logged in."""
    functions.people.as_sampled()
    return Program(functions)


def test_the_owner_is_notified_which_program_logged_in_from_where_and_when(program: Program) -> None:
    """When it gets its tokens. A refresh does not notify."""
    code = program.code()
    before = program.functions.queued()
    tokens = program.exchange(code).json
    program.refresh(tokens["refresh_token"])

    assert (before, program.functions.queued()) == ([], [NOTICE])


def test_the_owner_is_notified_of_a_device_that_logs_in(functions: Lambdas) -> None:
    """With the source of its poll, not that of the browser in which the code was typed."""
    functions.people.as_sampled()
    machine = Machine(functions)
    device_code = machine.allowed()
    event = machine.poll(device_code)
    event["requestContext"]["http"]["sourceIp"] = "198.51.100.9"
    event["headers"]["user-agent"] = "python-requests/2.32"
    functions.issued |= set(_tokens(functions, event))

    assert functions.queued() == [NOTICE | {"detail": "Python", "source": "198.51.100.9"}]


def test_the_notice_contains_no_text_of_the_program(program: Program) -> None:
    """Neither its user agent nor an unknown client_id."""
    lure = "Call +1 555 0100 <b>now</b>"
    event = program.token_event(
        {
            "grant_type": "authorization_code",
            "code": program.code(),
            "redirect_uri": program.redirect_uri,
            "code_verifier": program.verifier,
        }
    )
    event["headers"]["user-agent"] = lure
    program.functions.issued |= set(_tokens(program.functions, event))

    assert program.functions.queued() == [NOTICE | {"detail": "an unknown device"}]


def test_only_a_program_that_logs_in_causes_an_email(program: Program) -> None:
    """A denial, an unknown code, an expired one and a reused one cause none."""
    program.answered("deny")
    program.exchange("x" * 43)
    late, good = program.code(), program.code()
    program.exchange(good)
    program.exchange(good)
    program.functions.clock.now = NOW + timedelta(minutes=2)
    program.exchange(late)

    assert program.functions.queued() == [NOTICE]


def test_a_program_logs_in_though_the_notice_cannot_be_queued(program: Program) -> None:
    """Its tokens work, and the lost email is logged."""
    program.functions.cloud.failing["sqs"] = unreachable
    answer = program.exchange(program.code())

    assert (answer.status, answer.events) == (200, ["sys_dependency_failed", "authn_token_issued"])
    bearer = answer.json["access_token"]
    assert program.functions.invoke("account_show", request("account_show", bearer=bearer)).status == 200


def test_notices_are_limited(program: Program) -> None:
    """To ten of a kind per hour."""
    for _ in range(12):
        program.exchange(program.code(SAMPLE_TOKEN))
    sent = program.functions.deliver_all().events

    assert (sent.count("mail_sent"), sent.count("mail_limit_reached")) == (10, 2)


def test_the_notice_names_program_device_time_and_source(program: Program) -> None:
    """It is sent to the account's email and links to the account page."""
    program.exchange(program.code())
    program.functions.deliver_all()
    [mail] = program.functions.cloud.mails()
    content = mail["Content"]["Simple"]
    text = content["Body"]["Text"]["Data"]

    assert mail["Destination"]["ToAddresses"] == ["person@example.com"]
    assert content["Subject"]["Data"] == "New program logged in to your Comfy account"
    for words in ("Comfy CLI", "Firefox on Linux", "5 January 2026, 12:00 UTC", "203.0.113.7", "/account"):
        assert words in text


def _tokens(functions: Lambdas, event: dict[str, object]) -> tuple[str, str]:
    """The tokens that a request outside of ``Program`` gets."""
    answer = functions.invoke("client_token", event)
    assert answer.status == 200
    functions.seen.clear()
    return answer.json["access_token"], answer.json["refresh_token"]
