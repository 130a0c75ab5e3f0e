"""Retry the emails in the dead-letter queue. `make redrive` runs it.

By default it uses the `make dev` on PORT. With STACK=comfy-accounts it uses that stack, in the AWS account and region
of the environment. Messages that fail again return to the dead-letter queue.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts import place
from scripts.place import CannotDo, Place

# MiniStack's error code for calls that it does not implement.
_UNKNOWN_CALL = "InvalidAction"
_AT_ONCE = 10


def redrive(there: Place, *, pause: Callable[[float], None] = time.sleep) -> int:
    """Move all messages of the dead-letter queue back to the mail queue; return how many."""
    outputs = there.outputs
    sqs, dead, queue = there.client("sqs"), outputs["MailDeadLetterQueueUrl"], outputs["MailQueueUrl"]
    try:
        return _move(sqs, _arn(sqs, dead), pause)
    except ClientError as error:
        if error.response["Error"]["Code"] != _UNKNOWN_CALL:
            raise
        return _move_by_hand(sqs, dead, queue)


def _arn(sqs: Any, url: str) -> str:  # noqa: ANN401 - boto3 makes its clients at run time
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn: str = attributes["Attributes"]["QueueArn"]
    return arn


def _move(sqs: Any, dead: str, pause: Callable[[float], None]) -> int:  # noqa: ANN401
    """Let SQS move them to their source queue, and wait until it is done."""
    sqs.start_message_move_task(SourceArn=dead)
    while True:
        task = sqs.list_message_move_tasks(SourceArn=dead, MaxResults=1)["Results"][0]
        if task["Status"] != "RUNNING":
            break
        pause(1)
    if task["Status"] != "COMPLETED":
        raise CannotDo(f"SQS stopped moving: {task['Status']} {task.get('FailureReason', '')}".rstrip())
    return int(task.get("ApproximateNumberOfMessagesMoved", 0))


def _move_by_hand(sqs: Any, dead: str, queue: str) -> int:  # noqa: ANN401
    """Move them one by one. Send before deleting: a duplicate email is better than a lost one."""
    moved = 0
    while messages := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=_AT_ONCE).get("Messages"):
        for message in messages:
            sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def main() -> int:
    try:
        there = place.find()
        print(f"Retrying the emails in the dead-letter queue of {there.title}")
        moved = redrive(there)
    except (CannotDo, ClientError, BotoCoreError) as problem:
        print(f"make redrive: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake redrive: stopped before it was finished. Run it again to move the rest.", file=sys.stderr)
        return 130
    print(f"{moved or 'No'} message{'' if moved == 1 else 's'} moved back to the mail queue.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
