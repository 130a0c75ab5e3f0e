"""API keys as JSON, without their text except for a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from accounts.errors import Refusal
from accounts.model import user_agents
from accounts.web.timestamps import Timestamp, maybe, timestamp

if TYPE_CHECKING:
    from accounts.flows.keys.key_verification import Verified
    from accounts.model import api_keys, key_secrets
    from accounts.model.key_scopes import Offered


class OldSecret(Struct):
    """The secret of an API key before its rotation, which still works."""

    key_prefix: str
    ends_at: Timestamp | None
    last_used_at: Timestamp | None
    last_used_source: str
    last_used_device: str


class APIKey(Struct):
    """An API key without its text. Without ``networks``, it works everywhere; without ``scopes``, for everything."""

    id: str
    name: str
    description: str
    key_prefix: str
    created_at: Timestamp
    last_used_at: Timestamp | None
    last_used_source: str
    last_used_device: str
    expires_at: Timestamp | None
    rotated_at: Timestamp | None
    old_secret: OldSecret | None
    networks: list[str]
    scopes: list[str]


class CreatedKey(APIKey):
    """An API key with its text, which no later response contains."""

    plaintext_key: str


class KeyCreated(Struct):
    api_key: CreatedKey


class KeyScope(Struct):
    """A scope that a key may be restricted to, and the names of the services that have it; none for this service."""

    name: str
    means: list[str]
    services: list[str]


class Keys(Struct):
    """``scopes`` are those that this deployment offers, none if it has no other services."""

    api_keys: list[APIKey]
    scopes: list[KeyScope]


class KeyOwner(Struct):
    """The owner of a valid API key. Existing clients expect the account id as ``firebase_uid``.

    ``scopes`` are what the key may be used for, null for everything.
    """

    valid: Annotated[bool, Meta(extra_json_schema={"const": True})]
    firebase_uid: str
    email: str
    name: str
    is_admin: bool
    key_name: str
    key_description: str
    key_expires_at: Timestamp | None
    scopes: list[str] | None


class NoKey(Struct):
    """The API key is not valid: ``error`` and ``message`` as in a refusal."""

    valid: Annotated[bool, Meta(extra_json_schema={"const": False})]
    error: str
    message: str


def api_key(listed: key_secrets.Listed) -> APIKey:
    key = listed.key
    return APIKey(
        id=key.id,
        name=key.name,
        description=key.description,
        key_prefix=key.key_prefix,
        created_at=timestamp(key.created_at),
        **_last_use(key),
        expires_at=maybe(key.expires_at),
        rotated_at=maybe(key.rotated_at),
        old_secret=old_secret(listed.old) if listed.old else None,
        networks=key.networks.split(),
        scopes=key.scopes.split(),
    )


def keys(found: list[key_secrets.Listed], scopes: tuple[Offered, ...]) -> Keys:
    offered = [KeyScope(each.name, list(each.means), list(each.services)) for each in scopes]
    return Keys([api_key(listed) for listed in found], offered)


def old_secret(old: api_keys.ApiKey) -> OldSecret:
    return OldSecret(key_prefix=old.key_prefix, ends_at=maybe(old.ends_at), **_last_use(old))


def _last_use(key: api_keys.ApiKey) -> dict[str, Any]:
    return {
        "last_used_at": maybe(key.last_used_at),
        "last_used_source": key.last_used_source,
        "last_used_device": user_agents.describe(key.last_used_agent) if key.last_used_agent else "",
    }


def created_key(listed: key_secrets.Listed, plaintext: str) -> KeyCreated:
    return KeyCreated(CreatedKey(**asdict(api_key(listed)), plaintext_key=plaintext))


def verification(found: Verified | Refusal) -> KeyOwner | NoKey:
    """The response to another service about a key."""
    if isinstance(found, Refusal):
        return NoKey(valid=False, error=found.code, message=found.message)
    owner = found.owner
    return KeyOwner(
        valid=True,
        firebase_uid=owner.user_id,
        email=owner.email,
        name=owner.name,
        is_admin=False,
        key_name=found.key.name,
        key_description=found.key.description,
        key_expires_at=maybe(found.key.expires_at),
        scopes=found.key.scopes.split() or None,
    )
