"""Limits by source, which many people may share: free, then for a proof of work, up to a ceiling.

Known browsers and sessions are not counted by source. Above the free limits, the answer is a challenge instead of a
refusal, so that people behind one address do not shut each other out, while each further guess costs an attacker about
as much as it costs the service. The ceiling bounds what one source can cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import ProofRequired
from accounts.limits import (
    ADDRESS_FAILURES_PER_HOUR,
    ADDRESS_FAILURES_PER_HOUR_WITH_PROOF,
    ADDRESS_FAILURES_PER_MINUTE,
    SIGNUPS_PER_ADDRESS_PER_HOUR,
    SIGNUPS_PER_ADDRESS_PER_HOUR_WITH_PROOF,
    SIGNUPS_PER_ADDRESS_PER_MINUTE,
)
from accounts.model import attempts, throttles
from accounts.model.attempts import Attempt
from accounts.model.audit import Caller
from accounts.model.proofs import Proofs, Purpose
from accounts.model.throttles import Bucket, Increment, Throttles

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


class SourceLimit(Struct, frozen=True):
    """``per_minute`` and ``per_hour`` are free; above them, ``with_proof`` in an hour."""

    bucket: Bucket
    per_minute: int
    per_hour: int
    with_proof: int

    def free(self, source: str, now: datetime) -> Increment:
        return throttles.windows(
            self.bucket, source, (self.per_minute, _MINUTE), (self.per_hour, _HOUR), now=now, proof_helps=True
        )

    def ceiling(self, source: str, now: datetime) -> Increment:
        return throttles.windows(self.bucket, source, (self.with_proof, _MINUTE), (self.with_proof, _HOUR), now=now)


LOGINS = SourceLimit(
    "password", ADDRESS_FAILURES_PER_MINUTE, ADDRESS_FAILURES_PER_HOUR, ADDRESS_FAILURES_PER_HOUR_WITH_PROOF
)
EMAILS = SourceLimit(
    "mail", SIGNUPS_PER_ADDRESS_PER_MINUTE, SIGNUPS_PER_ADDRESS_PER_HOUR, SIGNUPS_PER_ADDRESS_PER_HOUR_WITH_PROOF
)


class SourceLimits(Struct, frozen=True):
    throttles: Throttles
    proofs: Proofs

    def count_email(self, purpose: Purpose, caller: Caller, now: datetime) -> None:
        """Count one request that causes an email. Raises ProofRequired, or TooManyAttempts at the ceiling."""
        with self._challenging(purpose, caller, now):
            throttles.take(self.throttles, *self._increments(purpose, EMAILS, caller, now), now=now)

    def count_login(self, streak: str, caller: Caller, now: datetime) -> Attempt:
        """Count one attempt at the password of an account, by source and in the account's ``streak``.

        Raises ProofRequired or TooManyAttempts.
        """
        with self._challenging("login", caller, now):
            by_source = self._increments("login", LOGINS, caller, now)
            return attempts.attempt(self.throttles, streak, *by_source, now=now)

    def _increments(self, purpose: Purpose, limit: SourceLimit, caller: Caller, now: datetime) -> tuple[Increment, ...]:
        proof = self.proofs.check(caller.proof, purpose, caller.source, now) if caller.proof else None
        if proof is None:
            return (limit.free(caller.source, now),)
        return throttles.single_use("proof", proof.id, proof.expires_at), limit.ceiling(caller.source, now)

    @contextmanager
    def _challenging(self, purpose: Purpose, caller: Caller, now: datetime) -> Iterator[None]:
        """Add a challenge to the refusal that a proof would have avoided."""
        try:
            yield
        except ProofRequired as refusal:
            challenge = self.proofs.challenge(purpose, caller.source, now)
            raise ProofRequired(refusal.retry_after, challenge) from refusal
