"""Serves a page that plays a local ComfyUI: `python examples/local_comfyui/serve.py`.

The server stores nothing and has no secrets: the page calls the account service itself.
"""

import argparse
import json
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = Path(__file__).parent
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/comfy_account.js": ("comfy_account.js", "text/javascript; charset=utf-8"),
}


class Page(BaseHTTPRequestHandler):
    """Serves the page; ``accounts`` is the URL of the account service."""

    def __init__(self, *arguments: object, accounts: str) -> None:
        self._accounts = accounts
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Serve a listed file or the page's configuration."""
        path = urlsplit(self.path).path
        if path == "/config.json":
            self._answer(HTTPStatus.OK, "application/json", json.dumps({"accounts": self._accounts}).encode())
        elif path in FILES:
            name, kind = FILES[path]
            self._answer(HTTPStatus.OK, kind, (FOLDER / name).read_bytes())
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"Not here.\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as http.server calls it
        """Log nothing: the page's query contains the authorization code."""

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("cache-control", "no-store")
        # The page's URL briefly contains the authorization code.
        self.send_header("referrer-policy", "no-referrer")
        self.send_header(
            "content-security-policy",
            f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' {self._accounts}; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
        )
        self.end_headers()
        self.wfile.write(body)


def server(accounts: str, host: str = "127.0.0.1", port: int = 8188) -> ThreadingHTTPServer:
    """Return the server, not yet running; port 0 chooses a free port."""
    return ThreadingHTTPServer((host, port), partial(Page, accounts=accounts.rstrip("/")))


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A page that plays a local ComfyUI")
    parser.add_argument("--accounts", default="http://localhost:8000", help="the account service (make dev's)")
    parser.add_argument("--listen", default="127.0.0.1", help="another address shows what a LAN machine sees")
    parser.add_argument("--port", type=int, default=8188)
    options = parser.parse_args()
    with server(options.accounts, options.listen, options.port) as running:
        print(f"http://{options.listen}:{running.server_port}/ logs in at {options.accounts}. Ctrl-C stops it.")
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
