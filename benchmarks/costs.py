"""What stories and an idle stack cost, in US dollars. `make costs` prints it and writes it into docs/deploy.md.

List prices without the free tier. Calls and hashes are counted (``stories``), CPU is measured, the rest assumed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.events import EVENTS
from benchmarks.prices import MILLION, PLANS, PRICES
from benchmarks.stories import CALLS, CPU, HASHES, Call
from scripts import generated, stacks

DOCUMENT = stacks.PROJECT / "docs" / "deploy.md"
BEGIN, END = generated.markers("make costs")
# One raw signed GetItem, measured on an idle Intel Xeon with two processors, 2026-11.
RAW_CALL_MS = 0.66
# Assumed of a whole vCPU, as for "the worst hour" in docs/deploy.md.
HASH_MS = 350
WHOLE_VCPU_MB = 1769
METRIC_FILTER = "AWS::Logs::MetricFilter"
# Assumed: how long a function waits for each service, which Lambda bills, and what a request logs and sends.
WAIT_MS = {"dynamodb": 5, "sqs": 10, "kms": 15, "sesv2": 60}
TRANSACTION_WAIT_MS = 15
LOG_BYTES, SENT_BYTES = 1500, 2000
# Five pollers of Lambda ask an empty queue every 20 seconds, 730 hours a month.
POLLS = 5 * 3 * 60 * 730
STORIES = {
    "session check": ("session_show",),
    "API key verification": ("key_verify",),
    "API key check by the authorizer": ("authorizer",),
    "login": ("login",),
    "sign-up: form, email and confirmation": ("signup", "mailer", "email_verify"),
    "token for a program": ("client_token",),
}
SIZES = (10_000, 100_000)
# Assumed of an active owner each month.
USE = {"login": 4, "session check": 200, "API key verification": 200, "sign-up: form, email and confirmation": 0.1}


@dataclass(frozen=True)
class Cost:
    """Dollars of one request or story."""

    api: float = 0.0
    compute: float = 0.0
    tables: float = 0.0
    rest: float = 0.0

    @property
    def total(self) -> float:
        return self.api + self.compute + self.tables + self.rest

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.api + other.api, self.compute + other.compute, self.tables + other.tables, self.rest + other.rest
        )


def _template(path: str) -> dict[str, Any]:
    found: dict[str, Any] = stacks.read(stacks.PROJECT / path)
    return found


def _functions() -> dict[str, dict[str, Any]]:
    template = _template("template.yaml")
    kinds = (it["Properties"] for it in template["Resources"].values() if it["Type"] == "AWS::Serverless::Function")
    return {Path(own["CodeUri"]).name: template["Globals"]["Function"] | own for own in kinds}


FUNCTIONS = _functions()


def units(call: Call) -> tuple[int, int]:
    """DynamoDB's read and write units, for items of at most 4 KB read and 1 KB written, as all are here."""
    match call.name.removeprefix("dynamodb."):
        case "GetItem" | "Query":
            return 1, 0
        case "BatchGetItem":
            return call.items, 0
        case "TransactWriteItems":
            return 0, 2 * call.items + call.indexed
        case "PutItem" | "UpdateItem" | "DeleteItem":
            return 0, 1 + call.indexed
        case _:
            return 0, 0


def billed_ms(calls: Iterable[Call], cpu_ms: float, memory_mb: int) -> float:
    """Below 1769 MB, a function gets a share of a processor."""
    waits = (TRANSACTION_WAIT_MS if "Transact" in it.name else WAIT_MS[it.name.partition(".")[0]] for it in calls)
    return cpu_ms / min(1, memory_mb / WHOLE_VCPU_MB) + sum(waits)


def cost(function: str) -> Cost:
    """Of one warm request."""
    calls, settings = CALLS[function], FUNCTIONS[function]
    reads, writes = (sum(units(call)[i] for call in calls) for i in (0, 1))
    memory = settings["MemorySize"]
    cpu_ms = CPU[function] * RAW_CALL_MS + HASHES.get(function, 0) * HASH_MS
    seconds = billed_ms(calls, cpu_ms, memory) / 1000
    by_api = any(event["Type"] == "HttpApi" for event in settings.get("Events", {}).values())
    # SQS bills sending, and for each message that the mailer takes, receiving and deleting.
    queued = sum(call.name == "sqs.SendMessage" for call in calls) + (2 if function == "mailer" else 0)
    return Cost(
        api=by_api * (PRICES["HTTP API request"].dollars + SENT_BYTES * PRICES["byte sent"].dollars),
        compute=PRICES["Lambda request"].dollars + seconds * memory / 1024 * PRICES["Lambda GB-second"].dollars,
        tables=reads * PRICES["DynamoDB read unit"].dollars + writes * PRICES["DynamoDB write unit"].dollars,
        rest=LOG_BYTES * PRICES["byte logged"].dollars
        + queued * PRICES["SQS request"].dollars
        + sum(call.name == "kms.Sign" for call in calls) * PRICES["KMS signature"].dollars
        + sum(call.name == "sesv2.SendEmail" for call in calls) * PRICES["SES email"].dollars,
    )


def story(name: str) -> Cost:
    return sum((cost(function) for function in STORIES[name]), Cost())


def idle() -> dict[str, tuple[int, float, float]]:
    """Number, dollars a month, and dollars a month that remain after `make undeploy`. Conditional resources are off."""
    service, monitoring = (_template(path)["Resources"] for path in ("template.yaml", "monitoring/template.yaml"))
    alarms = [it["Properties"] for it in monitoring.values() if it["Type"] == "AWS::CloudWatch::Alarm"]
    evaluated = sum(sum("MetricStat" in each for each in alarm.get("Metrics", [])) or 1 for alarm in alarms)
    dashboards = sum(it["Type"] == "AWS::CloudWatch::Dashboard" for it in monitoring.values())
    return {
        "KMS keys": _kept(service, "AWS::KMS::Key", PRICES["KMS key"].dollars),
        "secrets": _kept(service, "AWS::SecretsManager::Secret", PRICES["secret"].dollars),
        "metrics that alarms evaluate": (evaluated, evaluated * PRICES["alarm metric"].dollars, 0.0),
        "dashboards": (dashboards, dashboards * PRICES["dashboard"].dollars, 0.0),
        "requests to the empty queue of emails": (POLLS, POLLS * PRICES["SQS request"].dollars, 0.0),
    }


def _kept(resources: dict[str, Any], kind: str, each: float) -> tuple[int, float, float]:
    found = [it for it in resources.values() if it["Type"] == kind]
    kept = sum(str(it.get("DeletionPolicy")).startswith("Retain") for it in found)
    return len(found), len(found) * each, kept * each


def month(owners: int) -> float:
    """Of a stack with so many active owners, without stored data. It writes all metrics."""
    used = sum(times * story(name).total for name, times in USE.items())
    idle_dollars = sum(dollars for _, dollars, _ in idle().values())
    return idle_dollars + metrics() * PRICES["metric"].dollars + owners * used


def metrics() -> int:
    """The number of metrics that the service writes, at most."""
    filters = [it for it in _template("monitoring/template.yaml")["Resources"].values() if it["Type"] == METRIC_FILTER]
    return sum(len(event.counted) for event in EVENTS.values()) + len(filters)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _per_million(heads: str, costs: dict[str, Cost]) -> str:
    parts = {name: (it.api, it.compute, it.tables, it.rest, it.total) for name, it in costs.items()}
    rows = ([name, *(f"{part * MILLION:.2f}" for part in each)] for name, each in parts.items())
    return _table((heads, "HTTP API", "Lambda", "DynamoDB", "the rest", "sum"), rows)


def _idle_table() -> str:
    rows = idle()
    sums = (sum(it[1] for it in rows.values()), sum(it[2] for it in rows.values()))
    lines = [[name, f"{number:,}", f"{now:.2f}", f"{after:.2f}"] for name, (number, now, after) in rows.items()]
    total = ["**sum**", "", *(f"**{each:.2f}**" for each in sums)]
    return _table(("dollars a month", "number", "idle", "after `make undeploy`"), [*lines, total])


def _month_table() -> str:
    heads = ("dollars a month", *(f"{size:,} active owners" for size in SIZES), "prices seen")
    years = sorted(price.seen[:4] for price in PRICES.values() if price.seen != "undated")
    own = ["this stack", *(f"{month(size):,.0f}" for size in SIZES), f"{years[0]} to {years[-1]}, one undated"]
    return _table(heads, [own, *([plan.name, *map(plan.month, SIZES), plan.seen] for plan in PLANS)])


def tables() -> str:
    """The tables of docs/deploy.md."""
    stories = _per_million("dollars per million", {name: story(name) for name in STORIES})
    return f"{_idle_table()}\n{stories}\n{_month_table()}"


def written(document: str) -> str:
    """Return the document with new tables between the two markers; raises ValueError if one is missing."""
    return generated.replaced(document, (BEGIN, END), tables(), missing="docs/deploy.md has no tables")


def main() -> None:
    print(tables())
    print(_per_million("dollars per million requests", {function: cost(function) for function in CALLS}))
    print(_table(("price", "dollars", "seen"), ([name, f"{it.dollars:.3g}", it.seen] for name, it in PRICES.items())))
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
