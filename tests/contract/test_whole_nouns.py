"""Every field of every noun is stored, by every backend."""

from collections.abc import Callable, Mapping
from copy import replace
from typing import Any

import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from accounts.model import api_keys, identities, one_time_tokens, passkeys, sessions, users
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller, Record
from accounts.model.client_documents import Document
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import OneTimeToken
from accounts.model.passkeys import Passkey
from accounts.model.sessions import Session
from accounts.model.throttles import Counter
from accounts.model.users import User
from tests.contract.backends import STORES, Backend
from tests.contract.samples import FULL, an_increment

# The digest of a browser's cookie is compared with the identity's, and the language is kept with the account: sessions
# and records store neither, nor a proof, nor more of an address than its source.
NOT_STORED = {(Caller, "known_browser"), (Caller, "proof"), (Caller, "language"), (Caller, "address")}
NAMES = {noun.__name__: noun for noun in FULL}
every_noun = pytest.mark.parametrize("noun", NAMES.values(), ids=NAMES)


def _changed(backend: Backend, identity: Identity) -> Identity | None:
    """Write a sign-up, which is unverified and at version 0, and then its replacement."""
    backend.commit(identities.Signup(replace(identity, verified=False)))
    backend.commit(identities.Replace(replace(identity, version=identity.version - 1)))
    return backend.identities.get(identity.key)


def _raised(backend: Backend, counter: Counter) -> Counter | None:
    increment = an_increment()
    backend.throttles.take(increment, counter.raised_at)
    return backend.throttles.get(increment.key)


# Store the noun, and read it again.
ROUND_TRIPS: Mapping[type[Struct], Callable[[Backend, Any], Any]] = {
    User: lambda b, it: b.commit(users.Open(it)) or b.users.get(it.user_id),
    Identity: _changed,
    Session: lambda b, it: b.commit(sessions.Start(it)) or b.sessions.get(it.digest),
    Passkey: lambda b, it: b.commit(passkeys.Add(it)) or b.passkeys.get(it.credential_id),
    ApiKey: lambda b, it: b.commit(api_keys.Add(it)) or b.api_keys.get(it.digest),
    OneTimeToken: lambda b, it: b.commit(one_time_tokens.Issue(it)) or b.tokens.get(it.key),
    Record: lambda b, it: b.commit(it) or b.audit.some(it.user_id, 1)[0],
    Counter: _raised,
    Document: lambda b, it: b.documents.keep(it) or b.documents.get(it.client_id),
}


def _empty(noun: Struct) -> list[str]:
    """The fields that are empty or at their default, also of nested structs."""
    found = []
    for field in fields(noun):
        value = getattr(noun, field.name)
        default = field.default if field.default_factory is NODEFAULT else field.default_factory()
        if isinstance(value, Struct):
            found += _empty(value)
        elif (not value or value == default) and (type(noun), field.name) not in NOT_STORED:
            found.append(f"{type(noun).__name__}.{field.name}")
    return found


def test_every_store_has_a_sample_of_its_noun() -> None:
    assert {store.mapping.of for store in STORES.values()} == set(FULL)


@every_noun
def test_a_sample_has_no_field_that_is_empty_or_at_its_default(noun: type[Struct]) -> None:
    """Give a new field a value in ``tests/contract/samples.py``, or no round trip shows that it is stored."""
    assert _empty(FULL[noun]()) == []


@every_noun
def test_a_noun_is_read_with_every_field(backend: Backend, noun: type[Struct]) -> None:
    """A field that fails here is missing from the noun's model in ``dynamo``."""
    full = FULL[noun]()

    assert ROUND_TRIPS[noun](backend, full) == full
