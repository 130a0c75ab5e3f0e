"""The owner of an account hears of a program that was let in, and no program hears of a mail that failed."""

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
    """A program on the machine of somebody who is logged in."""
    functions.people.as_sampled()
    return Program(functions)


def test_the_owner_is_told_which_program_came_in_from_where_and_when(program: Program) -> None:
    """Once it has its tokens; of exchanging them for the next there is nothing to tell."""
    code = program.code()
    before = program.functions.queued()
    tokens = program.exchange(code).json
    program.refresh(tokens["refresh_token"])

    assert (before, program.functions.queued()) == ([], [NOTICE])


def test_a_device_that_came_in_is_told_of_as_well(functions: Lambdas) -> None:
    """From where it asked for its tokens, which is not where its person typed the code."""
    functions.people.as_sampled()
    machine = Machine(functions)
    device_code = machine.allowed()
    event = machine.poll(device_code)
    event["requestContext"]["http"]["sourceIp"] = "198.51.100.9"
    event["headers"]["user-agent"] = "python-requests/2.32"
    functions.issued |= set(_tokens(functions, event))

    assert functions.queued() == [NOTICE | {"detail": "Python", "source": "198.51.100.9"}]


def test_a_stranger_writes_nothing_into_the_mail(program: Program) -> None:
    """Neither by what a program calls itself nor by a client_id that is not known: every word of it is ours."""
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


def test_whoever_was_not_let_in_causes_no_mail(program: Program) -> None:
    """No, a code of nobody's, one too late, one that comes twice: the owner has heard of the one that got in."""
    program.answered("deny")
    program.exchange("x" * 43)
    late, good = program.code(), program.code()
    program.exchange(good)
    program.exchange(good)
    program.functions.clock.now = NOW + timedelta(minutes=2)
    program.exchange(late)

    assert program.functions.queued() == [NOTICE]


def test_a_mail_that_cannot_be_queued_costs_a_program_nothing(program: Program) -> None:
    """It has its tokens, which work; that the mail is lost is in the log."""
    program.functions.cloud.failing["sqs"] = unreachable
    answer = program.exchange(program.code())

    assert (answer.status, answer.events) == (200, ["sys_dependency_failed", "authn_token_issued"])
    bearer = answer.json["access_token"]
    assert program.functions.invoke("account_show", request("account_show", bearer=bearer)).status == 200


def test_a_flood_of_programs_is_not_a_flood_of_mail(program: Program) -> None:
    """Ten notices of a kind in an hour."""
    for _ in range(12):
        program.exchange(program.code(SAMPLE_TOKEN))
    sent = program.functions.deliver_all().events

    assert (sent.count("mail_sent"), sent.count("mail_limit_reached")) == (10, 2)


def test_the_mail_says_all_of_it(program: Program) -> None:
    """To the account's address, and what to do."""
    program.exchange(program.code())
    program.functions.deliver_all()
    [mail] = program.functions.cloud.mails()
    content = mail["Content"]["Simple"]
    text = content["Body"]["Text"]["Data"]

    assert mail["Destination"]["ToAddresses"] == ["person@example.com"]
    assert content["Subject"]["Data"] == "A program is now signed in to your account"
    for words in ("Comfy CLI", "Firefox on Linux", "5 January 2026, 12:00 UTC", "203.0.113.7", "/account"):
        assert words in text


def _tokens(functions: Lambdas, event: dict[str, object]) -> tuple[str, str]:
    """What comes of a request that is not a program's own."""
    answer = functions.invoke("client_token", event)
    assert answer.status == 200
    functions.seen.clear()
    return answer.json["access_token"], answer.json["refresh_token"]
