"""The canonical form of an email address, used by every flow.

Normalise first, validate the result, use only the result (ASVS 1.1.1, 2.2.1). Lowercases ASCII only, and encodes the
domain with IDNA 2008: ``str.lower`` turns the Kelvin sign into ``k`` and NFKC turns a full-width at sign into ``@``, so
that one address could become another. Dots and plus signs are kept, unlike at Gmail.
"""

from __future__ import annotations

import re

from accounts.errors import InvalidInput
from accounts.limits import EMAIL_LOCAL_MAX_CHARACTERS, EMAIL_MAX_CHARACTERS

_MESSAGE = "Enter one complete email address, such as name@example.com."
# RFC 5321 dot-string and host name. Linear: no two alternatives match the same text.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def canonical(text: str) -> str:
    """The address in its canonical form, which is ASCII; raises InvalidInput."""
    if len(text) > EMAIL_MAX_CHARACTERS or text.count("@") != 1:
        raise InvalidInput(_MESSAGE)
    local, domain = text.translate(_ASCII_LOWER).split("@")
    address = f"{local}@{_canonical_domain(domain)}"
    if len(address) > EMAIL_MAX_CHARACTERS or not _is_local_part(local):
        raise InvalidInput(_MESSAGE)
    return address


def _is_local_part(local: str) -> bool:
    return len(local) <= EMAIL_LOCAL_MAX_CHARACTERS and _LOCAL.fullmatch(local) is not None


def _canonical_domain(domain: str) -> str:
    labels = (domain if domain.isascii() else _to_ascii(domain)).split(".")
    well_formed = all(_LABEL.fullmatch(label) for label in labels)
    if len(labels) < 2 or not well_formed or labels[-1].isdigit():  # noqa: PLR2004 - a public domain has two labels
        raise InvalidInput(_MESSAGE)
    return ".".join(labels)


def _to_ascii(domain: str) -> str:
    import idna  # noqa: PLC0415 - loads large tables, needed only for non-ASCII domains

    try:
        return idna.encode(domain, strict=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidInput(_MESSAGE) from error
