"""Request bodies of API keys, as in ``schemas``."""

from __future__ import annotations

import msgspec

from accounts.model.api_keys import Details, Edit


class KeyCreate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /customers/api-keys``.

    A key without ``expires_at`` does not expire. One without ``networks`` works everywhere, one without ``scopes`` for
    everything.
    """

    name: str
    description: str = ""
    expires_at: str = ""
    networks: list[str] | None = None
    scopes: list[str] | None = None

    @property
    def details(self) -> Details:
        return Details(self.name, self.description, self.expires_at, self.networks, self.scopes)


class KeyUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """``PATCH /customers/api-keys/{id}``. What is not sent stays as it is.

    ``networks`` and ``scopes`` need a recent login. With null, the key works everywhere, or for everything.
    """

    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    networks: list[str] | msgspec.UnsetType | None = msgspec.UNSET
    scopes: list[str] | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def edit(self) -> Edit:
        name = None if self.name is msgspec.UNSET else self.name
        description = None if self.description is msgspec.UNSET else self.description
        return Edit(name, description, self.networks, self.scopes)


class KeyRotate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /customers/api-keys/{id}/rotate``. The old secret works for ``overlap_days``, and ends at once without."""

    overlap_days: int = 0


class KeyVerify(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /admin/verify-api-key``.

    ``source`` and ``user_agent`` are those of the request that brought the key, for the owner to see. A key that is
    restricted to networks is valid only with a ``source`` in one of them. One that is restricted to scopes is valid
    only if it has all of ``scopes``, which are what the service needs.

    Existing services send ``include_customer_keys``. It changes nothing: this service has no keys of that kind.
    """

    api_key: str
    source: str = ""
    user_agent: str = ""
    scopes: list[str] | None = None
    include_customer_keys: bool = False
