"""The export of an account: everything that is stored about it, no other account's data, and no secret."""

import pytest
from msgspec import to_builtins

from accounts import secrets
from accounts.errors import CredentialNotAccepted, ReauthenticationRequired, Unauthenticated
from accounts.flows.people.account_export import Holdings
from accounts.limits import ACTIVITY_READ_OF_ONE_KIND
from accounts.model.audit import Record
from accounts.model.factor_proofs import Trusted
from accounts.model.identities import Identity
from accounts.model.passkeys import Passkey
from accounts.web import exports
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OWNER,
    PASSWORD,
    Service,
    cookie,
    key_credential,
    later,
    sample_session,
)

AFTER = later(minutes=4)

TRUSTED_BROWSER = {
    "id": secrets.digest("a browser"),
    "current": False,
    "device": "Edge",
    "trusted_at": "2026-03-01T12:00:00.000Z",
    "expires_at": "2026-03-01T12:05:00.000Z",
}


def _with_passkey(service: Service, user_id: str) -> Passkey:
    passkey = Passkey("an-id", user_id, "Phone", "a-key", 0, True, True, NOW, "password", "a-session", later(minutes=1))  # noqa: FBT003
    service.world.passkeys[passkey.credential_id] = passkey
    service.world.user(user_id, passkeys=frozenset({passkey.credential_id}))
    return passkey


def _with_google(service: Service, user_id: str) -> Identity:
    google = Identity(
        "google#11", user_id, "o@gmail.example", "O. Oyl", later(minutes=1), later(minutes=1), verified=True
    )
    service.world.identities[google.key] = google
    service.world.user(user_id, identities=service.world.users[user_id].identities | {google.key})
    return google


def test_the_export_has_everything_of_the_account_and_nothing_of_another(service: Service) -> None:
    """Including a session that has expired and is still in the table."""
    logged_in = service.person()
    user_id = logged_in.session.user_id
    google = _with_google(service, user_id)
    other_session = service.log_in(later(minutes=2)).session
    passkey = _with_passkey(service, user_id)
    first, second = service.key(logged_in, "first"), service.key(logged_in, "second", later(minutes=1))
    ended = sample_session(user_id=user_id, authenticated_at=later(days=-2), expires_at=later(days=-1))
    service.world.sessions[ended.digest] = ended
    records = list(service.world.records)
    stranger = service.person("other@example.com")
    service.key(stranger)
    service.world.records += records

    assert service.account_export.of_session(cookie(logged_in), AFTER) == Holdings(
        user=service.world.users[user_id],
        current=logged_in.session,
        identities=[service.identity(), google],
        passkeys=[passkey],
        sessions=[ended, logged_in.session, other_session],
        api_keys=[first.listed, second.listed],
        activity=sorted(records, key=lambda record: (record.at, record.serial)),
    )


def test_a_long_history_is_cut_to_its_latest_records(service: Service) -> None:
    """Of each kind, so that a response can hold them."""
    logged_in = service.person()
    moments = (later(seconds=second / 10) for second in range(1500))
    service.world.records += [Record(logged_in.session.user_id, "user_updated", at, OWNER) for at in moments]
    activity = service.account_export.of_session(cookie(logged_in), AFTER).activity

    assert (len(activity), activity) == (ACTIVITY_READ_OF_ONE_KIND, service.world.records[1400:])


def test_the_whole_document(service: Service) -> None:
    """Every stored field except hashes, pending links and change counters."""
    logged_in = service.person()
    google = _with_google(service, logged_in.session.user_id)
    key = service.key(logged_in)
    passkey = _with_passkey(service, logged_in.session.user_id)
    service.world.user(
        logged_in.session.user_id,
        unlinked=frozenset({"google#12", "github#7"}),
        totp="sealed",
        recovery_codes=frozenset({"a digest", "another"}),
        factor_reset_at=later(minutes=5),
        trusted_browsers={
            "a browser": Trusted("Edge", NOW, later(minutes=5)),
            "another": Trusted("Edge", NOW, later(minutes=3)),
        },
    )
    document = exports.document(service.account_export.of_session(cookie(logged_in), AFTER), AFTER)

    start, minute, soon = "2026-03-01T12:00:00.000Z", "2026-03-01T12:01:00.000Z", "2026-03-01T12:04:00.000Z"
    where = {"source": "192.0.2.1", "device": "an unknown device", "user_agent": "the owner's browser"}
    identity = {"verified": True, "disabled": False, "can_log_in": True}
    assert to_builtins(document) == {
        "exported_at": soon,
        "account": {
            "id": logged_in.session.user_id,
            "email": EMAIL,
            "name": "Olive",
            "createdAt": start,
            "updatedAt": start,
            "status": "active",
            "mail_problem": None,
            "language": "",
        },
        "identities": [
            {
                "id": secrets.digest(f"email#{EMAIL}"),
                "provider": "email",
                "email": EMAIL,
                "name": "Olive",
                "subject": None,
                "has_password": True,
                "requested_email": None,
                "created_at": start,
                "updated_at": start,
                **identity,
            },
            {
                "id": secrets.digest(google.key),
                "provider": "google",
                "email": "o@gmail.example",
                "name": "O. Oyl",
                "subject": "11",
                "has_password": False,
                "requested_email": None,
                "created_at": minute,
                "updated_at": minute,
                **identity,
            },
        ],
        "passkeys": [
            {
                "id": secrets.digest(passkey.credential_id),
                "name": "Phone",
                "synced": True,
                "created_at": start,
                "last_used_at": minute,
            }
        ],
        "second_factor": {
            "on": True,
            "recovery_codes_left": 2,
            "trusted_browsers": [TRUSTED_BROWSER],
            "reset_at": "2026-03-01T12:05:00.000Z",
        },
        "unlinked": [{"provider": "github", "subject": "7"}, {"provider": "google", "subject": "12"}],
        "sessions": [
            {
                "id": logged_in.session.digest,
                "current": True,
                "client": None,
                "resource": None,
                "method": "password",
                "remembered": False,
                "amr": ["pwd"],
                "acr": "urn:comfy:acr:1fa",
                "auth_time": start,
                "authenticated_at": start,
                "fresh_until": "2026-03-01T12:15:00.000Z",
                "last_seen_at": start,
                "expires_at": "2026-03-02T12:00:00.000Z",
                **where,
            }
        ],
        "api_keys": [
            {
                "id": key.api_key.digest,
                "name": "laptop",
                "description": "",
                "key_prefix": key.api_key.key_prefix,
                "created_at": start,
                "last_used_at": None,
                "last_used_source": "",
                "last_used_device": "",
                "last_used_user_agent": "",
                "expires_at": None,
                "rotated_at": None,
                "old_secret": None,
                "networks": [],
                "scopes": [],
            }
        ],
        "activity": [{"event": "authn_token_created", "at": start, "detail": {"name": "laptop"}, **where}],
    }


def test_no_secret_is_in_the_document(service: Service) -> None:
    """No password, hash, token, key, or digest of a pending link."""
    logged_in = service.person()
    service.change_identity(pending_token="digest-of-a-link", confirming_browser="digest-of-a-browser")
    key = service.key(logged_in)
    text = str(exports.document(service.account_export.of_session(cookie(logged_in), NOW), NOW))

    stored = service.identity()
    secret = [PASSWORD, stored.password_hash, logged_in.token, key.plaintext, "digest-of-a-link", "digest-of-a-browser"]
    assert [one for one in secret if one is None or one in text] == []


def test_exporting_needs_a_login_of_the_last_15_minutes(service: Service) -> None:
    """An unattended device does not reveal the history."""
    logged_in = service.person()
    with pytest.raises(ReauthenticationRequired):
        service.account_export.of_session(cookie(logged_in), later(minutes=15, seconds=1))


def test_exporting_needs_a_session_of_an_existing_account(service: Service) -> None:
    """A key or an anonymous caller is refused."""
    logged_in = service.person()
    key = service.key(logged_in)
    with pytest.raises(CredentialNotAccepted):
        service.account_export.of_session(key_credential(key.plaintext), NOW)
    with pytest.raises(Unauthenticated):
        service.account_export.of_session(None, NOW)
    service.world.users.clear()
    with pytest.raises(Unauthenticated):
        service.account_export.of_session(cookie(logged_in), NOW)
