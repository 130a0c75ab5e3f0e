"""Limits by source: free, then for a proof of work, up to a ceiling."""

from contextlib import suppress
from copy import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.errors import ProofRequired, TooManyAttempts
from accounts.limits import (
    ADDRESS_FAILURES_PER_HOUR,
    ADDRESS_FAILURES_PER_HOUR_WITH_PROOF,
    ADDRESS_FAILURES_PER_MINUTE,
    SIGNUPS_PER_ADDRESS_PER_HOUR,
    SIGNUPS_PER_ADDRESS_PER_HOUR_WITH_PROOF,
    SIGNUPS_PER_ADDRESS_PER_MINUTE,
)
from accounts.model import attempts
from accounts.model.audit import Caller
from accounts.model.proofs import Purpose
from accounts.model.source_limits import EMAILS, LOGINS, SourceLimits
from accounts.model.throttles import Counter
from tests.fakes import FakeProofs, World
from tests.unit.accounts.stage import NOW, later

HERE = Caller("192.0.2.1", "test")


def some_limits() -> SourceLimits:
    return SourceLimits(World(), FakeProofs())


def world(limits: SourceLimits) -> World:
    assert isinstance(limits.throttles, World)
    return limits.throttles


def asked(limits: SourceLimits, caller: Caller = HERE, now: datetime = NOW) -> ProofRequired:
    """The refusal of a request that needs a proof of work. Nothing may be counted."""
    before = dict(world(limits).counters)
    with pytest.raises(ProofRequired) as refusal:
        limits.count_email("signup", caller, now)
    counted = {key: counter.count for key, counter in world(limits).counters.items()}
    assert counted == {key: counter.count for key, counter in before.items()}
    return refusal.value


def proven(limits: SourceLimits, purpose: Purpose = "signup", caller: Caller = HERE) -> Caller:
    """The caller with a proof of work for this purpose."""
    return replace(caller, proof=FakeProofs.solution(limits.proofs.challenge(purpose, caller.source, NOW)))


def fill(limits: SourceLimits, count: int, now: datetime = NOW) -> None:
    for _ in range(count):
        limits.count_email("signup", HERE, now)


def test_above_the_free_minute_a_proof_is_asked_for() -> None:
    """With the seconds after which none is needed any more, and a challenge for this purpose and source (TH-15)."""
    limits = some_limits()
    fill(limits, SIGNUPS_PER_ADDRESS_PER_MINUTE)
    refusal = asked(limits, now=later(seconds=20))

    assert (refusal.code, refusal.retry_after) == ("proof_required", 40)
    assert (refusal.challenge["for"], refusal.challenge["source"]) == ("signup", HERE.source)
    limits.count_email("signup", replace(HERE, source="192.0.2.2"), NOW)
    limits.count_email("signup", HERE, later(minutes=1))


def test_above_the_free_hour_too() -> None:
    """However evenly the requests are spread."""
    limits = some_limits()
    for minute in range(SIGNUPS_PER_ADDRESS_PER_HOUR // 10):
        fill(limits, 10, later(minutes=minute))

    assert asked(limits, now=later(minutes=50)).retry_after == 600


def test_a_proof_is_accepted_up_to_the_ceiling() -> None:
    """Which is a refusal that no proof helps against."""
    limits = some_limits()
    fill(limits, SIGNUPS_PER_ADDRESS_PER_MINUTE)
    for _ in range(SIGNUPS_PER_ADDRESS_PER_HOUR_WITH_PROOF - SIGNUPS_PER_ADDRESS_PER_MINUTE):
        limits.count_email("signup", proven(limits), NOW)

    with pytest.raises(TooManyAttempts) as refusal:
        limits.count_email("signup", proven(limits), NOW)
    assert (type(refusal.value), refusal.value.retry_after) == (TooManyAttempts, 3600)


def test_a_proof_works_once() -> None:
    """The second use gets a new challenge (TH-16)."""
    limits = some_limits()
    fill(limits, SIGNUPS_PER_ADDRESS_PER_MINUTE)
    caller = proven(limits)
    limits.count_email("signup", caller, NOW)

    assert asked(limits, caller).challenge["id"] == 1


@pytest.mark.parametrize("other", [{"purpose": "login"}, {"caller": replace(HERE, source="192.0.2.2")}])
def test_a_proof_for_another_route_or_source_is_not_accepted(other: dict[str, Any]) -> None:
    limits = some_limits()
    fill(limits, SIGNUPS_PER_ADDRESS_PER_MINUTE)
    elsewhere = proven(limits, **other)

    assert asked(limits, replace(HERE, proof=elsewhere.proof)).challenge


def test_an_expired_proof_is_not_accepted() -> None:
    limits = some_limits()
    caller = proven(limits)
    fill(limits, SIGNUPS_PER_ADDRESS_PER_MINUTE, later(minutes=5))

    assert asked(limits, caller, now=later(minutes=5)).challenge


def test_a_proof_that_is_not_needed_is_accepted_too() -> None:
    """Another request may have been given back since the challenge was issued."""
    limits = some_limits()
    limits.count_email("signup", proven(limits), NOW)

    assert world(limits).counters[EMAILS.free(HERE.source, NOW).key] == Counter(1, NOW)


def test_logins_need_a_proof_above_their_own_limits() -> None:
    """The account's counter is not raised with the challenge, so that the attempt counts once."""
    limits = some_limits()
    for number in range(ADDRESS_FAILURES_PER_MINUTE):
        limits.count_login(f"{number}@example.com", HERE, NOW)
    with pytest.raises(ProofRequired):
        limits.count_login("olive@example.com", HERE, NOW)
    caller = proven(limits, "login")
    attempt = limits.count_login("olive@example.com", caller, NOW)

    assert attempt.number == 1
    assert ADDRESS_FAILURES_PER_HOUR > ADDRESS_FAILURES_PER_MINUTE
    attempt.succeeded(limits.throttles)
    with pytest.raises(ProofRequired):
        limits.count_login("olive@example.com", caller, NOW)


def test_a_source_at_its_ceiling_stops_no_other_source() -> None:
    """At no account, also not at those that it guessed at: no counter is shared by all (TH-15)."""
    limits = some_limits()
    for number in range(ADDRESS_FAILURES_PER_HOUR_WITH_PROOF):
        limits.count_login(f"{number}@example.com", proven(limits, "login"), NOW)
    with pytest.raises(TooManyAttempts) as refusal:
        limits.count_login("olive@example.com", proven(limits, "login"), NOW)

    assert type(refusal.value) is TooManyAttempts
    for account in ("0@example.com", "olive@example.com"):
        limits.count_login(account, replace(HERE, source="192.0.2.2"), NOW)


def test_proofs_buy_no_guesses_at_one_account_and_no_room_of_its_source() -> None:
    """Its streak refuses them, and they are given back: neither the ceiling nor a proof is used up (TH-14)."""
    limits = some_limits()
    attempts_made = 0
    for _ in range(ADDRESS_FAILURES_PER_HOUR_WITH_PROOF + 1):
        caller = proven(limits, "login")
        with suppress(TooManyAttempts):
            limits.count_login("olive@example.com", caller, NOW)
            attempts_made += 1

    assert (attempts_made, world(limits).counters[LOGINS.free(HERE.source, NOW).key].count) == (5, 5)
    limits.count_login("oscar@example.com", caller, NOW)


def test_a_wait_of_the_account_is_not_answered_with_a_challenge() -> None:
    """A proof of work does not shorten it (TH-01)."""
    limits = some_limits()
    for _ in range(5):
        limits.count_login("olive@example.com", HERE, NOW)
    with pytest.raises(TooManyAttempts) as refusal:
        limits.count_login("olive@example.com", proven(limits, "login"), NOW)

    assert (type(refusal.value), refusal.value.retry_after) == (TooManyAttempts, 30)


def test_a_waiting_account_keeps_its_wait_when_a_proof_is_asked_for() -> None:
    """The attempt that the wait allows is not used up by the challenge."""
    limits = some_limits()
    for number in range(ADDRESS_FAILURES_PER_MINUTE):
        limits.count_login(f"{number}@example.com", HERE, NOW)
    for _ in range(5):
        attempts.attempt(limits.throttles, "olive@example.com", now=NOW - timedelta(minutes=1))
    with pytest.raises(ProofRequired):
        limits.count_login("olive@example.com", HERE, NOW)

    assert limits.count_login("olive@example.com", proven(limits, "login"), NOW).failures == 5
