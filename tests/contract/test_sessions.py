"""What every keeper of sessions promises."""

from copy import replace
from datetime import timedelta

from accounts.model import sessions
from accounts.model.audit import Caller
from accounts.model.sessions import Session
from tests.contract.backends import Backend
from tests.contract.samples import LATER, TOMORROW, a_digest, a_session


def started(backend: Backend, **fields: object) -> Session:
    """A session as it is stored after it was started."""
    session: Session = a_session(**fields)
    backend.commit(sessions.Start(session))
    return session


def test_a_session_comes_back_whole(backend: Backend) -> None:
    """Every field survives."""
    session = started(backend)

    assert backend.sessions.get(session.digest) == session


def test_a_session_of_a_client_that_says_nothing_comes_back_whole(backend: Backend) -> None:
    """Empty text is kept as such."""
    session = started(backend, remembered=False, caller=Caller(source="", user_agent=""))

    assert backend.sessions.get(session.digest) == session


def test_a_session_never_ends_later_than_it_was_told_to(backend: Backend) -> None:
    """Its end may be kept to the second only, but is never rounded up."""
    ends_at = TOMORROW + timedelta(microseconds=999_999)
    session = started(backend, expires_at=ends_at)
    stored = backend.sessions.get(session.digest)

    assert stored is not None
    assert ends_at - timedelta(seconds=1) < stored.expires_at <= ends_at


def test_an_unknown_session_is_none(backend: Backend) -> None:
    """Nobody is there."""
    assert backend.sessions.get(a_digest()) is None


def test_a_digest_is_started_once(backend: Backend) -> None:
    """A second session under the same digest is refused and the first stays."""
    session = started(backend)
    again = sessions.Start(a_session(digest=session.digest))

    assert backend.refused(again) == (again,)


def test_an_ended_session_is_gone(backend: Backend) -> None:
    """Ending it again, or one that never was, is no error."""
    session = started(backend)
    backend.commit(sessions.End(session.digest))
    backend.commit(sessions.End(session.digest))

    assert backend.sessions.get(session.digest) is None


def test_activity_is_written_down(backend: Backend) -> None:
    """Only that changes."""
    session = started(backend)
    when = LATER + timedelta(hours=1)
    backend.sessions.touch(session.digest, when)

    assert backend.sessions.get(session.digest) == replace(session, last_seen_at=when)


def test_activity_does_not_bring_an_ended_session_back(backend: Backend) -> None:
    """A request that was under way when its session ended leaves nothing behind."""
    session = started(backend)
    backend.commit(sessions.End(session.digest))
    before = backend.contents()
    backend.sessions.touch(session.digest, LATER)

    assert backend.contents() == before


def test_the_sessions_of_an_account_are_listed(backend: Backend) -> None:
    """All of them, whole, and nobody else's."""
    mine = started(backend)
    also_mine = started(backend, user_id=mine.user_id)
    started(backend)

    listed = backend.sessions.of_user(mine.user_id)

    assert sorted(listed, key=lambda s: s.digest) == sorted([mine, also_mine], key=lambda s: s.digest)


def test_an_account_without_sessions_lists_none(backend: Backend) -> None:
    """An empty list, not an error."""
    assert backend.sessions.of_user("nobody") == []


def test_a_clients_refresh_token_is_exchanged(backend: Backend) -> None:
    """The one before is remembered, with what makes the new one of it, and that is activity."""
    session, new, salt = started(backend), a_digest(), a_digest()
    backend.commit(sessions.Rotate(session, new, salt, LATER))

    renewed = {"refresh": new, "refresh_previous": session.refresh, "refresh_salt": salt}
    assert backend.sessions.get(session.digest) == replace(session, **renewed, refreshed_at=LATER, last_seen_at=LATER)


def test_a_refresh_token_is_exchanged_once(backend: Backend) -> None:
    """Whoever read it before somebody else's exchange is refused, and the session is as that one left it."""
    session = started(backend)
    backend.commit(sessions.Rotate(session, a_digest(), a_digest(), LATER))
    left = backend.sessions.get(session.digest)
    again = sessions.Rotate(session, a_digest(), a_digest(), LATER)

    assert backend.refused(again) == (again,)
    assert backend.sessions.get(session.digest) == left


def test_an_ended_session_does_not_come_back_by_an_exchange(backend: Backend) -> None:
    """Refused, and still gone."""
    session = started(backend)
    backend.commit(sessions.End(session.digest))
    rotate = sessions.Rotate(session, a_digest(), a_digest(), LATER)

    assert backend.refused(rotate) == (rotate,)
    assert backend.sessions.get(session.digest) is None
