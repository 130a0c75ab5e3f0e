"""Runs MiniStack behind a gate that separates the site from the AWS API: `python -m local.gate`, in a child process.

MiniStack serves both on one port: the site at `127.0.0.1`, the AWS API at `localhost`. Without the gate, it answers
browsers as AWS would. The gate keeps the two apart:

- before the site is deployed, its address answers 503 with "starting" instead of a list of buckets;
- the emulator's controls (`/_ministack/reset` deletes every account) are not part of the site;
- a browser at `localhost` is redirected to the site, and no web page can call the emulated AWS, not even by DNS
  rebinding, whose requests carry no origin;
- preflights of the site reach its routes. API Gateway answers OPTIONS itself only for an API with a CORS configuration,
  which this API does not have; MiniStack always does.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ministack import app as ministack

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]
type Answer = tuple[HTTPStatus, dict[str, str], str]

READY_FILE = "LOCAL_CLOUD_READY_FILE"
_SITE_HOST = "127.0.0.1"
# Host names that AWS programs use; the last one is for SAM CLI's containers.
_AWS_HOSTS = ("localhost", "[::1]", "host.docker.internal")
_STARTING = "The site is being deployed; this page shows it in a moment.\n"


class PassedOn(str):
    """A method that equals no other, so that MiniStack finds no CORS handler or route and falls back to `$default`."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True


class Gate:
    """ASGI middleware."""

    def __init__(self, app: App, ready: Path) -> None:
        """``ready`` is a file that exists once the site is deployed."""
        self._app = app
        self._ready = ready
        self._is_ready = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(_with_preflight(scope), receive, send)
            return
        status, headers, text = refusal
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        fields += [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": int(status), "headers": fields})
        await send({"type": "http.response.body", "body": text.encode()})

    def _refusal(self, scope: Message) -> Answer | None:
        headers = _headers(scope)
        host, _, port = headers.get("host", "").rpartition(":")
        if host == _SITE_HOST:
            return self._site_refusal(scope["path"])
        # Buckets have names such as `bucket.localhost`.
        if host not in _AWS_HOSTS and not host.endswith(".localhost"):
            return HTTPStatus.MISDIRECTED_REQUEST, {}, f"Nothing here is called {host}.\n"
        return _browser_refusal(scope, headers, port) if _is_browser(headers) else None

    def _site_refusal(self, path: str) -> Answer | None:
        if path.startswith("/_ministack"):
            return HTTPStatus.NOT_FOUND, {}, "Not part of the site.\n"
        self._is_ready = self._is_ready or self._ready.exists()
        if not self._is_ready:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": "1", "refresh": "1"}, _STARTING
        return None


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _with_preflight(scope: Message) -> Message:
    """Let an OPTIONS request to the site reach its routes."""
    if scope["type"] != "http" or scope["method"] != "OPTIONS":
        return scope
    is_site = _headers(scope).get("host", "").rpartition(":")[0] == _SITE_HOST
    return {**scope, "method": PassedOn("OPTIONS")} if is_site else scope


def _is_browser(headers: dict[str, str]) -> bool:
    """Browsers before 2023 send no Sec-Fetch headers, but they ask for HTML; AWS programs do not."""
    return "origin" in headers or "sec-fetch-site" in headers or "text/html" in headers.get("accept", "")


def _browser_refusal(scope: Message, headers: dict[str, str], port: str) -> Answer:
    """Redirect a browser that opens `localhost` to the site; refuse a web page that calls the AWS API."""
    navigates = "origin" not in headers and headers.get("sec-fetch-mode", "navigate") == "navigate"
    if scope["method"] != "GET" or not navigates:
        return HTTPStatus.FORBIDDEN, {}, "This address is the emulated AWS; no web page may call it.\n"
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    path = scope["raw_path"].decode("latin-1").lstrip("/")
    site = f"http://{_SITE_HOST}:{port}/{path}{query}"
    return HTTPStatus.TEMPORARY_REDIRECT, {"location": site}, f"The site is at {site}\n"


def main() -> None:
    ministack.app = Gate(ministack.app, Path(os.environ[READY_FILE]))
    ministack.main()


if __name__ == "__main__":
    main()
