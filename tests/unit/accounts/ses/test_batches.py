"""Each queue record is delivered once, and returns to the queue alone when it fails."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from accounts.model import messages
from accounts.ses import batches
from tests.unit.accounts.stage import EMAIL, Service

CONTEXT = SimpleNamespace(function_name="mailer", get_remaining_time_in_millis=lambda: 30_000)


class Memory(BasePersistenceLayer):
    """The idempotency table, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, DataRecord] = {}

    def _get_record(self, idempotency_key: str) -> DataRecord:
        try:
            return self.records[idempotency_key]
        except KeyError as error:
            raise IdempotencyItemNotFoundError from error

    def _put_record(self, data_record: DataRecord) -> None:
        if data_record.idempotency_key in self.records:
            raise IdempotencyItemAlreadyExistsError
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        del self.records[data_record.idempotency_key]


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch, log: Any) -> None:  # noqa: ARG001 - keeps the lines off the terminal
    memory = Memory()
    monkeypatch.setattr(batches, "_store", lambda _table: memory)


def record(message_id: str, body: str) -> dict[str, Any]:
    """As SQS delivers it."""
    return {"messageId": message_id, "receiptHandle": "r", "body": body, "attributes": {}, "eventSource": "aws:sqs"}


ABOUT_UNKNOWN_ADDRESS = messages.encode(messages.Signup("nobody@example.com"))


def deliver(service: Service, *records: dict[str, Any]) -> list[str]:
    """Deliver a batch; returns the ids of the records that failed."""
    answer = batches.deliver_batch({"Records": list(records)}, CONTEXT, service.mailing, "deliveries")
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def about_key(service: Service) -> str:
    """A message that sends an email each time it is delivered."""
    return messages.encode(messages.ApiKeyCreated(service.person().session.user_id, "laptop"))


def test_each_record_is_delivered(service: Service, logged: Callable[[], list[dict[str, Any]]]) -> None:
    """The log has the outcome, not the recipient."""
    body = about_key(service)

    assert deliver(service, record("1", body), record("2", ABOUT_UNKNOWN_ADDRESS)) == []
    assert [mail.to for mail in service.postman.mails] == [EMAIL]
    assert [line["event"] for line in logged()] == ["mail_sent", "mail_nobody_to_tell"]
    assert "example.com" not in json.dumps(logged())


def test_a_record_that_arrives_again_sends_nothing(service: Service) -> None:
    """In the same batch or in a later one."""
    body = about_key(service)

    assert deliver(service, record("1", body), record("1", body)) == []
    assert deliver(service, record("1", body)) == []
    assert len(service.postman.mails) == 1


def test_a_record_that_fails_returns_alone_and_is_sent_later(service: Service) -> None:
    """The rest of the batch is done."""
    body = about_key(service)
    service.postman.down = True
    failed = deliver(service, record("1", body), record("2", ABOUT_UNKNOWN_ADDRESS))
    service.postman.down = False

    assert failed == ["1"]
    assert deliver(service, record("1", body)) == []
    assert len(service.postman.mails) == 1


@pytest.mark.parametrize("body", ["", "no json", "[]", "null", '{"kind": "sign_up", "bcc": "x"}', '{"email": "a"}'])
def test_a_malformed_message_is_not_delivered(
    service: Service, logged: Callable[[], list[dict[str, Any]]], body: str
) -> None:
    """It ends in the dead-letter queue. Its text is not logged."""
    assert deliver(service, record("1", body), record("2", about_key(service))) == ["1"]
    assert [line["event"] for line in logged()] == ["mail_failed", "mail_sent"]
    assert len(service.postman.mails) == 1


def test_when_every_record_fails_all_return(service: Service) -> None:
    """Record by record: the function itself does not fail."""
    body = about_key(service)
    service.postman.down = True

    assert deliver(service, record("1", body), record("2", body)) == ["1", "2"]
