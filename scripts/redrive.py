"""Send on the mail that failed and rests in the dead-letter queue. `make redrive` runs it.

Without more, it is the mail of the `make dev` that runs on PORT. With STACK=comfy-accounts it is that stack's, in the
AWS account and region that the environment's profile opens. A message that fails again comes back to rest.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts import place
from scripts.place import CannotDo, Place

# What MiniStack answers to a call that it does not know.
_UNKNOWN_CALL = "InvalidAction"
_AT_ONCE = 10


def redrive(there: Place, *, pause: Callable[[float], None] = time.sleep) -> int:
    """Move every resting message of a stack back to its mail queue; tell how many."""
    outputs = there.outputs
    sqs, resting, queue = there.client("sqs"), outputs["MailDeadLetterQueueUrl"], outputs["MailQueueUrl"]
    try:
        return _move(sqs, _arn(sqs, resting), pause)
    except ClientError as error:
        if error.response["Error"]["Code"] != _UNKNOWN_CALL:
            raise
        return _move_by_hand(sqs, resting, queue)


def _arn(sqs: Any, url: str) -> str:  # noqa: ANN401 - boto3 makes its clients at run time
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn: str = attributes["Attributes"]["QueueArn"]
    return arn


def _move(sqs: Any, resting: str, pause: Callable[[float], None]) -> int:  # noqa: ANN401
    """Have SQS do it, to wherever each came from; wait until it is done."""
    sqs.start_message_move_task(SourceArn=resting)
    while True:
        task = sqs.list_message_move_tasks(SourceArn=resting, MaxResults=1)["Results"][0]
        if task["Status"] != "RUNNING":
            break
        pause(1)
    if task["Status"] != "COMPLETED":
        raise CannotDo(f"SQS stopped moving: {task['Status']} {task.get('FailureReason', '')}".rstrip())
    return int(task.get("ApproximateNumberOfMessagesMoved", 0))


def _move_by_hand(sqs: Any, resting: str, queue: str) -> int:  # noqa: ANN401
    """Do it ourselves, where the call is not known. Sent before deleted: rather a mail twice than none."""
    moved = 0
    while messages := sqs.receive_message(QueueUrl=resting, MaxNumberOfMessages=_AT_ONCE).get("Messages"):
        for message in messages:
            sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=resting, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def main() -> int:
    """Say what is done, and do it."""
    try:
        there = place.find()
        print(f"Sending on the mail that rests in the dead-letter queue of {there.title}")
        moved = redrive(there)
    except (CannotDo, ClientError, BotoCoreError) as problem:
        print(f"make redrive: {problem}", file=sys.stderr)
        return 1
    print(f"{moved or 'No'} message{'' if moved == 1 else 's'} went back to the mail queue.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
