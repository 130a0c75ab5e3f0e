"""The nested stack as it is deployed: alarms, filter and dashboard fit what the deployed functions write."""

import json
from typing import Any

import pytest

from local.cloud import LocalCloud
from local.emulator import REGION
from local.stack import NAME
from tests.local.person import Person
from tests.waiting import wait_for

# Of every line with metrics: namespace, name, and the dimensions with their values.
Metric = tuple[str, str, frozenset[tuple[str, str]]]


@pytest.fixture(scope="module")
def dashboard(cloud: LocalCloud) -> dict[str, Any]:
    """The dashboard's body as CloudFormation filled it in."""
    found = cloud.client("cloudwatch").get_dashboard(DashboardName=f"{NAME}-{REGION}-overview")
    body: dict[str, Any] = json.loads(found["DashboardBody"])
    return body


def shown(dashboard: dict[str, Any]) -> set[Metric]:
    """The metrics of all widgets."""
    found = set()
    for widget in dashboard["widgets"]:
        for line in widget["properties"].get("metrics", []):
            if isinstance(line[0], str):
                namespace, name, *pairs = [part for part in line if isinstance(part, str)]
                found.add((namespace, name, frozenset(zip(pairs[::2], pairs[1::2], strict=True))))
    return found


def counted(fields: dict[str, Any]) -> set[Metric]:
    """What CloudWatch takes out of one log line in its embedded metric format."""
    return {
        (directive["Namespace"], metric["Name"], frozenset((name, fields[name]) for name in directive["Dimensions"][0]))
        for directive in fields.get("_aws", {}).get("CloudWatchMetrics", ())
        for metric in directive["Metrics"]
    }


def test_what_a_login_counts_is_on_the_dashboard(cloud: LocalCloud, dashboard: dict[str, Any]) -> None:
    """With the same namespace, name and dimensions; a wrong password, too."""
    person = Person(cloud).join()
    earlier = len(cloud.logs())
    person.call("POST", "/auth/login", {"email": person.email, "password": "wrong lantern over nine rivers"})
    assert person.log_in().status_code == 200

    def metrics() -> set[Metric]:
        return {it for line in cloud.logs()[earlier:] for it in counted(line.fields or {})}

    service = ("service", NAME)
    expected = {
        ("ComfyAccounts", "authn_login_success", frozenset({service, ("method", "password")})),
        ("ComfyAccounts", "authn_login_fail", frozenset({service})),
    }
    wait_for(lambda: expected <= metrics(), "the metrics of both logins")
    assert metrics() - shown(dashboard) == set()


def test_the_dashboard_charts_this_api_and_these_queues(cloud: LocalCloud, dashboard: dict[str, Any]) -> None:
    """By the names that they have here; every placeholder is filled in, and the address is an output."""
    queues = {cloud.outputs[it].rpartition("/")[2] for it in ("MailQueueUrl", "MailDeadLetterQueueUrl")}
    metrics = shown(dashboard)
    assert ("AWS/ApiGateway", "5xx", frozenset({("ApiId", cloud.outputs["HttpApiId"])})) in metrics
    assert {dict(dimensions)["QueueName"] for space, _, dimensions in metrics if space == "AWS/SQS"} == queues
    assert "${" not in json.dumps(dashboard)
    assert cloud.outputs["DashboardUrl"].endswith(f"#dashboards/dashboard/{NAME}-{REGION}-overview")


def test_searches_name_this_stack_and_its_tables(cloud: LocalCloud, dashboard: dict[str, Any]) -> None:
    """A search for functions has the beginning of their names; one for tables has each table's whole name."""
    text = json.dumps(dashboard)
    assert [it for it in cloud.function_names() if not it.startswith(f"{NAME}-")] == []
    assert f"FunctionName={NAME}'" in text
    tables = [value for name, value in cloud.outputs.items() if name.endswith("Table")]
    assert tables != []
    assert [it for it in tables if f"TableName={it}" not in text] == []


def test_alarms_reach_the_topics_of_the_deployment(cloud: LocalCloud) -> None:
    """The stack's own, which sends to AlarmEmail, and the deployer's; without either, alarms show in the console."""
    mine = "arn:aws:sns:us-east-1:123456789012:mine"
    alarms = cloud.client("cloudwatch")
    assert actions(alarms) == {()}
    try:
        cloud.deploy(AlarmTopicArn=mine, AlarmEmail="alarms@example.com")
        ((own, other),) = actions(alarms)
        assert other == mine
        topics = cloud.client("sns").list_subscriptions_by_topic(TopicArn=own)["Subscriptions"]
        assert [it["Endpoint"] for it in topics] == ["alarms@example.com"]
    finally:
        cloud.deploy()
    assert actions(alarms) == {()}


def actions(cloudwatch: Any) -> set[tuple[str, ...]]:
    """What the alarms do, each set of topics once."""
    return {tuple(it["AlarmActions"]) for it in cloudwatch.describe_alarms()["MetricAlarms"]}


def test_failures_are_counted_in_the_log_that_the_functions_share(cloud: LocalCloud) -> None:
    """As the metric that the alarm evaluates."""
    (kept,) = cloud.client("logs").describe_metric_filters()["metricFilters"]
    (transformation,) = kept["metricTransformations"]
    alarms = cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (alarm,) = [it for it in alarms if it["AlarmName"] == f"{NAME}: function failures"]
    found = cloud.client("cloudformation").describe_stack_resource(
        StackName=NAME, LogicalResourceId="FunctionsLogGroup"
    )
    assert kept["logGroupName"] == found["StackResourceDetail"]["PhysicalResourceId"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (
        transformation["metricNamespace"],
        transformation["metricName"],
    )
