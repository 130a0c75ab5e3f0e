"""The edge to Secrets Manager and SQS: fail closed, read again in time, and never put a secret on the queue."""

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
from accounts.model.passwords import Peppers

REFUSED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue")
MISSING = ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")
UNREACHABLE = EndpointConnectionError(endpoint_url="https://sqs.example.com")
LONG = "k" * 32


@dataclass
class Aws:
    """Stands for one of botocore's clients."""

    secret: dict[str, Any] = field(default_factory=dict)
    outgoing: str | None = None
    error: Exception | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)

    def get_secret_value(self, **asked: Any) -> dict[str, Any]:
        """The secret, as Secrets Manager answers."""
        if asked["VersionStage"] == "OUTGOING" and not self.error:
            self.calls.append(asked)
            if self.outgoing is None:
                raise MISSING
            return {"SecretString": self.outgoing}
        return self._answer(asked)

    def send_message(self, **asked: Any) -> dict[str, Any]:
        """Take the message, as SQS does."""
        return self._answer(asked)

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(asked)
        if self.error:
            raise self.error
        return self.secret


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Whatever service is asked for, it is this one."""
    fake = Aws()
    for module in (aws_secrets, outbox):
        monkeypatch.setattr(module, "client", lambda _service: fake)
    return fake


def holding(aws: Aws, text: str) -> Secret:
    """A secret with that text."""
    aws.secret = {"SecretString": text}
    return Secret("arn:secret")


def test_nothing_is_read_until_it_is_needed(aws: Aws) -> None:
    """And then once, by its name."""
    secret = holding(aws, "hush")
    assert aws.calls == []

    assert (secret(), secret(), aws.calls) == (
        "hush",
        "hush",
        [{"SecretId": "arn:secret", "VersionStage": "AWSCURRENT"}],
    )


def test_a_rotation_takes_effect_within_five_minutes(aws: Aws) -> None:
    """Without a deploy."""
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
    """Nobody gets in without it (design, promise 7); it is asked for again the next time."""
    secret = holding(aws, LONG)
    aws.error = error
    with pytest.raises(Unavailable):
        use(secret)

    aws.error = None
    assert secret() == LONG


def test_a_secret_that_is_no_text_is_unavailable(aws: Aws) -> None:
    """Somebody stored bytes."""
    with pytest.raises(Unavailable):
        Secret("arn:secret")()

    assert len(aws.calls) == 1


def test_peppers_are_read_with_their_versions(aws: Aws) -> None:
    """The current one and those that old hashes still need (PW-09)."""
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
def test_peppers_that_are_not_sound_are_unavailable(aws: Aws, text: str) -> None:
    """Missing, short or malformed: no password is hashed under them."""
    with pytest.raises(Unavailable):
        PepperSecret(holding(aws, text))()


def test_a_secret_that_is_gone_is_unavailable(aws: Aws) -> None:
    """Only the version on its way out may be missing."""
    aws.error = MISSING
    with pytest.raises(Unavailable):
        Secret("arn:secret")()


def test_a_pepper_that_another_function_had_first_is_looked_for_at_once(aws: Aws) -> None:
    """A password that was hashed under it a moment ago is not wrong for five minutes (PW-09)."""
    peppers = PepperSecret(holding(aws, json.dumps({"current": "1", "1": "o" * 32})))
    before = peppers("1")
    aws.secret = {"SecretString": json.dumps({"current": "2", "1": "o" * 32, "2": "n" * 32})}
    kept = peppers("1")
    found = peppers("2")

    assert (before, kept, found.current) == (Peppers("1", {"1": b"o" * 32}), before, "2")
    assert peppers() == found
    assert len(aws.calls) == 2


def test_a_pepper_that_nobody_has_is_looked_for_and_not_made_up(aws: Aws) -> None:
    """The answer is what there is."""
    peppers = PepperSecret(holding(aws, json.dumps({"current": "1", "1": "o" * 32})))

    assert peppers("7") == Peppers("1", {"1": b"o" * 32})


def test_an_admin_secret_has_32_characters_at_least(aws: Aws) -> None:
    """A shorter one, an empty one above all, lets nobody in."""
    holding(aws, LONG)
    assert AdminSecret("arn:secret")(LONG)
    for text in ("", "k" * 31):
        holding(aws, text)
        with pytest.raises(Unavailable):
            AdminSecret("arn:secret")(text)


@pytest.mark.parametrize("outgoing", [None, "", "k" * 31])
def test_without_a_version_on_its_way_out_there_is_one_admin_secret(aws: Aws, outgoing: str | None) -> None:
    """Nothing, and nothing short, is not the second."""
    holding(aws, LONG)
    aws.outgoing = outgoing
    accepts = AdminSecret("arn:secret")

    assert [accepts(text) for text in (LONG, outgoing or "", "another " * 5)] == [True, False, False]


def test_while_the_admin_secret_is_rotated_both_are_accepted_and_the_new_one_at_once(aws: Aws) -> None:
    """From the moment a service presents it, though it was read when there was only the old one."""
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


def test_a_flood_of_wrong_admin_secrets_asks_aws_once_in_five_seconds(aws: Aws) -> None:
    """Whoever guesses must not cost us a call each, nor use up what Secrets Manager allows."""
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
def test_a_queue_that_does_not_take_it_is_unavailable(aws: Aws, error: Exception) -> None:
    """Nobody is told to look in their mail for nothing."""
    aws.error = error
    with pytest.raises(Unavailable):
        SqsOutbox("https://queue").put(NOTICE)

    assert len(aws.calls) == 1


def test_a_notice_that_cannot_be_queued_hides_nothing(aws: Aws) -> None:
    """What it tells of has happened: the loss is told, and the story goes on."""
    lost: list[Unavailable] = []
    notices = BestEffortOutbox("https://queue", lost.append)
    notices.put(NOTICE)
    aws.error = REFUSED
    notices.put(NOTICE)

    assert (len(aws.calls), [type(error) for error in lost]) == (2, [MailUnavailable])
