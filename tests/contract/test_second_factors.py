"""The contract of accounts with a second factor: what opens a session, and what is used up with it."""

from collections.abc import Callable
from copy import replace
from datetime import timedelta

import pytest

from accounts.model import held_keys, second_factors, users
from accounts.model.factor_proofs import FactorProof, RecoveryCode, TotpCode, Trust, TrustedBrowser, UsedPasskey
from accounts.model.users import AddSession, Approval, SwapSession, User
from accounts.transactions import Change, Conflict
from tests.contract.backends import Backend
from tests.contract.samples import LATER, NOW, TOMORROW, a_digest, a_user, trusted

HERE, THERE = a_digest(), a_digest()
CODE, OTHER_CODE, BROWSER, STEP = a_digest(), a_digest(), a_digest(), 59_000_000
FACTORS = {
    "totp": "sealed",
    "totp_step": STEP,
    "recovery_codes": frozenset({CODE, OTHER_CODE}),
    "trusted_browsers": {BROWSER: trusted()},
    "passkeys": frozenset({"a passkey"}),
}
PROOFS: dict[str, tuple[FactorProof | None, bool, bool]] = {
    # A proof, and whether it opens a session of an account with a second factor, and of one without.
    "nothing": (None, False, True),
    "the next code": (TotpCode("sealed", STEP + 1), True, False),
    "the same code again": (TotpCode("sealed", STEP), False, False),
    "an earlier code": (TotpCode("sealed", STEP - 1), False, False),
    "a code of another secret": (TotpCode("another", STEP + 1), False, False),
    "a recovery code": (RecoveryCode(CODE), True, False),
    "another recovery code": (RecoveryCode(a_digest()), False, False),
    "a passkey": (UsedPasskey("a passkey"), True, False),
    "another passkey": (UsedPasskey("another"), False, False),
    "a trusted browser": (TrustedBrowser(BROWSER, NOW), True, True),
    "a browser that was trusted until now": (TrustedBrowser(BROWSER, TOMORROW), False, True),
    "another browser": (TrustedBrowser(a_digest(), NOW), False, True),
}


def an_account(backend: Backend, **fields: object) -> User:
    user: User = a_user(sessions={HERE: TOMORROW, THERE: TOMORROW}, secured_at=None, **fields)
    backend.commit(users.Open(user))
    return user


def adding(user: User, proof: FactorProof | None, **fields: object) -> AddSession:
    return replace(AddSession(user.user_id, a_digest(), TOMORROW, 50, proof=proof), **fields)


def swapping(user: User, proof: FactorProof | None, **fields: object) -> SwapSession:
    return SwapSession(adding(user, proof, **fields), user.revision, (THERE,))


def stored(backend: Backend, user: User) -> User:
    found = backend.users.get(user.user_id)
    assert found is not None
    return found


@pytest.mark.parametrize("opening", [adding, swapping])
@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("name", PROOFS)
def test_a_session_opens_with_an_accepted_proof_only(
    backend: Backend, name: str, opening: Callable[..., AddSession | SwapSession], *, on: bool
) -> None:
    """Also where it makes room. The noun says the same as the condition of the write."""
    proof, with_factor, without = PROOFS[name]
    user = an_account(backend, **FACTORS if on else {})
    change = opening(user, proof)
    add = change.add if isinstance(change, SwapSession) else change
    opens = with_factor if on else without

    assert second_factors.has_passed(add, user) is opens
    if opens:
        backend.commit(change)
        assert add.session in stored(backend, user).sessions
    else:
        assert backend.refused(change) == (change,)
        assert stored(backend, user) == user


@pytest.mark.parametrize("opening", [adding, swapping])
def test_an_approval_opens_a_session(backend: Backend, opening: Callable[..., AddSession | SwapSession]) -> None:
    """The session that approved it has passed the second factor."""
    user = an_account(backend, **FACTORS)
    backend.commit(opening(user, None, approval=Approval(HERE, LATER)))

    assert len(stored(backend, user).sessions) == 3 if opening is adding else 2


@pytest.mark.parametrize("opening", [adding, swapping])
def test_a_code_is_used_up(backend: Backend, opening: Callable[..., AddSession | SwapSession]) -> None:
    """With it, a new streak begins."""
    user = an_account(backend, **FACTORS)
    backend.commit(opening(user, TotpCode("sealed", STEP + 1)))
    after = stored(backend, user)
    again = adding(user, TotpCode("sealed", STEP + 1))

    assert (after.totp_step, after.factor_streak) == (STEP + 1, 1)
    assert backend.refused(again) == (again,)


@pytest.mark.parametrize("opening", [adding, swapping])
def test_a_recovery_code_is_used_up(backend: Backend, opening: Callable[..., AddSession | SwapSession]) -> None:
    user = an_account(backend, **FACTORS)
    backend.commit(opening(user, RecoveryCode(CODE)))
    after = stored(backend, user)
    again = adding(user, RecoveryCode(CODE))

    assert (after.recovery_codes, after.factor_streak) == (frozenset({OTHER_CODE}), 1)
    assert backend.refused(again) == (again,)


def test_the_last_recovery_code_is_used_up(backend: Backend) -> None:
    """DynamoDB has no empty set."""
    user = an_account(backend, **FACTORS | {"recovery_codes": frozenset({CODE})})
    backend.commit(adding(user, RecoveryCode(CODE)))

    assert stored(backend, user).recovery_codes == frozenset()


def test_a_refusal_says_what_is_stored(backend: Backend) -> None:
    """An account with a second factor is not read again."""
    user = an_account(backend, **FACTORS)
    with pytest.raises(Conflict) as refused:
        backend.commit(adding(user, None))

    assert refused.value.found(AddSession, User) == user
    assert refused.value.found(users.Close, User) is None


def test_a_refusal_by_nothing_says_nothing(backend: Backend) -> None:
    with pytest.raises(Conflict) as refused:
        backend.commit(AddSession("nobody", a_digest(), TOMORROW, 50))

    assert refused.value.found(AddSession, User) is None


def test_browsers_are_trusted_up_to_a_number(backend: Backend) -> None:
    """One that is trusted already takes no place; one more ends the trust in another."""
    user = an_account(backend, **FACTORS)
    trust = Trust(a_digest(), trusted(TOMORROW + timedelta(days=1)), 2)
    backend.commit(adding(user, TotpCode("sealed", STEP + 1), trust=trust))
    longer = Trust(trust.browser, trusted(TOMORROW + timedelta(days=2)), 2)
    backend.commit(adding(user, TotpCode("sealed", STEP + 2), trust=longer))
    third = adding(user, TotpCode("sealed", STEP + 3), trust=Trust(a_digest(), trusted(), 2))
    full = stored(backend, user)

    assert full.trusted_browsers == {BROWSER: trusted(), longer.browser: longer.given}
    assert second_factors.making_room(full, third.trust, NOW) == (BROWSER,)
    assert backend.refused(third) == (third,)
    backend.commit(SwapSession(third, full.revision, (), (BROWSER,)))
    assert third.trust is not None
    assert stored(backend, user).trusted_browsers == {longer.browser: longer.given, third.trust.browser: trusted()}


def test_a_second_factor_is_turned_on(backend: Backend) -> None:
    """All other sessions end."""
    user = an_account(backend)
    backend.commit(second_factors.TurnOn(user, "sealed", STEP, frozenset({CODE}), HERE, LATER))
    fields = {"totp": "sealed", "totp_step": STEP, "recovery_codes": frozenset({CODE}), "factor_streak": 1}

    expected = replace(user, sessions={HERE: TOMORROW}, secured_at=LATER, revision=1, **fields)
    assert stored(backend, user) == expected
    trust = Trust(BROWSER, trusted(), 10)
    backend.commit(adding(user, TotpCode("sealed", STEP + 1), trust=trust))
    assert stored(backend, user).trusted_browsers == {BROWSER: trusted()}


def test_the_trust_in_browsers_ends(backend: Backend) -> None:
    """Of those that are named, all or none."""
    other, third = a_digest(), a_digest()
    user = an_account(backend, **FACTORS | {"trusted_browsers": {it: trusted() for it in (BROWSER, other, third)}})
    ending = second_factors.EndTrust(user.user_id, frozenset({BROWSER, other}))
    backend.commit(ending)

    assert stored(backend, user) == replace(user, trusted_browsers={third: trusted()}, revision=1)
    again = second_factors.EndTrust(user.user_id, frozenset({other, third}))
    nobody = second_factors.EndTrust("nobody", frozenset({third}))
    assert [backend.refused(it) for it in (again, nobody)] == [(again,), (nobody,)]
    assert stored(backend, user).trusted_browsers == {third: trusted()}


def test_a_second_factor_is_turned_on_once(backend: Backend) -> None:
    """Another secret needs the first to be turned off."""
    user, changed = an_account(backend, **FACTORS), an_account(backend)
    again = second_factors.TurnOn(user, "other", STEP, frozenset({CODE}), HERE, LATER)
    late = second_factors.TurnOn(replace(changed, revision=3), "other", STEP, frozenset({CODE}), HERE, LATER)

    assert [backend.refused(it) for it in (again, late)] == [(again,), (late,)]


@pytest.mark.parametrize("proof", [TotpCode("sealed", STEP + 1), RecoveryCode(CODE), UsedPasskey("a passkey")])
def test_a_second_factor_is_turned_off_with_a_factor(backend: Backend, proof: TotpCode | RecoveryCode) -> None:
    """All other sessions end, and so does the trust in browsers. The passkeys stay."""
    user = an_account(backend, **FACTORS)
    backend.commit(second_factors.TurnOff(user, proof, HERE, LATER))
    gone = {"totp": "", "totp_step": 0, "recovery_codes": frozenset(), "trusted_browsers": {}}

    expected = replace(user, sessions={HERE: TOMORROW}, secured_at=LATER, revision=1, **gone)
    assert stored(backend, user) == expected


@pytest.mark.parametrize("proof", [TotpCode("sealed", STEP), RecoveryCode(a_digest()), UsedPasskey("another")])
def test_a_wrong_factor_changes_nothing(backend: Backend, proof: TotpCode | RecoveryCode) -> None:
    user = an_account(backend, **FACTORS)
    off = second_factors.TurnOff(user, proof, HERE, LATER)
    codes = second_factors.ReplaceRecoveryCodes(user, proof, frozenset({a_digest()}))

    assert [backend.refused(it) for it in (off, codes)] == [(off,), (codes,)]
    assert stored(backend, user) == user


@pytest.mark.parametrize("proof", [TotpCode("sealed", STEP + 1), RecoveryCode(CODE), UsedPasskey("a passkey")])
def test_recovery_codes_are_replaced(backend: Backend, proof: TotpCode | RecoveryCode) -> None:
    """Sessions and trust stay. A code that proved it is used up."""
    user, new = an_account(backend, **FACTORS), frozenset({a_digest(), a_digest()})
    backend.commit(second_factors.ReplaceRecoveryCodes(user, proof, new))
    step = STEP + 1 if isinstance(proof, TotpCode) else STEP

    after = stored(backend, user)
    assert after == replace(user, recovery_codes=new, totp_step=step, revision=1, factor_streak=after.factor_streak)


ENDING: dict[str, Callable[[User], Change]] = {
    "all sessions dropped": users.DropAllSessions,
    "others dropped": lambda user: users.DropOtherSessions(user, HERE, LATER),
    "passkeys dropped": lambda user: held_keys.DropPasskeys(user, frozenset({"a passkey"}), HERE, LATER),
    "unlinked": lambda user: users.Unlink(user, "google#1", HERE, LATER),
    "email changed": lambda user: users.ChangeEmail(user, "b@example.com", "email#a", "email#b", HERE, LATER),
    "disabled": lambda user: users.Disable(user, LATER),
}


@pytest.mark.parametrize("name", ENDING)
def test_what_ends_other_sessions_ends_the_trust_in_browsers(backend: Backend, name: str) -> None:
    """And nothing else about the second factor."""
    user = an_account(backend, **FACTORS, identities=frozenset({"google#1", "email#a"}))
    backend.commit(ENDING[name](user))
    after = stored(backend, user)

    assert after.trusted_browsers == {}
    assert (after.totp, after.totp_step, after.recovery_codes) == ("sealed", STEP, FACTORS["recovery_codes"])


REQUESTED = FACTORS | {"factor_reset_at": LATER}


@pytest.mark.parametrize("name", [name for name, (_, opens, _) in PROOFS.items() if opens] + ["nothing"])
@pytest.mark.parametrize("on", [True, False])
def test_no_login_overlooks_a_requested_reset(backend: Backend, name: str, *, on: bool) -> None:
    """Whatever it proves. An approval is no login."""
    user = an_account(backend, **REQUESTED if on else {"factor_reset_at": LATER})
    refused, approved = adding(user, PROOFS[name][0]), adding(user, None, approval=Approval(HERE, LATER))

    assert backend.refused(refused) == (refused,)
    assert stored(backend, user) == user
    backend.commit(approved)


@pytest.mark.parametrize("ends", [True, False])
def test_a_proven_factor_ends_a_reset(backend: Backend, *, ends: bool) -> None:
    user = an_account(backend, **REQUESTED)
    backend.commit(replace(swapping(user, RecoveryCode(CODE)), ends_reset=ends))
    after = stored(backend, user)

    assert (after.factor_reset_at, after.recovery_codes) == (None if ends else LATER, frozenset({OTHER_CODE}))


def resetting(user: User) -> second_factors.ResetSession:
    return second_factors.ResetSession(adding(user, None), user.revision, tuple(user.sessions), now=LATER)


def test_a_reset_removes_every_factor_and_session(backend: Backend) -> None:
    """Except the new one. API keys and identities stay."""
    user = an_account(backend, **REQUESTED, factor_streak=4)
    change = resetting(user)
    backend.commit(change)
    gone = {"totp": "", "totp_step": 0, "recovery_codes": frozenset(), "trusted_browsers": {}, "passkeys": frozenset()}

    held = {change.add.session: TOMORROW}
    expected = replace(user, **gone, sessions=held, factor_reset_at=None, factor_streak=5, secured_at=LATER, revision=1)
    assert stored(backend, user) == expected
    backend.commit(adding(user, None))


def test_a_reset_needs_the_account_as_it_was_read(backend: Backend) -> None:
    """Active, and not changed."""
    user = an_account(backend, **REQUESTED)
    backend.commit(users.Rename(user, "Another", LATER))
    renamed = stored(backend, user)
    backend.commit(users.Disable(renamed, LATER))
    disabled = stored(backend, user)

    for change in (resetting(user), resetting(renamed), resetting(disabled)):
        assert backend.refused(change) == (change,)
    assert stored(backend, user) == disabled


def test_a_reset_is_requested_and_cancelled(backend: Backend) -> None:
    """Of an active account that has not changed since."""
    user = an_account(backend, **FACTORS)
    requested, cancelled = second_factors.SetReset(user, LATER), second_factors.SetReset(user, None)
    backend.commit(requested)
    assert stored(backend, user) == replace(user, factor_reset_at=LATER, revision=1)
    assert backend.refused(cancelled) == (cancelled,)

    backend.commit(second_factors.SetReset(stored(backend, user), None))
    after = stored(backend, user)
    assert after == replace(user, revision=2)
    backend.commit(users.Disable(after, LATER))
    again = second_factors.SetReset(stored(backend, user), LATER)
    assert backend.refused(again) == (again,)


CODES = frozenset({a_digest()})
ENDS_RESET: dict[str, Callable[[User], Change]] = {
    "disabled": lambda user: users.Disable(user, LATER),
    "turned off": lambda user: second_factors.TurnOff(user, RecoveryCode(CODE), HERE, LATER),
    "recovery codes replaced": lambda user: second_factors.ReplaceRecoveryCodes(user, RecoveryCode(CODE), CODES),
    "turned on": lambda user: second_factors.TurnOn(user, "sealed", STEP, CODES, HERE, LATER),
}


@pytest.mark.parametrize("event", ENDS_RESET)
def test_what_ends_a_requested_reset(backend: Backend, event: str) -> None:
    fields = {"factor_reset_at": LATER} if event == "turned on" else REQUESTED
    user = an_account(backend, **fields)
    backend.commit(ENDS_RESET[event](user))

    assert stored(backend, user).factor_reset_at is None
