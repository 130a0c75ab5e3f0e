"""The email queue (SQS)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts.aws.clients import client
from accounts.errors import MailUnavailable, Unavailable
from accounts.model import messages
from accounts.model.messages import Message


class SqsOutbox:
    """Puts messages on the queue."""

    def __init__(self, queue_url: str, *, rarely: bool = False) -> None:
        """Create the client at start, unless it is ``rarely`` used; connect on first use."""
        self._queue_url = queue_url
        if not rarely:
            client("sqs")

    def put(self, message: Message) -> None:
        """Queue the message; raises MailUnavailable."""
        try:
            self._client().send_message(QueueUrl=self._queue_url, MessageBody=messages.encode(message))
        except (ClientError, BotoCoreError) as error:
            raise MailUnavailable from error

    def _client(self) -> Any:  # noqa: ANN401 - see ``clients``
        return client("sqs")


class HastyOutbox(SqsOutbox):
    """For notes beside a request that must not wait for them: tries once."""

    def _client(self) -> Any:  # noqa: ANN401 - see ``clients``
        return client("sqs", once=True)


class BestEffortOutbox(SqsOutbox):
    """For notices of what has already happened: a failure to queue the email must not undo or hide it."""

    def __init__(self, queue_url: str, on_failure: Callable[[Unavailable], None], *, rarely: bool = False) -> None:
        """``on_failure`` gets the error of each message that was lost."""
        super().__init__(queue_url, rarely=rarely)
        self._on_failure = on_failure

    def put(self, message: Message) -> None:
        """Queue the message, or report that this failed."""
        try:
            super().put(message)
        except Unavailable as error:
            self._on_failure(error)
