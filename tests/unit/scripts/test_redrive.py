"""Mail that failed is sent on: by SQS where it can, by hand where not, and never lost between two queues."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts import redrive
from scripts.place import CannotDo, Place

RESTING, QUEUE = "https://sqs.example/dead", "https://sqs.example/mail"


def refusal(code: str) -> ClientError:
    """As AWS refuses."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "StartMessageMoveTask")


@dataclass
class Aws:
    """SQS and CloudFormation. ``states`` is what becomes of the task, one after the other; ``did`` what was asked."""

    resting: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    refuses: ClientError | None = None
    full: bool = False
    did: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, service: str) -> "Aws":
        """Both services."""
        self.did.append(("client", service))
        return self

    def describe_stacks(self, **asked: str) -> dict[str, Any]:
        """The stack's outputs."""
        outputs = {"MailQueueUrl": QUEUE, "MailDeadLetterQueueUrl": RESTING}
        self.did.append(("stack", asked["StackName"]))
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": it} for key, it in outputs.items()]}]}

    def get_queue_attributes(self, **asked: Any) -> dict[str, Any]:
        """The ARN of a queue."""
        return {"Attributes": {"QueueArn": f"arn of {asked['QueueUrl']}"}}

    def start_message_move_task(self, **asked: str) -> None:
        """Begin, or refuse."""
        if self.refuses:
            raise self.refuses
        self.did.append(("move", asked["SourceArn"]))

    def list_message_move_tasks(self, **_asked: Any) -> dict[str, Any]:
        """How far it is."""
        state = self.states.pop(0)
        return {"Results": [{"Status": state, "ApproximateNumberOfMessagesMoved": 3}, {"Status": "FAILED"}]}

    def receive_message(self, **_asked: Any) -> dict[str, Any]:
        """Two at a time; the answer says nothing of none."""
        bodies = self.resting[:2]
        return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in bodies]} if bodies else {}

    def send_message(self, **asked: str) -> None:
        """Take it, unless full."""
        if self.full:
            raise refusal("OverLimit")
        self.did.append(("sent to " + asked["QueueUrl"], asked["MessageBody"]))

    def delete_message(self, **asked: str) -> None:
        """Forget it."""
        self.resting.remove(asked["ReceiptHandle"])
        self.did.append(("deleted from " + asked["QueueUrl"], asked["ReceiptHandle"]))


def stack_of(aws: Aws) -> Place:
    """Where that AWS has our stack."""
    return Place(aws, "our-stack", "somewhere")


def test_sqs_moves_the_messages_and_is_waited_for() -> None:
    """From the dead-letter queue of that stack, back to where they came from."""
    aws, pauses = Aws(states=["RUNNING", "RUNNING", "COMPLETED"]), []

    assert redrive.redrive(stack_of(aws), pause=pauses.append) == 3
    assert aws.did == [
        ("client", "cloudformation"),
        ("stack", "our-stack"),
        ("client", "sqs"),
        ("move", f"arn of {RESTING}"),
    ]
    assert pauses == [1, 1]


def test_moving_that_stops_is_told() -> None:
    """Rather than called done."""
    with pytest.raises(CannotDo, match="FAILED"):
        redrive.redrive(stack_of(Aws(states=["FAILED"])), pause=lambda _: None)


def test_where_the_call_is_unknown_messages_are_moved_by_hand() -> None:
    """Each is sent before it is deleted."""
    aws = Aws(resting=["a", "b", "c"], refuses=refusal("InvalidAction"))

    assert redrive.redrive(stack_of(aws)) == 3
    assert aws.did[3:] == [
        step for body in "abc" for step in ((f"sent to {QUEUE}", body), (f"deleted from {RESTING}", body))
    ]


def test_a_message_that_cannot_be_sent_rests_on() -> None:
    """Nothing is lost between the queues."""
    aws = Aws(resting=["a", "b"], refuses=refusal("InvalidAction"), full=True)
    with pytest.raises(ClientError):
        redrive.redrive(stack_of(aws))

    assert aws.resting == ["a", "b"]


def test_another_refusal_is_not_worked_around() -> None:
    """Who may not move messages may not copy them either."""
    aws = Aws(resting=["a"], refuses=refusal("AccessDenied"))
    with pytest.raises(ClientError, match="AccessDenied"):
        redrive.redrive(stack_of(aws))

    assert aws.resting == ["a"]


def test_without_a_local_cloud_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It never falls back to whatever AWS account the shell is logged in to."""
    monkeypatch.delenv("STACK", raising=False)
    monkeypatch.setenv("PORT", "9")
    monkeypatch.setattr("local.cloud.port_is_taken", lambda _port: False)

    assert redrive.main() == 1
    assert capsys.readouterr().err == (
        "make redrive: no `make dev` runs on port 9; for a stack in AWS, say STACK=its-name\n"
    )


@pytest.mark.parametrize(("moved", "said"), [(0, "No messages"), (1, "1 message"), (2, "2 messages")])
def test_it_says_how_many_went_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], moved: int, said: str
) -> None:
    """Before and after."""
    monkeypatch.setenv("STACK", "our-stack")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(redrive, "redrive", lambda _there: moved)

    assert redrive.main() == 0
    assert capsys.readouterr().out == (
        "Retrying the emails in the dead-letter queue of the stack our-stack in eu-central-1\n"
        f"{said} moved back to the mail queue.\n"
    )
