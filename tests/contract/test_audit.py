"""The contract of audit event stores."""

from datetime import timedelta, timezone
from typing import Any

from accounts.limits import AUDIT_KEPT
from accounts.model import audit, users
from accounts.model.audit import Record
from tests.contract.backends import Backend
from tests.contract.samples import CALLER, NAME, NOW, a_digest, a_record


def as_read(record: Record) -> dict[str, Any]:
    """The record as ``history`` returns it."""
    return {
        "event_id": record.event_id,
        "event": record.event,
        "source": record.caller.source,
        "user_agent": record.caller.user_agent,
        "detail": dict(record.detail),
        "expires_at": (record.at + AUDIT_KEPT).replace(microsecond=0),
    }


def test_a_record_is_stored_with_every_field(backend: Backend) -> None:
    """For a year."""
    record: Record = a_record(caller=CALLER, detail={"method": "password", "name": NAME, "empty": ""})
    backend.commit(record)

    assert backend.history(record.user_id) == [as_read(record)]


def test_a_record_without_caller_or_detail_is_stored_with_every_field(backend: Backend) -> None:
    """Such as the record of an operator's action."""
    record: Record = a_record(caller=audit.NO_CALLER, detail={})
    backend.commit(record)

    assert backend.history(record.user_id) == [as_read(record)]


def test_a_history_is_ordered_by_time(backend: Backend) -> None:
    """Whatever the order of writes and the time zone of each record."""
    tokyo = timezone(timedelta(hours=9))
    last: Record = a_record(at=NOW + timedelta(seconds=2))
    first: Record = a_record(user_id=last.user_id, at=NOW.astimezone(tokyo))
    middle: Record = a_record(user_id=last.user_id, at=NOW + timedelta(seconds=1))
    backend.commit(last)
    backend.commit(first, middle)

    assert backend.history(last.user_id) == [as_read(first), as_read(middle), as_read(last)]


def test_latest_returns_whole_records_newest_first(backend: Backend) -> None:
    """As many as requested, and no other account's."""
    records = [a_record(user_id="somebody", at=NOW + timedelta(seconds=second)) for second in range(4)]
    backend.commit(*records, a_record(at=NOW + timedelta(days=1)))

    assert backend.audit.latest("somebody", 3) == [records[3], records[2], records[1]]
    assert backend.audit.latest("somebody", 50) == records[::-1]


def test_an_unknown_account_has_no_records(backend: Backend) -> None:
    assert backend.audit.latest("nobody", 50) == []


def test_two_records_of_the_same_moment_are_both_stored(backend: Backend) -> None:
    """One flow may write two."""
    first: Record = a_record()
    second: Record = a_record(user_id=first.user_id, serial="another1")
    backend.commit(first, second)

    assert {entry["event_id"] for entry in backend.history(first.user_id)} == {first.event_id, second.event_id}


def test_a_record_is_never_overwritten(backend: Backend) -> None:
    record: Record = a_record()
    backend.commit(record)
    forged: Record = a_record(user_id=record.user_id, at=record.at, serial=record.serial, event="something_else")

    assert backend.refused(forged) == (forged,)


def test_a_refused_transaction_writes_no_record(backend: Backend) -> None:
    record: Record = a_record()
    missing = users.DropSessions("nobody", frozenset({a_digest()}))

    assert backend.refused(record, missing) == (missing,)
    assert backend.history(record.user_id) == []
