"""Whose account is it? The one decision on which account a provider's subject opens, as a pure function.

Rules, in order (design, promise 4; pre-hijacking paper; OIDC Core 5.7):

1. A subject that is known here opens the account it is linked to, whatever its name and address are today.
2. A person who is signed in and asked for it links the subject to their own account, whatever its address.
3. An address that the provider has not verified proves nothing: our own mail must prove it first.
4. A verified address that is verified here too is the same mailbox, so the same person.
   Unless that account has another login of the same provider (an address that a provider has given to somebody new
   looks just like that), or has unlinked this very one: then the person must log in another way, and link it there.
5. A verified address that waits here for confirmation was typed by a stranger: what they left goes, the owner comes in.
6. Anybody else is new.
"""

from __future__ import annotations

from msgspec import Struct

from accounts.model.identities import Identity, provider_key
from accounts.model.providers import ProviderPerson


class OpenAccount(Struct, frozen=True):
    """The subject is linked to this account: sign in, or nothing is left to link."""

    user_id: str


class LinkToAccount(Struct, frozen=True):
    """Link the subject to this account. ``because_of`` is the verified address that is the reason, if it is one."""

    user_id: str
    because_of: Identity | None = None


class NewAccount(Struct, frozen=True):
    """Make an account for the subject and its verified address; an unconfirmed sign-up with it is overwritten."""


class ProveAddress(Struct, frozen=True):
    """Ask for the proof that the provider does not give: a mail to the address."""


class NoAddress(Struct, frozen=True):
    """There is no address to prove."""


class BelongsToAnother(Struct, frozen=True):
    """The subject opens another account than the one it was to be linked to."""


class AddressReused(Struct, frozen=True):
    """The account with this address has another login of this provider, or has unlinked this one."""


Decision = OpenAccount | LinkToAccount | NewAccount | ProveAddress | NoAddress | BelongsToAnother | AddressReused


def decide(
    person: ProviderPerson,
    *,
    known: Identity | None,
    local: Identity | None,
    held: frozenset[str] = frozenset(),
    linking_to: str | None = None,
) -> Decision:
    """What to do with ``person``.

    ``known`` is the stored identity of their subject, ``local`` the one of their address, ``held`` the keys of all
    identities of the account behind ``local``, ``linking_to`` the account of a signed-in person who asked to link.
    """
    if known is not None and known.verified:
        mine = linking_to in {None, known.user_id}
        return OpenAccount(known.user_id) if mine else BelongsToAnother()
    if linking_to is not None:
        return LinkToAccount(linking_to)
    if not person.email:
        return NoAddress()
    if not person.email_verified:
        return ProveAddress()
    if local is not None and local.verified:
        own = provider_key(person.provider, person.subject)
        reused = (known is not None and known.unlinked and known.user_id == local.user_id) or any(
            key.startswith(f"{person.provider}#") for key in held - {own}
        )
        return AddressReused() if reused else LinkToAccount(local.user_id, because_of=local)
    return NewAccount()
