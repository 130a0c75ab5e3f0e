"""The deployed dashboard finds what the deployed functions write: names and dimensions meet."""

import json

from local.cloud import LocalCloud
from local.logs import LogLine
from tests.local.day import Day, deployed_dashboard
from tests.local.person import Person
from tests.waiting import wait_for
from watching import series


def shown(cloud: LocalCloud, day: Day, title: str) -> dict[str, float]:
    """What each line of a widget comes to."""
    (widget,) = [it for it in deployed_dashboard(cloud)["widgets"] if it["properties"].get("title") == title]
    return {drawn.label: series.total(drawn) for drawn in series.lines(widget["properties"], day.metrics)}


def _reported(cloud: LocalCloud, lines: list[LogLine], folder: str) -> bool:
    """Whether Lambda has reported an invocation of the function."""
    names = cloud.function_names()
    return any(names.get(line.function) == folder and line.message.startswith("REPORT") for line in lines)


def test_a_log_in_is_on_the_dashboard(cloud: LocalCloud) -> None:
    """By its method, of this stack; and its function has run, and the gateway has answered."""
    person, day = Person(cloud).join(), Day(cloud, start=0)
    earlier = len(cloud.logs())
    day.watch(person)
    assert person.log_in().status_code == 200
    wait_for(lambda: _reported(cloud, cloud.logs()[earlier:], "login"), "Lambda's report")
    for line in cloud.logs()[earlier:]:
        day.measure(line)

    assert shown(cloud, day, "Signed in, by method")["password"] == 1
    assert shown(cloud, day, "Errors by function")["login"] == 0
    assert day.metrics.points(["AWS/ApiGateway", "Count", "ApiId", cloud.outputs["HttpApiId"]], "Sum", 60) == {0: 1}


def test_every_name_in_the_deployed_dashboard_is_filled_in(cloud: LocalCloud) -> None:
    """CloudFormation knows all of them, and its address is an output."""
    assert "${" not in json.dumps(deployed_dashboard(cloud))
    assert cloud.outputs["DashboardUrl"].endswith("#dashboards/dashboard/comfy-accounts")
