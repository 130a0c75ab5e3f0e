"""Attempts at an account's password, counted before it is checked (ASVS 6.3.1; NIST SP 800-63B-4 3.2.2).

A streak counts failures in a row, from any source. Five are free. Then each attempt has to wait: 30 seconds at first,
doubling up to an hour. A hundred disable the password until it is reset.

An account has two streaks. Browsers that it knows have one of their own, which strangers cannot raise, because they do
not have the cookie. Neither affects resets, providers or live sessions. So strangers cannot keep the owner out.

Only an attempt whose password is checked raises a streak: the source is counted first. A new streak begins with each
login, and with a new password or address: the identity stores its number, in the same transaction. So failures at an
address without a password do not disable one that is set later.

A login gives back its own events in the windows of a busy source, but no others: an attacker's own account must not
give them more guesses.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import TooManyAttempts, Unavailable
from accounts.limits import (
    FAILURES_REMEMBERED,
    FAILURES_THAT_DISABLE_PASSWORD,
    FIRST_WAIT,
    FREE_FAILURES,
    LONGEST_WAIT,
    QUIET_SOURCE_SHARE,
)
from accounts.model import throttles
from accounts.model.identities import Identity
from accounts.model.throttles import Increment, LimitReached, Throttles


class Attempt(Struct, frozen=True):
    """A counted attempt at an account's secret: the ``number``-th in its streak, ``known``: in a known browser.

    ``busy`` are the windows of its source that a success gives back.
    """

    number: int
    known: bool = False
    busy: tuple[Increment, ...] = ()

    @property
    def failures(self) -> int:
        """The failures in a row that this attempt had to wait for, else 0."""
        return self.number - 1 if self.number > FREE_FAILURES else 0

    @property
    def password_disabled(self) -> bool:
        """Whether too many attempts failed in a row, so that even the right password is refused."""
        return self.failures >= FAILURES_THAT_DISABLE_PASSWORD

    def succeeded(self, throttles: Throttles) -> None:
        """Take this attempt out of the windows of a busy source. Never fails: the secret was right."""
        throttles.give_back(*self.busy)


def streak_key(account: str, identity: Identity | None = None, *, known: bool = False) -> str:
    """The key of a streak of ``account``, which is stored only as a digest: of known browsers, or of all others.

    Once the account's ``identity`` has a password, each of its streaks has a number.
    """
    name = f"known {account}" if known else account
    if identity is not None and (number := identity.known_streak if known else identity.streak):
        name = f"{name} {identity.user_id} {number}"
    return f"streak#{secrets.digest(name)}"


def factor_streak_key(factor: str, account: str, number: str, *, known: bool) -> str:
    """The key of an account's streak of wrong codes: of each kind, and of known browsers or all others.

    ``number`` increases with each right one.
    """
    name = f"known {factor} {account} {number}" if known else f"{factor} {account} {number}"
    return f"streak#{secrets.digest(name)}"


def attempt(store: Throttles, streak: str, *by_source: Increment, now: datetime, known: bool = False) -> Attempt:
    """Count one attempt at an account's secret, before checking the secret; raises TooManyAttempts.

    The source comes first, and is given back when the streak refuses. In the other order, a source above its limit
    could raise the streak, and so keep the owner out, without a guess that the owner is notified about.
    """
    counts = throttles.take(store, *by_source, now=now)
    try:
        number = _take_streak(store, Increment(streak, FREE_FAILURES, now + FAILURES_REMEMBERED), now)
    except (TooManyAttempts, Unavailable):
        store.give_back(*by_source)
        raise
    busy = (window for window, count in zip(by_source, counts, strict=True) if _is_busy(window, count))
    return Attempt(number, known, tuple(busy))


def _is_busy(window: Increment, count: int) -> bool:
    return not window.kept and count > window.limit // QUIET_SOURCE_SHARE


def _take_streak(store: Throttles, streak: Increment, now: datetime) -> int:
    """Raise the streak; returns the number of this attempt.

    One round trip for the free attempts. After that, the first write reads the streak, and a second one takes the only
    attempt that the wait allows, which concurrent attempts share.
    """
    try:
        return store.take(streak, now)
    except LimitReached as refused:
        counter = refused.counter
    ready_at = counter.raised_at + wait_after(counter.count)
    if now < ready_at:
        raise TooManyAttempts(throttles.seconds(ready_at - now))
    try:
        return store.take(replace(streak, expected=counter.count), now)
    except LimitReached as refused:
        raise TooManyAttempts(throttles.seconds(wait_after(counter.count + 1))) from refused


def wait_after(failures: int) -> timedelta:
    """The wait after that many failures in a row: none below five, then 30 s, doubling up to 1 h."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
