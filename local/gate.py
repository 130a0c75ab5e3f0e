"""Runs MiniStack with the site on a port of its own: `python -m local.gate SITE_PORT AWS_PORT API_FILE [PRELUDE]`.

MiniStack has one port. It decides by host, path and headers what a request is for, and some paths, such as `/health`,
are its own at every host. The gate decides by port:

- a request to the site reaches the stack's HTTP API, by a path that means nothing else to MiniStack;
- before the site is deployed, it answers 503 with "starting";
- the site is `localhost`, and its other addresses redirect there: passkeys need a host name, and cookies and origins
  only one;
- no web page can call the AWS API, not even by DNS rebinding, whose requests carry no origin. Its controls
  (`/_ministack/reset` deletes every account) need no credentials;
- preflights of the site reach its routes. API Gateway answers OPTIONS itself only for an API with a CORS configuration,
  which this API does not have; MiniStack always does.
"""

import asyncio
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import lambda_runtime

from local import forks, function_logs, key_service, sent_mails, shared_layers
from local.processes import LOCALHOST, LOOPBACK, LOOPBACK_6, loopback_addresses

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type App = Callable[[Message, Receive, Send], Awaitable[None]]
type Answer = tuple[HTTPStatus, dict[str, str], str]

# Host names that AWS programs use; the last one is for SAM CLI's containers.
_AWS_HOSTS = (LOCALHOST, LOOPBACK, LOOPBACK_6, "host.docker.internal")
_KEEP_ALIVE_SECONDS = 75
_STARTING = (
    HTTPStatus.SERVICE_UNAVAILABLE,
    {"retry-after": "1", "refresh": "1"},
    "The site is being deployed; this page shows it in a moment.\n",
)


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

    def __init__(self, app: App, site_port: int, api_file: Path) -> None:
        """``api_file`` holds the id of the HTTP API; it exists once the site is deployed."""
        self._app = app
        self._site_port = site_port
        self._api_file = api_file

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # Neither side has any.
        elif scope["type"] == "http":
            to_site = scope["server"][1] == self._site_port
            passed = self._to_site(scope) if to_site else self._to_aws(scope)
            await (_answer(send, *passed) if isinstance(passed, tuple) else self._app(passed, receive, send))
        else:
            await self._app(scope, receive, send)

    def _to_site(self, scope: Message) -> Message | Answer:
        host, port = _host(scope)
        if host not in (LOCALHOST, LOOPBACK, LOOPBACK_6):
            return _not_here(host)
        api = self._deployed_api()
        if not api:
            return _STARTING
        return _to_api(scope, api) if host == LOCALHOST else _redirect(scope, port)

    def _to_aws(self, scope: Message) -> Message | Answer:
        host, _ = _host(scope)
        # Buckets have names such as `bucket.localhost`.
        if host not in _AWS_HOSTS and not host.endswith(f".{LOCALHOST}"):
            return _not_here(host)
        if _is_browser(_headers(scope)):
            said = "This address is the emulated AWS; no web page may call it. The site has port"
            return HTTPStatus.FORBIDDEN, {}, f"{said} {self._site_port}.\n"
        return scope

    def _deployed_api(self) -> str:
        try:
            return self._api_file.read_text()
        except FileNotFoundError:
            return ""


async def _answer(send: Send, status: HTTPStatus, headers: dict[str, str], text: str) -> None:
    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    fields += [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": int(status), "headers": fields})
    await send({"type": "http.response.body", "body": text.encode()})


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _host(scope: Message) -> tuple[str, int | None]:
    """Return the name in the header Host, without brackets, and its port."""
    try:
        parts = urlsplit(f"//{_headers(scope).get('host', '')}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return "", None
    return host or "", port


def _not_here(host: str) -> Answer:
    return HTTPStatus.MISDIRECTED_REQUEST, {}, f"Nothing here is called {host}.\n"


def _redirect(scope: Message, port: int | None) -> Answer:
    """Redirect to the same path of the site. The port is the caller's: a tunnel may have another one."""
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    path = scope["raw_path"].decode("latin-1").removeprefix("/")
    site = f"http://{LOCALHOST}{f':{port}' if port else ''}/{path}{query}"
    return HTTPStatus.TEMPORARY_REDIRECT, {"location": site}, f"The site is at {site}\n"


def _to_api(scope: Message, api: str) -> Message:
    prefix = f"/_aws/execute-api/{api}/$default"
    passed = {**scope, "path": prefix + scope["path"], "raw_path": prefix.encode() + scope["raw_path"]}
    return passed | ({"method": PassedOn("OPTIONS")} if scope["method"] == "OPTIONS" else {})


def _is_browser(headers: dict[str, str]) -> bool:
    """Browsers before 2023 send no Sec-Fetch headers, but they ask for HTML; AWS programs do not."""
    return "origin" in headers or "sec-fetch-site" in headers or "text/html" in headers.get("accept", "")


def main(site_port: str, aws_port: str, api_file: str, prelude: str = "") -> None:
    config = Config()
    config.bind = [f"{host}:{port}" for port in (site_port, aws_port) for host in loopback_addresses()]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    _allow_many_files()
    _start_functions_fast(prelude)
    key_service.extend()
    sent_mails.extend()
    shared_layers.extend()
    gate: Any = Gate(ministack.app, int(site_port), Path(api_file))
    asyncio.run(serve(gate, config))


def _start_functions_fast(prelude: str) -> None:
    if forks.can_fork():
        popen = forks.popen_of(forks.Forks(prelude))
        lambda_runtime.subprocess = SimpleNamespace(**vars(subprocess) | {"Popen": popen})
        function_logs.extend()


def _allow_many_files() -> None:
    """Each worker of a function takes several; macOS allows 256 by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS refuses its own "unlimited".
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, hard), hard))


if __name__ == "__main__":
    main(*sys.argv[1:])
