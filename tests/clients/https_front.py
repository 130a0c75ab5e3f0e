"""HTTPS in front of the local cloud, as clients demand it. Routes of Comfy Cloud itself are answered here.

It stands in for the host behind which a deployment and Comfy Cloud share one address.
"""

import http.client
import json
from http import HTTPStatus
from pathlib import Path

from local.https_server import HttpsServer
from local.serving import QuietHandler

# The start of the paths that Comfy Cloud answers, not this service.
_COMFY_CLOUD = ("/api/billing/", "/api/features")
_CREDENTIALS = ("authorization", "x-api-key")
_OF_THE_CONNECTION = {"connection", "host", "transfer-encoding", "content-length", "date", "server"}


class HttpsFront(HttpsServer):
    """Forwards each request unchanged, except for the host, to `upstream`: a host, a port, and the start of a path."""

    def __init__(self, upstream: str, folder: Path) -> None:
        class Handler(_Handler):
            """One for each front."""

        self._handler = Handler
        self.forward_to(upstream)
        super().__init__("localhost", folder, Handler)

    def forward_to(self, upstream: str) -> None:
        """Forward to another upstream from now on."""
        self._handler.upstream = upstream


class _Handler(QuietHandler):
    upstream = ""

    def do_GET(self) -> None:  # noqa: N802 - http.server calls it so
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else None
        if self.path.startswith(_COMFY_CLOUD) and self.command == "GET":
            self._answer_as_comfy_cloud()
        else:
            status, headers, answer = self._ask(self.command, self.path, body, dict(self.headers.items()))
            self.answer(status, headers, answer)

    do_HEAD = do_POST = do_PATCH = do_DELETE = do_OPTIONS = do_PUT = do_GET  # noqa: N815 - http.server calls them so

    def _answer_as_comfy_cloud(self) -> None:
        """A subscription for each credential that this service knows."""
        given = {name: self.headers[name] for name in _CREDENTIALS if name in self.headers}
        status, _, refusal = self._ask("GET", "/customers/me", None, given)
        body = json.dumps({"subscription_status": "active", "subscription_tier": "PRO"}).encode()
        cors = [("access-control-allow-origin", "*"), ("content-type", "application/json")]
        self.answer(status, cors, body if status == HTTPStatus.OK else refusal)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        host, slash, start = self.upstream.partition("/")
        connection = http.client.HTTPConnection(host, timeout=60)
        sent = {name: value for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION}
        connection.request(method, f"{slash}{start}{path}", body, sent | {"Host": host})
        answer = connection.getresponse()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION]
        found = answer.status, kept, answer.read()
        connection.close()
        return found
