"""Logging out here, on another device, or everywhere; effective from the next request."""

from copy import replace

import pytest

from accounts.errors import CredentialNotAccepted, NotFound, Unauthenticated, Unavailable
from accounts.flows.people.authentication import SESSION, Credential
from accounts.limits import SESSIONS_PER_ACCOUNT
from accounts.model import sessions, users
from accounts.model.audit import Record
from tests.unit.accounts.stage import (
    NO_KEY,
    NOW,
    STRANGER,
    Interleaved,
    Service,
    cookie,
    held,
    key_credential,
    later,
)


def test_logging_out_here_ends_this_session_at_once(service: Service) -> None:
    """The token fails on the next request; other sessions are kept (SE-06)."""
    here = service.person()
    other = service.log_in()
    service.world.records.clear()

    assert service.logout.here(cookie(here), STRANGER, later(minutes=1)) is True

    with pytest.raises(Unauthenticated):
        service.session(cookie(here), later(minutes=1))
    assert held(service, other) == {other.session.digest}
    (record,) = service.world.records
    detail = {"session": here.session.digest}
    assert record == Record(here.session.user_id, "session_revoked", later(minutes=1), STRANGER, detail, record.serial)


@pytest.mark.parametrize("credential", [None, Credential(SESSION, "x" * 43), key_credential("comfyui-" + "x" * 64)])
def test_logging_out_without_a_session_is_not_an_error(service: Service, credential: Credential | None) -> None:
    """The caller is already logged out."""
    logged_in = service.person()

    assert service.logout.here(credential, STRANGER, NOW) is False
    assert (held(service, logged_in), service.world.records) == ({logged_in.session.digest}, [])


def test_logging_out_of_an_expired_session_is_not_an_error(service: Service) -> None:
    logged_in = service.person()

    assert service.logout.here(cookie(logged_in), STRANGER, later(hours=1)) is False


def test_logging_out_twice_at_once_is_not_an_error(service: Service) -> None:
    """The second click finds the session gone between its read and its write."""
    logged_in = service.person()
    rival = Service(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.logout.here(cookie(logged_in), STRANGER, NOW))

    assert service.logout.here(cookie(logged_in), STRANGER, NOW) is False
    assert [record.event for record in service.world.records] == ["session_revoked"]


def test_sessions_are_listed_by_their_latest_activity(service: Service) -> None:
    """The caller's own comes first, because it is active now; no other account's are listed (SE-11)."""
    stranger = service.person("other@example.com")
    first = service.person()
    second = service.log_in(later(minutes=10))
    third = service.log_in(later(minutes=20))
    service.session(cookie(first), later(minutes=30))

    listed = service.session_list.of_account(cookie(second), later(minutes=40))

    assert [session.digest for session in listed] == [x.session.digest for x in (second, first, third)]
    assert stranger.session not in listed


def test_expired_sessions_are_not_listed(service: Service) -> None:
    """However long the table keeps them (SE-07)."""
    service.person()
    current = service.log_in(later(minutes=30))

    assert service.session_list.of_account(cookie(current), later(minutes=70)) == [
        replace(current.session, last_seen_at=later(minutes=70))
    ]


def test_another_session_can_be_ended(service: Service) -> None:
    """At once, and recorded; the current one is kept."""
    here = service.person()
    other = service.log_in()
    service.world.records.clear()

    service.session_revocation.end(cookie(here), [other.session.digest], STRANGER, NOW)

    assert held(service, here) == {here.session.digest}
    assert [record.detail for record in service.world.records] == [{"session": other.session.digest}]


def test_several_sessions_end_together(service: Service) -> None:
    """In one transaction with one record; the others of the account are kept."""
    here, kept, *others = (service.log_in() if number else service.person() for number in range(5))
    ids = [other.session.digest for other in others]
    service.world.records.clear()

    service.session_revocation.end(cookie(here), [*ids, ids[0]], STRANGER, NOW)

    assert held(service, here) == {here.session.digest, kept.session.digest}
    assert [service.world.sessions.get(digest) for digest in ids] == [None, None, None]
    (record,) = service.world.records
    user_id = here.session.user_id
    assert record == Record(
        user_id, "session_revoked", NOW, STRANGER, {"session": " ".join(sorted(ids))}, record.serial
    )


def test_sessions_that_ended_before_or_concurrently_do_not_keep_the_others(service: Service) -> None:
    here, one, other, third = (service.log_in() if number else service.person() for number in range(4))
    ids = [it.session.digest for it in (one, other, third)]
    service.session_revocation.end(cookie(here), ids[:1], STRANGER, NOW)
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: rival.session_revocation.end(cookie(here), ids[1:2], STRANGER, NOW)
    )

    service.session_revocation.end(cookie(here), ids, STRANGER, NOW)

    assert held(service, here) == {here.session.digest}
    assert service.world.records[-1].detail == {"session": ids[2]}


def test_no_more_sessions_are_looked_up_than_an_account_can_have(service: Service) -> None:
    """Fifty ids are; one more is refused without a look, whatever they are."""
    here = service.person()
    other = service.log_in()
    ids = [other.session.digest, *(f"{number:064x}" for number in range(SESSIONS_PER_ACCOUNT))]
    with pytest.raises(NotFound):
        service.session_revocation.end(cookie(here), ids, STRANGER, NOW)
    assert held(service, here) == {here.session.digest, other.session.digest}

    service.session_revocation.end(cookie(here), ids[:-1], STRANGER, NOW)
    assert held(service, here) == {here.session.digest}


def test_another_accounts_session_among_several_is_kept(service: Service) -> None:
    """Whatever of the account's own is named beside it (EN-08)."""
    victim = service.person("other@example.com")
    here = service.person()
    other = service.log_in()
    ids = [victim.session.digest, other.session.digest, NO_KEY]

    service.session_revocation.end(cookie(here), ids, STRANGER, NOW)

    assert (held(service, here), held(service, victim)) == ({here.session.digest}, {victim.session.digest})
    assert service.world.sessions[victim.session.digest] == victim.session


def test_one_malformed_id_among_several_ends_nothing(service: Service) -> None:
    here = service.person()
    other = service.log_in()
    with pytest.raises(NotFound):
        service.session_revocation.end(cookie(here), [other.session.digest, ""], STRANGER, NOW)

    assert held(service, here) == {here.session.digest, other.session.digest}


@pytest.mark.parametrize("session_id", ["", "0", NO_KEY, "G" * 64, NO_KEY + "\n", NO_KEY.upper() + "0", "é" * 64])
def test_an_unknown_id_is_not_found(service: Service, session_id: str) -> None:
    """Whatever its form."""
    logged_in = service.person()
    with pytest.raises(NotFound) as refusal:
        service.session_revocation.end(cookie(logged_in), [session_id], STRANGER, NOW)

    assert refusal.value.message == NotFound.default_message
    assert service.world.records == []


def test_a_malformed_id_is_not_looked_up(service: Service) -> None:
    """The table is asked only for 64 hexadecimal characters."""
    logged_in = service.person()
    asked: list[str] = []
    service.interposed = Interleaved(service.world, lambda: asked.append("the table"), times=1000)
    for text in ("", "1", "Z" * 64, NO_KEY[1:], NO_KEY + "0", NO_KEY + "\n"):
        with pytest.raises(NotFound):
            service.session_revocation.end(cookie(logged_in), [text], STRANGER, NOW)

    assert asked == []


def test_another_accounts_session_is_not_found(service: Service) -> None:
    """The same answer as for an unknown id, and the session is kept (EN-08)."""
    victim = service.person("other@example.com")
    logged_in = service.person()
    with pytest.raises(NotFound) as refusal:
        service.session_revocation.end(cookie(logged_in), [victim.session.digest], STRANGER, NOW)

    assert refusal.value.message == NotFound.default_message
    assert held(service, victim) == {victim.session.digest}


def test_logging_out_everywhere_ends_all_sessions_of_the_account(service: Service) -> None:
    """Including this one, and no other account's, in one transaction."""
    stranger = service.person("other@example.com")
    here = service.person()
    service.log_in()
    service.world.records.clear()

    service.logout_everywhere.everywhere(cookie(here), STRANGER, NOW)

    assert (held(service, here), held(service, stranger)) == (set(), {stranger.session.digest})
    (record,) = service.world.records
    user_id = here.session.user_id
    assert record == Record(user_id, "session_revoked_all", NOW, STRANGER, {"sessions": "2"}, record.serial)


def test_a_session_that_starts_concurrently_ends_too(service: Service) -> None:
    """The account changed after it was read, so it is read again."""
    here = service.person()
    rival = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, rival.log_in, times=3)
    service.logout_everywhere.everywhere(cookie(here), STRANGER, NOW)

    assert held(service, here) == set()
    assert service.world.records[-1].detail == {"sessions": "4"}


def test_an_account_that_keeps_changing_is_unavailable(service: Service) -> None:
    """Nothing is half-ended: the caller is asked to retry."""
    here = service.person()
    rival = Service(service.world, service.hasher)
    service.interposed = Interleaved(service.world, rival.log_in, times=1000)
    with pytest.raises(Unavailable):
        service.logout_everywhere.everywhere(cookie(here), STRANGER, NOW)

    assert here.session.digest in held(service, here)


def test_a_deleted_account_has_nothing_to_end(service: Service) -> None:
    """The caller is not logged in."""
    here = service.person()
    service.world.users.clear()
    with pytest.raises(Unauthenticated):
        service.logout_everywhere.everywhere(cookie(here), STRANGER, NOW)

    assert service.world.records == []


def test_a_key_cannot_end_sessions(service: Service) -> None:
    """Keys never manage sessions (SE-13)."""
    here = service.person()
    key = key_credential(service.key(here).plaintext)
    with pytest.raises(CredentialNotAccepted):
        service.session_list.of_account(key, NOW)
    with pytest.raises(CredentialNotAccepted):
        service.session_revocation.end(key, [here.session.digest], STRANGER, NOW)
    with pytest.raises(CredentialNotAccepted):
        service.logout_everywhere.everywhere(key, STRANGER, NOW)

    assert held(service, here) == {here.session.digest}


def test_ending_a_session_removes_it_from_the_account() -> None:
    """In the write that ends it."""
    service = Service()
    logged_in = service.person()
    user_id, digest = logged_in.session.user_id, logged_in.session.digest
    service.world.commit(users.DropSessions(user_id, frozenset({digest})), sessions.End(digest))

    with pytest.raises(NotFound):
        service.session_revocation.end(cookie(service.log_in()), [digest], STRANGER, NOW)
