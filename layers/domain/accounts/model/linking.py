"""Decide which account a provider's subject opens, as a pure function.

Rules, in order (OA-08; pre-hijacking paper; OIDC Core 5.7):

1. A subject that is linked opens its account, whatever its current name and address.
2. An owner who is logged in and asked for it links the subject to that account, whatever its address.
3. An address that the provider has not verified proves nothing: it must be confirmed by email first.
4. A verified address that is also verified here belongs to the same person, so the subject is linked, unless that
   account has another identity of the provider (the provider may have reassigned the address) or refuses this subject,
   because its owner unlinked it. Then the owner must log in another way and link it.
5. A verified address that is unconfirmed here may have been entered by a stranger, whose sign-up is overwritten.
6. Any other subject gets a new account.
"""

from __future__ import annotations

from msgspec import Struct

from accounts.model.identities import Identity, provider_key
from accounts.model.providers import ProviderPerson
from accounts.model.users import User


class OpenAccount(Struct, frozen=True):
    """The subject is linked to this account: log in, or nothing is left to link."""

    user_id: str


class LinkToAccount(Struct, frozen=True):
    """Link the subject to this account. ``verified_address`` is the identity that is the reason, if any."""

    user_id: str
    verified_address: Identity | None = None


class NewAccount(Struct, frozen=True):
    """Create an account for the subject and its verified address, overwriting an unconfirmed sign-up."""


class ConfirmAddress(Struct, frozen=True):
    """Send an email to confirm the address."""


class NoAddress(Struct, frozen=True):
    """The provider returned no address."""


class BelongsToAnother(Struct, frozen=True):
    """The subject is linked to another account than the one to link it to."""


class AddressReused(Struct, frozen=True):
    """The account with this address has another identity of this provider, or refuses this subject."""


Decision = OpenAccount | LinkToAccount | NewAccount | ConfirmAddress | NoAddress | BelongsToAnother | AddressReused


def decide(
    person: ProviderPerson,
    *,
    known: Identity | None,
    local: Identity | None,
    account: User | None = None,
    linking_to: str | None = None,
) -> Decision:
    """Decide what to do with ``person``.

    ``known`` is the stored identity of their subject, ``local`` the one of their address, ``account`` the one that has
    verified that address, and ``linking_to`` the account whose owner asked to link.
    """
    if known is not None and known.verified:
        mine = linking_to in {None, known.user_id}
        return OpenAccount(known.user_id) if mine else BelongsToAnother()
    if linking_to is not None:
        return LinkToAccount(linking_to)
    if not person.email:
        return NoAddress()
    if not person.email_verified:
        return ConfirmAddress()
    if local is not None and local.verified:
        reused = account is not None and _is_reused(person, account)
        return AddressReused() if reused else LinkToAccount(local.user_id, verified_address=local)
    return NewAccount()


def _is_reused(person: ProviderPerson, account: User) -> bool:
    own = provider_key(person.provider, person.subject)
    return account.refuses(own) or any(key.startswith(f"{person.provider}#") for key in account.identities - {own})
