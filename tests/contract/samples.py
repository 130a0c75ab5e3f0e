"""Sample nouns, each with an id of its own, so that tests do not share items.

``FULL`` has a sample of each stored noun in which no field is empty or at its default. A new field gets its value here.
"""

from collections.abc import Callable, Mapping
from copy import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from accounts import secrets
from accounts.model import identities, users
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller, Record
from accounts.model.client_documents import Document
from accounts.model.factor_proofs import Trusted
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import EMAIL_VERIFICATION, OneTimeToken
from accounts.model.passkeys import Passkey
from accounts.model.sessions import Session
from accounts.model.throttles import Counter, Increment
from accounts.model.users import User

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
# Expiry is stored in whole seconds.
TOMORROW = NOW.replace(microsecond=0) + timedelta(days=1)
CALLER = Caller(source="2001:db8:1:2::/64", user_agent="Mözilla/5.0 (Šumava; 🦊)")
NAME = "Zoë O'Brien-Łukasiewicz 李 🦊"


def a_digest() -> str:
    """The digest of a random secret."""
    return secrets.digest(secrets.new_token())


def an_address() -> str:
    return f"{secrets.random_base62(12).lower()}@example.com"


def _with(make: Callable[[], Any], **changes: Any) -> Any:
    return replace(make(), **changes)


def _user() -> User:
    return User(
        user_id=users.new_user_id(),
        email=an_address(),
        name=NAME,
        created_at=NOW,
        updated_at=LATER,
        mail_problem=identities.COMPLAINT,
        secured_at=NOW,
        language="pt-BR",
    )


def _identity() -> Identity:
    address = an_address()
    return Identity(
        key=identities.email_key(address),
        user_id=users.new_user_id(),
        email=address,
        name=NAME,
        created_at=NOW,
        updated_at=LATER,
        password_hash="fake:correct horse battery",
        password_set_with="github",
        password_set_in=a_digest(),
        pending_token=a_digest(),
        confirming_browser=a_digest(),
        for_account=users.new_user_id(),
        pending_change=a_digest(),
        wanted_email=an_address(),
        wanted_at=NOW,
        secured_at=LATER,
        streak=3,
        known_streak=4,
        known_browsers=(a_digest(), a_digest()),
        expires_at=TOMORROW,
        undeliverable=identities.BOUNCE,
    )


def _session() -> Session:
    return Session(
        digest=a_digest(),
        user_id=users.new_user_id(),
        method="password",
        remembered=True,
        authenticated_at=NOW,
        last_seen_at=LATER,
        expires_at=TOMORROW,
        idle=timedelta(hours=36),
        caller=CALLER,
        client_id="comfy-cli",
        resource="https://cloud.example.com/mcp",
        scope="account",
        refresh=a_digest(),
        refresh_previous=a_digest(),
        refresh_salt=a_digest(),
        refreshed_at=LATER,
        passkey=a_digest(),
        second_factor="totp",
        proven_at=TOMORROW,
        enrolling=True,
    )


def _api_key() -> ApiKey:
    return ApiKey(
        digest=a_digest(),
        user_id=users.new_user_id(),
        name=NAME,
        description="Für den Rechner im Keller 🖥️",
        key_prefix="comfyui-12345678",
        created_at=NOW,
        last_used_at=LATER,
        last_used_source=CALLER.source,
        last_used_agent=CALLER.user_agent,
        expires_at=TOMORROW,
        key_id=a_digest(),
        rotated_at=LATER,
        ends_at=TOMORROW,
        due_at=LATER,
        networks="198.51.100.0/24 2001:db8::/32",
        seen_networks="198.51.100.0/24 192.0.2.0/24",
        new_network_at=NOW,
        scopes="jobs:read jobs:write",
    )


def _passkey() -> Passkey:
    return Passkey(
        credential_id=secrets.new_token(),
        user_id=users.new_user_id(),
        name=NAME,
        public_key="pQECAyYgASFYIA",
        sign_count=7,
        backup_eligible=True,
        backed_up=True,
        created_at=NOW,
        added_with="google",
        added_in=a_digest(),
        last_used_at=LATER,
    )


def _token() -> OneTimeToken:
    return OneTimeToken(
        EMAIL_VERIFICATION, a_digest(), f"email#{an_address()}", NOW, TOMORROW, {"näme": NAME, "empty": ""}
    )


def _an_increment() -> Increment:
    return Increment(key=f"test#{secrets.random_base62(12)}", limit=3, expires_at=TOMORROW)


def _record() -> Record:
    return Record(users.new_user_id(), "authn_login_success", NOW, CALLER, {"method": "password", "name": NAME})


a_user = partial(_with, _user)
an_identity = partial(_with, _identity)
a_session = partial(_with, _session)
an_api_key = partial(_with, _api_key)
a_passkey = partial(_with, _passkey)
a_token = partial(_with, _token)
an_increment = partial(_with, _an_increment)
a_record = partial(_with, _record)


def trusted(until: datetime = TOMORROW) -> Trusted:
    return Trusted("Firefox on Windows", TOMORROW - timedelta(days=1), until)


def _full_user() -> User:
    held = {a_digest(): TOMORROW, a_digest(): TOMORROW + timedelta(days=1)}
    keys, logins = frozenset({a_digest(), a_digest()}), frozenset({f"email#{an_address()}", "google#1"})
    holds: dict[str, Any] = {
        "sessions": held,
        "api_keys": keys,
        "identities": logins,
        "unlinked": frozenset({"google#2", "github#3"}),
    }
    holds |= {"totp": "a sealed secret", "totp_step": 59_000_000, "recovery_codes": frozenset({a_digest(), a_digest()})}
    holds |= {"trusted_browsers": {a_digest(): trusted()}, "factor_streak": 5, "factor_reset_at": TOMORROW}
    holds["passkeys"] = frozenset({secrets.new_token(), secrets.new_token()})
    return replace(_user(), status=users.DISABLED, **holds, revision=7)


def _full_identity() -> Identity:
    return replace(_identity(), verified=True, disabled=True, version=1)


def a_document() -> Document:
    client_id = f"https://{secrets.random_base62(12).lower()}.example.com/client.json"
    return Document(client_id, f'{{"client_name": "{NAME}"}}', LATER, TOMORROW)


FULL: Mapping[type[Struct], Callable[[], Any]] = {
    User: _full_user,
    Identity: _full_identity,
    Session: _session,
    ApiKey: _api_key,
    Passkey: _passkey,
    OneTimeToken: _token,
    Counter: lambda: Counter(1, NOW),
    Record: _record,
    Document: a_document,
}
