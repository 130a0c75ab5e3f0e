"""Log lines and metrics: the service's own names, never what a caller sent or an exception says."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts import telemetry
from accounts.errors import InvalidInput, Unavailable

Logged = Callable[[], list[dict[str, Any]]]


def _caught(error: BaseException) -> BaseException:
    try:
        raise error  # noqa: TRY301 - to have it carry where it was raised
    except BaseException as caught:  # noqa: BLE001 - whichever it is
        return caught


def _caused() -> BaseException:
    try:
        try:
            raise KeyError("a secret")  # noqa: TRY301 - the same
        except KeyError as error:
            raise Unavailable("another secret") from error
    except Unavailable as caught:
        return caught


def test_an_error_is_described_by_type_and_place() -> None:
    """Innermost frame first; nothing of its message (ASVS 16.2.5)."""
    described = telemetry.describe(_caught(InvalidInput("olive@example.com is not right")))

    assert re.fullmatch(r"InvalidInput at test_telemetry\.py:\d+ _caught", described)


def test_its_causes_are_described_too() -> None:
    """Down to the first, without their messages."""
    described = telemetry.describe(_caused())

    place = r"at test_telemetry\.py:\d+ _caused"
    assert re.fullmatch(rf"Unavailable {place} \| KeyError {place}", described)


def test_aws_errors_have_their_code() -> None:
    """And not their message, which may quote the request."""
    response = {"Error": {"Code": "ThrottlingException", "Message": "slow down, olive@example.com"}}
    described = telemetry.describe(ClientError(response, "GetItem"))

    assert described == "ClientError(ThrottlingException) at nowhere"


def test_an_aws_error_without_a_code_is_described() -> None:
    """Emulators return some."""
    assert telemetry.describe(ClientError({}, "GetItem")) == "ClientError() at nowhere"


def test_deep_calls_are_cut_to_four_frames() -> None:
    """A line must be readable."""

    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            raise RuntimeError

    with pytest.raises(RuntimeError) as caught:
        deep(20)

    assert telemetry.describe(caught.value).count(" < ") == 3


def test_a_cycle_of_causes_ends() -> None:
    """It is described a few times."""
    one, other = ValueError(), TypeError()
    one.__cause__, other.__cause__ = other, one

    assert telemetry.describe(one).count(" | ") == 7


def test_a_line_is_one_line_whatever_a_client_calls_itself(log: io.StringIO, logged: Logged) -> None:
    """Line breaks and terminal codes are written as JSON escapes: no second line can be forged."""
    agent = 'a"\r\n{"event": "forged"}\x1b[2J\u2028'
    telemetry.record("authn_login_success", {"user_agent": agent, "request_id": "r"}, level="info")

    (line,) = logged()
    assert (line["event"], line["user_agent"]) == ("authn_login_success", agent)
    assert not {"\r", "\x1b"} & set(log.getvalue())


def test_a_line_carries_its_event_level_and_correlation(logged: Logged) -> None:
    """Each line its own: nothing of the previous request remains."""
    telemetry.record("one", {"request_id": "1", "user_id": "u"}, level="info")
    telemetry.record("two", {}, level="warning")

    first, second = logged()
    assert (first["level"], first["event"], first["message"], first["correlation_id"]) == ("INFO", "one", "one", "1")
    assert (second["level"], second["event"], second.get("correlation_id") or "") == ("WARNING", "two", "")
    assert "user_id" not in second


def _counted(printed: str) -> list[tuple[str, dict[str, str]]]:
    """Every metric in what was printed, with its dimensions."""
    found = []
    for line in map(json.loads, printed.splitlines()):
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        (dimensions,), (metric,) = directive["Dimensions"], directive["Metrics"]
        assert (directive["Namespace"], line[metric["Name"]]) == ("ComfyAccounts", [1.0])
        found.append((metric["Name"], {name: line[name] for name in dimensions}))
    return found


@pytest.mark.usefixtures("log")
def test_a_watched_outcome_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """In the embedded metric format, under its own name; by method where it has one."""
    telemetry.record("authn_login_success", {"method": "google"}, level="info")
    telemetry.record("authn_login_fail", {"method": "password", "user_id": "u"}, level="warning")
    telemetry.record("authn_login_success", {"method": "password"}, level="info")

    assert _counted(capsys.readouterr().out) == [
        ("authn_login_success", {"service": "accounts", "method": "google"}),
        ("authn_login_fail", {"service": "accounts"}),
        ("authn_login_success", {"service": "accounts", "method": "password"}),
    ]


@pytest.mark.parametrize("event", ["page_shown", "session_shown", "never_heard_of"])
def test_an_unwatched_outcome_is_only_logged(event: str, capsys: pytest.CaptureFixture[str], logged: Logged) -> None:
    """A metric costs money each month that it is written."""
    telemetry.record(event, {}, level="info")

    assert (capsys.readouterr().out, [line["event"] for line in logged()]) == ("", [event])


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("method", ["", "session", "x" * 300, "google\n", "password google"])
def test_a_caller_cannot_create_a_metric(method: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A method that is not listed creates none: each would be charged."""
    for event in ("authn_login_success", "authn_provider_fail", "user_shown", "authn_token_issued"):
        telemetry.record(event, {"method": method}, level="info")

    assert capsys.readouterr().out == ""


def test_an_email_is_logged_without_its_recipient(logged: Logged) -> None:
    """With its outcome and the reason."""
    telemetry.mail("sent")
    telemetry.mail_failed(Unavailable("olive@example.com"))
    telemetry.dependency_failed(ValueError("olive@example.com"))

    lines = [(line["level"], line["event"], line.get("error")) for line in logged()]
    assert lines == [
        ("INFO", "mail_sent", None),
        ("ERROR", "mail_failed", "Unavailable at nowhere"),
        ("WARNING", "sys_dependency_failed", "ValueError at nowhere"),
    ]
