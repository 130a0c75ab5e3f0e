"""Reports of leaked keys as HTTP: two headers beside the body, and GitHub's format for feedback."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from msgspec import Struct

from accounts.errors import NotFound
from accounts.limits import LEAK_REPORT_MAX_BYTES
from accounts.model.leak_reports import Label, LeakMatch, SignedReport
from accounts.settings import Settings
from accounts.web import responses
from accounts.web.requests import Request
from accounts.web.responses import Response

IDENTIFIER_HEADER = "github-public-key-identifier"
SIGNATURE_HEADER = "github-public-key-signature"
# DER of two numbers of 33 bytes each is at most 72 bytes.
_SIGNATURE_MAX_CHARACTERS = 96


class LeakFeedback(Struct):
    """``token_hash`` is the SHA-256 of the text in hexadecimal: no response repeats a key."""

    token_hash: str
    token_type: str
    label: Label


def read(request: Request, settings: Settings) -> SignedReport:
    """The report, not checked yet.

    Raises NotFound when the deployment takes none, BodyTooLarge, UnsupportedMediaType, MalformedRequest.
    """
    if settings.optional("LEAK_REPORTS") == "off":
        raise NotFound
    body = request.raw_json(LEAK_REPORT_MAX_BYTES)
    signature = _bytes_of(request.headers.get(SIGNATURE_HEADER, ""))
    return SignedReport(request.headers.get(IDENTIFIER_HEADER, ""), signature, body)


def feedback(matches: Iterable[LeakMatch]) -> Response:
    return responses.ok([LeakFeedback(match.digest, match.type, match.label) for match in matches])


def _bytes_of(signature: str) -> bytes:
    """The bytes of the base64 text, of which each has only one; empty for any other text."""
    if not signature.isascii() or len(signature) > _SIGNATURE_MAX_CHARACTERS:
        return b""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return b""
    return raw if base64.b64encode(raw).decode() == signature else b""
