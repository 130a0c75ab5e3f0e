"""End an API key with all its secrets."""

from __future__ import annotations

from msgspec import UNSET

from accounts.errors import NotFound
from accounts.model import api_keys, held_keys, key_secrets
from accounts.model.api_keys import ApiKeys, Before
from accounts.model.users import Users
from accounts.transactions import Change, Conflict, Transactions, retry_on_conflict


def end_key(users_: Users, transactions: Transactions, user_id: str, key_id: str, *also: Change) -> None:
    """Delete the key and write ``also``; raises NotFound when the account does not hold it.

    The account is read only for a key that was rotated, or does not exist.
    """
    alone = (api_keys.Remove(key_id, user_id, alone=True), held_keys.DropKey(user_id, key_id))
    try:
        transactions.commit(*alone, *also)
    except Conflict:
        retry_on_conflict(lambda: _end_all(users_, transactions, user_id, key_id, also))


def name_and_hint(users_: Users, store: ApiKeys, user_id: str, key_id: str, read: Before = UNSET) -> tuple[str, str]:
    """How the owner recognizes the account's key; empty texts when none of its secrets is stored.

    ``read`` is the secret with that digest, if it was read before.

    The account is read only for a key whose first secret has ended, or that does not exist or is another account's:
    the same work for both.
    """
    key = key_secrets.first(store, key_id, read)
    if key is None or key.user_id != user_id:
        user = users_.get(user_id)
        found = key_secrets.stored(store, key_secrets.of_key(user, key_id)) if user else []
        key = next(iter(found), None)
    return (key.name, key.hint) if key else ("", "")


def _end_all(users_: Users, transactions: Transactions, user_id: str, key_id: str, also: tuple[Change, ...]) -> None:
    user = users_.get(user_id)
    held = key_secrets.of_key(user, key_id) if user else frozenset()
    if user is None or not held:
        raise NotFound
    transactions.commit(held_keys.SwapKeys(user, held), *key_secrets.ending(user_id, held), *also)
