"""The scopes that an API key may be restricted to. A key without any may do everything.

They are those of the deployment's other services, and this service's own, which reads the owner's account. A
deployment without other services has none. Stored as text with spaces between, like the scope of an access token.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec import Struct

from accounts import text
from accounts.errors import InvalidInput
from accounts.model.resources import MEANINGS, SCOPE, Resources

_NONE = "This site defines no scopes for API keys."
_EMPTY = "List at least one scope, or send null for a key that may do everything."
_UNKNOWN = "List only scopes of this site: {scopes}."


class Offered(Struct, frozen=True):
    """A scope, what it means to the owner, and the services that have it; none for this service."""

    name: str
    means: tuple[str, ...]
    services: tuple[str, ...] = ()


def offered(resources: Resources) -> tuple[Offered, ...]:
    others = [resource for resource in resources.by_address.values() if not resource.is_own]
    names = dict.fromkeys(name for resource in others for name in resource.meanings)
    found = [
        Offered(
            name,
            tuple(means for each in others for means in each.meanings.get(name, ())),
            tuple(each.name for each in others if name in each.meanings),
        )
        for name in names
    ]
    # A key never lists or deletes keys.
    return (Offered(SCOPE, MEANINGS[SCOPE][:1]), *found) if others else ()


def covers(before: str, after: str) -> bool:
    """Whether a key with the scopes ``after`` may do nothing that one with ``before`` may not."""
    return not before or (bool(after) and set(before.split()).issuperset(after.split()))


def checked(given: Iterable[str], known: Collection[str]) -> str:
    """The scopes as stored, each once, in the configured order; raises InvalidInput."""
    asked = {text.trimmed(each) for each in given}
    if not known:
        raise InvalidInput(_NONE)
    if not asked:
        raise InvalidInput(_EMPTY)
    if not asked.issubset(known):
        raise InvalidInput(_UNKNOWN, scopes=", ".join(known))
    return " ".join(name for name in known if name in asked)
