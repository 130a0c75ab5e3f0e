"""Twelve hours of a site's life, played quickly on the local cloud: people come, go wrong, and are attacked.

Each step stands for twenty minutes. What the functions wrote meanwhile is dated into those twenty minutes, because the
emulated CloudWatch does not take metrics out of log lines, as the real one does.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import requests

from local.cloud import LocalCloud
from local.logs import LogLine
from tests.local import counters, programs
from tests.local.person import Person, token_in
from watching.series import Metrics

STEP, STEPS = 1200, 36
NEW_PASSWORD = "another lantern over ten rivers"
_REPORT = re.compile(r"^REPORT RequestId: .*\tDuration: ([0-9.]+) ms")
# How many come in each of the twelve hours.
_TIDE = (1, 1, 2, 3, 3, 4, 3, 3, 4, 3, 2, 1)


@dataclass
class Day:
    """``metrics`` fills up as the day goes by; ``start`` is its first second."""

    cloud: LocalCloud
    start: int
    metrics: Metrics = field(default_factory=Metrics)
    at: int = 0
    people: list[Person] = field(default_factory=list)
    refresh: str = ""

    def play(self, say: Callable[[str], None] = lambda _: None) -> None:
        """From the first step to the last."""
        self.cloud.new_logs()
        for step in range(STEPS):
            acts = tuple(self._acts(step))
            for number, act in enumerate(acts):
                self.at = self.start + step * STEP + number * STEP // len(acts)
                act()
                self._collect()
            counters.reset(self.cloud)  # Twenty minutes have passed; all people here share one address.
            if step % 3 == 2:
                say(f"hour {step // 3 + 1} of {STEPS // 3}")

    def _acts(self, step: int) -> Iterator[Callable[[], object]]:
        """What happens in these twenty minutes."""
        busy = _TIDE[step // 3]
        yield from [self._comes_back] * busy
        yield from [self._mistypes] * (busy // 2)
        if step % 3 == 0:
            yield from (self._joins, self._with_google)
        if step % 4 == 1:
            yield from (self._forgets, self._makes_and_uses_a_key, self._with_github)
        if step % 2 == 0:
            yield self._program
        # Somebody tries passwords for an hour; half an hour of it from a site that is on no list.
        if 21 <= step < 24:
            yield from [self._guesses] * 20
            yield from [self._from_elsewhere] * (4 if step < 23 else 0)
        yield from self._once.get(step, ())

    @property
    def _once(self) -> dict[int, tuple[Callable[[], object], ...]]:
        return {
            10: (self._mail_bounces,),
            15: (self._declines,),
            23: (self._replays,),
            30: (lambda: self._signing_keys("disable_key"),),
            33: (lambda: self._signing_keys("enable_key"),),
        }

    def _person(self) -> Person:
        return self.watch(Person(self.cloud))

    def watch(self, person: Person) -> Person:
        """Measure what this person is answered."""
        person.http.hooks["response"].append(self._answered)
        return person

    def _answered(self, answer: requests.Response, **_: Any) -> None:
        """What the gateway would measure."""
        api = {"ApiId": self.cloud.outputs["HttpApiId"]}
        counted = {"Count": 1, "4xx": answer.status_code // 100 == 4, "5xx": answer.status_code // 100 == 5}
        for name, value in counted.items():
            self.metrics.put("AWS/ApiGateway", name, api, self.at, float(value))
        self.metrics.put("AWS/ApiGateway", "Latency", api, self.at, answer.elapsed.total_seconds() * 1000)

    def _joins(self) -> None:
        self.people.append(self._person().join())

    def _comes_back(self) -> None:
        self.people[self.at // 7 % len(self.people)].log_in() if self.people else self._joins()

    def _mistypes(self) -> None:
        known = self.people[-1]
        known.call("POST", "/auth/login", {"email": known.email, "password": "quiet lantern over nine river"})
        known.log_in()

    def _with_google(self) -> None:
        self._with("google")

    def _with_github(self) -> None:
        self._with("github")

    def _with(self, provider: str) -> None:
        person = self._person()
        person.call("GET", person.with_provider(provider))

    def _declines(self) -> None:
        for provider in ("google", "github"):
            self._person().call("GET", f"/auth/{provider}/callback?error=access_denied&state={'x' * 43}")

    def _forgets(self) -> None:
        person = self.people[0]
        asked = person.call("POST", "/auth/password/forgot", {"email": person.email})
        assert asked.status_code == 202, asked.text
        token = token_in(person.wait_for_mail("Reset your password"))
        person.call("POST", "/auth/password/reset", {"token": token, "password": NEW_PASSWORD})
        self.people.pop(0)

    def _makes_and_uses_a_key(self) -> None:
        person = self._person().join()
        key = person.make_key()["plaintext_key"]
        for _ in range(3):
            person.call("GET", "/customers/me", cookie="", X_API_KEY=key)
        person.call("GET", "/customers/me", cookie="", X_API_KEY=key[:-1] + ("a" if key[-1] != "a" else "b"))

    def _program(self) -> None:
        if not self.refresh:
            self.refresh = programs.logged_in(self._person().join())["refresh_token"]
            return
        renewed = programs.posted(self.cloud, "/oauth/token", grant_type="refresh_token", refresh_token=self.refresh)
        self._answered(renewed)
        self.refresh = renewed.json().get("refresh_token", self.refresh)

    def _replays(self) -> None:
        # The token before the last could be a client's that lost the answer; an older one cannot.
        older = self.refresh
        for _ in range(2):
            self._program()
        programs.posted(self.cloud, "/oauth/token", grant_type="refresh_token", refresh_token=older)
        self.refresh = ""

    def _guesses(self) -> None:
        victim = f"person{self.at % 97}@example.com"
        self._person().call("POST", "/auth/login", {"email": victim, "password": "one of a thousand guesses"})

    def _from_elsewhere(self) -> None:
        self._person().call("GET", "/auth/google/start?return_to=https://evil.example/")
        self._person().call("POST", "/auth/login", {}, origin="https://evil.example")

    def _mail_bounces(self) -> None:
        # Whoever cannot be written to plays no further part.
        who = self.people.pop().email
        bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": who}]}
        said = {"eventType": "Bounce", "bounce": bounce, "mail": {"destination": [who]}}
        topic = self.cloud.outputs["MailFeedbackTopicArn"]
        self.cloud.client("sns").publish(TopicArn=topic, Message=json.dumps(said))

    def _signing_keys(self, operation: str) -> None:
        for alias in ("SigningKeyA", "SigningKeyB"):
            getattr(self.cloud.client("kms"), operation)(KeyId=self._physical(alias))

    def _physical(self, logical_id: str) -> str:
        found = self.cloud.client("cloudformation").describe_stack_resource(
            StackName="comfy-accounts", LogicalResourceId=logical_id
        )
        name: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return name

    def _collect(self) -> None:
        for line in self.cloud.new_logs():
            self.measure(line)

    def measure(self, line: LogLine) -> None:
        """Take what CloudWatch would take out of a line of the log."""
        if done := _REPORT.match(line.message):
            function = {"FunctionName": line.function}
            for name, value in (("Invocations", 1), ("Errors", 0), ("Throttles", 0), ("Duration", float(done[1]))):
                self.metrics.put("AWS/Lambda", name, function, self.at, value)
        group = {"LogGroupName": self._log_group}
        self.metrics.put("AWS/Logs", "IncomingBytes", group, self.at, len(line.message))
        fields = line.fields or {}
        for directive in fields.get("_aws", {}).get("CloudWatchMetrics", ()):
            dimensions = {name: fields[name] for name in directive["Dimensions"][0]}
            for metric in directive["Metrics"]:
                self.metrics.put(
                    directive["Namespace"], metric["Name"], dimensions, self.at, sum(fields[metric["Name"]])
                )

    @cached_property
    def _log_group(self) -> str:
        return self._physical("FunctionsLogGroup")


def deployed_dashboard(cloud: LocalCloud) -> dict[str, Any]:
    """The dashboard's body as CloudFormation filled it in."""
    dashboards = cloud.client("cloudwatch")
    (entry,) = dashboards.list_dashboards()["DashboardEntries"]
    body: dict[str, Any] = json.loads(dashboards.get_dashboard(DashboardName=entry["DashboardName"])["DashboardBody"])
    return body
