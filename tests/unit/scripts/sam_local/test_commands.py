"""What `make invoke` prints, and what it refuses before it asks Docker."""

import json
import socket
from contextlib import closing

import pytest

from local.running import NotRunning
from scripts.sam_local import CannotRun, __main__, commands, samples


def test_without_a_name_the_functions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["invoke"]) == 0
    rows = capsys.readouterr().out.splitlines()

    assert rows[0] == "Run one function in Docker: make invoke FUNCTION=name"
    assert [row.split()[0] for row in rows[2:]] == samples.names()
    assert all(len(row.split()) > 2 for row in rows[2:])


@pytest.mark.parametrize(
    ("function", "meant"),
    [
        ("log_in", "did you mean login? "),
        ("SessionRevokeFunction", "did you mean session_revoke? "),
        ("one two three", ""),
        ("../events/login", ""),
        ("x", ""),
    ],
)
def test_an_unknown_function_is_refused(capsys: pytest.CaptureFixture[str], function: str, meant: str) -> None:
    """With the one that may be meant: a name that is misspelled, or as the template has it."""
    assert __main__.main(["invoke", *function.split()]) == 1
    assert capsys.readouterr().err == f"make invoke: there is no function {function}; {meant}`make invoke` lists them\n"


def test_a_local_cloud_that_does_not_run_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_say: object) -> int:
        raise NotRunning("no `make dev` runs on port 8000")

    monkeypatch.setattr(commands, "start_api", start)
    assert __main__.main(["start-api"]) == 1
    assert capsys.readouterr().err == (
        "make start-api: no `make dev` runs on port 8000. Start `make dev` in another terminal, then run this again.\n"
    )


def test_a_port_that_is_in_use_is_refused_before_anything_is_built(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr(commands, "START_API_PORT", taken)
        assert __main__.main(["start-api"]) == 1
    assert capsys.readouterr().err.startswith(f"make start-api: port {taken} is in use. Stop what uses it")


def test_being_stopped_is_not_a_failure(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_say: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "start_api", start)
    assert __main__.main(["start-api"]) == 0
    assert capsys.readouterr().out == "Stopped.\n"


def test_the_answer_is_the_last_line() -> None:
    """SAM CLI prints it after the function's own output, without a line break."""
    assert commands.answer_in('a print of the function\n{"statusCode": 204}') == {"statusCode": 204}
    assert commands.answer_in("null\n") is None


@pytest.mark.parametrize("printed", ["", "Error: no such image"])
def test_an_answer_that_is_missing_is_a_failure(printed: str) -> None:
    with pytest.raises(CannotRun, match="SAM CLI printed no answer"):
        commands.answer_in(printed)


def test_a_body_is_shown_as_json_if_it_is_json() -> None:
    shown = commands.in_words({"statusCode": 200, "body": '{"id": "ann"}'})
    assert json.loads(shown) == {"statusCode": 200, "body": {"id": "ann"}}
    page = {"statusCode": 200, "body": "<html>"}
    assert json.loads(commands.in_words(page)) == page
    assert commands.in_words(None) == "null"


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        ({"statusCode": 200}, False),
        ({"statusCode": 401}, False),
        ({"statusCode": 503}, True),
        ({"errorType": "Unavailable", "errorMessage": "x"}, True),
        ({"isAuthorized": False}, False),
        (None, False),
    ],
)
def test_a_fault_of_the_function_fails_the_command(answer: object, *, failed: bool) -> None:
    """A refusal is an answer; an exception or a 5xx response is not."""
    assert commands.is_failure(answer) == failed
