"""Failed messages are sent again: by SQS where it can, by hand where it cannot, and never lost between two queues."""

from dataclasses import dataclass, field
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from scripts import place, redrive
from scripts.place import CannotDo, Place

RESTING, QUEUE = "https://sqs.example/dead", "https://sqs.example/mail"


def refusal(code: str) -> ClientError:
    """An error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "StartMessageMoveTask")


@dataclass
class Aws:
    """SQS and CloudFormation. ``states`` are the task's states, one after the other; ``did`` records the calls."""

    resting: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    refuses: ClientError | None = None
    full: bool = False
    did: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, service: str) -> "Aws":
        self.did.append(("client", service))
        return self

    def describe_stacks(self, **asked: str) -> dict[str, Any]:
        outputs = {"MailQueueUrl": QUEUE, "MailDeadLetterQueueUrl": RESTING}
        self.did.append(("stack", asked["StackName"]))
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": it} for key, it in outputs.items()]}]}

    def get_queue_attributes(self, **asked: Any) -> dict[str, Any]:
        return {"Attributes": {"QueueArn": f"arn of {asked['QueueUrl']}"}}

    def start_message_move_task(self, **asked: str) -> None:
        """Start, or refuse."""
        if self.refuses:
            raise self.refuses
        self.did.append(("move", asked["SourceArn"]))

    def list_message_move_tasks(self, **_asked: Any) -> dict[str, Any]:
        """The task's progress."""
        state = self.states.pop(0)
        return {"Results": [{"Status": state, "ApproximateNumberOfMessagesMoved": 3}, {"Status": "FAILED"}]}

    def receive_message(self, **_asked: Any) -> dict[str, Any]:
        """Two at a time; the answer omits an empty list."""
        bodies = self.resting[:2]
        return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in bodies]} if bodies else {}

    def send_message(self, **asked: str) -> None:
        """Accept it, unless full."""
        if self.full:
            raise refusal("OverLimit")
        self.did.append(("sent to " + asked["QueueUrl"], asked["MessageBody"]))

    def delete_message(self, **asked: str) -> None:
        self.resting.remove(asked["ReceiptHandle"])
        self.did.append(("deleted from " + asked["QueueUrl"], asked["ReceiptHandle"]))


def stack_of(aws: Aws) -> Place:
    """The stack in that AWS."""
    return Place(aws, "our-stack", "somewhere")


def test_sqs_moves_the_messages_and_is_waited_for() -> None:
    """From the stack's dead-letter queue back to where they came from."""
    aws, pauses = Aws(states=["RUNNING", "RUNNING", "COMPLETED"]), []

    assert redrive.redrive(stack_of(aws), pause=pauses.append) == 3
    assert aws.did == [
        ("client", "cloudformation"),
        ("stack", "our-stack"),
        ("client", "sqs"),
        ("move", f"arn of {RESTING}"),
    ]
    assert pauses == [1, 1]


def test_a_move_that_stops_is_reported() -> None:
    """Rather than called done."""
    with pytest.raises(CannotDo, match="FAILED"):
        redrive.redrive(stack_of(Aws(states=["FAILED"])), pause=lambda _: None)


def test_without_that_call_messages_are_moved_by_hand() -> None:
    """Each is sent before it is deleted."""
    aws = Aws(resting=["a", "b", "c"], refuses=refusal("InvalidAction"))

    assert redrive.redrive(stack_of(aws)) == 3
    assert aws.did[3:] == [
        step for body in "abc" for step in ((f"sent to {QUEUE}", body), (f"deleted from {RESTING}", body))
    ]


def test_a_message_that_cannot_be_sent_stays_in_its_queue() -> None:
    """Nothing is lost between the queues."""
    aws = Aws(resting=["a", "b"], refuses=refusal("InvalidAction"), full=True)
    with pytest.raises(ClientError):
        redrive.redrive(stack_of(aws))

    assert aws.resting == ["a", "b"]


def test_any_other_refusal_is_reported() -> None:
    """Without permission to move messages, they are not copied either."""
    aws = Aws(resting=["a"], refuses=refusal("AccessDenied"))
    with pytest.raises(ClientError, match="AccessDenied"):
        redrive.redrive(stack_of(aws))

    assert aws.resting == ["a"]


def test_without_a_local_cloud_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It never falls back to the AWS account that the shell is logged in to."""
    monkeypatch.delenv("STACK", raising=False)
    monkeypatch.setenv("PORT", "9")
    monkeypatch.setattr("local.running.port_is_taken", lambda _port: False)

    assert redrive.main() == 1
    assert capsys.readouterr().err == (
        "make redrive: no `make dev` runs on port 9; for a stack in AWS, say STACK=its-name\n"
    )


@pytest.mark.parametrize(("moved", "said"), [(0, "No messages"), (1, "1 message"), (2, "2 messages")])
def test_it_reports_the_number_of_messages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], moved: int, said: str
) -> None:
    """Before and after they are moved."""
    monkeypatch.setenv("STACK", "our-stack")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(redrive, "redrive", lambda _there: moved)
    monkeypatch.setattr(place, "account_of", lambda _session: "123456789012")

    assert redrive.main() == 0
    assert capsys.readouterr().out == (
        "Retrying the emails in the dead-letter queue of"
        " the stack our-stack of AWS account 123456789012 in eu-central-1\n"
        f"{said} moved back to the mail queue.\n"
    )


def test_ctrl_c_leaves_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """SQS may need minutes."""
    monkeypatch.setattr(place, "find", lambda: stack_of(Aws()))
    monkeypatch.setattr(redrive, "redrive", Mock(side_effect=KeyboardInterrupt))

    assert redrive.main() == 130
    assert capsys.readouterr().err == (
        "\nmake redrive: stopped before it was finished. Run it again to move the rest.\n"
    )
