"""Accounts, keys and sessions as JSON: each field is listed, so that none is exposed by accident (ASVS 15.3.1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from accounts.errors import OriginNotAllowed
from accounts.limits import FRESH_LOGIN
from accounts.model import user_agents
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Record
from accounts.model.identities import Identity, public_id
from accounts.model.providers import NAMES
from accounts.model.sessions import Session
from accounts.model.users import User

if TYPE_CHECKING:
    from accounts.flows.keys.key_verification import Verified
    from accounts.flows.people.activity import Entry

    # Few functions present these; all import this module.
    from accounts.flows.providers.login_methods import Methods
    from accounts.model.clients import Clients


def customer(account: User | Identity) -> dict[str, Any]:
    """``Customer``, with the names that existing ComfyUI clients parse."""
    return {
        "id": account.user_id,
        "email": account.email,
        "name": account.name,
        "createdAt": timestamp(account.created_at),
        "updatedAt": timestamp(account.updated_at),
    }


def api_key(key: ApiKey) -> dict[str, Any]:
    """``APIKey``, without the key itself."""
    return {
        "id": key.digest,
        "name": key.name,
        "description": key.description,
        "key_prefix": key.key_prefix,
        "created_at": timestamp(key.created_at),
        "last_used_at": timestamp(key.last_used_at) if key.last_used_at else None,
    }


def identity(entry: Identity) -> dict[str, Any]:
    """An identity, without its subject and password hash."""
    return {
        "id": public_id(entry.key),
        "provider": entry.provider,
        "email": entry.email,
        "can_log_in": entry.is_login_method,
        "created_at": timestamp(entry.created_at),
    }


def listed_identity(entry: Identity) -> dict[str, Any]:
    """An identity for the account page."""
    return {**identity(entry), "email_shown": email_shown(entry.email)}


def email_shown(address: str) -> str:
    """The address with the letters of an international domain, for pages."""
    if "xn--" not in address:
        return address
    from accounts.model import email_addresses  # noqa: PLC0415 - few addresses have one

    return email_addresses.shown(address)


def verification(found: Verified | None) -> dict[str, Any]:
    """The response to another service about a key. Existing clients expect the account id as ``firebase_uid``."""
    if found is None:
        return {"valid": False}
    return {
        "valid": True,
        "firebase_uid": found.owner.user_id,
        "email": found.owner.email,
        "name": found.owner.name,
        "is_admin": False,
        "key_name": found.key.name,
        "key_description": found.key.description,
    }


def session(entry: Session, *, current: bool, known: Clients | None = None) -> dict[str, Any]:
    """A session, without its token. ``client`` is the program, or None for a browser."""
    client_id = entry.client_id
    name = known.name_of(client_id) if known else client_id
    return {
        "id": entry.digest,
        "current": current,
        "client": {"id": client_id, "name": name} if client_id else None,
        "method": entry.method,
        "remembered": entry.remembered,
        "authenticated_at": timestamp(entry.authenticated_at),
        "fresh_until": timestamp(entry.authenticated_at + FRESH_LOGIN),
        "last_seen_at": timestamp(entry.last_seen_at),
        "expires_at": timestamp(entry.expires_at),
        "source": entry.caller.source,
        "device": user_agents.describe(entry.caller.user_agent),
        "user_agent": entry.caller.user_agent,
    }


def activity(record: Record, known: Clients | None = None) -> dict[str, Any]:
    """An event of the account's history. ``device`` is empty when the request had no user agent."""
    agent, detail = record.caller.user_agent, record.shown
    if known and "client" in detail:
        detail["client"] = known.name_of(detail["client"])
    return {
        "event": record.event,
        "at": timestamp(record.at),
        "source": record.caller.source,
        "device": user_agents.describe(agent) if agent else "",
        "detail": detail,
    }


def activity_entry(entry: Entry, known: Clients | None = None) -> dict[str, Any]:
    """Equal events of the account's history. ``at`` is the last, ``first_at`` the first, ``count`` their number."""
    return {**activity(entry.record, known), "count": entry.count, "first_at": timestamp(entry.first_at)}


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def methods(found: Methods, site_url: str) -> dict[str, Any]:
    """The login methods of an origin; for one that is not on the allowlist, what to do instead."""
    body = {"origin": found.origin, "allowed": found.allowed, "methods": list(found.names)}
    starts = {name: f"{site_url}/auth/{name}/start" for name in found.names if name in NAMES}
    advice = {} if found.allowed else {"message": OriginNotAllowed.default_message}
    return {**body, "start_urls": starts, "api_key_url": f"{site_url}/api-keys", **advice}
