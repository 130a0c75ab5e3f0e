"""MiniStack's list of sent emails without those that are known: after some hundred, all of them are megabytes."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from itertools import chain
from typing import Any

from ministack import app
from ministack.services import ses

PATH = "/_ministack/ses/messages"
type Query = Mapping[str, list[str]]
type Answer = tuple[int, Mapping[str, str], bytes]
_handle = app._handle_ses_messages_request


def extend() -> None:
    """Have MiniStack understand `?after=`, the number of emails that are known."""
    app._handle_ses_messages_request = _extended


async def _extended(method: str, path: str, headers: Mapping[str, str], query: Query) -> Answer | None:
    if path != PATH or "after" not in query:
        answer: Answer | None = await _handle(method, path, headers, query)
        return answer
    body = {"messages": {"": after(int(query["after"][0]))}}
    return HTTPStatus.OK, {"Content-Type": "application/json"}, json.dumps(body).encode()


def after(known: int) -> list[dict[str, Any]]:
    """Return all but the first ``known`` emails, in the order in which they were sent."""
    lists = [mails for (*_, name), mails in ses._sent_emails.to_dict().items() if name == "entries"]
    return [_shown(mail) for mail in list(chain(*lists))[known:]]


def _shown(mail: Mapping[str, Any]) -> dict[str, Any]:
    """Return an email as MiniStack's own list shows it; a template's texts are those that were filled in."""
    texts = {name: mail.get(f"Rendered{name}") or mail.get(name) for name in ("Subject", "BodyText", "BodyHtml")}
    return {name: mail[name] for name in ("Source", "To", "Timestamp")} | texts
