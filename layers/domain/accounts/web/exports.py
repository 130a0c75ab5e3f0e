"""The export of an account: all data about its owner in one document, without secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.flows.people.account_export import Holdings
from accounts.model.audit import Record
from accounts.model.identities import EMAIL, Identity
from accounts.web import presenters

FILENAME = "comfy-account.json"


def document(holdings: Holdings, now: datetime) -> dict[str, Any]:
    """The document, each field listed explicitly. Includes raw user agents."""
    current = holdings.current.digest
    return {
        "exported_at": presenters.timestamp(now),
        "account": {
            **presenters.customer(holdings.user),
            "status": holdings.user.status,
            "mail_problem": holdings.user.mail_problem,
        },
        "identities": [_identity(entry) for entry in holdings.identities],
        "unlinked": [_unlinked(key) for key in sorted(holdings.user.unlinked)],
        "sessions": [presenters.session(entry, current=entry.digest == current) for entry in holdings.sessions],
        "api_keys": [presenters.api_key(entry) for entry in holdings.api_keys],
        "activity": [_activity(record) for record in holdings.activity],
    }


def _identity(entry: Identity) -> dict[str, Any]:
    """``presenters.identity`` and what it leaves out: the provider's subject, and whether there is a password."""
    subject = None if entry.provider == EMAIL else entry.key.partition("#")[2]
    return {
        **presenters.identity(entry),
        "name": entry.name,
        "subject": subject,
        "verified": entry.verified,
        "disabled": entry.disabled,
        "has_password": entry.password_hash is not None,
        "updated_at": presenters.timestamp(entry.updated_at),
    }


def _unlinked(key: str) -> dict[str, Any]:
    provider, _, subject = key.partition("#")
    return {"provider": provider, "subject": subject}


def _activity(record: Record) -> dict[str, Any]:
    return {**presenters.activity(record), "user_agent": record.caller.user_agent}
