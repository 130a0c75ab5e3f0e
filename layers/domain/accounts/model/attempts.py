"""Attempts at an account's password, counted before it is checked (ASVS 6.3.1; NIST SP 800-63B-4 3.2.2).

A streak counts failures in a row, from any source. Five are free. Then each attempt has to wait: 30 seconds at first,
doubling up to an hour. A hundred disable the password until it is reset.

An account has two streaks. Browsers that it knows have one of their own, which strangers cannot raise, because they do
not have the cookie. Neither affects resets, providers or live sessions. So strangers cannot keep the owner out.

A login clears the streak that it was counted in, and gives back its own events in the windows of its source, but no
others: an attacker's own account must not give them more guesses.
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
)
from accounts.model import throttles
from accounts.model.throttles import Increment, LimitReached, Throttles


class Attempt(Struct, frozen=True):
    """A counted attempt at an account's secret.

    ``number`` is its place in the streak from the fifth on, else 0: earlier ones are counted without reading.
    """

    streak: str
    windows: tuple[Increment, ...]
    number: int = 0

    @property
    def failures(self) -> int:
        """The failures in a row that this attempt had to wait for, else 0."""
        return self.number - 1 if self.number > FREE_FAILURES else 0

    @property
    def password_disabled(self) -> bool:
        """Whether too many attempts failed in a row, so that even the right password is refused."""
        return self.failures >= FAILURES_THAT_DISABLE_PASSWORD

    def succeeded(self, throttles: Throttles) -> None:
        """Clear the streak, and take this attempt out of each window. Never fails: the secret was right."""
        throttles.forget(self.streak)
        throttles.give_back(*(window for window in self.windows if not window.kept))


def streak_key(account: str, *, known: bool = False) -> str:
    """The key of a streak of ``account``, which is stored only as a digest: of known browsers, or of all others."""
    return f"streak#{secrets.digest(f'known {account}' if known else account)}"


def streak_keys(account: str) -> tuple[str, str]:
    """The keys of both streaks of ``account``."""
    return streak_key(account), streak_key(account, known=True)


def attempt(store: Throttles, account: str, *by_source: Increment, now: datetime, known: bool = False) -> Attempt:
    """Count one attempt at ``account``'s secret, before checking the secret; raises TooManyAttempts.

    ``known``: in a browser that the account knows. The streak comes first, so that guesses at one account, which it
    refuses, do not fill the windows of their source.
    """
    # The last free attempt is counted like those that wait, because its failure is emailed to the owner.
    streak = Increment(streak_key(account, known=known), FREE_FAILURES - 1, now + FAILURES_REMEMBERED)
    counted, number = _take_streak(store, streak, now)
    try:
        throttles.take(store, *by_source, now=now)
    except (TooManyAttempts, Unavailable):
        store.give_back(counted)
        raise
    return Attempt(streak.key, by_source, number)


def _take_streak(store: Throttles, streak: Increment, now: datetime) -> tuple[Increment, int]:
    """Raise the streak; returns the increment, and the number of this attempt from the fifth on, else 0.

    One round trip for the first attempts. After that, the first write reads the streak, and a second one takes the only
    attempt that the wait allows, which concurrent attempts share.
    """
    try:
        store.take(streak, now)
    except LimitReached as refused:
        counter = refused.counter
    else:
        return streak, 0
    ready_at = counter.raised_at + wait_after(counter.count)
    if now < ready_at:
        raise TooManyAttempts(throttles.seconds(ready_at - now))
    exact = replace(streak, expected=counter.count, raised_before=counter.raised_at)
    try:
        store.take(exact, now)
    except LimitReached as refused:
        raise TooManyAttempts(throttles.seconds(wait_after(counter.count + 1))) from refused
    return exact, counter.count + 1


def wait_after(failures: int) -> timedelta:
    """The wait after that many failures in a row: none below five, then 30 s, doubling up to 1 h."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
