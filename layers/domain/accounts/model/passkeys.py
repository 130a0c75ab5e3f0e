"""Passkeys: WebAuthn credentials with which the owner logs in without a password or an address.

Only the public key is stored. The credential id is the item's key, so it belongs to one account only. The account's
item lists the ids of its passkeys, so they are counted, excluded and deleted without reading an index.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from msgspec import Struct

from accounts import secrets
from accounts.limits import CREDENTIAL_ID_MAX_BYTES
from accounts.model.sessions import Session
from accounts.model.users import User
from accounts.transactions import Change

# COSE's EdDSA, ES256 and RS256, the preferred first: what authenticators of all platforms offer (WebAuthn 5.4).
ALGORITHMS = (-8, -7, -257)
_ID = rf"[A-Za-z0-9_-]{{1,{-(-CREDENTIAL_ID_MAX_BYTES * 4 // 3)}}}"


class Passkey(Struct, frozen=True):
    """``credential_id`` and ``public_key`` (a COSE key) are base64url.

    ``sign_count`` is the authenticator's signature counter, or always zero when it has none. ``backup_eligible`` never
    changes: whether the authenticator may copy it to other devices. ``backed_up``: it has.

    ``added_with`` is what opened the session ``added_in`` in which it was added (``Session.opened_with``).
    """

    credential_id: str
    user_id: str
    name: str
    public_key: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    created_at: datetime
    added_with: str
    added_in: str
    last_used_at: datetime | None = None

    def is_shown_by(self, session: Session) -> bool:
        """Whether the holder of ``session`` has the passkey: they logged in with it, or added it there."""
        return session.digest == self.added_in or session.passkey == public_id(self.credential_id)


class Registration(Struct, frozen=True):
    """An authenticator's response to a request to create a passkey; both fields are base64url."""

    client_data: str
    attestation: str


class Assertion(Struct, frozen=True):
    """An authenticator's response to a request to log in; every field is base64url.

    ``user_handle`` is the account's id as the authenticator stored it, or empty.
    """

    credential_id: str
    client_data: str
    authenticator_data: str
    signature: str
    user_handle: str = ""


class Credential(Struct, frozen=True):
    """What a verified registration contains."""

    credential_id: str
    public_key: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool


class Signed(Struct, frozen=True):
    """What a verified assertion contains."""

    sign_count: int
    backed_up: bool

    def goes_back(self, passkey: Passkey) -> bool:
        """Whether the counter did not increase, so that the authenticator may have been copied (WebAuthn 6.1.1)."""
        return self.sign_count <= passkey.sign_count and (self.sign_count, passkey.sign_count) != (0, 0)


class Counterfeit(Exception):
    """A response that is malformed, or does not prove what it claims."""


class Authenticators(Protocol):
    """Checks the responses of authenticators, for this site only."""

    def challenge(self, client_data: str) -> str:
        """The challenge that the response claims to answer; raises Counterfeit."""

    def created(self, response: Registration, challenge: str) -> Credential:
        """The new credential; raises Counterfeit."""

    def signed(self, response: Assertion, passkey: Passkey, challenge: str) -> Signed:
        """What the owner of ``passkey`` signed; raises Counterfeit."""

    def account(self, response: Assertion) -> str:
        """The account id in ``user_handle``, or empty; raises Counterfeit."""


class Passkeys(Protocol):
    def get(self, credential_id: str) -> Passkey | None:
        """The passkey, read consistently, or None."""

    def of_user(self, user_id: str) -> list[Passkey]:
        """The account's passkeys, for display only: an index may lag behind."""


class Add(Change, frozen=True):
    """Store a new passkey. Refused when its credential id exists, also in another account."""

    passkey: Passkey


class Use(Change, frozen=True):
    """Store what a login with the passkey changes. Refused when it was used or removed since it was read."""

    passkey: Passkey
    signed: Signed
    now: datetime


class Rename(Change, frozen=True):
    """Set the name. Refused when the passkey is not ``user_id``'s."""

    credential_id: str
    user_id: str
    name: str


class Remove(Change, frozen=True):
    """Delete the passkey, if it exists. Refused when it is not ``user_id``'s.

    A restored table may lack a passkey that the account lists.
    """

    credential_id: str
    user_id: str


def added_through(held: list[Passkey], ended: str, session: Session) -> list[Passkey]:
    """The passkeys that end with ``ended``, which ``session`` removes: those that were added in a login with it.

    Anyone who could log in with it may have added them. So may anyone have added others in a login with one of these.
    Those that the session shows stay.
    """
    gone: list[Passkey] = []
    ends = [ended]
    while ends:
        added = [it for it in held if it.added_with == ends[-1] and it not in gone and not it.is_shown_by(session)]
        ends.pop()
        gone += added
        ends += [public_id(passkey.credential_id) for passkey in added]
    return gone


def listed(store: Passkeys, user_id: str) -> list[Passkey]:
    """The account's passkeys for display, oldest first."""
    return sorted(store.of_user(user_id), key=lambda entry: (entry.created_at, entry.credential_id))


def held(store: Passkeys, user: User) -> list[Passkey]:
    """The account's passkeys, at most ten, read consistently."""
    found = (store.get(credential_id) for credential_id in sorted(user.passkeys))
    return [passkey for passkey in found if passkey is not None and passkey.user_id == user.user_id]


def rp_id(site_url: str) -> str:
    """The relying party's id: the host of the site (WebAuthn 5.4.2)."""
    return urlsplit(site_url).hostname or ""


def is_id(text: str) -> bool:
    """Whether the text has the format of a credential id. Nothing else needs a lookup."""
    return re.fullmatch(_ID, text) is not None


def public_id(credential_id: str) -> str:
    """The passkey's id in URLs: the digest of its credential id."""
    return secrets.digest(credential_id)
