"""Counters of events, such as attempts at secrets and emails, raised atomically before the work is done (ASVS 15.4.2).

A window counts the events of one source in a minute, an hour or a day. ``accounts.model.attempts`` counts failures in a
row.

Each counter is one item, raised by one conditional update. DynamoDB serializes such updates, but cancels transactions
that conflict on an item: strangers can write to most counters, so no transaction includes those. A transaction may
include a counter that only an account's own sessions can write to (``Count``).

Several counters are raised one after another, up to the first that is full. Those that were already raised are given
back: nothing was done, and people who share a full source do not use up their own limits.
"""

from __future__ import annotations

import ipaddress
from copy import replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from msgspec import Struct

from accounts.errors import ProofRequired, TooManyAttempts, Unavailable
from accounts.limits import CONFIRMATIONS_PER_ADDRESS_PER_MINUTE
from accounts.model.audit import Caller
from accounts.transactions import Change, Conflict, Transactions

# What is counted; the first part of a counter's key. A streak is per account, the others are windows.
Bucket = Literal[
    "streak",
    "password",
    "proof",
    "mail",
    "confirm",
    "email-change",
    "rename",
    "password-change",
    "link",
    "key-created",
    "key-changed",
    "new-network",
    "oauth",
    "bad-key",
    "admin",
    "leak-report",
    "scanner-keys",
    "consent",
    "consent-given",
    "bad-grant",
    "refresh",
    "signature",
    "device",
    "device-poll",
    "client-document",
    "user-code",
    "passkey-challenge",
    "passkey",
    "passkey-created",
    "second-step",
    "factor-failed",
    "second-factor-change",
    "login-code-of",
    "login-code",
    "login-code-try",
    "notice",
    "sign-up-mail-of",
    "sign-up-mail",
    "reset-mail-of",
    "reset-mail",
    "reset-mail-known",
]
UNKNOWN_ADDRESS = "unknown"
_IPV6_PREFIX_BITS = 64


class Window(Struct, frozen=True):
    """At most ``limit`` events until ``ends_at``. ``name`` identifies it among the windows of its counter."""

    name: str
    limit: int
    ends_at: datetime


class Increment(Struct, frozen=True):
    """Increase a counter by one. Refused at ``limit``, or with ``expected``, unless the counter has exactly that value.

    With ``quiet_since``, refused only when the counter was increased after that time. With ``within``, also refused
    when this shorter window is full; both are counted in one item. ``proof_helps``: a refusal asks for a (new) proof of
    work. ``kept``: a success does not give it back.
    """

    key: str
    limit: int
    expires_at: datetime
    expected: int | None = None
    quiet_since: datetime | None = None
    within: Window | None = None
    proof_helps: bool = False
    kept: bool = False


class Counter(Struct, frozen=True):
    """The value of a counter, and when it last increased."""

    count: int
    raised_at: datetime


class Count(Change, frozen=True):
    """Raise a counter as part of a transaction. Refused when its window is full.

    Only for counters of an account that no one but its sessions can raise.
    """

    increment: Increment
    now: datetime


class LimitReached(Exception):
    """``increment`` was refused until ``ends_at``; ``counter`` is its counter, which was not increased."""

    def __init__(self, increment: Increment, counter: Counter, ends_at: datetime | None = None) -> None:
        super().__init__(increment.key)
        self.increment = increment
        self.counter = counter
        self.ends_at = ends_at or increment.expires_at


class Throttles(Protocol):
    """Counters that change only by conditional writes of one item each."""

    def take(self, increment: Increment, now: datetime) -> int:
        """Increase the counter by one and return its new value. Raises LimitReached or Unavailable."""

    def get(self, key: str) -> Counter | None:
        """The counter, for display; None when it was never increased. Raises Unavailable."""

    def give_back(self, *increments: Increment) -> None:
        """Decrease each counter by one, but not below zero. A failure is reported and ignored."""


def window(bucket: Bucket, source: str, *, limit: int, per: timedelta, now: datetime) -> Increment:
    """The increment for one ``bucket`` event from ``source``, in the window of length ``per`` that contains ``now``."""
    seconds, index, ends_at = _current(per, now)
    return Increment(key=f"{bucket}#{source}#{seconds}#{index}", limit=limit, expires_at=ends_at)


def windows(
    bucket: Bucket,
    source: str,
    short: tuple[int, timedelta],
    long: tuple[int, timedelta],
    *,
    now: datetime,
    proof_helps: bool = False,
) -> Increment:
    """One increment for two windows, each given as its limit and its length, which share one item."""
    (part_limit, length), (limit, per) = short, long
    _, index, ends_at = _current(length, now)
    part = Window(f"part_{index % (per // length)}", part_limit, ends_at)
    whole = window(bucket, source, limit=limit, per=per, now=now)
    return replace(whole, within=part, proof_helps=proof_helps)


def single_use(bucket: Bucket, what: str, expires_at: datetime) -> Increment:
    """The increment that allows ``what`` once until ``expires_at``, whether the attempt succeeds or not."""
    return Increment(f"{bucket}#{what}", 1, expires_at, proof_helps=True, kept=True)


def _current(per: timedelta, now: datetime) -> tuple[int, int, datetime]:
    """The window of length ``per`` that contains ``now``: its seconds, its number, and its end."""
    seconds = int(per.total_seconds())
    index = int(now.timestamp()) // seconds
    return seconds, index, datetime.fromtimestamp((index + 1) * seconds, tz=now.tzinfo)


def count(throttles: Throttles, bucket: Bucket, source: str, *, limit: int, per: timedelta, now: datetime) -> None:
    """Count one ``bucket`` event from ``source``; raises TooManyAttempts when the window of length ``per`` is full."""
    take(throttles, window(bucket, source, limit=limit, per=per, now=now), now=now)


def commit(transactions: Transactions, counted: Count, *changes: Change) -> None:
    """Write the changes and count them, or neither; raises TooManyAttempts when the window is full, or Conflict."""
    try:
        transactions.commit(counted, *changes)
    except Conflict as conflict:
        if conflict.concerns(Count):
            raise TooManyAttempts(seconds(counted.increment.expires_at - counted.now)) from conflict
        raise


def count_confirmation(throttles: Throttles, caller: Caller, now: datetime) -> None:
    """Count one attempt to use an emailed link; raises TooManyAttempts."""
    limit, minute = CONFIRMATIONS_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
    count(throttles, "confirm", caller.source, limit=limit, per=minute, now=now)


def take(throttles: Throttles, *increments: Increment, now: datetime) -> list[int]:
    """Count one event with each increment, in this order, or with none; returns the new values.

    Raises TooManyAttempts with the seconds until the first full window ends, or Unavailable.
    """
    counts: list[int] = []
    for increment in increments:
        try:
            counts.append(throttles.take(increment, now))
        except LimitReached as refused:
            throttles.give_back(*increments[: len(counts)])
            kind = ProofRequired if increment.proof_helps else TooManyAttempts
            raise kind(seconds(refused.ends_at - now)) from refused
        except Unavailable:
            throttles.give_back(*increments[: len(counts)])
            raise
    return counts


def is_too_soon(throttles: Throttles, bucket: Bucket, source: str, *, every: timedelta, now: datetime) -> bool:
    """Whether the last event from ``source`` was less than ``every`` ago."""
    try:
        throttles.take(Increment(f"{bucket}#{source}", 0, now + every, quiet_since=now - every), now)
    except LimitReached:
        return True
    return False


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


def seconds(remaining: timedelta) -> int:
    """Whole seconds for Retry-After, at least one."""
    return max(1, -int(-remaining.total_seconds() // 1))
