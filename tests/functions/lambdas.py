"""The functions as Lambda runs them: handlers are imported by path and called with an event; their log is read back."""

import importlib.util
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cache
from types import ModuleType
from typing import Any

from accounts import telemetry
from tests.cloudformation import ROOT
from tests.functions import contract, expected, roles
from tests.functions.cloud import Call, Cloud
from tests.functions.people import People
from tests.quick_bcrypt import QuickBcrypt

NAMES = tuple(sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py")))


@cache
def module(function: str) -> ModuleType:
    """``functions/<function>/handler.py``, whose clients and tables are cached, as in a warm Lambda."""
    path = ROOT / "functions" / function / "handler.py"
    spec = importlib.util.spec_from_file_location(f"function_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Context:
    """The invocation's context, as far as the functions read it."""

    function_name = "function-under-test"
    memory_limit_in_mb = 512
    aws_request_id = "lambda-request"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function-under-test"

    def get_remaining_time_in_millis(self) -> int:
        return 9000


@dataclass
class Clock:
    """The current time of every function."""

    now: datetime

    def frozen(self) -> type[datetime]:
        """A replacement of ``datetime`` for a module."""
        clock = self

        class Frozen(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return clock.now.astimezone(tz)

        return Frozen


@dataclass(frozen=True)
class Answer:
    """The outcome of an invocation: its ``result``, its ``log``, the ``calls`` to AWS and the number of ``hashes``."""

    result: Any
    log: list[dict[str, Any]]
    calls: list[Call]
    hashes: int

    @property
    def status(self) -> int:
        status: int = self.result["statusCode"]
        return status

    @property
    def json(self) -> Any:
        return json.loads(self.result["body"])

    @property
    def read(self) -> dict[str, Any]:
        """The whole result, with its body parsed if it is JSON."""
        is_json = "json" in self.result["headers"].get("content-type", "")
        return {**self.result, "body": self.json} if is_json else self.result

    @property
    def cookie(self) -> str:
        """The session token in the first cookie."""
        text: str = self.result["cookies"][0]
        return text.split(";", maxsplit=1)[0].partition("=")[2]

    @property
    def cookies(self) -> list[str]:
        """The secrets in the cookies that were set."""
        lines = self.result.get("cookies", []) if isinstance(self.result, dict) else []
        secret = (line for line in lines if not line.startswith(expected.HINT))
        values = (line.split(";", maxsplit=1)[0].partition("=")[2] for line in secret)
        return [value for value in values if value]

    @property
    def events(self) -> list[str]:
        return [line["event"] for line in self.log]


@dataclass
class Lambdas:
    """Everything deployed. ``issued`` has every secret issued so far; ``seen`` every result, without those secrets."""

    cloud: Cloud
    clock: Clock
    people: People
    bcrypt: QuickBcrypt
    stream: io.StringIO = field(default_factory=io.StringIO)
    issued: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)
    _arranged: dict[str, Any] | None = None

    def listen(self) -> None:
        """Write the log to ``stream``."""
        handler: Any = telemetry.logger.registered_handler
        handler.setStream(self.stream)

    def invoke(self, function: str, event: Any) -> Answer:
        """Call a function and return the outcome."""
        calls, hashes, line = len(self.cloud.calls), self.bcrypt.uses, len(self.stream.getvalue())
        result = self.in_thread(function, event)
        log = [json.loads(text) for text in self.stream.getvalue()[line:].splitlines()]
        answer = Answer(result, log, self.cloud.calls[calls:], self.bcrypt.uses - hashes)
        self._remember(function, answer)
        return answer

    def in_thread(self, function: str, event: Any) -> Any:
        """Return only the result, for concurrent calls, whose logs and AWS calls would mix."""
        handler = module(function)
        if function == "key_report":  # which keeps GitHub's list of keys in memory: here, each process is a new one
            vars(handler.LEAK_REPORTS.scanner_keys).update(_copy=None, _looked_at=None)
        if hasattr(handler, "datetime"):  # the endpoint does not pass it the time
            vars(handler)["datetime"] = self.clock.frozen()
        with roles.acting_as(function):
            result = handler.lambda_handler(event, Context())
        contract.check(function, event, result)
        return result

    def restore(self, arrange: Callable[[], object]) -> None:
        """Restore the tables as ``arrange`` leaves them; ``arrange`` runs only the first time."""
        if self._arranged is None:
            self.cloud.empty_tables()
            arrange()
            self._arranged = self.cloud.copy_of_tables()
        self.cloud.restore_tables(self._arranged)

    def deliver(self, *bodies: str) -> Answer:
        """Invoke the mailer with these messages, as SQS would."""
        return self.invoke("mailer", {"Records": [record(body, str(i)) for i, body in enumerate(bodies)]})

    def deliver_all(self) -> Answer:
        """Invoke the mailer with everything on the queue."""
        return self.deliver(*self.cloud.queued())

    def queued(self) -> list[dict[str, str]]:
        """Every message on the queue, without its empty fields."""
        messages = (json.loads(body) for body in self.cloud.queued())
        return [{name: value for name, value in message.items() if value} for message in messages]

    def _remember(self, function: str, answer: Answer) -> None:
        text = json.dumps(answer.result)
        if function in {"key_create", "key_rotate"} and answer.status == 201:
            self.issued.add(answer.json["api_key"]["plaintext_key"])
            text = text.replace(answer.json["api_key"]["plaintext_key"], "")
        if function in {"factor_set_up", "factor_change"} and answer.status == 200:
            for secret in _issued(answer.json):
                self.issued.add(secret)
                text = text.replace(json.dumps(secret)[1:-1], "")
        for secret in answer.cookies:
            self.issued.add(secret)
            text = text.replace(secret, "")
        self.seen.append(text)


def _issued(body: dict[str, Any]) -> list[str]:
    """The secrets of an answer about the second factor, the longest first, which contain others."""
    whole = [it for value in body.values() for it in (value if isinstance(value, list) else [value])]
    return sorted(whole, key=len, reverse=True)


def record(body: str, message_id: str) -> dict[str, Any]:
    """A message in SQS's event format."""
    return {
        "messageId": f"message-{message_id}",
        "receiptHandle": "receipt",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:MailQueue",
        "awsRegion": "us-east-1",
    }
