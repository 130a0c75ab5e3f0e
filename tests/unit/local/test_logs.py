"""How log lines are printed."""

import json

from local.logs import LogLine, LogPrinter

PRINTER = LogPrinter({"stack-LoginFunction-1": "login"}, colours=False)


def printed(message: str, function: str = "stack-LoginFunction-1") -> str | None:
    """Return a line as it is printed, without its time."""
    line = PRINTER.format(LogLine(function, 0, message))
    return line and line.split(" ", 1)[1]


def test_a_structured_line_keeps_every_field() -> None:
    """The level and the message first, then every other field by name."""
    line = {"level": "INFO", "message": "signed in", "timestamp": "t", "service": "s", "n": 1, "who": {"id": "u1"}}

    assert printed(json.dumps(line)) == 'login            INFO    signed in  n=1 who={"id": "u1"}'


def test_a_traceback_keeps_its_lines() -> None:
    """Otherwise it is unreadable."""
    line = {"level": "ERROR", "message": "failed", "exception": "Traceback\n  File x\nValueError"}

    assert printed(json.dumps(line)) == ("login            ERROR   failed\n    Traceback\n      File x\n    ValueError")


def test_lambdas_own_lines_are_not_printed() -> None:
    """Three lines around each invocation would hide the one that matters."""
    assert printed("START RequestId: 1 Version: $LATEST") is None
    assert printed("END RequestId: 1") is None
    assert printed("REPORT RequestId: 1\tDuration: 1 ms") is None


def test_plain_text_is_printed_unchanged() -> None:
    """Such as an import error."""
    assert printed("ModuleNotFoundError: No module named 'x'") == (
        "login            ModuleNotFoundError: No module named 'x'"
    )


def test_metrics_take_one_line_with_their_values() -> None:
    """Their description, which is always the same, is left out."""
    assert printed(json.dumps({"_aws": {"CloudWatchMetrics": []}, "service": "s", "mail_sent": [1.0]})) == (
        "login            metrics mail_sent=[1.0]"
    )


def test_a_value_from_a_request_cannot_control_the_terminal() -> None:
    """An escape sequence in a user agent is shown, not executed."""
    line = printed(json.dumps({"level": "INFO", "message": "m", "agent": "\x1b[2J\u202e"}))

    assert line == r"login            INFO    m  agent=\x1b[2J\u202e"
