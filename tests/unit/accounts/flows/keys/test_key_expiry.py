"""Emails before a key expires, and the record that it has expired."""

from datetime import datetime, timedelta

import pytest

from accounts.errors import Unavailable
from accounts.flows.keys import key_expiry
from accounts.flows.keys.key_management import NewKey
from accounts.flows.mail import mails
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import KEY_NOTICES_PER_HOUR
from accounts.model import identities, messages
from accounts.model.api_keys import Details, Edit, SetDue
from accounts.model.user_agents import UNKNOWN
from tests.unit.accounts.stage import NOW, OWNER, SITE_URL, STRANGER, Busy, Interleaved, Service, cookie, later

EXPIRES = later(days=90)
WEEK, DAY = timedelta(days=7), timedelta(days=1)


def expiring(service: Service, owner: LoggedIn, at: datetime = EXPIRES, name: str = "laptop") -> NewKey:
    """A key that expires, and nothing on the queue."""
    new: NewKey = service.key_creation.create(cookie(owner), Details(name, "", at.isoformat()), OWNER, NOW)
    service.outbox.messages.clear()
    return new


def queued(service: Service) -> list[messages.ApiKeyExpiring]:
    """The reminders on the queue, which is emptied."""
    found = [it for it in service.outbox.messages if isinstance(it, messages.ApiKeyExpiring)]
    service.outbox.messages.clear()
    return found


def reminder(new: NewKey, at: datetime, last_used: str = "") -> messages.ApiKeyExpiring:
    key = new.api_key
    hint, expires_at = f"{new.plaintext[:16]}…", EXPIRES.isoformat()
    return messages.ApiKeyExpiring(key.user_id, key.name, hint, expires_at, f"{key.id}#{at.isoformat()}", last_used)


def test_the_owner_is_emailed_a_week_and_a_day_before(service: Service) -> None:
    """Once each, however often the function runs."""
    new = expiring(service, service.person())
    seen = []
    for before in (WEEK + DAY, WEEK, WEEK - timedelta(hours=1), DAY, timedelta(hours=1)):
        service.key_expiry.run(EXPIRES - before)
        seen.append(queued(service))

    assert seen == [[], [reminder(new, EXPIRES - WEEK)], [], [reminder(new, EXPIRES - DAY)], []]


def test_a_key_that_never_expires_is_never_due(service: Service) -> None:
    service.key(service.person())

    assert service.key_expiry.run(later(days=5000)) == 0


def test_a_day_that_was_missed_is_made_up_for_with_one_email(service: Service) -> None:
    """The email says when the key expires, so it is true whenever it is sent."""
    new = expiring(service, service.person())
    service.key_expiry.run(EXPIRES - timedelta(days=4))
    assert queued(service) == [reminder(new, EXPIRES - WEEK)]

    late = expiring(service, service.person("zoe@example.com"))
    service.key_expiry.run(EXPIRES - timedelta(hours=2))
    hints = sorted(each.hint for each in queued(service))
    assert hints == sorted([new.api_key.hint, late.api_key.hint])
    assert service.key_expiry.run(EXPIRES - timedelta(hours=1)) == 0


def test_an_expiry_is_recorded_once_when_it_was(service: Service) -> None:
    """However late; and the owner of an expired key is not emailed, such as after a restore."""
    new = expiring(service, service.person())
    for days in (1, 2):
        service.key_expiry.run(EXPIRES + timedelta(days=days))

    (record,) = (it for it in service.world.records if it.event == "authn_token_expired")
    assert (record.at, record.user_id) == (EXPIRES, new.api_key.user_id)
    assert record.detail == {"api_key": new.api_key.id, "name": "laptop"}
    assert queued(service) == []
    assert service.world.api_keys[new.api_key.digest].due_at is None


def test_a_run_that_dies_is_continued(service: Service) -> None:
    """Dying before the key is marked queues its email again under the same name, which the mailer sends once."""
    owner = service.person()
    new = expiring(service, owner)
    service.interposed = Busy(service, SetDue)
    with pytest.raises(Unavailable):
        service.key_expiry.run(EXPIRES - WEEK)
    service.interposed = None
    service.key_expiry.run(EXPIRES - WEEK + timedelta(hours=1))

    assert queued(service) == [reminder(new, EXPIRES - WEEK)] * 2


def test_a_run_handles_so_many_keys_and_the_next_one_the_rest(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest overdue first."""
    monkeypatch.setattr(key_expiry, "KEYS_DUE_AT_ONCE", 2)
    owner = service.person()
    for hours in (3, 1, 2):
        expiring(service, owner, EXPIRES + timedelta(hours=hours), f"{hours}")
    at = EXPIRES - DAY

    assert [service.key_expiry.run(at), service.key_expiry.run(at), service.key_expiry.run(at)] == [2, 1, 0]
    assert [each.name for each in queued(service)] == ["1", "2", "3"]


def test_without_a_queue_the_email_stays_due(service: Service) -> None:
    new = expiring(service, service.person())
    service.outbox.down = True
    with pytest.raises(Unavailable):
        service.key_expiry.run(EXPIRES - WEEK)
    service.outbox.down = False
    service.key_expiry.run(EXPIRES - WEEK)

    assert queued(service) == [reminder(new, EXPIRES - WEEK)]


def test_a_deleted_key_is_not_due(service: Service) -> None:
    owner = service.person()
    new = expiring(service, owner)
    service.key_deletion.delete(cookie(owner), new.api_key.id, OWNER, NOW)

    assert service.key_expiry.run(EXPIRES) == 0


def test_an_index_that_lags_behind_does_no_harm(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It still lists a key that was deleted, and one that was handled."""
    owner = service.person()
    gone, handled = expiring(service, owner), expiring(service, owner, name="desktop")
    due = [gone.api_key.digest, handled.api_key.digest]
    service.key_deletion.delete(cookie(owner), gone.api_key.id, OWNER, NOW)
    service.key_expiry.run(EXPIRES - WEEK)
    queued(service)
    monkeypatch.setattr(service.api_keys, "due", lambda _now, _at_most: due)
    service.key_expiry.run(EXPIRES - WEEK)

    assert queued(service) == []


def test_a_key_that_is_deleted_at_that_moment_is_no_failure(service: Service) -> None:
    """The others are handled."""
    owner = service.person()
    new = expiring(service, owner)
    expiring(service, owner, name="desktop")
    gone = lambda: service.world.api_keys.pop(new.api_key.digest)  # noqa: E731 - as short as it can be
    service.interposed = Interleaved(service.world, gone)
    service.key_expiry.run(EXPIRES)

    assert [it.detail["name"] for it in service.world.records if it.event == "authn_token_expired"] == ["desktop"]


def test_a_rotated_key_is_due_once(service: Service) -> None:
    """With its current secret. The end of the old one is no expiry."""
    owner = service.person()
    new = expiring(service, owner)
    rotated = service.key_rotation.rotate(cookie(owner), new.api_key.id, 7, OWNER, NOW)
    queued(service)
    service.key_expiry.run(EXPIRES - WEEK)
    (sent,) = queued(service)

    once = f"{new.api_key.id}#{(EXPIRES - WEEK).isoformat()}"
    assert (sent.once, sent.hint) == (once, f"{rotated.plaintext[:16]}…")
    service.key_expiry.run(EXPIRES)
    assert sum(it.event == "authn_token_expired" for it in service.world.records) == 1


def test_a_rename_shows_in_the_email(service: Service) -> None:
    owner = service.person()
    new = expiring(service, owner)
    service.key_description.change(cookie(owner), new.api_key.id, Edit("workshop"), OWNER, NOW)
    service.key_expiry.run(EXPIRES - WEEK)
    (sent,) = queued(service)

    assert sent.name == "workshop"


def test_the_email_names_the_key_its_last_use_and_its_end(service: Service) -> None:
    """In the language of the account."""
    owner = service.person()
    new = expiring(service, owner)
    service.world.user(owner.session.user_id, language="de")
    service.api_keys.touch(new.api_key.digest, STRANGER, later(days=1))
    service.key_expiry.run(EXPIRES - WEEK)
    (message,) = queued(service)

    assert service.mailing.deliver(message, EXPIRES - WEEK) == "sent"
    hint = f"{new.plaintext[:16]}…"
    content = mails.ApiKeyExpiring("laptop", hint, EXPIRES, later(days=1), UNKNOWN, STRANGER.source)
    assert service.postman.mails == [mails.Mail("olive@example.com", content, SITE_URL, "de", "Olive")]


def test_no_email_goes_to_an_address_that_bounced_or_an_account_that_is_gone(service: Service) -> None:
    new = expiring(service, service.person())
    message = reminder(new, EXPIRES - WEEK)
    key = identities.email_key("olive@example.com")
    service.world.change_identity(key, undeliverable="bounce")
    assert service.mailing.deliver(message, EXPIRES) == "undeliverable"
    service.world.users.clear()

    assert service.mailing.deliver(message, EXPIRES) == "nobody_to_tell"
    assert service.postman.mails == []


def test_each_key_of_an_account_may_expire_in_the_same_hour(service: Service) -> None:
    new = expiring(service, service.person())
    outcomes = [
        service.mailing.deliver(reminder(new, EXPIRES - WEEK), EXPIRES) for _ in range(KEY_NOTICES_PER_HOUR + 1)
    ]

    assert outcomes == ["sent"] * 25 + ["limit_reached"]
