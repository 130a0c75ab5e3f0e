"""What monitoring/template.yaml promises: alarms that are sent and say what to do, and a complete dashboard."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.events import ALL, EVENTS
from benchmarks.prices import PRICES
from tests.cloudformation import ROOT, monitoring, resources, template
from tests.guards import project, test_events

SOURCE = (ROOT / "monitoring" / "template.yaml").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
ALARMS = monitoring("AWS::CloudWatch::Alarm")
FILTER = monitoring("AWS::Logs::MetricFilter")["FunctionFailures"]
BODY = monitoring("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
WIDGETS = json.loads(BODY)["widgets"]
# CloudWatch's own limits: a search expression, a log group's filters with a regular expression, and Lambda's names.
MOST_CHARACTERS_OF_A_SEARCH, MOST_CHARACTERS_OF_A_FUNCTION = 1024, 64
# Dollars a month: for each metric that an alarm evaluates, and for a dashboard.
ALARM_PRICE, DASHBOARD_PRICE = PRICES["alarm metric"].dollars, PRICES["dashboard"].dollars


def metrics(widget: dict[str, Any]) -> list[list[str]]:
    """The metrics of a widget, without expressions and options."""
    listed = widget["properties"].get("metrics", [])
    return [[part for part in metric if isinstance(part, str)] for metric in listed if isinstance(metric[0], str)]


def expressions() -> Iterator[str]:
    """Every expression of the dashboard."""
    for widget in WIDGETS:
        yield from (it[0]["expression"] for it in widget["properties"].get("metrics", []) if isinstance(it[0], dict))


SHOWN = [metric for widget in WIDGETS for metric in metrics(widget)]
SEARCHES = [it for it in expressions() if "SEARCH(" in it]


def evaluated(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """The metrics that an alarm evaluates."""
    if "Metrics" in alarm:
        return [it["MetricStat"]["Metric"] for it in alarm["Metrics"] if "MetricStat" in it]
    return [alarm]


def dimensions(metric: dict[str, Any]) -> dict[str, Any]:
    """Of a metric in an alarm, by name."""
    return {it["Name"]: it["Value"] for it in metric.get("Dimensions", [])}


# --- the nested stack -------------------------------------------------------------------------------------------------


def test_the_stack_passes_every_parameter_and_no_other() -> None:
    passed = template()["Resources"]["Monitoring"]["Properties"]["Parameters"]
    assert set(passed) == set(monitoring_template()["Parameters"])


def test_a_new_function_needs_no_change_in_monitoring() -> None:
    """Neither template names a function for monitoring, except the one that has its own alarm."""
    passed = json.dumps(template()["Resources"]["Monitoring"])
    functions = resources(project.FUNCTION)
    assert {name for name in functions if name in passed or name in SOURCE} == {"MailFeedbackFunction"}
    # Names of one word, such as login, are also words of the texts.
    named = {folder for folder in project.FOLDERS if "_" in folder and re.search(rf"\b{folder}\b", SOURCE)}
    assert named == set()


def test_every_table_is_passed() -> None:
    """So that the charts of throttles and cost are complete."""
    separator, terms = template()["Resources"]["Monitoring"]["Properties"]["Parameters"]["Tables"]["Fn::Join"]
    assert separator == " OR "
    assert terms == [{"Fn::Sub": f"TableName=${{{name}}}"} for name in resources("AWS::DynamoDB::Table")]


def test_placeholders_are_parameters() -> None:
    """Every `${...}` of the dashboard is a parameter of the nested stack or the region."""
    named = set(re.findall(r"\$\{([A-Za-z:.]+)\}", BODY))
    assert named - set(monitoring_template()["Parameters"]) == {"AWS::Region"}
    assert template()["Outputs"]["DashboardUrl"]["Value"] == {"Fn::GetAtt": ["Monitoring", "Outputs.DashboardUrl"]}
    assert "${Dashboard}" in monitoring_template()["Outputs"]["DashboardUrl"]["Value"]["Fn::Sub"]


def test_dashboards_of_all_stacks_have_names_of_their_own() -> None:
    """CloudWatch has one list of dashboards for all regions of an AWS account."""
    (dashboard,) = monitoring("AWS::CloudWatch::Dashboard").values()
    name = dashboard["DashboardName"]["Fn::Sub"]
    assert set(re.findall(r"\$\{([^}]+)\}", name)) == {"ServiceName", "AWS::Region"}
    given = template()["Resources"]["Monitoring"]["Properties"]["Parameters"]
    assert given["ServiceName"] == {"Ref": "AWS::StackName"}


def monitoring_template() -> dict[str, Any]:
    return template("monitoring/template.yaml")


# --- the dashboard ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Errors", "Throttles", "Duration"])
def test_every_function_is_charted_by_a_search(name: str) -> None:
    """One search over the names that begin with the stack's."""
    (search,) = [it for it in SEARCHES if f'MetricName="{name}"' in it]
    found = re.fullmatch(r"SEARCH\('(.+) MetricName=\S+ FunctionName=(\S+)', '(\w+)', 900\)", search)
    assert found
    assert found.groups() == ("{AWS/Lambda,FunctionName}", "${ServiceName}", "p99" if name == "Duration" else "Sum")


def test_names_of_functions_hold_the_whole_stack_name() -> None:
    """CloudFormation shortens `<stack>-<logical id>-<12 characters>` to what Lambda takes; searches would miss it."""
    profiles = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    stacks = {it["global"]["parameters"]["stack_name"] for it in profiles.values() if isinstance(it, dict)}
    longest = max(map(len, resources(project.FUNCTION)))
    most = MOST_CHARACTERS_OF_A_FUNCTION - longest - len("--") - 12
    assert {stack for stack in stacks if len(stack) > most} == set()
    assert f"{most} characters" in DOCUMENT


@pytest.mark.parametrize("way", ["Read", "Write"])
def test_every_table_is_charted_by_a_search(way: str) -> None:
    """Its throttles and its cost."""
    for name in (f"{way}ThrottleEvents", f"Consumed{way}CapacityUnits"):
        searches = [it for it in SEARCHES if f'MetricName="{name}"' in it]
        assert searches != []
        assert [it for it in searches if "{AWS/DynamoDB,TableName}" not in it or "(${Tables})" not in it] == []


def test_searches_are_within_cloudwatchs_limit() -> None:
    """With the longest stack name of samconfig.toml, and the suffixes that CloudFormation adds."""
    stack = "comfy-accounts-dev"
    tables = " OR ".join(f"TableName={stack}-{name}-{'X' * 13}" for name in resources("AWS::DynamoDB::Table"))
    filled = [it.replace("${Tables}", tables).replace("${ServiceName}", stack) for it in SEARCHES]
    assert [it for it in filled if len(it) > MOST_CHARACTERS_OF_A_SEARCH] == []


def test_what_is_counted_is_shown_and_what_is_shown_is_counted() -> None:
    """A metric without a chart costs money for nothing; a chart without a metric is always empty."""
    shown = {
        (name, dict(zip(rest[::2], rest[1::2], strict=True)).get("method", ""))
        for space, name, *rest in SHOWN
        if space == "ComfyAccounts"
    }
    assert shown == {(name, method) for name, it in EVENTS.items() for method in it.counted}
    assert {it[-1] for it in SHOWN if it[0] == "ComfyAccounts"} == {"${ServiceName}"}
    assert ["ComfyAccounts/${ServiceName}", "function_failures"] in SHOWN


def test_each_question_says_what_good_looks_like() -> None:
    """In words, above the charts that answer it, across the whole width."""
    texts = [it for it in WIDGETS if it["type"] == "text"]
    titles = [it["properties"]["markdown"].partition("\n")[0] for it in texts]
    assert titles == [
        "# Are people getting in?",
        "# Is it healthy?",
        "# Is it under attack?",
        "# What does it cost?",
    ]
    assert [it for it in texts if "**Good:**" not in it["properties"]["markdown"] or it["width"] != 24] == []


def test_widgets_fill_whole_rows() -> None:
    """CloudWatch places them in order. Rows of 24 columns and one height leave no gaps."""
    rows: list[list[dict[str, Any]]] = [[]]
    for widget in WIDGETS:
        assert not widget.keys() & {"x", "y"}
        if sum(it["width"] for it in rows[-1]) == 24:
            rows.append([])
        rows[-1].append(widget)
    assert [row for row in rows if sum(it["width"] for it in row) != 24] == []
    assert [row for row in rows if len({it["height"] for it in row}) != 1] == []


def test_expressions_use_ids_of_their_own_widget() -> None:
    """Ids are unique and start in lower case, as CloudWatch requires; expressions use only ids that exist."""
    for widget in WIDGETS:
        options = [it[-1] for it in widget["properties"].get("metrics", []) if isinstance(it[-1], dict)]
        ids = [it["id"] for it in options if "id" in it]
        assert [name for name, many in Counter(ids).items() if many > 1 or not re.fullmatch(r"[a-z]\w*", name)] == []
        for expression in (it["expression"] for it in options if "expression" in it):
            used = set(re.findall(r"\b[a-z]\w*\b", re.sub(r"'[^']*'|\"[^\"]*\"", "", expression)))
            assert used <= set(ids), expression


# --- alarms -----------------------------------------------------------------------------------------------------------


def test_every_alarm_goes_to_the_topics_that_the_stack_passes() -> None:
    """By email, to a topic of the deployer's own, or both; without either it shows in the console."""
    told = {"Fn::If": ["HasAlarmTopics", {"Fn::Split": [",", {"Ref": "AlarmTopics"}]}, {"Ref": "AWS::NoValue"}]}
    assert {name for name, alarm in ALARMS.items() if alarm["AlarmActions"] != told} == set()
    nobody = {"Fn::Equals": [{"Ref": "AlarmTopics"}, ""]}
    assert monitoring_template()["Conditions"] == {"HasAlarmTopics": {"Fn::Not": [nobody]}}
    assert template()["Resources"]["Monitoring"]["Properties"]["Parameters"]["AlarmTopics"] == {
        "Fn::Join": [
            ",",
            [
                {"Fn::If": ["HasAlarmEmail", {"Ref": "AlarmTopic"}, {"Ref": "AWS::NoValue"}]},
                {"Fn::If": ["HasAlarmTopic", {"Ref": "AlarmTopicArn"}, {"Ref": "AWS::NoValue"}]},
            ],
        ]
    }


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_happened_and_what_to_do(name: str) -> None:
    """In a few sentences, and in the document; missing data is not an alarm, and no alarm is switched off."""
    alarm = ALARMS[name]
    service, _, title = alarm["AlarmName"]["Fn::Sub"].partition(": ")
    assert service == "${ServiceName}"
    assert f"\n| {title} | " in DOCUMENT
    assert 80 < len(alarm["AlarmDescription"]) <= 1024
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "ActionsEnabled" not in alarm
    assert len(evaluated(alarm)) <= 10
    assert "SEARCH" not in json.dumps(alarm), "CloudWatch refuses SEARCH in an alarm"


def test_every_alarm_over_our_own_events_is_over_one_that_is_counted() -> None:
    """With the dimensions under which it is counted."""
    ours = [
        metric for alarm in ALARMS.values() for metric in evaluated(alarm) if metric["Namespace"] == "ComfyAccounts"
    ]
    assert {metric["MetricName"] for metric in ours} <= {name for name, it in EVENTS.items() if it.counted == ALL}
    assert [dimensions(metric) for metric in ours] == [{"service": {"Ref": "ServiceName"}}] * len(ours)


def test_what_was_promised_has_an_alarm() -> None:
    """Errors, floods, reuse, email, keys (LG-08): each metric with its threshold and number of periods."""
    metric = {name: "/".join(it["MetricName"] for it in evaluated(alarm)) for name, alarm in ALARMS.items()}
    assert {metric[name]: (alarm["Threshold"], alarm["EvaluationPeriods"]) for name, alarm in ALARMS.items()} == {
        "5xx": (5, 1),
        "5xx/Count": (1, 2),
        "function_failures": (3, 1),
        "Errors": (0, 1),
        "Throttles": (10, 1),
        "authn_login_fail": (1000, 1),
        "authn_token_reuse": (5, 1),
        "authn_token_leaked": (1, 1),
        "authz_fail_signature": (100, 1),
        "authz_fail_admin": (20, 1),
        "sys_signing_unavailable": (3, 1),
        "ApproximateNumberOfMessagesVisible": (0, 1),
        "ApproximateAgeOfOldestMessage": (900, 1),
        "Reputation.BounceRate": (0.05, 1),
        "Reputation.ComplaintRate": (0.001, 1),
    }
    assert {alarm["ComparisonOperator"] for alarm in ALARMS.values()} == {
        "GreaterThanThreshold",
        "GreaterThanOrEqualToThreshold",
    }


def test_failures_of_every_function_raise_an_alarm() -> None:
    """Counted in the log group that all functions share, as one metric of this stack without dimensions."""
    (transformation,) = FILTER["MetricTransformations"]
    alarm = ALARMS["FunctionFailuresAlarm"]
    assert FILTER["LogGroupName"] == {"Ref": "FunctionsLogGroup"}
    assert transformation == {
        "MetricNamespace": {"Fn::Sub": "ComfyAccounts/${ServiceName}"},
        "MetricName": "function_failures",
        "MetricValue": "1",
        "Unit": "Count",
    }
    assert (alarm["Namespace"], alarm["MetricName"]) == (transformation["MetricNamespace"], "function_failures")
    assert (alarm["Statistic"], dimensions(alarm)) == ("Sum", {})


REPORT = (
    "REPORT RequestId: 8f5ad3b1-0000\tDuration: 5.00 ms\tBilled Duration: 6 ms\t"
    "Memory Size: 512 MB\tMax Memory Used: 98 MB\t"
)


@pytest.mark.parametrize(
    ("line", "is_failure"),
    [
        (REPORT, False),
        (REPORT + "Init Duration: 412.07 ms\t", False),
        (REPORT + "Status: success", False),
        (REPORT + "Status: timeout", True),
        (REPORT + "Status: error\tError Type: Runtime.OutOfMemory", True),
        (
            "[ERROR] Runtime.ImportModuleError: Unable to import module 'handler'\nTraceback:",
            True,
        ),
        ("[ERROR] ValueError: x\nTraceback (most recent call last):", True),
        ('{"level": "ERROR", "event": "sys_error", "user_agent": "[ERROR] Status: timeout"}', False),
        ('{"level": "INFO", "event": "page_shown", "user_agent": "\\nREPORT Status: error\\n[ERROR]"}', False),
    ],
)
def test_the_filter_counts_only_lines_that_lambda_writes(line: str, is_failure: bool) -> None:
    """So that a caller cannot trigger the alarm with a User-Agent."""
    assert bool(re.search(FILTER["FilterPattern"].strip("%"), line)) == is_failure


def test_the_filter_uses_the_syntax_that_cloudwatch_supports() -> None:
    """A regular expression between percent signs, without spaces and parentheses."""
    pattern = FILTER["FilterPattern"]
    assert re.fullmatch(r"%[A-Za-z0-9:_#=@/;,^$?\[\]{}|\\*+.-]+%", pattern)


# --- cost and retention -----------------------------------------------------------------------------------------------


def test_what_monitoring_costs_is_what_the_document_says() -> None:
    """So that it is known before the bill comes."""
    counted = sum(len(it.counted) for it in EVENTS.values()) + len(monitoring("AWS::Logs::MetricFilter"))
    alarmed = sum(len(evaluated(alarm)) for alarm in ALARMS.values())
    rows = re.findall(r"^\| .*?(\d+ |)(dashboard|metrics|alarms).*? \| ([0-9.]+) \|$", DOCUMENT, re.MULTILINE)
    said = {what: (int(many or 1), float(price)) for many, what, price in rows}

    assert said == {
        "dashboard": (1, DASHBOARD_PRICE),
        "metrics": (counted, pytest.approx(counted * test_events.METRIC_PRICE)),
        "alarms": (alarmed, pytest.approx(alarmed * ALARM_PRICE)),
    }


def test_every_log_group_of_the_stack_is_known() -> None:
    """With a retention: without one, CloudWatch keeps and charges for everything forever."""
    kept = {name: it["RetentionInDays"] for name, it in resources("AWS::Logs::LogGroup").items()}
    assert set(kept) == {"FunctionsLogGroup", "AccessLogGroup", "EdgeLogGroup"}
    assert [name for name, days in kept.items() if not days] == []


def test_traces_are_off_by_default() -> None:
    """And made by Lambda itself, so that functions import nothing for them."""
    tracing = template()["Parameters"]["Tracing"]
    assert (tracing["Default"], set(tracing["AllowedValues"])) == ("Disabled", {"Disabled", "PassThrough", "Active"})
    assert template()["Globals"]["Function"]["Tracing"] == {"Ref": "Tracing"}
