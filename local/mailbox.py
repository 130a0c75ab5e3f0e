"""A web page with every email that the local cloud sent."""

import base64
import hashlib
import html
import json
import re
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from local import PROJECT
from local.processes import LOOPBACK, LOOPBACK_6, USUAL_PORT, family_of, loopback_addresses, url_of

type Mail = dict[str, Any]

_USUAL_SITE, _USUAL_MAILBOX = url_of(USUAL_PORT), url_of(USUAL_PORT + 1)
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
# Reloads the page only when an email has arrived, so that opened emails stay open.
_SCRIPT = """
setInterval(async () => {
  const news = await fetch('/version').then(answer => answer.text()).catch(() => null);
  if (news !== null && news !== document.body.dataset.version) location.reload();
}, 1500);
"""
_SCRIPT_DIGEST = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_HTML = "text/html; charset=utf-8"
_TYPES = {".json": "application/json", ".txt": "text/plain; charset=utf-8"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Emails run no scripts and load no images; their frame inherits this policy and is sandboxed, too.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_SCRIPT_DIGEST}'; connect-src 'self'; "
        "img-src data:; frame-ancestors 'none'"
    ),
}
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #777; --link: #0b5fff; }
@media (prefers-color-scheme: dark) { :root { --dim: #aaa; --link: #8ab4ff; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 0; } a { color: var(--link); overflow-wrap: anywhere; }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
article { border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.2rem; margin: 1rem 0; }
.about { color: var(--dim); font-size: .9rem; margin: 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .8rem 0; }
iframe { width: 100%; height: 26rem; border: 1px solid var(--line); border-radius: 6px; background: #fff; }
"""


def walkthrough(site_url: str, mailbox_url: str) -> str:
    """Return the walk-through of docs/integrating.md with the URLs of this site and mailbox."""
    text = (PROJECT / "docs" / "integrating.md").read_text(encoding="utf-8")
    heading = "## Walk-through"
    section = heading + text.partition(heading)[2].partition("\n## ")[0]
    section = section.replace(_USUAL_SITE, site_url).replace(_USUAL_MAILBOX, mailbox_url)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Walk-through</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f'<body><main><pre class="text">{html.escape(section)}</pre></main></body></html>'
    )


def page(mails: list[Mail]) -> str:
    """Return the mailbox as HTML, newest first; the content of emails is escaped."""
    newest = sorted(mails, key=lambda mail: mail["Timestamp"], reverse=True)
    shown = "\n".join(map(_article, newest)) or "<p>No emails yet. Sign up, and your first one appears here.</p>"
    count = f"{len(mails)} email{'' if len(mails) == 1 else 's'}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox ({len(mails)})</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f'<body data-version="{html.escape(version(mails))}"><main><h1>Mailbox of the local cloud</h1>'
        f'<p class="about" role="status">{count}. New emails appear automatically; none leaves this machine.</p>'
        f"{shown}</main><script>{_SCRIPT}</script></body></html>"
    )


def as_json(mails: list[Mail]) -> str:
    """Return the emails as JSON, oldest first."""
    return json.dumps(
        [
            {"to": it["To"], "subject": it["Subject"], "text": it["BodyText"], "html": it.get("BodyHtml")}
            for it in _oldest_first(mails)
        ]
    )


def as_text(mails: list[Mail]) -> str:
    """Return the emails as plain text, oldest first."""
    return "\n\n".join(
        f"To: {', '.join(it['To'])}\nSubject: {it['Subject']}\n\n{it['BodyText']}" for it in _oldest_first(mails)
    )


def _oldest_first(mails: list[Mail]) -> list[Mail]:
    return sorted(mails, key=lambda mail: mail["Timestamp"])


def version(mails: list[Mail]) -> str:
    """Return a text that changes when an email arrives."""
    return f"{len(mails)}-{max((mail['Timestamp'] for mail in mails), default=0)}"


def with_links(text: str) -> str:
    """Return plain text as HTML with clickable URLs."""
    parts, end = [], 0
    for found in _LINK.finditer(text):
        address = html.escape(found[0])
        parts += [html.escape(text[end : found.start()]), f'<a href="{address}" rel="noreferrer">{address}</a>']
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def _article(mail: Mail) -> str:
    sent = datetime.fromtimestamp(mail["Timestamp"]).astimezone()
    subject = html.escape(mail["Subject"] or "(no subject)")
    people = f"From {html.escape(mail['Source'])} to {html.escape(', '.join(mail['To']))}"
    when = f'<time datetime="{sent.isoformat()}">{sent:%Y-%m-%d %H:%M:%S}</time>'
    text = with_links(mail["BodyText"] or "")
    return (
        f'<article><h2>{subject}</h2><p class="about">{people}, {when}</p><p class="text">{text}</p>'
        f"{_frame(subject, mail.get('BodyHtml'))}</article>"
    )


def _frame(subject: str, body: str | None) -> str:
    """Show an email's HTML, untrusted: no scripts, no origin; links open in new tabs."""
    if not body:
        return ""
    content = html.escape(f"<base target=_blank>{body}")
    return (
        f'<details><summary>As HTML</summary><iframe sandbox="allow-popups allow-popups-to-escape-sandbox" '
        f'title="{subject}, as HTML" srcdoc="{content}"></iframe></details>'
    )


class Mailbox:
    """A web server for the mailbox, on the loopback addresses."""

    def __init__(self, port: int, messages: Callable[[], list[Mail]], site_url: str) -> None:
        """``messages`` returns the emails; ``site_url`` is put into the walk-through."""
        self.url = url_of(port)
        views = {
            "/": page,
            "/messages.json": as_json,
            "/messages.txt": as_text,
            "/version": version,
            "/walkthrough": lambda _: walkthrough(site_url, self.url),
        }
        hosts = {urlsplit(self.url).netloc, f"{LOOPBACK}:{port}", f"[{LOOPBACK_6}]:{port}"}
        about = {"messages": staticmethod(messages), "views": views, "hosts": hosts}
        handler = type("Handler", (_Handler,), about)
        self._servers = [_Server(host, port, handler) for host in loopback_addresses()]

    def start(self) -> None:
        """Serve in background threads."""
        for server in self._servers:
            server.thread.start()

    def stop(self) -> None:
        """Stop serving and free the port."""
        for server in self._servers:
            if server.thread.is_alive():
                server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = family_of(host)
        super().__init__((host, port), handler)
        self.thread = threading.Thread(target=self.serve_forever, name="mailbox", daemon=True)


class _Handler(BaseHTTPRequestHandler):
    messages: Callable[[], list[Mail]]
    views: Mapping[str, Callable[[list[Mail]], str]]
    hosts: Collection[str]

    def do_GET(self) -> None:
        # DNS rebinding: a host name that an attacker points at 127.0.0.1 must not read emails through a browser here.
        path = urlsplit(self.path).path
        if self.headers.get("Host") not in self.hosts:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif path not in self.views:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._answer(self.views[path])

    def _answer(self, view: Callable[[list[Mail]], str]) -> None:
        try:
            body = view(type(self).messages()).encode()
        except OSError:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, "The local cloud does not answer")
            return
        self.send_response(HTTPStatus.OK)
        kind = _TYPES.get(PurePosixPath(urlsplit(self.path).path).suffix, _HTML)
        for name, value in (_HEADERS | {"Content-Type": kind, "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the name is the base class's
        """Log nothing: the page polls every few seconds."""
