"""The page where a developer publishes an API key, as far as the local cloud's scanner can see."""

import html
import json
from collections.abc import Mapping
from http import HTTPStatus

from local.page import document
from local.scanner import ROUTE, Report

EXAMPLE_URL = "https://github.com/octocat/Hello-World/blob/main/notebook.ipynb"
SOURCES = (
    "content",
    "commit",
    "commit_comment",
    "pull_request_title",
    "pull_request_description",
    "pull_request_comment",
    "issue_title",
    "issue_description",
    "issue_comment",
    "discussion_title",
    "discussion_body",
    "discussion_comment",
    "gist_content",
    "gist_comment",
    "npm",
    "unknown",
)
"""GitHub's words for where it found a text."""
NO_KEY = "The text has no API key, so there is nothing to report."
_HINTS = {
    HTTPStatus.OK: "Each key that exists on this site is deleted, and an email to its owner is in the mailbox.",
    HTTPStatus.UNAUTHORIZED: (
        "The service does not have the scanner's public key yet. It fetches GitHub's list at most once a minute: "
        "report again in a minute."
    ),
}
_LATER = "GitHub would send this report again."


def page(form: Mapping[str, str], outcome: str = "") -> str:
    """Return the page with what was entered before, and the outcome of that as HTML."""
    source = form.get("source", "content")
    options = "".join(f"<option{' selected' if it == source else ''}>{it}</option>" for it in SOURCES)
    return document(
        "Leak report",
        "<h1>Report a leaked API key</h1>"
        "<p class='about'>This machine plays GitHub's secret scanning. It looks for API keys in the text and reports "
        f"them to <code>POST {ROUTE}</code>, signed as GitHub signs. Emails about it are in the "
        '<a href="/">mailbox</a>.</p>'
        f'{outcome}<form method="post" action="/scanner">'
        '<label for="text">Text that was published</label>'
        f'<textarea id="text" name="text" rows="5" required>{html.escape(form.get("text", ""))}</textarea>'
        '<label for="url">Address where it was found</label>'
        f'<input id="url" name="url" value="{html.escape(form.get("url", EXAMPLE_URL))}">'
        f'<label for="source">Kind of place</label><select id="source" name="source">{options}</select>'
        "<button>Report</button></form>",
    )


def outcome(report: Report | None) -> str:
    """Return the service's answer as HTML; None when the text had no key."""
    if report is None:
        return f'<article role="status">{NO_KEY}</article>'
    hint = _HINTS.get(HTTPStatus(report.status), _LATER)
    sent = "\n".join(f"{name}: {value}" for name, value in report.headers.items())
    return (
        f'<article role="status"><h2>The service answered {report.status}</h2><p>{hint}</p>'
        f"<pre>{_json(report.answer)}</pre>"
        f"<details><summary>The request</summary><pre>{html.escape(f'POST {ROUTE}')}\n{html.escape(sent)}\n\n"
        f"{html.escape(report.body.decode())}</pre></details></article>"
    )


def _json(body: bytes) -> str:
    return html.escape(json.dumps(json.loads(body), indent=2))
