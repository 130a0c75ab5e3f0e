"""The edge to Secrets Manager and SQS: fail closed, read again in time, and never queue a secret."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from accounts.aws import outbox
from accounts.aws import secrets as aws_secrets
from accounts.aws.outbox import BestEffortOutbox, SqsOutbox
from accounts.aws.secrets import AdminSecret, PepperSecret, Secret
from accounts.errors import MailUnavailable, Unavailable
from accounts.model import messages
from accounts.model.peppers import Peppers

REFUSED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue")
MISSING = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")
UNREACHABLE = EndpointConnectionError(endpoint_url="https://sqs.example.com")
LONG = "k" * 32


@dataclass
class Aws:
    """A fake botocore client."""

    secret: dict[str, Any] = field(default_factory=dict)
    outgoing: str | None = None
    error: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)

    def get_secret_value(self, **asked: Any) -> dict[str, Any]:
        if asked["VersionStage"] == "OUTGOING" and not self.error:
            self.calls.append(asked)
            if self.outgoing is None:
                raise MISSING
            return {"SecretString": self.outgoing}
        return self._answer(asked)

    def send_message(self, **asked: Any) -> dict[str, Any]:
        return self._answer(asked)

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(asked)
        if self.error:
            raise self.error
        return self.secret


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Every client is this one."""
    fake = Aws()
    for module in (aws_secrets, outbox):
        monkeypatch.setattr(module, "client", lambda _service: fake)
    return fake


def holding(aws: Aws, text: str) -> Secret:
    """A secret with that text."""
    aws.secret = {"SecretString": text}
    return Secret("arn:secret")


def test_no_secret_is_read_until_it_is_needed(aws: Aws) -> None:
    """Then once, by its name."""
    secret = holding(aws, "hush")
    assert aws.calls == []

    assert (secret(), secret(), aws.calls) == (
        "hush",
        "hush",
        [{"SecretId": "arn:secret", "VersionStage": "AWSCURRENT"}],
    )


def test_a_rotation_takes_effect_within_five_minutes(aws: Aws) -> None:
    """Without a deployment."""
    clock = [1000.0]
    aws.secret = {"SecretString": "old"}
    secret = Secret("arn:secret", clock=lambda: clock[0])
    seen = [secret()]
    aws.secret = {"SecretString": "new"}
    for seconds in (299.9, 0.1):
        clock[0] += seconds
        seen.append(secret())

    assert (seen, len(aws.calls)) == (["old", "old", "new"], 2)


@pytest.mark.parametrize("error", [REFUSED, UNREACHABLE], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("use", [Secret.__call__, lambda s: PepperSecret(s)(), lambda s: AdminSecret(s._arn)(LONG)])
def test_a_secret_that_cannot_be_read_is_unavailable(aws: Aws, error: Exception, use: Callable[[Secret], Any]) -> None:
    """Nothing works without it (design, promise 7); the next use reads it again."""
    secret = holding(aws, LONG)
    aws.error = error
    with pytest.raises(Unavailable):
        use(secret)

    aws.error = None
    assert secret() == LONG


def test_a_binary_secret_is_unavailable(aws: Aws) -> None:
    with pytest.raises(Unavailable):
        Secret("arn:secret")()

    assert len(aws.calls) == 1


def test_peppers_are_read_with_their_versions(aws: Aws) -> None:
    """The current one and those of older hashes (PW-09)."""
    text = json.dumps({"current": "2", "1": "o" * 32, "2": "n" * 48})

    assert PepperSecret(holding(aws, text))() == Peppers("2", {"1": b"o" * 32, "2": b"n" * 48})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        '"text"',
        "{}",
        json.dumps({"current": "1"}),
        json.dumps({"1": LONG}),
        json.dumps({"current": "2", "1": LONG}),
        json.dumps({"current": "1", "1": "k" * 31}),
        json.dumps({"current": "2", "1": "", "2": LONG}),
        json.dumps({"current": "current"}),
    ],
)
def test_malformed_peppers_are_unavailable(aws: Aws, text: str) -> None:
    """Missing, short or malformed: no password is hashed with them."""
    with pytest.raises(Unavailable):
        PepperSecret(holding(aws, text))()


def test_a_deleted_secret_is_unavailable(aws: Aws) -> None:
    """Only the outgoing version may be missing."""
    aws.error = MISSING
    with pytest.raises(Unavailable):
        Secret("arn:secret")()


def test_an_unknown_pepper_version_is_read_at_once(aws: Aws) -> None:
    """Another function may have hashed with it a moment ago: its password is not wrong for five minutes (PW-09)."""
    peppers = PepperSecret(holding(aws, json.dumps({"current": "1", "1": "o" * 32})))
    before = peppers("1")
    aws.secret = {"SecretString": json.dumps({"current": "2", "1": "o" * 32, "2": "n" * 32})}
    kept = peppers("1")
    found = peppers("2")

    assert (before, kept, found.current) == (Peppers("1", {"1": b"o" * 32}), before, "2")
    assert peppers() == found
    assert len(aws.calls) == 2


def test_a_pepper_version_that_does_not_exist_is_not_invented(aws: Aws) -> None:
    """The stored versions are returned."""
    peppers = PepperSecret(holding(aws, json.dumps({"current": "1", "1": "o" * 32})))

    assert peppers("7") == Peppers("1", {"1": b"o" * 32})


def test_an_admin_secret_has_at_least_32_characters(aws: Aws) -> None:
    """A shorter one, above all an empty one, is never accepted."""
    holding(aws, LONG)
    assert AdminSecret("arn:secret")(LONG)
    for text in ("", "k" * 31):
        holding(aws, text)
        with pytest.raises(Unavailable):
            AdminSecret("arn:secret")(text)


@pytest.mark.parametrize("outgoing", [None, "", "k" * 31])
def test_without_an_outgoing_version_there_is_one_admin_secret(aws: Aws, outgoing: str | None) -> None:
    """A missing or short one is not accepted as the second."""
    holding(aws, LONG)
    aws.outgoing = outgoing
    accepts = AdminSecret("arn:secret")

    assert [accepts(text) for text in (LONG, outgoing or "", "another " * 5)] == [True, False, False]


def test_the_current_admin_secret_is_accepted_without_reading_the_outgoing_one(aws: Aws) -> None:
    """Most requests bring it, and each cold start would wait for another call."""
    holding(aws, LONG)
    accepts = AdminSecret("arn:secret")

    assert [accepts(LONG), accepts(LONG)] == [True, True]
    assert [call["VersionStage"] for call in aws.calls] == ["AWSCURRENT"]


def test_during_a_rotation_both_admin_secrets_work_and_the_new_one_at_once(aws: Aws) -> None:
    """From the moment that a service presents it, although only the old one was cached."""
    clock = [1000.0]
    old, new = "o" * 32, "n" * 32
    holding(aws, old)
    accepts = AdminSecret("arn:secret", clock=lambda: clock[0])
    assert accepts(old)
    clock[0] += 5
    aws.secret, aws.outgoing = {"SecretString": new}, old

    assert [accepts(text) for text in (old, new, old)] == [True, True, True]
    aws.outgoing = None
    clock[0] += 300
    assert [accepts(text) for text in (new, old)] == [True, False]


def test_wrong_admin_secrets_cause_at_most_one_read_in_five_seconds(aws: Aws) -> None:
    """Guesses must not cost a call each, nor exhaust the quota of Secrets Manager."""
    clock = [1000.0]
    holding(aws, LONG)
    accepts = AdminSecret("arn:secret", clock=lambda: clock[0])
    for _ in range(100):
        assert not accepts("w" * 32)
    at_first = len(aws.calls)
    for _ in range(100):
        clock[0] += 0.1
        assert not accepts("w" * 32)

    assert (at_first, len(aws.calls)) == (2, 6)


NOTICE = messages.ApiKeyCreated(user_id="u" * 28, name="Zoë's laptop")


def test_a_message_is_queued_as_json(aws: Aws) -> None:
    """The mailer decodes the same message."""
    SqsOutbox("https://queue").put(NOTICE)

    (call,) = aws.calls
    assert call["QueueUrl"] == "https://queue"
    assert messages.decode(call["MessageBody"]) == NOTICE


@pytest.mark.parametrize("error", [REFUSED, UNREACHABLE], ids=lambda error: type(error).__name__)
def test_a_queue_that_is_down_is_unavailable(aws: Aws, error: Exception) -> None:
    """No one is asked to look for an email that will not arrive."""
    aws.error = error
    with pytest.raises(Unavailable):
        SqsOutbox("https://queue").put(NOTICE)

    assert len(aws.calls) == 1


def test_a_notice_that_cannot_be_queued_does_not_fail_the_flow(aws: Aws) -> None:
    """What it reports has happened: the loss is logged, and the flow continues."""
    lost: list[Unavailable] = []
    notices = BestEffortOutbox("https://queue", lost.append)
    notices.put(NOTICE)
    aws.error = REFUSED
    notices.put(NOTICE)

    assert (len(aws.calls), [type(error) for error in lost]) == (2, [MailUnavailable])
