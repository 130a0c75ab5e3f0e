"""Web pages with every email that the local cloud sent, and for reports of leaked API keys."""

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
from urllib.parse import parse_qsl, urlsplit

from local import PROJECT, scanner_page
from local.page import document
from local.processes import LOOPBACK, LOOPBACK_6, USUAL_PORT, family_of, loopback_addresses, url_of
from local.scanner import Report, Scanner, matches

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
_FORM_MAX_BYTES = 2_000_000
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Emails run no scripts and load no images; their frame inherits this policy and is sandboxed, too.
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_SCRIPT_DIGEST}'; connect-src 'self'; "
        "img-src data:; form-action 'self'; frame-ancestors 'none'"
    ),
}


def walkthrough(site_url: str, mailbox_url: str) -> str:
    """Return the walk-through of docs/integrating.md with the URLs of this site and mailbox."""
    text = (PROJECT / "docs" / "integrating.md").read_text(encoding="utf-8")
    heading = "## Walk-through"
    section = heading + text.partition(heading)[2].partition("\n## ")[0]
    section = section.replace(_USUAL_SITE, site_url).replace(_USUAL_MAILBOX, mailbox_url)
    return document("Walk-through", f'<pre class="text">{html.escape(section)}</pre>')


def page(mails: list[Mail]) -> str:
    """Return the mailbox as HTML, newest first; the content of emails is escaped."""
    newest = sorted(mails, key=lambda mail: mail["Timestamp"], reverse=True)
    shown = "\n".join(map(_article, newest)) or "<p>No emails yet. Sign up, and your first one appears here.</p>"
    count = f"{len(mails)} email{'' if len(mails) == 1 else 's'}"
    content = (
        f'<h1>Mailbox of the local cloud</h1><p class="about" role="status">{count}. New emails appear automatically; '
        'none leaves this machine.</p><p class="about"><a href="/scanner">Report a leaked API key</a></p>'
        f"{shown}"
    )
    return document(f"Mailbox ({len(mails)})", content, version=version(mails), script=_SCRIPT)


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

    def __init__(self, port: int, messages: Callable[[], list[Mail]], site_url: str, scanner: Scanner) -> None:
        """``messages`` returns the emails, ``scanner`` sends reports; ``site_url`` is put into the walk-through."""
        self.url = url_of(port)
        views = {
            "/": page,
            "/messages.json": as_json,
            "/messages.txt": as_text,
            "/scanner": lambda _: scanner_page.page({}),
            "/version": version,
            "/walkthrough": lambda _: walkthrough(site_url, self.url),
        }
        hosts = {urlsplit(self.url).netloc, f"{LOOPBACK}:{port}", f"[{LOOPBACK_6}]:{port}"}

        def report(form: Mapping[str, str]) -> Report | None:
            found = matches(form.get("text", ""), form.get("url", ""), form.get("source", ""))
            return scanner.report(site_url, found) if found else None

        about = {"messages": staticmethod(messages), "report": staticmethod(report), "views": views, "hosts": hosts}
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
    report: Callable[[Mapping[str, str]], Report | None]
    views: Mapping[str, Callable[[list[Mail]], str]]
    hosts: Collection[str]

    def do_GET(self) -> None:
        # DNS rebinding: a host name that an attacker points at 127.0.0.1 must not read emails through a browser here.
        if self.headers.get("Host") not in self.hosts:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif self._path not in self.views:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._view(self.views[self._path])

    def do_POST(self) -> None:
        if self.headers.get("Host") not in self.hosts:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif self._path not in {"/scanner", "/scanner.json"}:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}:
            self.send_error(HTTPStatus.FORBIDDEN, "Another site cannot report keys")
        else:
            self._report()

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path

    def _report(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _FORM_MAX_BYTES:
            self.send_error(HTTPStatus.CONTENT_TOO_LARGE)
            return
        form = dict(parse_qsl(self.rfile.read(int(length)).decode(errors="replace")))
        try:
            report = type(self).report(form)
        except OSError:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, "The local cloud does not answer")
            return
        if self._path == "/scanner":
            self._answer(HTTPStatus.OK, scanner_page.page(form, scanner_page.outcome(report)).encode())
        elif report is None:
            self._answer(HTTPStatus.BAD_REQUEST, json.dumps({"message": scanner_page.NO_KEY}).encode())
        else:
            self._answer(HTTPStatus(report.status), report.answer)

    def _view(self, view: Callable[[list[Mail]], str]) -> None:
        try:
            body = view(type(self).messages()).encode()
        except OSError:
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, "The local cloud does not answer")
            return
        self._answer(HTTPStatus.OK, body)

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        kind = _TYPES.get(PurePosixPath(self._path).suffix, _HTML)
        for name, value in (_HEADERS | {"Content-Type": kind, "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # the name is the base class's
        """Log nothing: the page polls every few seconds."""
