"""No text changes the headers of an email: one sender, one recipient, one subject per template (EM-04, EM-05)."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import replace
from email.headerregistry import AddressHeader, HeaderRegistry
from html.parser import HTMLParser
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.errors import InvalidInput
from accounts.flows.mail.mailing import SENT
from accounts.flows.mail.mails import Mail
from accounts.model import email_addresses, messages
from accounts.ses import postman
from accounts.ses.postman import SesPostman
from scripts.mails import BRAND, SAMPLES, SITE_URL, rendered
from tests.unit.accounts.stage import EMAIL, NOW, Service, exactly

SENDER = "accounts@example.com"
_ABOUT_ADDRESSES = {"already_registered", "email_changed", "logins_delayed", "password_closed"}
ATTACKS = (
    "\r\nBcc: mallory@example.com",
    "\nSubject: You won",
    "\x00",
    "\r\n\r\n<html>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ brand }}{% include 'layout.txt' %}",
    "=?utf-8?q?=0D=0ABcc:_mallory@example.com?=",
    "\u2028Bcc: mallory@example.com\u0085",
)
# Emails to the owner of an account, without a link.
_WITH_SECRET = {kind for kind, it in SAMPLES.items() if hasattr(it, "link") or hasattr(it, "code")}
NOTICES = sorted(SAMPLES.keys() - _WITH_SECRET - _ABOUT_ADDRESSES)
KINDS = st.sampled_from(sorted(SAMPLES))
TEXTS = st.text(max_size=80) | st.builds("{}{}".format, st.text(max_size=10), st.sampled_from(ATTACKS))
PRINTABLE = st.characters(exclude_categories=("C", "Z")) | st.just(" ")
HOSTS = st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True)


@contextmanager
def captured() -> Iterator[list[dict[str, Any]]]:
    """The requests to SES."""
    calls: list[dict[str, Any]] = []

    class Ses:
        def send_email(self, **asked: Any) -> None:
            calls.append(asked)

    with patch.object(postman, "_client", Ses):
        yield calls


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


def shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """The elements and attributes of a page, in order."""
    tags = Tags()
    tags.feed(html)
    return tags.seen


@exactly
@given(KINDS, st.data())
def test_no_text_becomes_a_header_or_markup(kind: str, data: st.DataObject) -> None:
    """The fields, the subject and the elements are those of the sample."""
    values = {name: data.draw(TEXTS.filter(bool), name) for name in SAMPLES[kind].__struct_fields__}
    with captured() as calls:
        SesPostman(SENDER, "our-set", BRAND).send(Mail("o@example.com", replace(SAMPLES[kind], **values), SITE_URL))

    (asked,) = calls
    subject = rendered(kind)[0]
    body = asked["Content"]["Simple"].pop("Body")
    assert asked == {
        "FromEmailAddress": f"Comfy <{SENDER}>",
        "Destination": {"ToAddresses": ["o@example.com"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
            }
        },
        "ReplyToAddresses": [],
        "ConfigurationSetName": "our-set",
    }
    assert body.keys() == {"Text", "Html"}
    # A place that GitHub's scanning does not name is left out, whatever text it is.
    nowhere: dict[str, Any] = {"found_in": ""} if "found_in" in values else {}
    unplaced = replace(SAMPLES[kind], **nowhere)
    html = postman.render(kind, Mail("", unplaced, SITE_URL).values, BRAND)[2]
    assert shape(body["Html"]["Data"]) == shape(html)


# The message names the address: the account may have another by the time of delivery.
TO_THE_OLD_ADDRESS = {"email_change_asked", "email_changed"}


@exactly
@given(st.sampled_from(sorted(set(NOTICES) - TO_THE_OLD_ADDRESS)), TEXTS, TEXTS, TEXTS)
def test_a_notice_goes_to_the_stored_address_only(kind: str, detail: str, email: str, identity: str) -> None:
    """Other fields of the message do not matter."""
    service = Service()
    user_id = service.person().session.user_id
    mailing = replace(service.mailing, postman=SesPostman(SENDER, "our-set", BRAND))
    about = {
        "detail": detail,
        "at": "2026-11-22T09:14:00+00:00",
        "source": detail,
        "client": detail or "x",
        "name": detail,
        "old_ends": "2026-11-29T09:14:00+00:00",
        "once": "0f1e2d3c",
        "hint": "comfyui-Ab12…",
        "key_id": "0f1e2d3c",
        "expires_at": "2026-11-29T09:14:00+00:00",
    }
    body = {"kind": kind, "email": email, "user_id": user_id, "identity": identity, **about}
    message = messages.decode(json.dumps(body))
    with captured() as calls:
        assert mailing.deliver(message, NOW) == SENT

    (asked,) = calls
    assert asked["Destination"] == {"ToAddresses": [EMAIL]}
    assert asked["Content"]["Simple"]["Subject"]["Data"] == rendered(kind)[0]


@exactly
@given(st.text(PRINTABLE, min_size=1, max_size=40).filter(str.strip))
@example('Käse, "Wein" & Söhne <shop@example.org>')
@example("李" * 40)
@example("Ann (accounts), \\ Inc.")
def test_any_sender_name_makes_one_mailbox(name: str) -> None:
    """The address is the configured one."""
    written = postman.sender_of(name, SENDER)
    read = HeaderRegistry()("from", written)
    assert isinstance(read, AddressHeader)

    assert written.isascii()
    assert written.isprintable()
    assert [(_letters(it.display_name), it.addr_spec) for it in read.addresses] == [(_letters(name), SENDER)]
    assert [word for word in re.findall(r"=\?\S+", written) if len(word) > 75] == []


@exactly
@given(TEXTS | st.builds("{}@{}{}".format, TEXTS, HOSTS, TEXTS) | st.emails())
@example("a@example.com\r\nBcc: mallory@example.com")
@example("a@example.com,mallory@example.com")
@example("a@example.com;mallory@example.com")
@example('"a b"@example.com')
@example("Ann <a@example.com>")
def test_a_canonical_address_is_one_address(text: str) -> None:
    """Flows store canonical addresses, which cannot separate, quote or end a header."""
    try:
        address = email_addresses.canonical(text)
    except InvalidInput:
        return
    assert re.fullmatch(r"[!-~]+@[a-z0-9.-]+", address)
    assert not set(address) & set('",:;<>()[]\\ ')


@pytest.mark.parametrize("kind", sorted(SAMPLES))
def test_a_subject_depends_on_no_configuration_but_the_name(kind: str) -> None:
    other = replace(BRAND, accent="#000000", support_url="mailto:a@example.com", terms_url="")
    assert postman.render(kind, Mail("", SAMPLES[kind], "https://x.example").values, other)[0] == rendered(kind)[0]


def _letters(name: str) -> str:
    """Without spaces: Python reads one between encoded words, where RFC 2047 has none."""
    return "".join(name.split())
