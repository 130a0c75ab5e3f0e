"""The contract of transactions."""

from copy import replace
from itertools import chain

from accounts.flows.people import account_closing
from accounts.limits import API_KEYS_PER_ACCOUNT, IDENTITIES_PER_ACCOUNT, PASSKEYS_PER_ACCOUNT, SESSIONS_PER_ACCOUNT
from accounts.model import (
    api_keys,
    audit,
    held_keys,
    identities,
    one_time_tokens,
    passkeys,
    second_factors,
    sessions,
    throttles,
    users,
)
from accounts.model.api_keys import Amendment, ApiKey
from accounts.model.factor_proofs import TotpCode
from accounts.model.passkeys import Passkey, Signed
from accounts.model.throttles import Increment
from accounts.transactions import Change
from tests.contract.backends import Backend
from tests.contract.samples import (
    LATER,
    NOW,
    TOMORROW,
    a_digest,
    a_passkey,
    a_record,
    a_session,
    a_token,
    a_user,
    an_api_key,
    an_identity,
)


def changes_that_hold() -> tuple[Change, ...]:
    """One of each kind of change that requires nothing to exist."""
    return (
        users.Open(a_user()),
        identities.Signup(an_identity()),
        identities.Claim(an_identity()),
        sessions.Start(a_session()),
        sessions.End(a_digest()),
        api_keys.Add(an_api_key()),
        api_keys.End(a_digest(), "nobody"),
        passkeys.Add(a_passkey()),
        passkeys.Remove(a_digest(), "nobody"),
        one_time_tokens.Issue(a_token()),
        one_time_tokens.Save(a_token()),
        one_time_tokens.Discard(a_token().key),
        throttles.Count(Increment(f"key-created#{a_digest()}", 1, TOMORROW), NOW),
        a_record(),
    )


def changes_that_fail() -> tuple[Change, ...]:
    """One of each kind of change that requires something to exist; updates, puts and deletes in turn."""
    return (
        users.AddSession("nobody", a_digest(), TOMORROW, at_most=50),
        identities.Replace(an_identity()),
        one_time_tokens.Consume(a_token().key),
        one_time_tokens.Take(a_token()),
        users.SwapSession(users.AddSession("nobody either", a_digest(), TOMORROW, 50), 0, ()),
        users.Close(a_user()),
        second_factors.TurnOn(a_user(), "sealed", 1, frozenset({a_digest()}), a_digest(), NOW),
        second_factors.TurnOff(a_user(), TotpCode("sealed", 1), a_digest(), NOW),
        second_factors.ReplaceRecoveryCodes(a_user(), TotpCode("sealed", 1), frozenset({a_digest()})),
        second_factors.EndTrust("nobody who trusts", frozenset({a_digest()})),
        second_factors.SetReset(a_user(), TOMORROW),
        second_factors.ResetSession(users.AddSession("nobody new", a_digest(), TOMORROW, 50), 0, (), now=NOW),
        sessions.Rotate(a_session(), a_digest(), a_digest(), NOW),
        sessions.Enrol(a_digest()),
        users.DropSessions("no one", frozenset({a_digest()})),
        identities.StillVerified("email#not.a.soul@example.com", "nobody"),
        users.AddIdentity("nobody at all", "google#1", at_most=5),
        users.Unlink(a_user(), "google#1", "no session", NOW),
        users.DropAllSessions(a_user()),
        users.DropOtherSessions(a_user(), a_digest(), NOW),
        held_keys.AddKey("not a soul", a_digest(), at_most=25),
        held_keys.SwapKeys(a_user(), frozenset(), a_digest()),
        api_keys.Remove(a_digest(), "nobody"),
        api_keys.Replace(an_api_key(), TOMORROW),
        api_keys.Amend(an_api_key(), Amendment("Nobody")),
        api_keys.SetDue(an_api_key(), TOMORROW),
        passkeys.Use(a_passkey(), Signed(1, backed_up=True), NOW),
        passkeys.Rename("unknown", "nobody", "Nobody"),
        held_keys.AddPasskey("never", "a passkey", 10, a_digest()),
        held_keys.DropPasskeys(a_user(), frozenset({"a passkey"}), a_digest(), NOW),
        held_keys.DropKey("never was", a_digest()),
        users.Disable(a_user(), NOW),
        users.Enable(a_user(), NOW),
        users.NoteMailProblem("somebody gone", "nobody@example.com", "bounce"),
        users.ChangeEmail(a_user(), "b@example.com", lost="email#a", gained="email#b", keeping=a_digest(), now=NOW),
        users.Rename(a_user(), "Nobody", NOW),
        users.ChooseLanguage("nobody to read", "de"),
        identities.Rename(an_identity().key, "nobody", "Nobody", NOW),
        identities.RemoveUnchanged(an_identity()),
        identities.Remove("email#nobody@example.com", "nobody"),
        identities.DisableLogin("email#no.one@example.com", "nobody"),
        identities.EnableLogin("email#not.one@example.com", "nobody"),
    )


def test_every_kind_of_change_is_listed() -> None:
    """A new kind of change has to be added to one of the two lists above."""
    keys = (api_keys, passkeys, held_keys)
    nouns = (users, identities, sessions, *keys, second_factors, one_time_tokens, throttles, audit)
    kinds = {kind for noun in nouns for kind in vars(noun).values() if isinstance(kind, type)}
    declared = {kind for kind in kinds if issubclass(kind, Change) and kind is not Change}

    assert declared == {type(change) for change in (*changes_that_hold(), *changes_that_fail())}


def test_changes_that_all_hold_are_all_written(backend: Backend) -> None:
    """In every table."""
    user, identity, session = a_user(), an_identity(), a_session()
    key, token = an_api_key(), a_token()
    record = a_record(user_id=user.user_id)
    backend.commit(
        record,
        one_time_tokens.Issue(token),
        api_keys.Add(key),
        sessions.Start(session),
        identities.Signup(identity),
        users.Open(user),
    )

    assert backend.users.get(user.user_id) == user
    assert backend.identities.get(identity.key) == identity
    assert backend.sessions.get(session.digest) == session
    assert backend.api_keys.get(key.digest) == key
    assert backend.tokens.get(token.key) == token
    assert [entry["event_id"] for entry in backend.history(user.user_id)] == [record.event_id]


def test_one_change_that_fails_keeps_all_others_from_being_written(backend: Backend) -> None:
    """Only the failing change is named."""
    for failing in changes_that_fail():
        assert backend.refused(*changes_that_hold(), failing) == (failing,)


def test_all_changes_that_fail_are_named_in_the_order_they_were_given(backend: Backend) -> None:
    """Though deletes, puts and updates are sent separately."""
    failing = changes_that_fail()
    holding = chain.from_iterable(changes_that_hold() for _ in failing)
    mixed = [change for pair in zip(failing, holding, strict=False) for change in pair]

    assert backend.refused(*mixed) == failing
    assert backend.refused(*reversed(mixed)) == tuple(reversed(failing))


def test_of_two_changes_of_one_kind_the_one_that_fails_is_named(backend: Backend) -> None:
    token = a_token()
    backend.commit(one_time_tokens.Issue(token))
    good, bad = one_time_tokens.Consume(token.key), one_time_tokens.Consume(a_token().key)

    assert backend.refused(good, bad) == (bad,)
    assert backend.tokens.get(token.key) == token


def test_a_full_account_is_deleted_in_one_transaction(backend: Backend) -> None:
    """All that an account can own fits, with the record: DynamoDB writes at most 100 items at once."""
    user_id = a_user().user_id
    held = [an_identity(user_id=user_id, verified=True) for _ in range(IDENTITIES_PER_ACCOUNT)]
    begun = [a_session(user_id=user_id) for _ in range(SESSIONS_PER_ACCOUNT)]
    keys: list[ApiKey] = [an_api_key(user_id=user_id) for _ in range(API_KEYS_PER_ACCOUNT)]
    added: list[Passkey] = [a_passkey(user_id=user_id) for _ in range(PASSKEYS_PER_ACCOUNT)]
    user = a_user(
        user_id=user_id,
        sessions={session.digest: session.expires_at for session in begun},
        api_keys=frozenset(key.digest for key in keys),
        identities=frozenset(identity.key for identity in held),
        passkeys=frozenset(passkey.credential_id for passkey in added),
    )
    before = backend.contents()
    backend.commit(users.Open(user), *map(identities.Signup, held), *map(sessions.Start, begun))
    backend.commit(*map(api_keys.Add, keys), *map(passkeys.Add, added))
    everything = (*account_closing.deleting(user), *account_closing.ending_all(user))
    backend.commit(*everything, a_record(user_id=user_id))

    after = backend.contents()
    assert [table for table in after if after[table] != before[table]] == ["AuditEventsTable"]


def test_a_full_account_ends_all_its_sessions_in_one_transaction(backend: Backend) -> None:
    """Fifty names fit in one expression."""
    held = {a_digest(): TOMORROW for _ in range(SESSIONS_PER_ACCOUNT)}
    user = a_user(sessions=held)
    backend.commit(users.Open(user))
    backend.commit(users.DropAllSessions(user), a_record(user_id=user.user_id, at=LATER))

    assert backend.users.get(user.user_id) == replace(user, sessions={}, revision=1)
