"""What `make dashboard` writes into template.yaml and docs/events.md, between two marks that stay where they are."""

import json
from collections.abc import Sequence
from pathlib import Path

from accounts.events import ALL, EVENTS, Event
from watching import dashboard
from watching.stack import Function, Stack, read
from watching.widgets import Json, chunks

PROJECT = Path(__file__).parents[1]
TEMPLATE, DOCUMENT = PROJECT / "template.yaml", PROJECT / "docs" / "events.md"
BEGIN, END = "written by make dashboard", "end of what make dashboard writes"
# CloudWatch takes no more metrics than these into one alarm.
_METRICS_AN_ALARM = 10
# It has an alarm of its own, with other words.
_WATCHED_BY_ITSELF = frozenset({"mail_feedback"})


def resources(stack: Stack) -> str:
    """The dashboard and the alarms over functions, as they stand in the template."""
    watched = [function for function in stack.functions if function.folder not in _WATCHED_BY_ITSELF]
    alarms = (_alarm(at, some) for at, some in enumerate(chunks(watched, _METRICS_AN_ALARM), 1))
    return "\n".join([_dashboard(stack), *alarms])


def _dashboard(stack: Stack) -> str:
    return f"""\
  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Ref AWS::StackName
      DashboardBody: !Sub |
{_indented(_laid_out(dashboard.body(stack)), 8)}
"""


def _laid_out(body: Json) -> str:
    """JSON with a line for each metric, so that a change can be read."""
    widgets = ",\n".join(_widget(widget) for widget in body["widgets"])
    rest = json.dumps({name: value for name, value in body.items() if name != "widgets"}, ensure_ascii=False)
    return f'{rest[:-1]}, "widgets": [\n{widgets}\n]}}'


def _widget(widget: Json) -> str:
    properties = dict(widget["properties"])
    metrics = properties.pop("metrics", None)
    text = json.dumps({**widget, "properties": properties}, ensure_ascii=False)
    if metrics is None:
        return text
    lines = ",\n".join("  " + json.dumps(metric, ensure_ascii=False) for metric in metrics)
    return f'{text[:-2]}, "metrics": [\n{lines}\n]}}}}'


def _alarm(number: int, functions: Sequence[Function]) -> str:
    names = ", ".join(function.folder for function in functions)
    metrics = "\n".join(_errors(function) for function in functions)
    return f"""\
  FunctionErrors{number}Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmActions:
        - !If [HasAlarmEmail, !Ref AlarmTopic, !Ref AWS::NoValue]
        - !If [HasAlarmTopic, !Ref AlarmTopicArn, !Ref AWS::NoValue]
      AlarmDescription: >-
        A function did not come to its end: it could not start, ran out of time or memory, or raised. It is one of
        {names}.
        "Errors by function" on the dashboard says which, the saved query "crashes" why. Roll back the last deployment.
      Metrics:
        - {{Id: errors, Expression: SUM(METRICS()), Label: Errors}}
{metrics}
      EvaluationPeriods: 1
      Threshold: 3
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: notBreaching
"""


def _errors(function: Function) -> str:
    dimension = f"{{Name: FunctionName, Value: !Ref {function.logical_id}}}"
    metric = f"{{Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{dimension}]}}"
    return (
        f"        - Id: {function.folder}\n"
        f"          ReturnData: false\n"
        f"          MetricStat: {{Stat: Sum, Period: 300, Metric: {metric}}}"
    )


def _indented(text: str, by: int) -> str:
    return "\n".join(" " * by + line for line in text.splitlines())


def table() -> str:
    """Every event, for people."""
    rows = "\n".join(_row(name, event) for name, event in sorted(EVENTS.items()))
    return f"| event | when | audit record | metric |\n|---|---|---|---|\n{rows}\n"


def _row(name: str, event: Event) -> str:
    kept = f"yes{': ' + ', '.join(f'`{it}`' for it in event.detail) if event.detail else ''}" if event.kept else ""
    counted = "yes" if event.counted == ALL else ", ".join(f"`{it}`" for it in event.counted)
    return f"| `{name}` | {event.when} | {kept} | {counted} |"


def replaced(text: str, section: str) -> str:
    """The text with the section between its two marks; raises ValueError where a mark is missing."""
    lines = text.splitlines(keepends=True)
    begin = next((at for at, line in enumerate(lines) if BEGIN in line), None)
    end = next((at for at, line in enumerate(lines) if END in line), None)
    if begin is None or end is None or end < begin:
        raise ValueError(f'between "{BEGIN}" and "{END}" there is nothing to replace')
    return "".join([*lines[: begin + 1], "\n", section, "\n", *lines[end:]])


def written() -> dict[Path, str]:
    """What both files should hold."""
    return {
        TEMPLATE: replaced(TEMPLATE.read_text(encoding="utf-8"), resources(read(TEMPLATE))),
        DOCUMENT: replaced(DOCUMENT.read_text(encoding="utf-8"), table()),
    }


def main() -> None:
    """Write both."""
    for path, text in written().items():
        is_new = path.read_text(encoding="utf-8") != text
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(PROJECT)}: {'written' if is_new else 'as it was'}")


if __name__ == "__main__":
    main()
