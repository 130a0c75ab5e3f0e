"""Delivers each queue record once, with the batch and idempotency utilities of Powertools.

SQS delivers at least once. The idempotency table keeps the id of each message, or its name (``once``): a record that
arrives again, during or after its delivery, sends nothing. A record that fails is removed from the table and returns to
the queue alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from accounts import telemetry
from accounts.flows.mail.mailing import Mailing
from accounts.model import messages
from accounts.model.messages import Message

# Longer than SQS keeps a message (four days, in the template).
REMEMBERED_SECONDS = 5 * 24 * 60 * 60


def deliver_batch(event: dict[str, Any], context: Any, mailing: Mailing, table: str) -> Any:  # noqa: ANN401
    """Deliver each record; the result lists those that failed (``ReportBatchItemFailures``)."""
    config = IdempotencyConfig(expires_after_seconds=REMEMBERED_SECONDS)
    config.register_lambda_context(context)

    @idempotent_function(data_keyword_argument="message_id", persistence_store=_store(table), config=config)  # type: ignore[untyped-decorator]
    def deliver(*, message_id: str, message: Message) -> str:  # noqa: ARG001 - the idempotency key
        return mailing.deliver(message, datetime.now(UTC))

    def handle(record: SQSRecord) -> None:
        try:
            message = messages.decode(record.body)
            name = message.once if isinstance(message, messages.ApiKeyExpiring) else record.message_id
            telemetry.mail(deliver(message_id=name, message=message))
        except Exception as error:
            telemetry.mail_failed(error)
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, handle, processor, context)


@cache
def _store(table: str) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(table_name=table)
