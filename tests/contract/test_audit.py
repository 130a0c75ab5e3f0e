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


def test_latest_returns_whole_records_of_a_kind_newest_first(backend: Backend) -> None:
    """As many as requested. Not those of a client, an event whose name goes on, or of another account."""
    user_id = users.new_user_id()
    seconds = [NOW + timedelta(seconds=second) for second in range(4)]
    logins = [a_record(user_id=user_id, event="login", at=at, detail={}) for at in seconds]
    clients = [a_record(user_id=user_id, event="login", at=at, detail={"client": "comfy-cli"}) for at in seconds]
    longer = a_record(user_id=user_id, event="login_fail", at=NOW + timedelta(hours=1))
    backend.commit(*logins, *clients, longer, a_record(event="login", at=NOW + timedelta(days=1)))

    assert [record.kind for record in (logins[0], clients[0])] == ["login", "login.client"]
    assert backend.audit.latest(user_id, audit.beginning("login"), 3) == logins[:0:-1]
    assert backend.audit.latest(user_id, audit.beginning("login.client"), 50) == clients[::-1]


def test_some_returns_all_records_up_to_a_number(backend: Backend) -> None:
    """Whole, of every kind, and no other account's."""
    user_id = users.new_user_id()
    records = [a_record(user_id=user_id, event=event, detail={}) for event in ("login", "logout", "rename")]
    backend.commit(*records, a_record())

    found = backend.audit.some(user_id, 50)
    assert sorted(found, key=lambda record: record.event) == records
    assert len(backend.audit.some(user_id, 2)) == 2


def test_an_unknown_account_has_no_records(backend: Backend) -> None:
    assert backend.audit.some("nobody", 50) == backend.audit.latest("nobody", audit.beginning("login"), 50) == []


def test_two_records_of_the_same_moment_are_both_stored(backend: Backend) -> None:
    """One flow may write two."""
    first: Record = a_record()
    second: Record = a_record(user_id=first.user_id, serial="another1")
    backend.commit(first, second)

    assert {entry["event_id"] for entry in backend.history(first.user_id)} == {first.event_id, second.event_id}


def test_a_record_is_never_overwritten(backend: Backend) -> None:
    record: Record = a_record()
    backend.commit(record)
    forged: Record = a_record(user_id=record.user_id, at=record.at, serial=record.serial, caller=audit.NO_CALLER)

    assert backend.refused(forged) == (forged,)


def test_a_refused_transaction_writes_no_record(backend: Backend) -> None:
    record: Record = a_record()
    missing = users.DropSessions("nobody", frozenset({a_digest()}))

    assert backend.refused(record, missing) == (missing,)
    assert backend.history(record.user_id) == []
