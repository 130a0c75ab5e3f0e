"""What owners ask of API keys, checked before anything is written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from msgspec import UNSET

from accounts import secrets, text
from accounts.errors import InvalidInput
from accounts.limits import API_KEY_LIFETIME, KEY_DESCRIPTION_MAX_CHARACTERS, KEY_NAME_MAX_CHARACTERS
from accounts.model import api_keys, key_networks, key_scopes
from accounts.model.api_keys import SHOWN_CHARACTERS, Amendment, ApiKey, Details, Edit
from accounts.model.messages import ANY

_NOTHING = "Send a name, a description, networks or scopes."
_MALFORMED = "Send the expiry date with its time and time zone, such as 2030-01-31T12:00:00Z."
_PAST = "Choose an expiry date in the future."
_TOO_FAR = "Choose an expiry date within the next ten years."


def create(user_id: str, details: Details, known_scopes: Collection[str], now: datetime) -> tuple[str, ApiKey]:
    """A new key and its plain text, which is shown once and never stored; raises InvalidInput."""
    plaintext = api_keys.new_plaintext()
    key = ApiKey(
        digest=secrets.digest(plaintext),
        user_id=user_id,
        name=_name(details.name),
        description=_description(details.description),
        key_prefix=plaintext[:SHOWN_CHARACTERS],
        created_at=now,
        expires_at=expiry(details.expires_at, now) if details.expires_at else None,
        networks=_networks(details.networks),
        scopes=_scopes(details.scopes, known_scopes),
    )
    return plaintext, key


def amendment(edit: Edit, known_scopes: Collection[str]) -> Amendment:
    """What is sent, checked; raises InvalidInput."""
    if edit == Edit():
        raise InvalidInput(_NOTHING)
    return Amendment(
        name=None if edit.name is None else _name(edit.name),
        description=None if edit.description is None else _description(edit.description),
        networks=None if edit.networks is UNSET else _networks(edit.networks),
        scopes=None if edit.scopes is UNSET else _scopes(edit.scopes, known_scopes),
    )


def allowed_more(key: ApiKey, to: Amendment) -> dict[str, str]:
    """Those of ``networks`` and ``scopes`` that allow the key more than before, as text; ANY if lifted."""
    more = {}
    if to.networks is not None and not key_networks.covers(key.networks, to.networks):
        more["networks"] = to.networks.replace(" ", ", ") or ANY
    if to.scopes is not None and not key_scopes.covers(key.scopes, to.scopes):
        more["scopes"] = to.scopes.replace(" ", ", ") or ANY
    return more


def _name(value: str) -> str:
    return text.line("name", value, at_most=KEY_NAME_MAX_CHARACTERS, required=True)


def _networks(given: Iterable[str] | None) -> str:
    return "" if given is None else key_networks.checked(given)


def _scopes(given: Iterable[str] | None, known: Collection[str]) -> str:
    return "" if given is None else key_scopes.checked(given, known)


def _description(value: str) -> str:
    return text.line("description", value, at_most=KEY_DESCRIPTION_MAX_CHARACTERS)


def expiry(given: str, now: datetime) -> datetime:
    """The expiry date, in whole seconds of UTC; raises InvalidInput."""
    moment = text.moment(given)
    if moment is None:
        raise InvalidInput(_MALFORMED)
    chosen = moment.replace(microsecond=0)
    if chosen <= now:
        raise InvalidInput(_PAST)
    if chosen - now > API_KEY_LIFETIME:
        raise InvalidInput(_TOO_FAR)
    return chosen.astimezone(UTC)
