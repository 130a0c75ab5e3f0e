"""Collects the functions' logs and formats them for a terminal."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_MOST_EVENTS = 10_000
# An invocation that took its time before another one may be written after it.
_LATE_MILLISECONDS = 30_000
_PLATFORM = ("START RequestId:", "END RequestId:", "REPORT RequestId:")
# Fields that the start of the line shows, or that are the same on every line.
_SHOWN = {"timestamp", "level", "message", "service", "function"}
_SHOWN |= {f"function_{constant}" for constant in ("name", "arn", "memory_size")}
_COLOURS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "31", "DEBUG": "2"}


@dataclass(frozen=True)
class LogLine:
    """One log line of a function or of Lambda itself."""

    function: str
    """The function's deployed name."""
    timestamp: int
    message: str

    @property
    def is_platform(self) -> bool:
        """Return whether Lambda wrote it, not the function."""
        return self.message.startswith(_PLATFORM)

    @property
    def fields(self) -> dict[str, Any] | None:
        """Return the fields of a structured line, or None for plain text."""
        try:
            parsed = json.loads(self.message)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None


class LogTail:
    """Collects every log line since its creation."""

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._logs = client("logs")
        self._lock = threading.Lock()
        self._began = int(time.time() * 1000)
        self._newest: dict[str, int] = {}
        self._streams: set[str] = set()
        self._lines: list[LogLine] = []
        self._sizes: dict[str, int] = {}
        self._grown()

    def poll(self) -> list[LogLine]:
        """Return the lines since the last call.

        One request lists the sizes of all groups; only groups that grew are read. MiniStack writes one stream per
        invocation at once, so a stream is read only once.
        """
        with self._lock:
            new = [line for group in self._grown() for line in self._read(group)]
            new.sort(key=lambda line: line.timestamp)
            self._lines += new
            return new

    def all(self) -> list[LogLine]:
        """Return every line so far."""
        self.poll()
        with self._lock:
            return list(self._lines)

    def _grown(self) -> list[str]:
        pages = self._logs.get_paginator("describe_log_groups").paginate()
        sizes = {group["logGroupName"]: group["storedBytes"] for page in pages for group in page["logGroups"]}
        grown = [name for name, size in sizes.items() if size != self._sizes.get(name, 0)]
        self._sizes = sizes
        return grown

    def _read(self, group: str) -> list[LogLine]:
        events = self._events(group, max(self._began, self._newest.get(group, 0) - _LATE_MILLISECONDS))
        new = [event for event in events if event["logStreamName"] not in self._streams]
        self._streams |= {event["logStreamName"] for event in new}
        self._newest[group] = max((event["timestamp"] for event in events), default=self._began)
        function = group.rpartition("/")[2]
        return [LogLine(function, event["timestamp"], event["message"]) for event in new]

    def _events(self, group: str, since: int) -> list[dict[str, Any]]:
        """Return the events since that time. MiniStack returns the oldest 10,000, and no token for the rest."""
        found: list[dict[str, Any]] = []
        while True:
            events: list[dict[str, Any]] = self._logs.filter_log_events(logGroupName=group, startTime=since)["events"]
            newest = events[-1]["timestamp"] if events else since
            if len(events) < _MOST_EVENTS or newest == since:
                return found + events
            found += [event for event in events if event["timestamp"] < newest]
            since = newest


class LogPrinter:
    """Formats lines compactly: time, function, level, message, then all other fields."""

    def __init__(self, labels: dict[str, str], *, colours: bool) -> None:
        """``labels`` maps the deployed name of a function to the name to show."""
        self._labels = labels
        self._colours = colours

    def format(self, line: LogLine) -> str | None:
        """Return the line to print, or None for one that is not worth reading."""
        if line.is_platform or not line.message.strip():
            return None
        label = self._labels.get(line.function, line.function)
        clock = datetime.fromtimestamp(line.timestamp / 1000).astimezone().strftime("%H:%M:%S")
        start = f"{self._paint('2', clock)} {label:<16}"
        fields = line.fields
        if fields is None:
            return f"{start} {_text(line.message)}"
        if "_aws" in fields:
            return f"{start} {self._paint('2', 'metrics ' + _rest(fields, {'_aws', 'service', 'function_name'}))}"
        level = str(fields.get("level", ""))
        said = self._paint(_COLOURS.get(level, "36"), f"{level:<7}") + f" {_text(fields.get('message', ''))}"
        # Tracebacks keep their line breaks; everything else is printed on one line.
        trace = "".join(f"\n    {_text(row)}" for row in str(fields.get("exception", "")).splitlines())
        others = self._paint("2", _rest(fields, _SHOWN | {"exception"}))
        return f"{start} {said}  {others}".rstrip() + trace

    def _paint(self, colour: str, text: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._colours and text else text


def _rest(fields: dict[str, Any], shown: set[str]) -> str:
    return " ".join(f"{name}={_text(value)}" for name, value in fields.items() if name not in shown)


def _text(value: object) -> str:
    """Format a value on one line and escape control characters, so that requests cannot inject terminal codes."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
