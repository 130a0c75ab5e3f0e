"""The mail queue of the local cloud: what rests in it, what the mailer logs, and an SES that refuses every email."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from local.cloud import MAIL_FROM, LocalCloud
from local.emulator import fetch
from tests.waiting import wait_for

_IN_A_QUEUE = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
_CHANGED = ("VisibilityTimeout", "RedrivePolicy")


@contextmanager
def sandbox(cloud: LocalCloud, *, tries: int | None = None) -> Iterator["Mailer"]:
    """Have SES refuse every email, as it does from an unverified sender, and the mailer retry after a second.

    It tries as often as deployed, or ``tries`` times. Emails that earlier tests did not wait for are deleted: refused,
    they would be counted among those of this one. Afterwards, what is still in the queue is sent: with the deployed
    timeout, the last try that failed would rest for nine minutes.
    """
    queue = cloud.outputs["MailQueueUrl"]
    mail, sqs = cloud.client("sesv2"), cloud.client("sqs")
    deployed = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=_CHANGED)["Attributes"]
    redrive = json.loads(deployed["RedrivePolicy"]) | ({"maxReceiveCount": tries} if tries else {})
    empty(cloud)
    mail.delete_email_identity(EmailIdentity=MAIL_FROM)
    impatient = {"VisibilityTimeout": "1", "RedrivePolicy": json.dumps(redrive)}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=impatient)
    try:
        yield Mailer(cloud)
        cloud.prepare()
        wait_for(lambda: _messages(cloud, "MailQueueUrl") == 0, "the delivery of every message")
    finally:
        cloud.prepare()
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=deployed)


def empty(cloud: LocalCloud) -> None:
    """Delete what waits in the mail queue and in its dead-letter queue."""
    for name in ("MailQueueUrl", "MailDeadLetterQueueUrl"):
        cloud.client("sqs").purge_queue(QueueUrl=cloud.outputs[name])


def resting(cloud: LocalCloud) -> int:
    """Count the messages in the dead-letter queue."""
    return _messages(cloud, "MailDeadLetterQueueUrl")


def is_queued(cloud: LocalCloud, about: str) -> bool:
    """Return whether a message with this text waits or is being delivered."""
    queues = json.loads(fetch(f"{cloud.endpoint_url}/_ministack/sqs/messages"))["messages"]
    return about in json.dumps(queues)


class Mailer:
    """The events that the mailer has logged since the creation of this object."""

    def __init__(self, cloud: LocalCloud) -> None:
        (self._function,) = (name for name, folder in cloud.function_names().items() if folder == "mailer")
        self._cloud = cloud
        self._earlier = len(cloud.logs())

    def count(self, event: str) -> int:
        lines = [line for line in self._cloud.logs()[self._earlier :] if line.function == self._function]
        return sum((line.fields or {}).get("event") == event for line in lines)


def _messages(cloud: LocalCloud, queue: str) -> int:
    """Count those that wait and those that are being delivered or wait for their next try."""
    found = cloud.client("sqs").get_queue_attributes(QueueUrl=cloud.outputs[queue], AttributeNames=_IN_A_QUEUE)
    return sum(int(found["Attributes"][name]) for name in _IN_A_QUEUE)
