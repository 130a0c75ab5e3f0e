"""The canonical form of an email address, used by every flow.

Normalize first, validate the result, use only the result (ASVS 1.1.1, 2.2.1). Spaces and invisible characters around it
are trimmed. The local part is ASCII, of which only the case changes: dots and plus signs are kept, unlike at Gmail. The
domain is mapped as in browsers (UTS 46) and stored in ASCII. A label that was typed with other letters never becomes a
plain one: UTS 46 turns the Kelvin sign into ``k``, so that one address could become another.
"""

from __future__ import annotations

import re

from accounts import text
from accounts.errors import InvalidInput
from accounts.limits import EMAIL_LOCAL_MAX_CHARACTERS, EMAIL_MAX_CHARACTERS

_MESSAGE = "Enter one complete email address, such as name@example.com."
_FOREIGN_LOCAL = "We can't send email to an address with letters other than a to z before the @. Use another address."
# RFC 5321 dot-string and host name. Linear: no two alternatives match the same text.
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_ACE_PREFIX = "xn--"
# The ideographic full stops, which keyboards type for a dot and UTS 46 maps to it.
_DOTS = dict.fromkeys((0x3002, 0xFF0E, 0xFF61), ".")


def canonical(typed: str) -> str:
    """The address in its canonical form, which is ASCII; raises InvalidInput."""
    trimmed = text.trimmed(typed)
    # Compared before the mapping, too, to bound its work.
    if len(trimmed) > text.LONGEST_DECOMPOSITION * EMAIL_MAX_CHARACTERS or trimmed.count("@") != 1:
        raise InvalidInput(_MESSAGE)
    local, domain = trimmed.translate(_ASCII_LOWER).split("@")
    if any(c.isalpha() and not c.isascii() for c in local):
        raise InvalidInput(_FOREIGN_LOCAL)
    address = f"{local}@{_canonical_domain(domain)}"
    if len(address) > EMAIL_MAX_CHARACTERS or not _is_local_part(local):
        raise InvalidInput(_MESSAGE)
    return address


def shown(address: str) -> str:
    """A canonical address, or an empty one, as people write it: with the letters of its domain.

    Version 0.2.0 accepted labels that encode nothing readable. These are returned unchanged.
    """
    local, at, domain = address.partition("@")
    return f"{local}{at}{'.'.join(map(_shown_label, domain.split('.')))}"


def masked(address: str) -> str:
    """A canonical address as its owner recognizes it, such as ``a•••@example.com``."""
    local, _, domain = shown(address).partition("@")
    return f"{local[:1]}•••@{domain}"


def _shown_label(label: str) -> str:
    try:
        decoded = _decoded(label)
    except UnicodeError:
        return label
    return decoded if decoded and decoded.isprintable() else label


def _is_local_part(local: str) -> bool:
    return len(local) <= EMAIL_LOCAL_MAX_CHARACTERS and _LOCAL.fullmatch(local) is not None


def _canonical_domain(domain: str) -> str:
    labels = list(map(_canonical_label, domain.translate(_DOTS).split(".")))
    well_formed = all(_LABEL.fullmatch(label) for label in labels)
    if len(labels) < 2 or not well_formed or labels[-1].isdigit():  # noqa: PLR2004 - a public domain has two labels
        raise InvalidInput(_MESSAGE)
    return ".".join(labels)


def _canonical_label(label: str) -> str:
    """A label in ASCII; raises InvalidInput for one that no Unicode label is encoded as, such as ``xn--a``."""
    if label.isascii() and not label.startswith(_ACE_PREFIX):
        return label
    try:
        encoded = _encoded(_decoded(label))
    except UnicodeError as error:
        raise InvalidInput(_MESSAGE) from error
    if label.isascii() and encoded != label:
        raise InvalidInput(_MESSAGE)
    return encoded


def _decoded(label: str) -> str:
    """Raises UnicodeError."""
    encoded = label.removeprefix(_ACE_PREFIX)
    return encoded.encode("ascii").decode("punycode") if label.isascii() and encoded != label else label


def _encoded(label: str) -> str:
    """The label in ASCII, mapped and checked (UTS 46 4); raises UnicodeError.

    IDNA 2008 would refuse symbols, which some domains have.
    """
    import idna  # noqa: PLC0415 - loads large tables, needed only for international domains

    mapped = idna.uts46_remap(label)
    if mapped.isascii():
        raise UnicodeError
    idna.check_hyphen_ok(mapped)
    idna.check_initial_combiner(mapped)
    idna.check_bidi(mapped)
    if not all(idna.valid_contextj(mapped, at) for at, character in enumerate(mapped) if character in "\u200c\u200d"):
        raise UnicodeError
    return _ACE_PREFIX + mapped.encode("punycode").decode("ascii")
