"""Reports of leaked API keys, as GitHub's secret scanning sends them to its partners.

A report says where texts were found that look like keys. The answer says of each whether it is a key by its checksum,
not whether it works here: it may be another deployment's, or deleted. So it is the same when a report comes again, and
says nothing about accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from accounts import secrets
from accounts.errors import InvalidInput, MalformedRequest
from accounts.limits import LEAK_REPORT_MAX_MATCHES, LEAK_TYPE_MAX_CHARACTERS, LEAK_URL_MAX_CHARACTERS
from accounts.model import api_keys

Label = Literal["true_positive", "false_positive"]
TRUE_POSITIVE: Final = "true_positive"
FALSE_POSITIVE: Final = "false_positive"
GITHUB = "github"
# GitHub's words for where it found a text, such as "Pull_request_title".
_PLACE = re.compile(r"[a-z_]{1,32}")


class SignedReport(Struct, frozen=True):
    """A report that may be anyone's. ``body`` is as it came: the signature is over its bytes."""

    key_identifier: str
    signature: bytes
    body: bytes


class LeakMatch(Struct, frozen=True):
    """A text that looks like a key, and where it was found. GitHub may leave ``url`` and ``source`` empty."""

    token: str
    type: str
    url: str | None = None
    source: str | None = None

    def __repr__(self) -> str:
        """Omits the text: it may be printed in a traceback."""
        return "LeakMatch()"

    @property
    def digest(self) -> str:
        """Of the text: the id of the key."""
        return secrets.digest(self.token)

    @property
    def label(self) -> Label:
        return TRUE_POSITIVE if api_keys.is_well_formed(self.token) else FALSE_POSITIVE


class Leak(Struct, frozen=True):
    """A key that others can know: its id, and where it was found; each part of the place may be empty."""

    digest: str
    url: str = ""
    found_in: str = ""


def matches(body: bytes) -> list[LeakMatch]:
    """The matches of a report; raises MalformedRequest or InvalidInput."""
    try:
        found = msgspec.json.decode(body, type=list[LeakMatch])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = "The report could not be read. Send a JSON array of objects with token, type, url and source."
        raise MalformedRequest(message) from error
    if len(found) > LEAK_REPORT_MAX_MATCHES:
        message = f"A report can have at most {LEAK_REPORT_MAX_MATCHES} matches. Send several reports."
        raise InvalidInput(message)
    if any(len(match.type) > LEAK_TYPE_MAX_CHARACTERS for match in found):
        message = f"A type can have at most {LEAK_TYPE_MAX_CHARACTERS} characters."
        raise InvalidInput(message)
    return found


def leaks(found: Iterable[LeakMatch]) -> list[Leak]:
    """Each key once, with the first place that has an address."""
    by_digest: dict[str, Leak] = {}
    for match in found:
        if match.label == TRUE_POSITIVE:
            leak = Leak(match.digest, shown_url(match.url or ""), _place(match.source or ""))
            known = by_digest.get(match.digest)
            if known is None or (leak.url and not known.url):
                by_digest[match.digest] = leak
    return list(by_digest.values())


def shown_url(url: str) -> str:
    """The address as the owner is shown it; empty unless it is a plain https address."""
    if len(url) > LEAK_URL_MAX_CHARACTERS or not _is_plain(url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    is_plain = parts.scheme == "https" and parts.hostname and parts.username is None
    return url if is_plain else ""


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`{|}')


def _place(source: str) -> str:
    return source.lower() if _PLACE.fullmatch(source.lower()) else ""
