"""The account's history: shown to its owner only, newest first, without internal details."""

import pytest

from accounts.errors import CredentialNotAccepted, Unauthenticated
from accounts.limits import ACTIVITY_SHOWN, AUDIT_KEPT
from accounts.model.audit import Record
from tests.unit.accounts.stage import NOW, OWNER, STRANGER, Service, cookie, key_credential, later


def test_the_owner_sees_the_history_newest_first(service: Service) -> None:
    """A key that was created, then a login; another account sees its own."""
    stranger = service.person("other@example.com")
    logged_in = service.person()
    service.world.records.append(Record(stranger.session.user_id, "user_updated", NOW, STRANGER))
    service.key(logged_in, now=later(minutes=3))
    service.log_in(later(minutes=4))

    records = service.activity.of_account(cookie(logged_in), later(minutes=5))

    assert [(record.event, record.at) for record in records] == [
        ("authn_login_success", later(minutes=4)),
        ("authn_token_created", later(minutes=3)),
    ]
    others = service.activity.of_account(cookie(stranger), later(minutes=5))
    assert [record.caller for record in others] == [STRANGER]


def test_only_the_latest_records_are_shown(service: Service) -> None:
    """The fifty-first is not listed."""
    logged_in = service.person()
    user_id = logged_in.session.user_id
    records = [Record(user_id, "authn_login_success", later(seconds=second), OWNER) for second in range(60)]
    service.world.records += records

    shown = service.activity.of_account(cookie(logged_in), later(minutes=1))

    assert (len(shown), shown) == (ACTIVITY_SHOWN, records[:9:-1])


def test_records_past_their_retention_are_not_shown(service: Service) -> None:
    """Even while they are still in the table."""
    logged_in = service.person()
    user_id, soon = logged_in.session.user_id, later(minutes=1)
    kept = Record(user_id, "kept", soon - AUDIT_KEPT + (later(seconds=1) - NOW), OWNER)
    service.world.records += [Record(user_id, "swept", soon - AUDIT_KEPT, OWNER), kept]

    assert service.activity.of_account(cookie(logged_in), soon) == [kept]


def test_only_listed_details_are_shown() -> None:
    """Ids of sessions and keys are digests of their secrets; a detail that is added later is hidden by default."""
    listed = {"method": "google", "provider": "google", "by": "reset", "name": "laptop", "sessions": "3"}
    record = Record("u" * 28, "event", NOW, OWNER, {**listed, "session": "d" * 64, "api_key": "k" * 64, "email": "x"})

    assert record.shown == listed


def test_reading_the_history_needs_a_session(service: Service) -> None:
    """A key or an anonymous caller is refused."""
    key = service.key(service.person())
    with pytest.raises(CredentialNotAccepted):
        service.activity.of_account(key_credential(key.plaintext), NOW)
    with pytest.raises(Unauthenticated):
        service.activity.of_account(None, NOW)
