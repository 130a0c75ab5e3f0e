"""GitHub's secret scanning as tests play it: it signs reports, and lists its keys."""

import json
from dataclasses import dataclass

from accounts.model.leak_reports import SignedReport
from local.scanner import Signer, listed, match

__all__ = ["Scanner", "listed", "match"]


@dataclass(frozen=True)
class Scanner(Signer):
    """One of its keys."""

    identifier: str = "a" * 64

    def report(self, *matches: dict[str, str], body: bytes | None = None) -> SignedReport:
        sent = json.dumps(matches).encode() if body is None else body
        return SignedReport(self.identifier, self.signature(sent), sent)
