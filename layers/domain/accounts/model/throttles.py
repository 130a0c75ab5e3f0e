"""Limits on attempts at secrets and on emails, counted atomically before the work is done.

Two kinds share one counter (ASVS 6.3.1, 15.4.2; NIST SP 800-63B-4 3.2.2):

- a **window** counts the events of one source in a minute or an hour;
- a **streak** counts an account's failures in a row, from any source. Five are free. Then each attempt has to wait: 30
  seconds at first, doubling up to an hour. A hundred disable the password until it is reset.

A streak does not affect resets, providers or live sessions, so an attacker cannot lock the owner out with it. A login
clears its streak and takes back its own events in the windows, but no others: otherwise an attacker could use an
account of their own to get more guesses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from msgspec import Struct

from accounts import secrets
from accounts.errors import TooManyAttempts
from accounts.limits import (
    ADDRESS_FAILURES_PER_HOUR,
    ADDRESS_FAILURES_PER_MINUTE,
    CONFIRMATIONS_PER_ADDRESS_PER_MINUTE,
    FAILURES_REMEMBERED,
    FAILURES_THAT_DISABLE_PASSWORD,
    FIRST_WAIT,
    FREE_FAILURES,
    LONGEST_WAIT,
    SIGNUPS_PER_ADDRESS_PER_MINUTE,
)
from accounts.model.audit import Caller
from accounts.transactions import Change

# What is counted; the first part of a counter's key. A streak is per account, the others are windows.
Bucket = Literal[
    "streak",
    "password",
    "mail",
    "confirm",
    "email-change",
    "oauth",
    "bad-key",
    "admin",
    "consent",
    "consent-given",
    "bad-grant",
    "refresh",
    "device",
    "device-poll",
    "user-code",
    "notice",
    "sign-up-mail",
    "reset-mail",
    "reset-mail-known",
]
UNKNOWN_ADDRESS = "unknown"
_IPV6_PREFIX_BITS = 64


class Increment(Struct, frozen=True):
    """Increase a counter by one. Refused at ``limit``, or with ``expected``, unless the counter has exactly that value.

    With ``quiet_since``, refused only when the counter was increased after that time.
    """

    key: str
    limit: int
    expires_at: datetime
    expected: int | None = None
    quiet_since: datetime | None = None


class Counter(Struct, frozen=True):
    """The value of a counter, and when it last increased."""

    count: int
    raised_at: datetime


class LimitReached(Exception):
    """``increment`` was refused; ``counter`` is its counter. No counter was increased."""

    def __init__(self, increment: Increment, counter: Counter) -> None:
        super().__init__(increment.key)
        self.increment = increment
        self.counter = counter


class Throttles(Protocol):
    """Counters that change only by conditional writes."""

    def take(self, increments: Sequence[Increment], now: datetime) -> None:
        """Increase all counters by one, or none. Raises LimitReached for the first that is refused, or Unavailable."""

    def get(self, key: str) -> Counter | None:
        """The counter, for display; None when it was never increased or has been cleared."""


class Clear(Change, frozen=True):
    """Delete the counter ``key``."""

    key: str


class Decrement(Change, frozen=True):
    """Decrease the counter of ``increment`` by one."""

    increment: Increment


class Attempt(Struct, frozen=True):
    """A counted attempt at an account's secret.

    ``password_disabled``: too many failures in a row, so that even the right password is refused. ``failures`` is the
    number of failures in a row before this attempt if it had to wait for them, else 0.
    """

    streak: str
    windows: tuple[Increment, ...]
    password_disabled: bool = False
    failures: int = 0

    def succeeded(self) -> tuple[Change, ...]:
        """Clear the streak, and take this attempt out of each window."""
        return (Clear(self.streak), *(Decrement(increment) for increment in self.windows))


def streak_key(account: str) -> str:
    """The key of the streak of ``account``, which is stored only as a digest."""
    return f"streak#{secrets.digest(account)}"


def window(bucket: Bucket, source: str, *, limit: int, per: timedelta, now: datetime) -> Increment:
    """The increment for one ``bucket`` event from ``source``, in the window of length ``per`` that contains ``now``."""
    seconds = int(per.total_seconds())
    index = int(now.timestamp()) // seconds
    ends_at = datetime.fromtimestamp((index + 1) * seconds, tz=now.tzinfo)
    return Increment(key=f"{bucket}#{source}#{seconds}#{index}", limit=limit, expires_at=ends_at)


def count(throttles: Throttles, bucket: Bucket, source: str, *, limit: int, per: timedelta, now: datetime) -> None:
    """Count one ``bucket`` event from ``source``; raises TooManyAttempts when the window of length ``per`` is full."""
    take(throttles, window(bucket, source, limit=limit, per=per, now=now), now=now)


def count_confirmation(throttles: Throttles, caller: Caller, now: datetime) -> None:
    """Count one attempt to use an emailed link; raises TooManyAttempts."""
    limit, minute = CONFIRMATIONS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
    count(throttles, "confirm", caller.source, limit=limit, per=minute, now=now)


def count_mail_request(throttles: Throttles, caller: Caller, now: datetime) -> None:
    """Count one request that causes an email; raises TooManyAttempts."""
    limit, minute = SIGNUPS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
    count(throttles, "mail", caller.source, limit=limit, per=minute, now=now)


def take(throttles: Throttles, *increments: Increment, now: datetime) -> None:
    """Count one event in each window; raises TooManyAttempts with the seconds until the full one ends."""
    try:
        throttles.take(increments, now)
    except LimitReached as refused:
        raise TooManyAttempts(_seconds(refused.increment.expires_at - now)) from refused


def is_too_soon(throttles: Throttles, bucket: Bucket, source: str, *, every: timedelta, now: datetime) -> bool:
    """Whether the last event from ``source`` was less than ``every`` ago."""
    try:
        throttles.take([Increment(f"{bucket}#{source}", 0, now + every, quiet_since=now - every)], now)
    except LimitReached:
        return True
    return False


def attempt(throttles: Throttles, account: str, *windows: Increment, now: datetime) -> Attempt:
    """Count one attempt at ``account``'s secret, before checking the secret; raises TooManyAttempts.

    One round trip while the account has free attempts. After that, the first write reads the streak, and a second one
    takes the only attempt that the wait allows, which concurrent attempts share.
    """
    streak = streak_key(account)
    increment = Increment(key=streak, limit=FREE_FAILURES, expires_at=now + FAILURES_REMEMBERED)
    try:
        throttles.take((increment, *windows), now)
    except LimitReached as refused:
        if refused.increment.key != streak:
            raise TooManyAttempts(_seconds(refused.increment.expires_at - now)) from refused
        return _attempt_after_wait(throttles, increment, refused.counter, windows, now)
    return Attempt(streak, windows)


def count_attempt(throttles: Throttles, account: str, caller: Caller, now: datetime) -> Attempt:
    """Count one attempt at the account's password, by account and by source; raises TooManyAttempts."""
    limits = ((ADDRESS_FAILURES_PER_MINUTE, timedelta(minutes=1)), (ADDRESS_FAILURES_PER_HOUR, timedelta(hours=1)))
    windows = (window("password", caller.source, limit=limit, per=per, now=now) for limit, per in limits)
    return attempt(throttles, account, *windows, now=now)


def _attempt_after_wait(
    throttles: Throttles, increment: Increment, counter: Counter, windows: tuple[Increment, ...], now: datetime
) -> Attempt:
    ready_at = counter.raised_at + wait_after(counter.count)
    if now < ready_at:
        raise TooManyAttempts(_seconds(ready_at - now))
    exact = Increment(increment.key, increment.limit, increment.expires_at, expected=counter.count)
    try:
        throttles.take((exact, *windows), now)
    except LimitReached as refused:
        if refused.increment is exact:
            raise TooManyAttempts(_seconds(wait_after(counter.count + 1))) from refused
        raise TooManyAttempts(_seconds(refused.increment.expires_at - now)) from refused
    password_disabled = counter.count >= FAILURES_THAT_DISABLE_PASSWORD
    return Attempt(increment.key, windows, password_disabled=password_disabled, failures=counter.count)


def wait_after(failures: int) -> timedelta:
    """The wait after that many failures in a row: none below five, then 30 s, doubling up to 1 h."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def source(address: str) -> str:
    """The name of a network source: IPv6 by its /64, IPv4-mapped addresses as IPv4, in canonical form.

    Everything that is not an address shares one name, and therefore one limit (fail closed).
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_PREFIX_BITS), strict=False))


def _seconds(remaining: timedelta) -> int:
    return max(1, -int(-remaining.total_seconds() // 1))
