"""The emulated AWS's list of sent emails."""

import asyncio
import json
from typing import Any

import pytest
from ministack import app
from ministack.services import ses

from local import sent_mails


@pytest.fixture(autouse=True)
def _sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three sent emails; the list of MiniStack itself, extended."""
    monkeypatch.setattr(app, "_handle_ses_messages_request", app._handle_ses_messages_request)
    usual = {"Source": "a@x.org", "To": ["b@x.org"], "BodyText": "Text", "BodyHtml": None, "Type": "SendEmail"}
    mails = [{**usual, "MessageId": str(it), "Subject": f"Mail {it}", "Timestamp": it} for it in range(3)]
    mails[2] |= {"RenderedSubject": "Filled in", "RenderedBodyText": "By a template"}
    monkeypatch.setitem(ses._sent_emails, "entries", mails)
    sent_mails.extend()


def listed(**query: str) -> list[dict[str, Any]]:
    """What MiniStack answers."""
    asked = {name: [value] for name, value in query.items()}
    answer = asyncio.run(app._handle_ses_messages_request("GET", sent_mails.PATH, {}, asked))
    return [mail for mails in json.loads(answer[2])["messages"].values() for mail in mails]


def test_only_what_is_new_is_listed() -> None:
    """In the order in which it was sent."""
    assert [mail["Subject"] for mail in listed(after="0")] == ["Mail 0", "Mail 1", "Filled in"]
    assert [mail["Subject"] for mail in listed(after="1")] == ["Mail 1", "Filled in"]
    assert listed(after="3") == []


def test_an_email_is_listed_as_ministack_lists_it() -> None:
    """Except for what nothing here reads."""
    own = [{name: value for name, value in mail.items() if name in listed(after="0")[0]} for mail in listed()]

    assert listed(after="0") == own
    assert own[2]["BodyText"] == "By a template"


def test_other_requests_are_left_alone() -> None:
    assert asyncio.run(app._handle_ses_messages_request("GET", "/nothing", {}, {"after": ["0"]})) is None
