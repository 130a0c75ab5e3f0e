"""A fake network: answers by URL, and every request that was made, as it would have been sent."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from accounts.identity_providers import client

TOKEN_URLS = {
    "google": "https://oauth2.googleapis.com/token",
    "github": "https://github.com/login/oauth/access_token",
}
GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs"
GITHUB_USER, GITHUB_EMAILS = "https://api.github.com/user", "https://api.github.com/user/emails"


@dataclass
class Wire:
    """``answers`` by URL: a body (JSON, or raw bytes), a pair of status and body, or an exception to raise."""

    answers: dict[str, Any] = field(default_factory=dict)
    requests: list[PreparedRequest] = field(default_factory=list)
    origins: list[frozenset[str]] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.requests]

    def form(self, index: int = 0) -> dict[str, str]:
        """The form fields of a request."""
        body = self.requests[index].body
        return dict(parse_qsl(body.decode() if isinstance(body, bytes) else body or "", strict_parsing=True))

    def adapter(self, origins: frozenset[str]) -> BaseAdapter:
        """Replaces ``BoundedAdapter``."""
        self.origins.append(origins)
        return _Adapter(self, origins)


class _Adapter(BaseAdapter):
    def __init__(self, wire: Wire, origins: frozenset[str]) -> None:
        super().__init__()
        self._wire, self._origins = wire, origins

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> Response:
        url = str(request.url)
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" in self._origins
        self._wire.requests.append(request)
        answer = self._wire.answers[url]
        if isinstance(answer, Exception):
            raise answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        response = Response()
        response.status_code, response.url, response.request = status, url, request
        response.headers["content-type"] = "application/json"
        response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return response

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def wired(answers: dict[str, Any]) -> Iterator[Wire]:
    """The network gives these answers, and no others."""
    wire = Wire(answers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "BoundedAdapter", wire.adapter)
        yield wire
