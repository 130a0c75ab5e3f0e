"""Receives reports of leaked keys from GitHub's secret scanning."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidSignature
from accounts.flows.keys.leaked_keys import LeakedKeys
from accounts.flows.keys.scanner_keys import ScannerKeys
from accounts.limits import LEAK_REPORTS_PER_ADDRESS_PER_MINUTE
from accounts.model import leak_reports, scanner_keys, throttles
from accounts.model.audit import Caller
from accounts.model.leak_reports import LeakMatch, SignedReport
from accounts.model.throttles import Throttles

_MINUTE = timedelta(minutes=1)


class LeakReports(Struct, frozen=True):
    """``is_signed`` says whether a key in PEM signed the body."""

    scanner_keys: ScannerKeys
    is_signed: Callable[[str, bytes, bytes], bool]
    throttles: Throttles
    leaked_keys: LeakedKeys

    def receive(self, report: SignedReport, caller: Caller, now: datetime) -> list[LeakMatch]:
        """Revoke the keys of the report, and return its matches.

        Raises InvalidSignature, TooManyAttempts, MalformedRequest, InvalidInput, and Unavailable when something is
        left to do: the report should come again.
        """
        self._check(report, now)
        # After the signature, which cannot be guessed: counting a flood of bad ones would cost more than refusing it.
        limit = LEAK_REPORTS_PER_ADDRESS_PER_MINUTE
        throttles.count(self.throttles, "leak-report", caller.source, limit=limit, per=_MINUTE, now=now)
        matches = leak_reports.matches(report.body)
        self.leaked_keys.revoke(leak_reports.leaks(matches), now)
        return matches

    def _check(self, report: SignedReport, now: datetime) -> None:
        named = report.key_identifier
        key = self.scanner_keys.find(named, now) if scanner_keys.is_identifier(named) and report.signature else None
        if key is None or not self.is_signed(key, report.signature, report.body):
            raise InvalidSignature
