"""Texts that are the same for every caller, such as assets: compressed once, with a validator for each encoding.

API Gateway's HTTP APIs compress nothing, and CloudFront only what it caches. Never for a response with a secret or with
text from a request: the length of a compressed response tells which of its parts are equal (BREACH).
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Mapping
from functools import cached_property

from accounts.web.requests import Request
from accounts.web.responses import Response

_GZIP = "gzip"
_GZIP_WINDOW = 31  # zlib's largest window, in the format of gzip
_BEST = 9
_WEIGHT_0 = re.compile(r"q=0(\.0{0,3})?")


class StaticText:
    def __init__(self, text: str, content_type: str) -> None:
        self._text = text
        self._content_type = content_type

    def response(self, request: Request, headers: Mapping[str, str], *, status: int = 200) -> Response:
        """The text in the best encoding that the caller accepts. ``headers`` may have a ``vary``."""
        headers = {**headers, "vary": ", ".join(filter(None, ("Accept-Encoding", headers.get("vary"))))}
        if not self._compressed(request):
            return Response(status, self._text, self._content_type, headers)
        headers["content-encoding"] = _GZIP
        return Response(status, self._gzip, self._content_type, headers, is_base64=True)

    def cached(self, request: Request, headers: Mapping[str, str]) -> Response:
        """``response`` with an ETag; 304 for a caller that has it (RFC 9110 13.1.2)."""
        whole = self.response(request, {**headers, "etag": self._etag(request)})
        held = [it.strip().removeprefix("W/") for it in request.headers.get("if-none-match", "").split(",")]
        if whole.headers["etag"] not in held and "*" not in held:
            return whole
        return Response(304, headers={name: it for name, it in whole.headers.items() if name != "content-encoding"})

    def _compressed(self, request: Request) -> bool:
        return bool(self._gzip) and _accepts_gzip(request.headers.get("accept-encoding", ""))

    def _etag(self, request: Request) -> str:
        """Each encoding has its own (RFC 9110 8.8.3.3)."""
        return f'"{self._digest}-{_GZIP}"' if self._compressed(request) else f'"{self._digest}"'

    @cached_property
    def _digest(self) -> str:
        return hashlib.sha256(self._text.encode()).hexdigest()[:32]

    @cached_property
    def _gzip(self) -> str:
        """As API Gateway expects bytes; empty when compression saves nothing."""
        plain = self._text.encode()
        packed = zlib.compress(plain, _BEST, wbits=_GZIP_WINDOW)
        return base64.b64encode(packed).decode() if len(packed) < len(plain) else ""


def _accepts_gzip(header: str) -> bool:
    """RFC 9110 12.5.3: by name, or by ``*`` when it is not named; a weight of 0 refuses."""
    accepted = {}
    for part in header.lower().split(","):
        name, *parameters = (it.strip() for it in part.split(";"))
        accepted[name] = not any(_WEIGHT_0.fullmatch(it) for it in parameters)
    return accepted.get(_GZIP, accepted.get("x-gzip", accepted.get("*", False)))
