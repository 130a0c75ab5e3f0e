"""What clients and other services may know of this authorization server (RFC 8414, RFC 7517), for anybody to keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from accounts.limits import PUBLIC_METADATA_KEPT
from accounts.web import responses
from accounts.web.responses import Response

_KEPT = {"cache-control": f"public, max-age={int(PUBLIC_METADATA_KEPT.total_seconds())}"}


def keys(public: Sequence[Mapping[str, str]]) -> Response:
    """The keys that sign access tokens."""
    return responses.ok({"keys": [dict(key) for key in public]}, headers=_KEPT)
