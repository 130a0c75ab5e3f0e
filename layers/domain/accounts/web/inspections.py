"""An account as an operator sees it: each field listed explicitly, so that no secret is included."""

from __future__ import annotations

from typing import Any

from accounts.flows.operators.account_inspection import Inspection
from accounts.flows.people.activity import Entry
from accounts.limits import FAILURES_THAT_DISABLE_PASSWORD
from accounts.model.attempts import wait_after
from accounts.model.identities import EMAIL, Identity, revoked_hash
from accounts.model.throttles import Counter
from accounts.web import presenters


def document(found: Inspection) -> dict[str, Any]:
    """The account and everything that belongs to it, newest first."""
    sessions = sorted(found.sessions, key=lambda entry: entry.last_seen_at, reverse=True)
    keys = sorted(found.api_keys, key=lambda entry: entry.created_at, reverse=True)
    return {
        "account": {
            **presenters.customer(found.user),
            "status": found.user.status,
            "mail_problem": found.user.mail_problem,
        },
        "identities": [_identity(entry) for entry in found.identities],
        "sessions": [presenters.session(entry, current=False) for entry in sessions],
        "api_keys": [presenters.api_key(entry) for entry in keys],
        "failures": _failures(found.failures),
        "activity": [_activity(entry) for entry in found.activity],
    }


def _identity(entry: Identity) -> dict[str, Any]:
    return {
        **presenters.identity(entry),
        "subject": None if entry.provider == EMAIL else entry.key.partition("#")[2],
        "disabled": entry.disabled,
        "undeliverable": entry.undeliverable,
        "password": _password(entry),
    }


def _password(entry: Identity) -> str:
    if entry.password_hash is None:
        return "none"
    return "set" if revoked_hash(entry) is None else "revoked"


def _failures(counter: Counter | None) -> dict[str, Any]:
    """Consecutive failures, when the next attempt is allowed, and whether the password is disabled.

    A disabled password needs a reset or an operator.
    """
    if counter is None:
        return {"count": 0, "wait_until": None, "password_disabled": False}
    return {
        "count": counter.count,
        "wait_until": presenters.timestamp(counter.raised_at + wait_after(counter.count)),
        "password_disabled": counter.count >= FAILURES_THAT_DISABLE_PASSWORD,
    }


def _activity(entry: Entry) -> dict[str, Any]:
    """With details that are hidden from the owner: the operator, and the ids of sessions and keys."""
    return {**presenters.activity_entry(entry), "detail": dict(entry.record.detail)}
