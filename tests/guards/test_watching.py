"""What the template promises to whoever watches: the dashboard, the alarms, and what they name."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from accounts.events import ALL, EVENTS
from tests.cloudformation import ROOT, resources, template
from tests.guards import project, test_events
from watching import section
from watching.stack import read

ALARMS = resources("AWS::CloudWatch::Alarm")
DASHBOARD = json.loads(resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"])
DOCUMENT = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
# Dollars a month: an alarm for each metric that it looks at, and a dashboard.
ALARM_PRICE, DASHBOARD_PRICE = 0.10, 3.00


def metrics(widget: dict[str, Any]) -> list[list[str]]:
    """The metrics of a widget, without what is computed and without options."""
    listed = widget["properties"].get("metrics", [])
    return [[part for part in metric if isinstance(part, str)] for metric in listed if isinstance(metric[0], str)]


SHOWN = [metric for widget in DASHBOARD["widgets"] for metric in metrics(widget)]


def looked_at(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics behind an alarm."""
    if "Metrics" in alarm:
        return [it["MetricStat"]["Metric"] for it in alarm["Metrics"] if "MetricStat" in it]
    return [alarm]


def dimensions(metric: dict[str, Any]) -> dict[str, Any]:
    """Of a metric in an alarm, by name."""
    return {it["Name"]: it["Value"] for it in metric.get("Dimensions", [])}


# --- the dashboard --------------------------------------------------------------------------------------------------


def test_template_and_list_are_as_they_are_written() -> None:
    """`make dashboard` writes both; whoever adds a function, a table or an event runs it."""
    assert {path.name for path, text in section.written().items() if path.read_text(encoding="utf-8") != text} == set()


def test_a_section_without_its_marks_is_not_guessed() -> None:
    """Nothing is overwritten that nobody marked."""
    for text in ("", section.BEGIN, f"{section.END}\n{section.BEGIN}\n"):
        with pytest.raises(ValueError, match="nothing to replace"):
            section.replaced(text, "new")
    marked = f"before\n{section.BEGIN}\nold\n{section.END}\nafter\n"
    assert section.replaced(marked, "new") == f"before\n{section.BEGIN}\n\nnew\n{section.END}\nafter\n"


@pytest.mark.parametrize("name", ["Errors", "Throttles", "Duration"])
def test_every_function_has_its_line(name: str) -> None:
    """In each of the three widgets that go through all of them, under the name of its folder."""
    (widget,) = [it for it in DASHBOARD["widgets"] if "by function" in str(it["properties"].get("title")) and
                 any(metric[1] == name for metric in metrics(it))]  # fmt: skip
    drawn = {metric[-1]["label"]: metric[:-1] for metric in widget["properties"]["metrics"]}
    assert drawn == {
        own["CodeUri"].removeprefix("functions/"): ["AWS/Lambda", name, "FunctionName", f"${{{logical_id}}}"]
        for logical_id, own in resources(project.FUNCTION).items()
    }


def test_every_table_has_its_lines() -> None:
    """What it throttles, and what it costs."""
    tables = {f"${{{name}}}" for name in resources("AWS::DynamoDB::Table")}
    for way in ("Read", "Write"):
        assert {it[3] for it in SHOWN if it[1] == f"{way}ThrottleEvents"} == tables
        assert {it[3] for it in SHOWN if it[1] == f"Consumed{way}CapacityUnits"} == tables


def test_what_is_counted_is_shown_and_what_is_shown_is_counted() -> None:
    """What nobody looks at is paid for in vain; what nobody writes is a flat line that looks like peace."""
    ours = {(name, dict(zip(rest[::2], rest[1::2], strict=True)).get("method", "")) for space, name, *rest in SHOWN
            if space == "ComfyAccounts"}  # fmt: skip
    assert ours == {(name, method) for name, it in EVENTS.items() for method in it.counted}
    assert {it[-1] for it in SHOWN if it[0] == "ComfyAccounts"} == {"${AWS::StackName}"}


def test_each_question_says_what_good_looks_like() -> None:
    """In words, before the lines that answer it, across the whole width."""
    texts = [it for it in DASHBOARD["widgets"] if it["type"] == "text"]
    titles = [it["properties"]["markdown"].partition("\n")[0] for it in texts]
    assert titles == [
        "# Are people getting in?",
        "# Is it healthy?",
        "# Is it under attack?",
        "# What does it cost?",
    ]
    assert [it for it in texts if "**Good:**" not in it["properties"]["markdown"] or it["width"] != 24] == []


def test_no_widget_lies_on_another() -> None:
    """Each has its own room on the grid of 24 columns."""
    cells = Counter(
        (x, y)
        for it in DASHBOARD["widgets"]
        for x in range(it["x"], it["x"] + it["width"])
        for y in range(it["y"], it["y"] + it["height"])
    )
    assert ([cell for cell, widgets in cells.items() if widgets > 1], max(x for x, _ in cells)) == ([], 23)


def test_the_dashboard_names_what_is_there() -> None:
    """Everything between braces is a resource of the template, an attribute of one, or AWS's own."""
    text = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    named = {name.partition(".")[0] for name in re.findall(r"\$\{([A-Za-z:.]+)\}", text)}
    assert named - set(template()["Resources"]) == {"AWS::Region", "AWS::StackName"}
    assert "${Dashboard}" in template()["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"]


# --- alarms ---------------------------------------------------------------------------------------------------------


def test_every_function_is_in_one_alarm_that_names_it() -> None:
    """Nothing fails unnoticed, and the message that somebody gets at night says where to look."""
    watching: Counter[str] = Counter()
    for name, alarm in ALARMS.items():
        for metric in looked_at(alarm):
            function = dimensions(metric).get("FunctionName", {}).get("Ref")
            if metric["Namespace"] == "AWS/Lambda" and metric["MetricName"] == "Errors":
                watching[function] += 1
                folder = resources(project.FUNCTION)[function]["CodeUri"].removeprefix("functions/")
                assert folder in alarm["AlarmDescription"] or name == "MailFeedbackAlarm", name
    assert watching == Counter(dict.fromkeys(resources(project.FUNCTION), 1))


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_to_do(name: str) -> None:
    """In a sentence or two, and at more length in the document; silence is no alarm."""
    alarm = ALARMS[name]
    assert 80 < len(alarm["AlarmDescription"]) <= 1024
    assert alarm["TreatMissingData"] == "notBreaching"
    assert len(looked_at(alarm)) <= 10
    assert f"`{name}`" in DOCUMENT or re.fullmatch(r"FunctionErrors\dAlarm", name)


def test_every_alarm_over_our_own_events_is_over_one_that_is_counted() -> None:
    """With the dimensions under which it is counted."""
    ours = [
        metric for alarm in ALARMS.values() for metric in looked_at(alarm) if metric["Namespace"] == "ComfyAccounts"
    ]
    assert {metric["MetricName"] for metric in ours} <= {name for name, it in EVENTS.items() if it.counted == ALL}
    assert [dimensions(metric) for metric in ours] == [{"service": {"Ref": "AWS::StackName"}}] * len(ours)


def test_what_was_promised_has_an_alarm() -> None:
    """Errors, floods, reuse, mail, keys (LG-08)."""
    assert {it["MetricName"] for alarm in ALARMS.values() for it in looked_at(alarm)} == {
        "5xx",
        "Count",
        "Errors",
        "Throttles",
        "authn_login_fail",
        "authn_token_reuse",
        "authz_fail_admin",
        "sys_signing_unavailable",
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
        "Reputation.BounceRate",
        "Reputation.ComplaintRate",
    }
    assert {name: ALARMS[name]["Threshold"] for name in ("BounceAlarm", "ComplaintAlarm")} == {
        "BounceAlarm": 0.05,
        "ComplaintAlarm": 0.001,
    }


def test_what_watching_costs_is_what_the_document_says_at_most() -> None:
    """Whoever deploys this knows before the bill comes."""
    counted = sum(len(it.counted) for it in EVENTS.values())
    alarmed = sum(len(looked_at(alarm)) for alarm in ALARMS.values())
    rows = re.findall(r"^\| .*?(\d+ |)(dashboard|metrics|alarms).*? \| ([0-9.]+) \|$", DOCUMENT, re.MULTILINE)
    said = {what: (int(many or 1), float(price)) for many, what, price in rows}

    assert said == {
        "dashboard": (1, DASHBOARD_PRICE),
        "metrics": (40, pytest.approx(40 * test_events.METRIC_PRICE)),
        "alarms": (70, pytest.approx(70 * ALARM_PRICE)),
    }
    assert counted <= 40
    assert alarmed <= 70


def test_logs_are_kept_for_a_time_that_is_said() -> None:
    """Both groups; a group without it keeps everything for ever, and is paid for."""
    kept = {name: it["RetentionInDays"] for name, it in resources("AWS::Logs::LogGroup").items()}
    assert set(kept) == {"FunctionsLogGroup", "AccessLogGroup"}
    assert [name for name, days in kept.items() if not days] == []


def test_traces_are_off_unless_somebody_pays_for_them() -> None:
    """By Lambda itself: nothing of ours is imported for it."""
    tracing = template()["Parameters"]["Tracing"]
    assert (tracing["Default"], set(tracing["AllowedValues"])) == ("Disabled", {"Disabled", "PassThrough", "Active"})
    assert template()["Globals"]["Function"]["Tracing"] == {"Ref": "Tracing"}


def test_the_stack_that_is_watched_has_everything() -> None:
    """The reader of the template sees what the template has."""
    stack = read()
    assert tuple(function.folder for function in stack.functions) == project.FOLDERS
    assert set(stack.tables) == set(resources("AWS::DynamoDB::Table"))
    assert {it.folder for it in stack.functions if it.memory_mb > 512} >= {"login", "signup"}


def test_an_alarm_about_an_attack_goes_off_early() -> None:
    """And none is switched off."""
    early = {"GuessingAlarm": 1000, "TokenReuseAlarm": 5, "AdminSecretAlarm": 20, "SigningAlarm": 3}
    assert {name: ALARMS[name]["Threshold"] for name in early} == early
    assert [name for name, alarm in ALARMS.items() if "ActionsEnabled" in alarm] == []
