"""For how long a response may be cached, by its headers (RFC 9111 4.2)."""

from __future__ import annotations

import re
from email.message import Message
from email.utils import parsedate_to_datetime

_DIRECTIVE = re.compile(r'(?:^|,)\s*(s-maxage|max-age)\s*=\s*"?([0-9]{1,10})"?\s*(?=,|$)', re.IGNORECASE)
_NEVER = re.compile(r"(?:^|,)\s*(?:no-store|no-cache|private)\s*(?:=|,|$)", re.IGNORECASE)
_SECONDS = re.compile(r"[0-9]{1,10}")


def seconds(headers: Message) -> int | None:
    """Whole seconds from now on, or None when the headers do not say."""
    control = ",".join(headers.get_all("Cache-Control", []))
    if _NEVER.search(control):
        return 0
    named = {name.lower(): int(value) for name, value in _DIRECTIVE.findall(control)}
    lifetime = named.get("s-maxage", named.get("max-age"))
    if lifetime is None:
        lifetime = _until_expiry(headers)
    age = headers.get("Age", "")
    spent = int(age) if _SECONDS.fullmatch(age) else 0
    return None if lifetime is None else max(0, lifetime - spent)


def _until_expiry(headers: Message) -> int | None:
    """``Expires`` minus ``Date``; an unreadable date has passed (RFC 9111 5.3)."""
    if "Expires" not in headers:
        return None
    try:
        expires, sent = (parsedate_to_datetime(headers.get(name, "")) for name in ("Expires", "Date"))
        return int((expires - sent).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0
