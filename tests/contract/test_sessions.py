"""The contract of session stores."""

from copy import replace
from datetime import timedelta

from accounts.model import sessions
from accounts.model.audit import Caller
from accounts.model.sessions import Session
from tests.contract.backends import Backend
from tests.contract.samples import LATER, TOMORROW, a_digest, a_session


def start(backend: Backend, **fields: object) -> Session:
    session: Session = a_session(**fields)
    backend.commit(sessions.Start(session))
    return session


def test_a_session_is_read_with_every_field(backend: Backend) -> None:
    session = start(backend)

    assert backend.sessions.get(session.digest) == session


def test_a_session_with_an_empty_caller_is_read_with_every_field(backend: Backend) -> None:
    """Empty text reads as empty text."""
    session = start(backend, remembered=False, caller=Caller(source="", user_agent=""))

    assert backend.sessions.get(session.digest) == session


def test_a_session_never_ends_later_than_requested(backend: Backend) -> None:
    """Its end is stored in whole seconds and never rounded up."""
    ends_at = TOMORROW + timedelta(microseconds=999_999)
    session = start(backend, expires_at=ends_at)
    stored = backend.sessions.get(session.digest)

    assert stored is not None
    assert ends_at - timedelta(seconds=1) < stored.expires_at <= ends_at


def test_an_unknown_session_reads_as_none(backend: Backend) -> None:
    assert backend.sessions.get(a_digest()) is None


def test_a_second_session_with_the_same_digest_is_refused(backend: Backend) -> None:
    session = start(backend)
    again = sessions.Start(a_session(digest=session.digest))

    assert backend.refused(again) == (again,)


def test_ending_a_session_twice_is_not_an_error(backend: Backend) -> None:
    session = start(backend)
    backend.commit(sessions.End(session.digest))
    backend.commit(sessions.End(session.digest))

    assert backend.sessions.get(session.digest) is None


def test_recording_activity_changes_only_the_last_seen_time(backend: Backend) -> None:
    session = start(backend)
    when = LATER + timedelta(hours=1)
    backend.sessions.touch(session.digest, when)

    assert backend.sessions.get(session.digest) == replace(session, last_seen_at=when)


def test_recording_activity_does_not_recreate_an_ended_session(backend: Backend) -> None:
    """A request that was in progress when its session ended writes nothing."""
    session = start(backend)
    backend.commit(sessions.End(session.digest))
    before = backend.contents()
    backend.sessions.touch(session.digest, LATER)

    assert backend.contents() == before


def test_the_sessions_of_an_account_are_listed(backend: Backend) -> None:
    """All of its sessions with every field, and no other account's."""
    mine = start(backend)
    also_mine = start(backend, user_id=mine.user_id)
    start(backend)

    listed = backend.sessions.of_user(mine.user_id)

    assert sorted(listed, key=lambda s: s.digest) == sorted([mine, also_mine], key=lambda s: s.digest)


def test_an_account_without_sessions_lists_none(backend: Backend) -> None:
    assert backend.sessions.of_user("nobody") == []


def test_rotating_a_refresh_token_stores_the_new_and_the_previous_one(backend: Backend) -> None:
    """With the salt that derives the new one, and as activity."""
    session, new, salt = start(backend), a_digest(), a_digest()
    backend.commit(sessions.Rotate(session, new, salt, LATER))

    renewed = {"refresh": new, "refresh_previous": session.refresh, "refresh_salt": salt}
    assert backend.sessions.get(session.digest) == replace(session, **renewed, refreshed_at=LATER, last_seen_at=LATER)


def test_a_refresh_token_is_rotated_once(backend: Backend) -> None:
    """A second rotation of the same version is refused and changes nothing."""
    session = start(backend)
    backend.commit(sessions.Rotate(session, a_digest(), a_digest(), LATER))
    left = backend.sessions.get(session.digest)
    again = sessions.Rotate(session, a_digest(), a_digest(), LATER)

    assert backend.refused(again) == (again,)
    assert backend.sessions.get(session.digest) == left


def test_rotating_does_not_recreate_an_ended_session(backend: Backend) -> None:
    session = start(backend)
    backend.commit(sessions.End(session.digest))
    rotate = sessions.Rotate(session, a_digest(), a_digest(), LATER)

    assert backend.refused(rotate) == (rotate,)
    assert backend.sessions.get(session.digest) is None


def test_a_session_that_has_set_up_a_second_factor_is_like_any_other(backend: Backend) -> None:
    session = start(backend)
    backend.commit(sessions.Enrol(session.digest))

    assert backend.sessions.get(session.digest) == replace(session, enrolling=False)


def test_setting_up_a_second_factor_does_not_recreate_an_ended_session(backend: Backend) -> None:
    session = start(backend)
    backend.commit(sessions.End(session.digest))
    enrol = sessions.Enrol(session.digest)

    assert backend.refused(enrol) == (enrol,)
    assert backend.sessions.get(session.digest) is None
