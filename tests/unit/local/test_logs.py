"""How log lines are collected and printed."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from local import logs
from local.logs import LogLine, LogPrinter, LogTail

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


class FakeLogs:
    """The emulated log groups: as there, at most the oldest events from a time on, and no token for the rest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: dict[str, list[dict[str, Any]]] = {}

    def write(self, group: str, stream: str, *messages: str, at: int) -> None:
        """One invocation writes its lines at one time."""
        new = [{"logStreamName": stream, "timestamp": at, "message": message} for message in messages]
        self._events[group] = sorted([*self._events.get(group, []), *new], key=lambda event: int(event["timestamp"]))

    def get_paginator(self, name: str) -> "FakeLogs":
        assert name == "describe_log_groups"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        sizes = {group: sum(len(event["message"]) for event in events) for group, events in self._events.items()}
        return [{"logGroups": [{"logGroupName": group, "storedBytes": size} for group, size in sizes.items()]}]

    def filter_log_events(self, *, logGroupName: str, startTime: int) -> dict[str, Any]:  # noqa: N803 - as boto3
        found = [event for event in self._events[logGroupName] if event["timestamp"] >= startTime]
        return {"events": found[: self._most]}


NOW = 1_800_000_000_000


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> FakeLogs:
    """Log groups that return four events at a time. A tail that is created now begins a minute ago."""
    monkeypatch.setattr(logs, "time", SimpleNamespace(time=lambda: NOW / 1000 - 60))
    monkeypatch.setattr(logs, "_MOST_EVENTS", 4)
    return FakeLogs(most=4)


def texts(lines: list[LogLine]) -> list[str]:
    return [line.message for line in lines]


def test_each_line_is_collected_once(written: FakeLogs) -> None:
    """The tail begins with its creation."""
    written.write("/aws/lambda/login", "a", "before", at=NOW - 120_000)
    tail = LogTail(lambda _: written)
    written.write("/aws/lambda/login", "b", "one", "two", at=NOW)

    assert tail.poll() == [LogLine("login", NOW, "one"), LogLine("login", NOW, "two")]
    written.write("/aws/lambda/mailer", "c", "three", at=NOW + 1)
    assert texts(tail.poll()) == ["three"]
    assert tail.poll() == []
    assert texts(tail.all()) == ["one", "two", "three"]


def test_a_line_may_come_later_than_a_newer_one(written: FakeLogs) -> None:
    """Two invocations end at the same time."""
    tail = LogTail(lambda _: written)
    written.write("/aws/lambda/login", "a", "newer", at=NOW)
    assert texts(tail.poll()) == ["newer"]

    written.write("/aws/lambda/login", "b", "older", at=NOW - 5)
    assert texts(tail.poll()) == ["older"]


def test_more_lines_are_collected_than_one_answer_holds(written: FakeLogs) -> None:
    """After an hour of tests, one group has tens of thousands."""
    tail = LogTail(lambda _: written)
    for number in range(7):
        written.write("/aws/lambda/pages", f"s{number}", f"{number} first", f"{number} second", at=NOW + number)

    assert texts(tail.all()) == [f"{number} {part}" for number in range(7) for part in ("first", "second")]
