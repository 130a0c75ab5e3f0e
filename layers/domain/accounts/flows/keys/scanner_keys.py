"""Finds the public key that a report names: in this process, in a copy that all processes share, or at GitHub.

Strangers can name any key, so the list is fetched at most once a minute, and each process reads the copy at most once
a minute. Everything else is answered from memory.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from accounts.errors import ClientDocumentRefused, Unavailable
from accounts.limits import SCANNER_KEYS_FRESH, SCANNER_KEYS_REFETCHED_AT_MOST_EVERY, SCANNER_KEYS_USED_AT_MOST
from accounts.model import scanner_keys, throttles
from accounts.model.client_documents import Document, Documents, Fetcher
from accounts.model.leak_reports import GITHUB
from accounts.model.throttles import Throttles


class ScannerKeys:
    """Keeps the list in memory. When GitHub does not answer, an old list is used for a day."""

    def __init__(
        self,
        documents: Documents,
        fetcher: Fetcher,
        throttles: Throttles,
        on_failure: Callable[[Exception], None],
    ) -> None:
        """``on_failure`` gets the error of each fetch that failed."""
        self._documents = documents
        self._fetcher = fetcher
        self._throttles = throttles
        self._on_failure = on_failure
        self._copy: Document | None = None
        self._looked_at: datetime | None = None

    def find(self, identifier: str, now: datetime) -> str | None:
        """The current key in PEM; None when GitHub has no such key. Raises Unavailable without a list."""
        if not self._answers(identifier, now) and self._may_look(now):
            self._look(identifier, now)
        if self._copy is None or now >= self._copy.expires_at:
            raise Unavailable
        return scanner_keys.current(self._copy.text).get(identifier)

    def _answers(self, identifier: str, now: datetime) -> bool:
        """Whether the list is fresh and has the key."""
        copy = self._copy
        return copy is not None and now < copy.fresh_until and identifier in scanner_keys.current(copy.text)

    def _may_look(self, now: datetime) -> bool:
        return self._looked_at is None or now - self._looked_at >= SCANNER_KEYS_REFETCHED_AT_MOST_EVERY

    def _look(self, identifier: str, now: datetime) -> None:
        self._copy = self._documents.get(scanner_keys.URL) or self._copy
        every = SCANNER_KEYS_REFETCHED_AT_MOST_EVERY
        if not self._answers(identifier, now) and not throttles.is_too_soon(
            self._throttles, "scanner-keys", GITHUB, every=every, now=now
        ):
            self._fetch(now)
        self._looked_at = now

    def _fetch(self, now: datetime) -> None:
        try:
            text = self._fetcher.fetch(scanner_keys.URL).text
        except (ClientDocumentRefused, Unavailable) as error:
            self._on_failure(error)
            return
        if scanner_keys.current(text):
            self._copy = Document(scanner_keys.URL, text, now + SCANNER_KEYS_FRESH, now + SCANNER_KEYS_USED_AT_MOST)
            self._documents.keep(self._copy)
        else:
            self._on_failure(ValueError(scanner_keys.URL))
