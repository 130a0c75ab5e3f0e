"""The saved queries: each uses fields and events that exist, and every query that is referred to exists."""

import io
import json
import re
from collections.abc import Iterator

import pytest

from accounts import telemetry
from accounts.errors import InvalidCredentials
from accounts.events import EVENTS
from accounts.flows.people.authentication import Authentication
from accounts.web import authorizations, endpoint, routes
from accounts.web.requests import Request
from accounts.web.responses import Response
from tests.cloudformation import ROOT, monitoring, resources
from tests.log import written
from tests.unit.accounts.stage import NOW
from tests.unit.accounts.web.events import SETTINGS, event, request

QUERIES = {it["Name"]["Fn::Sub"].partition("/")[2]: it for it in monitoring("AWS::Logs::QueryDefinition").values()}
DOCUMENT = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
WIDGETS = json.loads(monitoring("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"])["widgets"]
# The queries of the dashboard's own widgets, without the log group that each begins with.
CHARTS = {
    it["properties"]["title"]: it["properties"]["query"].partition(" | ")[2] for it in WIDGETS if it["type"] == "log"
}
ASKED = {name: it["QueryString"] for name, it in QUERIES.items()} | CHARTS
# A line that Lambda writes, and its log stream in a log group that functions share.
_REPORT = (
    "REPORT RequestId: 8f5ad3b1-0000-4000-8000-000000000000\tDuration: 12.34 ms\tBilled Duration: 13 ms\t"
    "Memory Size: 512 MB\tMax Memory Used: 98 MB\tInit Duration: 412.07 ms\t"
)
_STREAM = "2026/11/22/comfy-accounts-LoginFunction-AbC123[$LATEST]0123456789abcdef0123456789abcdef"
_COMMANDS = {"fields", "filter", "parse", "stats", "sort", "limit"}
_WORDS = _COMMANDS | {"by", "as", "asc", "desc", "in", "like", "count", "count_distinct", "min", "max", "pct"}
_WORDS |= {"sum", "bin", "h"}


def _commands(query: str) -> list[str]:
    """The commands between the pipes; a pipe in a regular expression or in quotes does not separate."""
    lines = [line for line in query.splitlines() if not line.startswith("#")]
    return [it.strip() for it in re.findall(r"(?:/(?:\\.|[^/\\])*/|'[^']*'|[^|])+", "\n".join(lines))]


def _names(query: str) -> tuple[set[str], set[str]]:
    """The fields that a query reads, and the names that it defines."""
    text = re.sub(r"/(?:\\.|[^/\\])*/|'[^']*'", " ", "\n".join(_commands(query)))
    given = set(re.findall(r"\(\?<(\w+)>", query)) | set(re.findall(r"\bas (\w+)", text))
    return set(re.findall(r"@?[a-z_]\w*", text)) - given - _WORDS, given


@pytest.fixture(scope="module")
def fields() -> Iterator[set[str]]:
    """Those of lines that the code writes: of a refusal, the authorizer, the mailer and the gateway."""
    with written() as log:
        yield _fields(log)


def _fields(log: io.StringIO) -> set[str]:

    def refuse(_: Request) -> Response:
        raise InvalidCredentials

    endpoint.answer(routes.LOGIN, SETTINGS, Authentication({}), refuse, event("GET", "/login"), NOW)
    telemetry.mail_failed(InvalidCredentials())
    authorizations._record(request(), "authz_granted", "u", "session")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    gateway = json.loads(resources("AWS::Serverless::HttpApi")["HttpApi"]["AccessLogSettings"]["Format"])
    return {name for line in (*lines, gateway) for name in line} | {"@timestamp", "@message", "@logStream"}


@pytest.mark.parametrize("name", ASKED)
def test_a_query_reads_fields_and_events_that_are_written(name: str, fields: set[str]) -> None:
    """A field that no line has is always empty, and an event that is never written is never found."""
    query = ASKED[name]
    read, given = _names(query)
    events = set(re.findall(r"'([a-z]+(?:_[a-z]+)+)'", query))

    assert read - fields == set()
    assert given & fields == set()
    assert events - set(EVENTS) == set()
    assert {command.split()[0] for command in _commands(query)} <= {
        "filter",
        "fields",
        "parse",
        "stats",
        "sort",
        "limit",
    }


@pytest.mark.parametrize("name", [name for name, it in ASKED.items() if "parse @" in it])
def test_a_query_parses_the_lines_that_lambda_writes(name: str) -> None:
    """In a log group that functions share, Lambda names the function in the log stream."""
    texts = {"@message": _REPORT, "@logStream": _STREAM}
    parsed: dict[str, str] = {}
    for field, pattern in re.findall(r"parse (@\w+) /(.+?)/\s*(?:\||$)", ASKED[name], re.MULTILINE):
        match = re.search(pattern.replace("(?<", "(?P<"), texts[field])
        assert match, (field, pattern)
        parsed |= match.groupdict()

    expected = {
        "deployed": "comfy-accounts-LoginFunction-AbC123",
        "init_ms": "412.07",
        "billed_ms": "13",
        "memory_mb": "512",
    }
    assert expected.items() >= parsed.items() > set()


def test_the_query_for_failures_finds_the_lines_that_lambda_writes() -> None:
    """All lines that the alarm counts, and none of a successful invocation."""
    pattern = re.search(r"like /(.+)/", QUERIES["function failures"]["QueryString"])
    assert pattern
    lines = [
        "2026-11-22T10:00:00.000Z 8f5ad3b1 Task timed out after 20.00 seconds",
        _REPORT + "Status: timeout",
        "REPORT RequestId: 8f5ad3b1 Status: error Error Type: Runtime.OutOfMemory",
        "INIT_REPORT Init Duration: 9999.00 ms\tPhase: init\tStatus: timeout",
        "[ERROR] Runtime.ImportModuleError: Unable to import module 'handler'",
    ]
    assert [bool(re.search(pattern[1], line)) for line in [*lines, _REPORT]] == [True, True, True, True, True, False]
    counted = monitoring("AWS::Logs::MetricFilter")["FunctionFailures"]["FilterPattern"].strip("%").split("|")
    assert set(counted) <= set(pattern[1].split("|"))


def test_the_dashboard_and_the_saved_query_find_the_same_cold_starts() -> None:
    assert _commands(CHARTS["Cold starts by function"]) == _commands(QUERIES["cold starts"]["QueryString"])


def test_queries_are_in_the_document_and_those_that_are_named_exist() -> None:
    """In descriptions of alarms, on the dashboard, in the document and in the runbook."""
    alarms = [it["AlarmDescription"] for it in monitoring("AWS::CloudWatch::Alarm").values()]
    titles = {it["properties"]["title"] for it in WIDGETS if it["type"] != "text"}
    named = {it for text in alarms for it in re.findall(r'"([A-Za-z0-9][A-Za-z0-9 -]+)"', text)}
    texts = [it["properties"]["markdown"] for it in WIDGETS if it["type"] == "text"]
    for text in (*texts, DOCUMENT):
        named |= set(re.findall(r"(?<!\*)\*([A-Za-z][A-Za-z -]+)\*(?!\*)", text.replace("\n", " ")))
    named |= set(re.findall(r"saved query \*([^*]+)\*", RUNBOOK.replace("\n", " ")))

    assert named - set(QUERIES) - titles - {"5xx responses"} == set()
    listed = DOCUMENT.partition("## Saved queries")[2].partition("## ")[0]
    assert set(re.findall(r"^\| ([a-z][a-z -]+) \|", listed, re.MULTILINE)) - {"query"} == set(QUERIES)
