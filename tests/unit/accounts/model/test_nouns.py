"""The small parts of users, identities, audit records, messages and transactions."""

import pytest

from accounts import secrets
from accounts.model import audit, identities, users
from accounts.model.api_keys import Remove as RemoveKey
from accounts.model.audit import Record
from accounts.model.identities import Identity
from accounts.model.sessions import End
from accounts.transactions import Conflict
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, later


def _identity(**changes: bool) -> Identity:
    return Identity(f"email#{EMAIL}", "u" * 28, EMAIL, "Olive", NOW, NOW, pending_token="t", expires_at=NOW, **changes)


def test_user_ids_are_28_base62_characters() -> None:
    """The format that existing ComfyUI clients know as ``firebase_uid``; no two are equal."""
    ids = {users.new_user_id() for _ in range(1000)}

    assert (len(ids), {len(one) for one in ids}) == (1000, {28})
    assert set("".join(ids)) == set(secrets.BASE62)


@pytest.mark.parametrize(
    ("verified", "disabled", "lets_in"),
    [(False, False, False), (True, False, True), (True, True, False), (False, True, False)],
)
def test_an_identity_can_log_in_when_verified_and_not_disabled(
    *, verified: bool, disabled: bool, lets_in: bool
) -> None:
    assert _identity(verified=verified, disabled=disabled).can_log_in is lets_in


def test_an_address_cannot_look_like_another_kind_of_identity() -> None:
    """The key begins with the kind."""
    assert identities.email_key("google#1@example.com") == "email#google#1@example.com"


def test_audit_records_of_one_moment_differ_and_sort_by_time() -> None:
    """The id begins with the kind and the time, and ends with eight random characters."""
    one, other = Record("u", "e", NOW, OWNER), Record("u", "e", NOW, OWNER)
    after = Record("u", "e", later(microseconds=1), OWNER)

    assert one.event_id != other.event_id
    assert one.event_id.split("#")[:2] == ["e", "2026-03-01T12:00:00.000000+00:00"]
    assert max(one.event_id, other.event_id) < after.event_id


def test_an_operator_has_no_address() -> None:
    """The caller in the records of operators' actions."""
    assert audit.Caller("", "") == audit.NO_CALLER


def test_a_conflict_names_the_refused_change() -> None:
    """Flows ask it by kind of change."""
    conflict = Conflict(RemoveKey("d", "u"))

    assert (conflict.concerns(RemoveKey), conflict.concerns(End), str(conflict)) == (True, False, "Remove")
