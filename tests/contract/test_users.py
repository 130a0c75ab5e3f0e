"""What every keeper of accounts promises."""

from copy import replace
from datetime import timedelta, timezone

import pytest

from accounts.model import users
from accounts.model.users import Beside, User
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, TOMORROW, a_digest, a_user


def opened(backend: Backend, **fields: object) -> User:
    """An account as it is stored after it was opened."""
    user: User = a_user(**fields)
    backend.commit(users.Open(user))
    return user


def test_an_account_comes_back_whole(backend: Backend) -> None:
    """Every field survives: text of any script, moments to the microsecond, all that it holds."""
    held = {a_digest(): TOMORROW, a_digest(): TOMORROW + timedelta(days=1)}
    keys = frozenset({a_digest(), a_digest()})
    user = opened(backend, sessions=held, api_keys=keys, identities=frozenset({"email#a@example.com"}), revision=7)

    assert backend.users.get(user.user_id) == user


def test_an_account_that_holds_nothing_comes_back_whole(backend: Backend) -> None:
    """Empty text, an empty map and empty sets are none of them lost or made up."""
    user = opened(backend, email="", name="")

    assert backend.users.get(user.user_id) == user


def test_a_moment_in_another_time_zone_stays_the_same_moment(backend: Backend) -> None:
    """Where the clock that wrote it hung does not matter."""
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    user = opened(backend, created_at=elsewhere)

    assert backend.users.get(user.user_id) == replace(user, created_at=NOW)


def test_an_unknown_account_is_none(backend: Backend) -> None:
    """Nobody is there."""
    assert backend.users.get("nobody") is None


def test_an_id_is_opened_once(backend: Backend) -> None:
    """A second account under the same id is refused and the first stays."""
    user = opened(backend)
    again = users.Open(replace(user, name="Somebody else"))

    assert backend.refused(again) == (again,)


def test_an_account_holds_sessions_until_it_is_full(backend: Backend) -> None:
    """The last free place is given, the next is not."""
    user, first, second = opened(backend), a_digest(), a_digest()
    backend.commit(users.HoldSession(user.user_id, first, TOMORROW, at_most=2))
    backend.commit(users.HoldSession(user.user_id, second, TOMORROW, at_most=2))
    third = users.HoldSession(user.user_id, a_digest(), TOMORROW, at_most=2)

    assert backend.refused(third) == (third,)
    assert backend.users.get(user.user_id) == replace(user, sessions={first: TOMORROW, second: TOMORROW}, revision=2)


@pytest.mark.parametrize("status", [users.DISABLED, None])
def test_an_account_that_is_disabled_or_gone_holds_nothing_new(backend: Backend, status: str | None) -> None:
    """Neither sessions nor keys nor identities, however they come."""
    user = opened(backend, status=status) if status else a_user()
    hold = users.HoldSession(user.user_id, a_digest(), TOMORROW, at_most=50)
    swap = users.SwapSession(user.user_id, user.revision, (), a_digest(), TOMORROW)
    key = users.HoldKey(user.user_id, a_digest(), at_most=25)
    identity = users.HoldIdentity(user.user_id, "google#1", at_most=5)
    changes = (hold, swap, key, identity)

    assert [backend.refused(change) for change in changes] == [(change,) for change in changes]


def test_a_session_takes_the_place_of_others(backend: Backend) -> None:
    """Those that ended are let go in the same write."""
    old, older, kept, new = (a_digest() for _ in range(4))
    user = opened(backend, sessions={old: NOW.replace(microsecond=0), older: TOMORROW, kept: TOMORROW})
    backend.commit(users.SwapSession(user.user_id, 0, (old, older), new, TOMORROW))

    assert backend.users.get(user.user_id) == replace(user, sessions={kept: TOMORROW, new: TOMORROW}, revision=1)


def test_a_session_takes_no_place_in_an_account_that_changed(backend: Backend) -> None:
    """What was read is no longer what is there."""
    user = opened(backend, revision=4)
    swap = users.SwapSession(user.user_id, 3, (), a_digest(), TOMORROW)

    assert backend.refused(swap) == (swap,)


def test_a_session_is_let_go_once(backend: Backend) -> None:
    """What is not held cannot be let go: that is how a loser of a race notices."""
    mine, other = a_digest(), a_digest()
    user = opened(backend, sessions={mine: TOMORROW, other: TOMORROW})
    go = users.LetGoSession(user.user_id, mine)
    backend.commit(go)

    assert backend.refused(go) == (go,)
    assert backend.users.get(user.user_id) == replace(user, sessions={other: TOMORROW}, revision=1)


def test_a_session_of_no_account_cannot_be_let_go(backend: Backend) -> None:
    """An account that is gone holds nothing."""
    go = users.LetGoSession("nobody", a_digest())

    assert backend.refused(go) == (go,)


def test_all_sessions_are_let_go(backend: Backend) -> None:
    """None stays."""
    user = opened(backend, sessions={a_digest(): TOMORROW, a_digest(): TOMORROW})
    backend.commit(users.LetGoAllSessions(user))

    assert backend.users.get(user.user_id) == replace(user, sessions={}, revision=1)


def test_all_sessions_but_one_are_let_go(backend: Backend) -> None:
    """The one to keep stays, with its end, and when that was is known."""
    mine = a_digest()
    user = opened(backend, sessions={mine: TOMORROW, a_digest(): TOMORROW}, secured_at=NOW)
    backend.commit(users.LetGoOtherSessions(user, mine, LATER))

    assert backend.users.get(user.user_id) == replace(user, sessions={mine: TOMORROW}, secured_at=LATER, revision=1)


def test_letting_go_of_no_session_at_all_is_a_change_too(backend: Backend) -> None:
    """An account without sessions can be told to hold none."""
    user = opened(backend)
    backend.commit(users.LetGoAllSessions(user))

    assert backend.users.get(user.user_id) == replace(user, revision=1)


def test_an_account_holds_keys_until_it_is_full(backend: Backend) -> None:
    """The last free place is given, the next is not."""
    user, first, second = opened(backend), a_digest(), a_digest()
    backend.commit(users.HoldKey(user.user_id, first, at_most=2))
    backend.commit(users.HoldKey(user.user_id, second, at_most=2))
    third = users.HoldKey(user.user_id, a_digest(), at_most=2)

    assert backend.refused(third) == (third,)
    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset({first, second}), revision=2)


def test_a_key_is_let_go_once(backend: Backend) -> None:
    """Down to the last one, after which the account holds none."""
    key = a_digest()
    user = opened(backend, api_keys=frozenset({key}))
    go = users.LetGoKey(user.user_id, key)
    backend.commit(go)

    assert backend.refused(go) == (go,)
    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset(), revision=1)


def test_a_place_that_was_let_go_is_free_again(backend: Backend) -> None:
    """The count is of what is held now."""
    first, second = a_digest(), a_digest()
    user = opened(backend, api_keys=frozenset({first}))
    backend.commit(users.LetGoKey(user.user_id, first))
    backend.commit(users.HoldKey(user.user_id, second, at_most=1))

    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset({second}), revision=2)


def test_an_account_holds_identities_until_it_is_full(backend: Backend) -> None:
    """The last free place is given, the next is not, and one that is let go is free again."""
    user = opened(backend, identities=frozenset({"email#a@example.com"}))
    backend.commit(users.HoldIdentity(user.user_id, "google#1", at_most=2))
    third = users.HoldIdentity(user.user_id, "github#1", at_most=2)
    held = replace(user, identities=user.identities | {"google#1"}, revision=1)

    assert backend.refused(third) == (third,)
    assert backend.users.get(user.user_id) == held
    backend.commit(users.LetGoIdentity(held, "email#a@example.com"))
    assert backend.users.get(user.user_id) == replace(held, identities=frozenset({"google#1"}), revision=2)


def test_an_account_gets_another_name(backend: Backend) -> None:
    """Nothing else changes but when it did; a name may be empty."""
    user = opened(backend, sessions={a_digest(): TOMORROW}, identities=frozenset({"email#a@example.com"}))
    renamed = replace(user, name="Zoë 李", updated_at=LATER + timedelta(days=1), revision=1)
    backend.commit(users.Rename(user, renamed.name, renamed.updated_at))

    assert backend.users.get(user.user_id) == renamed
    backend.commit(users.Rename(renamed, "", LATER))
    assert backend.users.get(user.user_id) == replace(renamed, name="", updated_at=LATER, revision=2)


def test_a_problem_with_mail_is_noted(backend: Backend) -> None:
    """Nothing else changes but the revision: whoever read the account before notices."""
    user = opened(backend, mail_problem=None)
    backend.commit(users.NoteMailProblem(user.user_id, user.email, "bounce"))
    assert backend.users.get(user.user_id) == replace(user, mail_problem="bounce", revision=1)


def test_a_problem_with_another_address_is_not_the_accounts(backend: Backend) -> None:
    """It has a new address meanwhile; nor does an account come to life by its mail coming back."""
    user, gone = opened(backend), a_user()
    changes = (
        users.NoteMailProblem(user.user_id, "old@example.com", "bounce"),
        users.NoteMailProblem(gone.user_id, gone.email, "bounce"),
    )

    assert [backend.refused(change) for change in changes] == [(change,) for change in changes]


def test_a_disabled_account_holds_nothing(backend: Backend) -> None:
    """Status, sessions and keys change in one write, and the identities stay known."""
    names = frozenset({"email#a@example.com"})
    user = opened(backend, sessions={a_digest(): TOMORROW}, api_keys=frozenset({a_digest()}), identities=names)
    when = LATER + timedelta(days=1)
    backend.commit(users.Disable(user, when))

    assert backend.users.get(user.user_id) == replace(
        user, status=users.DISABLED, sessions={}, api_keys=frozenset(), updated_at=when, revision=1
    )


def test_a_disabled_account_is_active_again(backend: Backend) -> None:
    """Only that changes; it holds what it held."""
    user = opened(backend, status=users.DISABLED, identities=frozenset({"email#a@example.com"}))
    when = LATER + timedelta(days=1)
    backend.commit(users.Enable(user, when))

    assert backend.users.get(user.user_id) == replace(user, status=users.ACTIVE, updated_at=when, revision=1)


def test_a_closed_account_is_gone(backend: Backend) -> None:
    """Nothing of it is left."""
    user = opened(backend)
    backend.commit(users.Close(user))

    assert backend.users.get(user.user_id) is None


def test_what_was_read_too_early_changes_nothing(backend: Backend) -> None:
    """What rests on the account as it was read is refused."""
    user = opened(backend)
    backend.commit(users.HoldKey(user.user_id, a_digest(), at_most=25))
    stale = (
        users.Rename(user, "Somebody else", NOW),
        users.Disable(user, NOW),
        users.Enable(user, NOW),
        users.Close(user),
        users.LetGoAllSessions(user),
        users.LetGoOtherSessions(user, a_digest(), NOW),
        users.LetGoIdentity(user, "google#1"),
    )

    assert [backend.refused(change) for change in stale] == [(change,) for change in stale]


def test_what_is_gone_cannot_change(backend: Backend) -> None:
    """No change brings an account back to life by half."""
    user: User = a_user()
    gone = (
        users.Rename(user, "Somebody", NOW),
        users.Disable(user, NOW),
        users.Enable(user, NOW),
        users.Close(user),
        users.LetGoAllSessions(user),
        users.LetGoOtherSessions(user, a_digest(), NOW),
        users.LetGoKey(user.user_id, a_digest()),
    )

    assert [backend.refused(change) for change in gone] == [(change,) for change in gone]


def test_a_session_takes_the_place_of_another(backend: Backend) -> None:
    """Also in a full account: it holds no more than before."""
    old, new = a_digest(), a_digest()
    user = opened(backend, sessions={old: TOMORROW})
    backend.commit(users.HoldSession(user.user_id, new, TOMORROW, 1, instead_of=old))

    assert backend.users.get(user.user_id) == replace(user, sessions={new: TOMORROW}, revision=1)


def test_no_session_takes_the_place_of_one_that_is_not_held(backend: Backend) -> None:
    """It ended, it never was, it is another account's, or the account is disabled."""
    held = a_digest()
    user, other = opened(backend), opened(backend, sessions={held: TOMORROW})
    disabled = opened(backend, status=users.DISABLED, sessions={held: TOMORROW})
    late = [
        users.HoldSession(user.user_id, a_digest(), TOMORROW, 50, instead_of=held),
        users.HoldSession(disabled.user_id, a_digest(), TOMORROW, 50, instead_of=held),
    ]

    assert [backend.refused(change) for change in late] == [(change,) for change in late]
    assert [backend.users.get(it.user_id) for it in (user, other, disabled)] == [user, other, disabled]


def test_a_session_begins_beside_one_that_is_held(backend: Backend) -> None:
    """What a person allowed in a session that has ended meanwhile is refused."""
    held, new, gone = a_digest(), a_digest(), a_digest()
    user = opened(backend, sessions={held: TOMORROW})
    backend.commit(users.HoldSession(user.user_id, new, TOMORROW, 50, beside=Beside(held, LATER)))
    late = users.HoldSession(user.user_id, a_digest(), TOMORROW, 50, beside=Beside(gone, LATER))

    assert backend.refused(late) == (late,)
    assert backend.users.get(user.user_id) == replace(user, sessions={held: TOMORROW, new: TOMORROW}, revision=1)


@pytest.mark.parametrize(("after", "stands"), [(-1, False), (0, False), (1, True)])
def test_what_was_allowed_before_an_account_was_secured_counts_no_more(
    backend: Backend, after: int, *, stands: bool
) -> None:
    """Though the session in which it was allowed is still held: to the microsecond."""
    held = a_digest()
    user = opened(backend, sessions={held: TOMORROW}, secured_at=LATER)
    beside = Beside(held, LATER + timedelta(microseconds=after))
    hold = users.HoldSession(user.user_id, a_digest(), TOMORROW, 50, beside=beside)

    assert beside.stands(user) is stands
    if stands:
        backend.commit(hold)
    else:
        assert backend.refused(hold) == (hold,)


def test_an_account_moves_to_another_address(backend: Backend) -> None:
    """With the way in that goes with it, and without the other sessions or what was wrong with mail."""
    here, there = a_digest(), a_digest()
    user = opened(
        backend, sessions={here: TOMORROW, there: TOMORROW}, identities=frozenset({"email#a@example.com", "google#1"})
    )
    move = users.MoveAddress(
        user, "b@example.com", lost="email#a@example.com", gained="email#b@example.com", keeping=here, now=LATER
    )
    backend.commit(move)

    assert backend.users.get(user.user_id) == replace(
        user,
        email="b@example.com",
        mail_problem=None,
        updated_at=LATER,
        sessions={here: TOMORROW},
        identities=frozenset({"email#b@example.com", "google#1"}),
        secured_at=LATER,
        revision=1,
    )
    assert backend.refused(move) == (move,)


def test_what_a_session_asks_for_is_held_only_while_it_is(backend: Backend) -> None:
    """A key or a login that is added just as its session ends stays out (SE-09)."""
    session = a_digest()
    user = opened(backend, sessions={session: TOMORROW})
    key = users.HoldKey(user.user_id, a_digest(), at_most=25, session=session)
    identity = users.HoldIdentity(user.user_id, "google#1", at_most=5, session=session)
    backend.commit(users.LetGoSession(user.user_id, session))

    assert [backend.refused(change) for change in (key, identity)] == [(key,), (identity,)]
