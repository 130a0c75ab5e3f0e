"""The contract of account stores."""

from copy import replace
from datetime import timedelta, timezone

import pytest

from accounts.limits import UNLINKED_PER_ACCOUNT
from accounts.model import held_keys, users
from accounts.model.users import Approval, User
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, TOMORROW, a_digest, a_user


def open_account(backend: Backend, **fields: object) -> User:
    user: User = a_user(**fields)
    backend.commit(users.Open(user))
    return user


def test_an_account_is_read_with_every_field(backend: Backend) -> None:
    """Text of any script, times to the microsecond, and everything it holds."""
    held = {a_digest(): TOMORROW, a_digest(): TOMORROW + timedelta(days=1)}
    keys = frozenset({a_digest(), a_digest()})
    user = open_account(
        backend, sessions=held, api_keys=keys, identities=frozenset({"email#a@example.com"}), revision=7
    )

    assert backend.users.get(user.user_id) == user


def test_an_empty_account_is_read_with_every_field(backend: Backend) -> None:
    """Empty text, an empty map and empty sets."""
    user = open_account(backend, email="", name="")

    assert backend.users.get(user.user_id) == user


def test_a_time_in_another_time_zone_reads_as_the_same_moment(backend: Backend) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=45)))
    user = open_account(backend, created_at=elsewhere)

    assert backend.users.get(user.user_id) == replace(user, created_at=NOW)


def test_an_unknown_account_reads_as_none(backend: Backend) -> None:
    assert backend.users.get("nobody") is None


def test_a_second_account_with_the_same_id_is_refused(backend: Backend) -> None:
    user = open_account(backend)
    again = users.Open(replace(user, name="Another name"))

    assert backend.refused(again) == (again,)


def test_an_account_holds_sessions_until_it_is_full(backend: Backend) -> None:
    user, first, second = open_account(backend), a_digest(), a_digest()
    backend.commit(users.AddSession(user.user_id, first, TOMORROW, at_most=2))
    backend.commit(users.AddSession(user.user_id, second, TOMORROW, at_most=2))
    third = users.AddSession(user.user_id, a_digest(), TOMORROW, at_most=2)

    assert backend.refused(third) == (third,)
    assert backend.users.get(user.user_id) == replace(user, sessions={first: TOMORROW, second: TOMORROW}, revision=2)


@pytest.mark.parametrize("status", [users.DISABLED, None])
def test_an_account_that_is_disabled_or_gone_holds_nothing_new(backend: Backend, status: str | None) -> None:
    """No sessions, keys or identities."""
    user = open_account(backend, status=status) if status else a_user()
    hold = users.AddSession(user.user_id, a_digest(), TOMORROW, at_most=50)
    swap = users.SwapSession(hold, user.revision, ())
    key = held_keys.AddKey(user.user_id, a_digest(), at_most=25)
    identity = users.AddIdentity(user.user_id, "google#1", at_most=5)
    changes = (hold, swap, key, identity)

    assert [backend.refused(change) for change in changes] == [(change,) for change in changes]


def test_a_session_replaces_ended_ones_in_the_same_write(backend: Backend) -> None:
    old, older, kept, new = (a_digest() for _ in range(4))
    user = open_account(backend, sessions={old: NOW.replace(microsecond=0), older: TOMORROW, kept: TOMORROW})
    add = users.AddSession(user.user_id, new, TOMORROW, 2)
    backend.commit(users.SwapSession(add, 0, (old, older)))

    assert backend.users.get(user.user_id) == replace(user, sessions={kept: TOMORROW, new: TOMORROW}, revision=1)


def test_a_session_swap_is_refused_when_the_account_has_changed(backend: Backend) -> None:
    user = open_account(backend, revision=4)
    swap = users.SwapSession(users.AddSession(user.user_id, a_digest(), TOMORROW, 50), 3, ())

    assert backend.refused(swap) == (swap,)


def test_a_session_is_dropped_once(backend: Backend) -> None:
    """Dropping it again is a Conflict: the loser of a race notices."""
    mine, other = a_digest(), a_digest()
    user = open_account(backend, sessions={mine: TOMORROW, other: TOMORROW})
    go = users.DropSessions(user.user_id, frozenset({mine}))
    backend.commit(go)

    assert backend.refused(go) == (go,)
    assert backend.users.get(user.user_id) == replace(user, sessions={other: TOMORROW}, revision=1)


def test_several_sessions_are_dropped_together_or_not(backend: Backend) -> None:
    """One that the account does not hold is a Conflict, and the others are kept."""
    ids = [a_digest() for _ in range(3)]
    user = open_account(backend, sessions=dict.fromkeys(ids, TOMORROW))
    more = users.DropSessions(user.user_id, frozenset({*ids[:2], a_digest()}))

    assert backend.refused(more) == (more,)
    assert backend.users.get(user.user_id) == user
    backend.commit(users.DropSessions(user.user_id, frozenset(ids[:2])))
    assert backend.users.get(user.user_id) == replace(user, sessions={ids[2]: TOMORROW}, revision=1)


def test_a_session_of_an_unknown_account_cannot_be_dropped(backend: Backend) -> None:
    go = users.DropSessions("nobody", frozenset({a_digest()}))

    assert backend.refused(go) == (go,)


def test_all_sessions_are_dropped(backend: Backend) -> None:
    user = open_account(backend, sessions={a_digest(): TOMORROW, a_digest(): TOMORROW})
    backend.commit(users.DropAllSessions(user))

    assert backend.users.get(user.user_id) == replace(user, sessions={}, revision=1)


def test_all_sessions_but_one_are_dropped(backend: Backend) -> None:
    """The kept session keeps its expiry, and the time is stored as ``secured_at``."""
    mine = a_digest()
    user = open_account(backend, sessions={mine: TOMORROW, a_digest(): TOMORROW}, secured_at=NOW)
    backend.commit(users.DropOtherSessions(user, mine, LATER))

    assert backend.users.get(user.user_id) == replace(user, sessions={mine: TOMORROW}, secured_at=LATER, revision=1)


def test_dropping_all_sessions_of_an_account_without_sessions_raises_its_revision(backend: Backend) -> None:
    user = open_account(backend)
    backend.commit(users.DropAllSessions(user))

    assert backend.users.get(user.user_id) == replace(user, revision=1)


def test_an_account_holds_keys_until_it_is_full(backend: Backend) -> None:
    user, first, second = open_account(backend), a_digest(), a_digest()
    backend.commit(held_keys.AddKey(user.user_id, first, at_most=2))
    backend.commit(held_keys.AddKey(user.user_id, second, at_most=2))
    third = held_keys.AddKey(user.user_id, a_digest(), at_most=2)

    assert backend.refused(third) == (third,)
    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset({first, second}), revision=2)


def test_keys_that_have_ended_are_replaced_by_a_new_one(backend: Backend) -> None:
    old, kept, new = a_digest(), a_digest(), a_digest()
    user = open_account(backend, api_keys=frozenset({old, kept}))
    swap = held_keys.SwapKeys(user, frozenset({old}), new)
    backend.commit(swap)

    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset({kept, new}), revision=1)
    assert backend.refused(swap) == (swap,)


def test_the_first_key_may_replace_none(backend: Backend) -> None:
    user, new = open_account(backend), a_digest()
    backend.commit(held_keys.SwapKeys(user, frozenset(), new))

    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset({new}), revision=1)


def test_a_disabled_account_replaces_no_keys(backend: Backend) -> None:
    user = open_account(backend, status=users.DISABLED)
    swap = held_keys.SwapKeys(user, frozenset(), a_digest())

    assert backend.refused(swap) == (swap,)


def test_a_key_is_dropped_once(backend: Backend) -> None:
    """Also the last one, after which the account holds none."""
    key = a_digest()
    user = open_account(backend, api_keys=frozenset({key}))
    go = held_keys.DropKey(user.user_id, key)
    backend.commit(go)

    assert backend.refused(go) == (go,)
    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset(), revision=1)


def test_the_place_of_a_dropped_key_is_free_again(backend: Backend) -> None:
    first, second = a_digest(), a_digest()
    user = open_account(backend, api_keys=frozenset({first}))
    backend.commit(held_keys.DropKey(user.user_id, first))
    backend.commit(held_keys.AddKey(user.user_id, second, at_most=1))

    assert backend.users.get(user.user_id) == replace(user, api_keys=frozenset({second}), revision=2)


def test_an_account_holds_identities_until_it_is_full(backend: Backend) -> None:
    """The place of an unlinked identity is free again."""
    user = open_account(backend, identities=frozenset({"email#a@example.com"}))
    backend.commit(users.AddIdentity(user.user_id, "google#1", at_most=2))
    third = users.AddIdentity(user.user_id, "github#1", at_most=2)
    held = replace(user, identities=user.identities | {"google#1"}, revision=1)

    assert backend.refused(third) == (third,)
    assert backend.users.get(user.user_id) == held
    backend.commit(users.Unlink(held, "google#1", "no session", LATER))
    left = replace(user, unlinked=frozenset({"google#1"}), secured_at=LATER, revision=2)
    assert backend.users.get(user.user_id) == left


def test_unlinking_ends_all_sessions_but_one(backend: Backend) -> None:
    """In one write with the identity, so that nothing that it opened is left."""
    mine = a_digest()
    linked, unlinked = frozenset({"google#1", "github#1"}), frozenset({"github#2"})
    held = {mine: TOMORROW, a_digest(): TOMORROW, a_digest(): TOMORROW}
    user = open_account(backend, sessions=held, identities=linked, unlinked=unlinked)
    backend.commit(users.Unlink(user, "github#1", mine, LATER))

    assert backend.users.get(user.user_id) == replace(
        user,
        sessions={mine: TOMORROW},
        identities=frozenset({"google#1"}),
        unlinked=frozenset({"github#1", "github#2"}),
        secured_at=LATER,
        revision=1,
    )


def test_an_unlinked_identity_is_added_only_by_its_owner(backend: Backend) -> None:
    """Another one can be added without a session, too. The account remembers that it was unlinked."""
    session = a_digest()
    user = open_account(backend, sessions={session: TOMORROW}, unlinked=frozenset({"google#1"}))
    again, other = (users.AddIdentity(user.user_id, key, at_most=5) for key in ("google#1", "google#2"))
    backend.commit(other)

    assert backend.refused(again) == (again,)
    backend.commit(replace(again, session=session))
    assert backend.users.get(user.user_id) == replace(user, identities={"google#1", "google#2"}, revision=2)


def test_a_session_starts_with_the_identity_that_it_links(backend: Backend) -> None:
    """Also when it replaces another, and when another one makes room; in one write."""
    first, second, third = a_digest(), a_digest(), a_digest()
    user = open_account(backend)
    one, two, three = (users.AddIdentity(user.user_id, f"google#{number}", at_most=5) for number in (1, 2, 3))
    backend.commit(users.AddSession(user.user_id, first, TOMORROW, 1, gaining=one))
    backend.commit(users.AddSession(user.user_id, second, TOMORROW, 1, instead_of=first, gaining=two))
    backend.commit(users.SwapSession(users.AddSession(user.user_id, third, TOMORROW, 1, gaining=three), 2, (second,)))
    keys = frozenset({"google#1", "google#2", "google#3"})

    assert backend.users.get(user.user_id) == replace(user, sessions={third: TOMORROW}, identities=keys, revision=3)


@pytest.mark.parametrize("why", ["it was unlinked", "no room"])
def test_a_session_whose_identity_is_refused_does_not_start(backend: Backend, why: str) -> None:
    """A free place for the session does not matter. The noun says the same as the condition of the write."""
    unlinked = frozenset({"google#1"}) if why == "it was unlinked" else frozenset()
    user = open_account(backend, identities=frozenset({"email#a@example.com"}), unlinked=unlinked)
    gaining = users.AddIdentity(user.user_id, "google#1", at_most=1 if why == "no room" else 5)
    add = users.AddSession(user.user_id, a_digest(), TOMORROW, 5, gaining=gaining)

    assert backend.refused(add) == (add,)
    assert not gaining.is_accepted(user)
    assert users.AddIdentity(user.user_id, "google#2", at_most=2).is_accepted(user)


@pytest.mark.parametrize("missing", [0, 1])
def test_an_account_that_cannot_remember_more_accepts_only_what_its_owner_links(backend: Backend, missing: int) -> None:
    """The last one that it can remember is remembered; one more is not, and none is forgotten."""
    session = a_digest()
    many = frozenset(f"github#{number}" for number in range(UNLINKED_PER_ACCOUNT - missing))
    user = open_account(backend, sessions={session: TOMORROW}, unlinked=many)
    stranger = users.AddIdentity(user.user_id, "google#1", at_most=5)
    owner = replace(stranger, session=session)
    if missing:
        backend.commit(stranger)
    else:
        assert backend.refused(stranger) == (stranger,)
        backend.commit(owner)
    held = replace(user, identities=frozenset({"google#1"}), revision=1)
    assert backend.users.get(user.user_id) == held
    backend.commit(users.Unlink(held, "google#1", session, LATER))
    then = backend.users.get(user.user_id)

    assert then is not None
    assert then.unlinked == (many | {"google#1"} if missing else many)
    assert [then.refuses(key) for key in ("google#1", "google#2")] == [True, True]
    assert backend.refused(stranger) == (stranger,)


def test_renaming_an_account_changes_only_its_name_and_time(backend: Backend) -> None:
    """A name may be empty."""
    user = open_account(backend, sessions={a_digest(): TOMORROW}, identities=frozenset({"email#a@example.com"}))
    renamed = replace(user, name="Zoë 李", updated_at=LATER + timedelta(days=1), revision=1)
    backend.commit(users.Rename(user, renamed.name, renamed.updated_at))

    assert backend.users.get(user.user_id) == renamed
    backend.commit(users.Rename(renamed, "", LATER))
    assert backend.users.get(user.user_id) == replace(renamed, name="", updated_at=LATER, revision=2)


def test_choosing_a_language_changes_nothing_else(backend: Backend) -> None:
    """Also of an account that has changed since it was read, but not of a disabled one."""
    user = open_account(backend)
    backend.commit(users.ChooseLanguage(user.user_id, "zh-Hant"))

    chosen = backend.users.get(user.user_id)
    assert chosen == replace(user, language="zh-Hant", revision=1)
    backend.commit(users.Disable(chosen, LATER))
    again = users.ChooseLanguage(user.user_id, "de")
    assert backend.refused(again) == (again,)


def test_a_mail_problem_is_stored_and_cleared(backend: Backend) -> None:
    """The revision rises, so that callers that read the account before notice."""
    user = open_account(backend, mail_problem=None)
    backend.commit(users.NoteMailProblem(user.user_id, user.email, "bounce"))
    assert backend.users.get(user.user_id) == replace(user, mail_problem="bounce", revision=1)
    backend.commit(users.NoteMailProblem(user.user_id, user.email, None))
    assert backend.users.get(user.user_id) == replace(user, mail_problem=None, revision=2)


def test_a_mail_problem_of_another_address_or_a_deleted_account_is_refused(backend: Backend) -> None:
    """The account's email has changed since, or a bounce would recreate a deleted account."""
    user, gone = open_account(backend), a_user()
    changes = (
        users.NoteMailProblem(user.user_id, "old@example.com", "bounce"),
        users.NoteMailProblem(gone.user_id, gone.email, "bounce"),
    )

    assert [backend.refused(change) for change in changes] == [(change,) for change in changes]


def test_a_disabled_account_holds_nothing(backend: Backend) -> None:
    """Status, sessions and keys change in one write; the identities stay."""
    names = frozenset({"email#a@example.com"})
    user = open_account(backend, sessions={a_digest(): TOMORROW}, api_keys=frozenset({a_digest()}), identities=names)
    when = LATER + timedelta(days=1)
    backend.commit(users.Disable(user, when))

    assert backend.users.get(user.user_id) == replace(
        user, status=users.DISABLED, sessions={}, api_keys=frozenset(), updated_at=when, revision=1
    )


def test_a_disabled_account_is_enabled_with_what_it_holds(backend: Backend) -> None:
    user = open_account(backend, status=users.DISABLED, identities=frozenset({"email#a@example.com"}))
    when = LATER + timedelta(days=1)
    backend.commit(users.Enable(user, when))

    assert backend.users.get(user.user_id) == replace(user, status=users.ACTIVE, updated_at=when, revision=1)


def test_a_closed_account_is_gone(backend: Backend) -> None:
    user = open_account(backend)
    backend.commit(users.Close(user))

    assert backend.users.get(user.user_id) is None


def test_a_change_of_a_stale_account_is_refused(backend: Backend) -> None:
    user = open_account(backend)
    backend.commit(held_keys.AddKey(user.user_id, a_digest(), at_most=25))
    stale = (
        users.Rename(user, "Another name", NOW),
        users.Disable(user, NOW),
        users.Enable(user, NOW),
        users.Close(user),
        users.DropAllSessions(user),
        users.DropOtherSessions(user, a_digest(), NOW),
        users.Unlink(user, "google#1", a_digest(), NOW),
    )

    assert [backend.refused(change) for change in stale] == [(change,) for change in stale]


def test_a_change_of_a_deleted_account_is_refused(backend: Backend) -> None:
    """No change recreates a part of an account."""
    user: User = a_user()
    gone = (
        users.Rename(user, "Somebody", NOW),
        users.Disable(user, NOW),
        users.Enable(user, NOW),
        users.Close(user),
        users.DropAllSessions(user),
        users.DropOtherSessions(user, a_digest(), NOW),
        held_keys.DropKey(user.user_id, a_digest()),
    )

    assert [backend.refused(change) for change in gone] == [(change,) for change in gone]


def test_a_session_replaces_another(backend: Backend) -> None:
    """Also in a full account: it holds no more than before."""
    old, new = a_digest(), a_digest()
    user = open_account(backend, sessions={old: TOMORROW})
    backend.commit(users.AddSession(user.user_id, new, TOMORROW, 1, instead_of=old))

    assert backend.users.get(user.user_id) == replace(user, sessions={new: TOMORROW}, revision=1)


def test_a_session_cannot_replace_one_that_is_not_held(backend: Backend) -> None:
    """It has ended, never existed, belongs to another account, or the account is disabled."""
    held = a_digest()
    user, other = open_account(backend), open_account(backend, sessions={held: TOMORROW})
    disabled = open_account(backend, status=users.DISABLED, sessions={held: TOMORROW})
    late = [
        users.AddSession(user.user_id, a_digest(), TOMORROW, 50, instead_of=held),
        users.AddSession(disabled.user_id, a_digest(), TOMORROW, 50, instead_of=held),
    ]

    assert [backend.refused(change) for change in late] == [(change,) for change in late]
    assert [backend.users.get(it.user_id) for it in (user, other, disabled)] == [user, other, disabled]


def test_a_session_can_require_another_that_is_held(backend: Backend) -> None:
    """What the owner allowed in a session that has ended since is refused."""
    held, new, gone = a_digest(), a_digest(), a_digest()
    user = open_account(backend, sessions={held: TOMORROW})
    backend.commit(users.AddSession(user.user_id, new, TOMORROW, 50, approval=Approval(held, LATER)))
    late = users.AddSession(user.user_id, a_digest(), TOMORROW, 50, approval=Approval(gone, LATER))

    assert backend.refused(late) == (late,)
    assert backend.users.get(user.user_id) == replace(user, sessions={held: TOMORROW, new: TOMORROW}, revision=1)


@pytest.mark.parametrize(("after", "valid"), [(-1, False), (0, False), (1, True)])
def test_what_was_allowed_before_the_account_was_secured_is_refused(
    backend: Backend, after: int, *, valid: bool
) -> None:
    """Though the session in which it was allowed is still held. Compared to the microsecond."""
    held = a_digest()
    user = open_account(backend, sessions={held: TOMORROW}, secured_at=LATER)
    approval = Approval(held, LATER + timedelta(microseconds=after))
    hold = users.AddSession(user.user_id, a_digest(), TOMORROW, 50, approval=approval)

    assert approval.is_valid(user) is valid
    if valid:
        backend.commit(hold)
    else:
        assert backend.refused(hold) == (hold,)


def test_an_account_changes_its_email(backend: Backend) -> None:
    """Its email identity is swapped; other sessions and the mail problem are removed."""
    here, there = a_digest(), a_digest()
    user = open_account(
        backend, sessions={here: TOMORROW, there: TOMORROW}, identities=frozenset({"email#a@example.com", "google#1"})
    )
    change = users.ChangeEmail(
        user, "b@example.com", lost="email#a@example.com", gained="email#b@example.com", keeping=here, now=LATER
    )
    backend.commit(change)

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
    assert backend.refused(change) == (change,)


def test_a_key_or_identity_is_added_only_while_its_session_is_held(backend: Backend) -> None:
    """One that is added just as its session ends is refused (SE-09)."""
    session = a_digest()
    user = open_account(backend, sessions={session: TOMORROW})
    key = held_keys.AddKey(user.user_id, a_digest(), at_most=25, session=session)
    identity = users.AddIdentity(user.user_id, "google#1", at_most=5, session=session)
    backend.commit(users.DropSessions(user.user_id, frozenset({session})))

    assert [backend.refused(change) for change in (key, identity)] == [(key,), (identity,)]
