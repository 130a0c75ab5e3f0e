"""HTTP calls to providers, with limits (ASVS 13.2.4-13.2.6, 15.3.2).

Only the provider's own origins, https outside the local cloud, no redirects, two seconds to connect and five in total,
256 KiB of response, and one retry if the connection failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError

from accounts import deadlines
from accounts.errors import ProviderUnavailable
from accounts.limits import PROVIDER_BODY_MAX_BYTES, PROVIDER_CONNECT_SECONDS, PROVIDER_TOTAL_SECONDS

_CHUNK_BYTES = 16 * 1024


class BoundedAdapter(HTTPAdapter):
    """Sends to the listed origins only, within the limits. Any failure is ProviderUnavailable."""

    def __init__(self, origins: frozenset[str], *, clock: Callable[[], float] = time.monotonic) -> None:
        """``origins`` such as ``https://github.com``; ``clock`` in seconds."""
        super().__init__(max_retries=0)
        self._origins = origins
        self._clock = clock

    def send(self, request: requests.PreparedRequest, *_args: object, **options: Any) -> requests.Response:  # noqa: ANN401
        """Send, and read the whole response. The caller's timeouts and streaming options are ignored."""
        kept = {name: value for name, value in options.items() if name in {"verify", "cert", "proxies"}}
        parts = urlsplit(request.url or "")
        if f"{parts.scheme}://{parts.netloc}" not in self._origins:
            raise ProviderUnavailable
        try:
            response = deadlines.within(PROVIDER_TOTAL_SECONDS, lambda: self._call(request, kept))
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise ProviderUnavailable from error
        if response.is_redirect or response.status_code >= 500:  # noqa: PLR2004
            raise ProviderUnavailable
        return response

    def _call(self, request: requests.PreparedRequest, options: Mapping[str, Any]) -> requests.Response:
        ends_at = self._clock() + PROVIDER_TOTAL_SECONDS
        response = self._connect(request, ends_at, options)
        self._read(response, ends_at)
        return response

    def _connect(
        self, request: requests.PreparedRequest, ends_at: float, options: Mapping[str, Any]
    ) -> requests.Response:
        """Retry once if the connection failed: nothing was sent, so this is safe even for a POST.

        A connection that broke later may have sent the code: sent twice, the provider could revoke the first's tokens.
        """
        try:
            return super().send(request, stream=True, timeout=self._timeout(ends_at), **options)
        except requests.ConnectionError as error:
            if not isinstance(error.args[0], MaxRetryError):
                raise
            return super().send(request, stream=True, timeout=self._timeout(ends_at), **options)

    def _timeout(self, ends_at: float) -> tuple[float, float]:
        left = max(0.05, ends_at - self._clock())
        return min(PROVIDER_CONNECT_SECONDS, left), left

    def _read(self, response: requests.Response, ends_at: float) -> None:
        body = b""
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > PROVIDER_BODY_MAX_BYTES or self._clock() > ends_at:
                response.close()
                raise ProviderUnavailable
        response._content = body  # noqa: SLF001 - as reading `response.content` does, but within the limits
        response.close()


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
