"""The account's history: shown to its owner only, newest first, without internal details."""

from collections import Counter
from collections.abc import Iterable, Iterator
from copy import replace
from datetime import datetime, timedelta

import pytest

from accounts.errors import CredentialNotAccepted, TooManyAttempts, Unauthenticated
from accounts.events import EVENTS
from accounts.flows.people.activity import KINDS, recent
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import ACTIVITY_READ, ACTIVITY_READ_OF_ONE_KIND, ACTIVITY_SHOWN, AUDIT_KEPT
from accounts.model.audit import Caller, Record
from tests.unit.accounts.stage import NOW, OWNER, STRANGER, Service, cookie, key_credential, later

AFTERWARDS = later(days=30)


def shown(service: Service, logged_in: LoggedIn, now: datetime) -> list[Record]:
    """The last record of each entry that the owner sees."""
    return [entry.record for entry in recent(service.audit_events, logged_in.session.user_id, now)]


def happened(
    service: Service,
    logged_in: LoggedIn,
    event: str,
    callers: Iterable[Caller],
    *,
    at: datetime = NOW,
    every: timedelta = timedelta(seconds=1),
    **detail: str,
) -> list[Record]:
    """Records of one event, one for each caller."""
    user_id = logged_in.session.user_id
    records = [Record(user_id, event, at + every * n, caller, detail) for n, caller in enumerate(callers)]
    service.world.records += records
    return records


def strangers(count: int) -> Iterator[Caller]:
    """Callers that all have addresses of their own."""
    return (replace(STRANGER, source=f"2001:db8:{number:x}::/64") for number in range(count))


def test_the_owner_sees_the_history_newest_first(service: Service) -> None:
    """A key that was created, then a login; another account sees its own."""
    stranger = service.person("other@example.com")
    logged_in = service.person()
    service.world.records.append(Record(stranger.session.user_id, "user_updated", NOW, STRANGER))
    service.key(logged_in, now=later(minutes=3))
    service.log_in(later(minutes=4))

    records = shown(service, logged_in, later(minutes=5))

    assert [(record.event, record.at) for record in records] == [
        ("authn_login_success", later(minutes=4)),
        ("authn_token_created", later(minutes=3)),
    ]
    assert [record.caller for record in shown(service, stranger, later(minutes=5))] == [STRANGER]


def test_only_the_latest_entries_are_shown(service: Service) -> None:
    """The fifty-first is not listed."""
    logged_in = service.person()
    records = happened(service, logged_in, "authn_login_success", (OWNER for _ in range(60)), every=timedelta(hours=2))

    assert shown(service, logged_in, AFTERWARDS) == records[: 60 - ACTIVITY_SHOWN - 1 : -1]


def test_equal_events_are_one_entry(service: Service) -> None:
    """With their number, and the times of the first and the last; also when others come between."""
    logged_in = service.person()
    for second in range(3):
        happened(service, logged_in, "authn_token_revoked", [OWNER], at=later(seconds=2 * second))
        happened(service, logged_in, "user_updated", [STRANGER], at=later(seconds=2 * second + 1))

    entries = service.activity.of_account(cookie(logged_in), later(minutes=1))

    assert [(it.record.event, it.record.at, it.first_at, it.count) for it in entries] == [
        ("user_updated", later(seconds=5), later(seconds=1), 3),
        ("authn_token_revoked", later(seconds=4), NOW, 3),
    ]


@pytest.mark.parametrize(
    ("other", "minutes"),
    [
        (OWNER, 61),
        (replace(OWNER, source="198.51.100.1"), 60),
        (replace(OWNER, user_agent="curl/8"), 60),
    ],
    ids=["an hour", "source", "browser"],
)
def test_events_that_differ_or_are_more_than_an_hour_apart_are_not_folded(
    service: Service, other: Caller, minutes: int
) -> None:
    logged_in = service.person()
    happened(service, logged_in, "authn_login_success", [OWNER])
    happened(service, logged_in, "authn_login_success", [other], at=later(minutes=minutes))

    assert len(shown(service, logged_in, AFTERWARDS)) == 2


def test_events_an_hour_apart_are_folded(service: Service) -> None:
    logged_in = service.person()
    happened(service, logged_in, "authn_login_success", [OWNER] * 3, every=timedelta(hours=1))

    assert len(shown(service, logged_in, AFTERWARDS)) == 1


def test_a_stale_session_cannot_hide_what_happened_before(service: Service) -> None:
    """The attack: rename and log programs out, each time as another browser, until nothing else is left in the list."""
    logged_in = service.person()
    hidden = happened(service, logged_in, "authn_identity_linked", [STRANGER])
    for event in ("user_updated", "session_revoked"):
        happened(service, logged_in, event, strangers(300), at=later(hours=1))

    records = shown(service, logged_in, AFTERWARDS)

    assert (len(records), records[-1:]) == (ACTIVITY_SHOWN, hidden)


def test_what_is_not_a_security_event_pushes_out_none(service: Service) -> None:
    """However many of one kind there are."""
    logged_in = service.person()
    logins = happened(service, logged_in, "authn_login_success", strangers(ACTIVITY_SHOWN))
    happened(service, logged_in, "user_updated", strangers(300), at=later(hours=1))

    assert shown(service, logged_in, AFTERWARDS) == logins[::-1]


def test_no_kind_of_event_pushes_out_another(service: Service) -> None:
    """With logins, a program's logins and new keys from ever new addresses, the last of each kind are still shown."""
    logged_in = service.person()
    hidden = happened(service, logged_in, "authn_identity_linked", strangers(10))
    happened(service, logged_in, "authn_login_success", strangers(90), at=later(hours=1))
    happened(service, logged_in, "authn_login_success", strangers(90), at=later(hours=2), client="comfy-cli")
    happened(service, logged_in, "authn_token_created", strangers(90), at=later(hours=3))

    records = shown(service, logged_in, AFTERWARDS)

    assert (len(records), records[-10:]) == (ACTIVITY_SHOWN, hidden[::-1])


def most_similar(kind: str) -> str:
    """The event whose records would push out one of this kind first; any, if none is similar."""
    if kind == "user_updated":
        return "session_revoked"
    event, _, by_program = kind.partition(".")
    return event if by_program else "user_updated"


@pytest.mark.parametrize("many", sorted({most_similar(kind) for kind in KINDS}))
def test_no_number_of_records_of_one_kind_hides_another(service: Service, many: str) -> None:
    """More than one read returns. The export has both, too."""
    logged_in = service.person()
    hidden: list[Record] = []
    for kind in (kind for kind in KINDS if most_similar(kind) == many):
        event, _, by_program = kind.partition(".")
        detail = {"client": "comfy-cli"} if by_program else {}
        hidden += happened(service, logged_in, event, [STRANGER], at=later(seconds=len(hidden)), **detail)
    happened(service, logged_in, many, strangers(ACTIVITY_READ + 500), at=later(minutes=1))

    records = shown(service, logged_in, AFTERWARDS)
    exported = service.account_export.of_session(cookie(logged_in), later(minutes=10)).activity

    assert hidden
    assert (len(records), records[-len(hidden) :]) == (ACTIVITY_SHOWN, hidden[::-1])
    assert (len(exported), exported[: len(hidden)]) == (ACTIVITY_READ_OF_ONE_KIND + len(hidden), hidden)


def test_the_last_of_every_kind_is_shown(service: Service) -> None:
    """However many kinds an attacker fills afterwards."""
    logged_in = service.person()
    security = [name for name, event in EVENTS.items() if event.kept and not event.routine]
    for event in security:
        happened(service, logged_in, event, strangers(20), at=later(seconds=len(service.world.records)))

    records = shown(service, logged_in, AFTERWARDS)

    assert len(records) == ACTIVITY_SHOWN
    assert all(count >= ACTIVITY_SHOWN // len(security) for count in Counter(it.event for it in records).values())
    assert {record.event for record in records} == set(security)


def test_records_of_version_0_2_0_are_shown_among_many(service: Service) -> None:
    """Their ids begin with the time."""
    logged_in = service.person()

    class Old(Record, frozen=True):
        @property
        def event_id(self) -> str:
            return f"{self.moment}#{self.serial}"

    old = Old(logged_in.session.user_id, "authn_identity_linked", NOW, STRANGER)
    service.world.records.append(old)
    happened(service, logged_in, "user_updated", strangers(ACTIVITY_READ), at=later(minutes=1))

    assert shown(service, logged_in, AFTERWARDS)[-1:] == [old]


def test_a_name_changes_twenty_times_a_day(service: Service) -> None:
    """The next is refused; the account keeps its name and gets no record."""
    logged_in = service.person()
    for number in range(20):
        service.account_renaming.rename(cookie(logged_in), f"Olive {number}", OWNER, NOW)
    with pytest.raises(TooManyAttempts) as refusal:
        service.account_renaming.rename(cookie(logged_in), "Mallory", OWNER, NOW)

    assert refusal.value.retry_after == 12 * 60 * 60
    assert service.identity().name == "Olive 19"
    assert len(service.world.records) == 20


def test_fifty_keys_are_created_a_day(service: Service) -> None:
    """However many are deleted in between."""
    logged_in = service.person()
    for number in range(50):
        key = service.key(logged_in, f"{number}")
        service.key_deletion.delete(cookie(logged_in), key.api_key.digest, OWNER, NOW)
    with pytest.raises(TooManyAttempts):
        service.key(logged_in)

    assert service.world.api_keys == {}


def test_records_past_their_retention_are_not_shown(service: Service) -> None:
    """Even while they are still in the table."""
    logged_in = service.person()
    user_id, soon = logged_in.session.user_id, later(minutes=1)
    kept = Record(user_id, "kept", soon - AUDIT_KEPT + (later(seconds=1) - NOW), OWNER)
    service.world.records += [Record(user_id, "swept", soon - AUDIT_KEPT, OWNER), kept]

    assert shown(service, logged_in, soon) == [kept]


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
