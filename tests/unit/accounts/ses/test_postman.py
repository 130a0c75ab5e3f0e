"""Rendering and sending mail: structured content, what people wrote escaped, no header of anybody's making."""

import ast
import html as markup
import re
from copy import replace
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import jinja2
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from accounts.errors import Unavailable
from accounts.flows.mail import planning, writing
from accounts.flows.mail.mails import Mail
from accounts.model import messages
from accounts.ses import postman
from accounts.ses.postman import TEMPLATES, SesPostman
from scripts.mails import BRAND, SAMPLES
from tests.unit.accounts.stage import EMAIL, SITE_URL

_NASTY = 'x"><script>alert(1)</script>\r\nBcc: mallory@example.com & {{ 7*7 }}'
KINDS = sorted(SAMPLES)
WITH_LINK = sorted(kind for kind, it in SAMPLES.items() if hasattr(it, "link"))
# What is sent for these depends on the identity.
_LOOKED_UP = {"sign_up", "provider_sign_up"}
POSTMAN = SesPostman("accounts@example.com", "our-set", BRAND)


def values(kind: str, **changes: str) -> dict[str, str]:
    """What a mail of that kind says."""
    return Mail(EMAIL, SAMPLES[kind], SITE_URL).values | changes


def nasty(kind: str) -> dict[str, str]:
    """The same, with everything that people choose as bad as it can be."""
    return values(kind, **dict.fromkeys(set(SAMPLES[kind].__struct_fields__) - {"link"}, _NASTY))


@dataclass
class Ses:
    """Stands for the SES v2 client."""

    error: Exception | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send_email(self, **asked: Any) -> None:
        """Take the mail."""
        if self.error:
            raise self.error
        self.sent.append(asked)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Ses:
    """Whoever sends, sends through this."""
    fake = Ses()
    monkeypatch.setattr(postman, "_client", lambda: fake)
    return fake


def test_every_mail_has_a_sample_and_every_sample_a_mail() -> None:
    """What is not in the gallery was never looked at."""
    assert sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir()) == KINDS


def test_every_mail_is_one_that_the_mailer_sends() -> None:
    """Each content is created where emails are planned or written."""
    created = {name for module in (planning, writing) for name in _created(Path(str(module.__file__)))}
    assert {type(content).__name__ for content in SAMPLES.values()} == created


def test_every_message_is_mailed_under_its_own_name() -> None:
    """But for those that the mailer makes different mails of, depending on what it finds."""
    kinds = {message.__struct_config__.tag for message in get_args(messages.Message)}
    assert kinds - set(KINDS) == _LOOKED_UP


@pytest.mark.parametrize("kind", KINDS)
def test_every_mail_has_subject_text_and_html(kind: str) -> None:
    """All three, filled in, with a way to support (EM-08)."""
    subject, text, html = postman.render(kind, values(kind), BRAND)

    assert re.fullmatch(r"[A-Z][^\r\n]{10,80}", subject)
    assert BRAND.support_url in text
    assert f'href="{BRAND.support_url}"' in html
    assert "{{" not in f"{subject}{text}{html}"
    assert "{#" not in f"{subject}{text}{html}"
    assert re.search(r"\n{3}|^[ \t]|[ \t]$|\s{2}\Z", text, re.MULTILINE) is None, text


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same(kind: str) -> None:
    """Who reads the one has missed nothing of the other: line by line, but for the footer's layout."""
    _, text, html = postman.render(kind, values(kind), BRAND)
    shown = _letters(html)

    said = text.partition("\nNeed help?")[0].splitlines()
    assert [line for line in said if "".join(line.split()) not in shown] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_is_also_the_heading_and_says_nothing_of_the_account(kind: str) -> None:
    """The same words for everybody (EM-05)."""
    subject, _, html = postman.render(kind, nasty(kind), BRAND)
    heading = re.findall(r"<h1[^>]*>([^<]*)</h1>", html)

    assert heading == [subject] == [postman.render(kind, values(kind), replace(BRAND, name="Other"))[0]]


@pytest.mark.parametrize("kind", KINDS)
def test_what_people_wrote_is_escaped(kind: str) -> None:
    """Neither as markup nor as a template (EM-05)."""
    subject, text, html = postman.render(kind, nasty(kind), BRAND)

    assert "<script" not in html
    assert "mallory" not in subject
    assert "49" not in f"{subject}{text}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_leads_only_to_us_to_support_and_to_the_terms(kind: str) -> None:
    """No third party learns that it was opened, and nothing is fetched to show it (EM-07, EM-08)."""
    html = postman.render(kind, nasty(kind), BRAND)[2]

    found = {attribute: set(re.findall(rf'{attribute}="([^"]*)"', html)) for attribute in ("href", "src")}
    ours = {address for address in found["href"] if markup.unescape(address).startswith(SITE_URL)}
    link = {markup.escape(link) for link in [getattr(SAMPLES[kind], "link", "")] if link}
    assert found == {"href": ours | link | {BRAND.support_url, BRAND.terms_url}, "src": set()}
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_that_does_something_is_there_once_and_in_its_own_mails_only(kind: str) -> None:
    """A notice leads to places that its reader knows, and does nothing by itself (TK-11)."""
    _, text, html = postman.render(kind, values(kind), BRAND)

    acting = 1 if kind in WITH_LINK else 0
    assert (text.count("token="), html.count("token=")) == (acting, 2 * acting)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_can_be_read_by_ear_and_by_night(kind: str) -> None:
    """Layout tables say that they are none, the language is named, and dark grounds have their own colours."""
    html = postman.render(kind, values(kind), BRAND)[2]

    assert html.startswith('<!doctype html>\n<html lang="en"')
    assert html.count("<table") == html.count('role="presentation"')
    assert html.count("prefers-color-scheme: dark") == 1
    assert "[data-ogsc]" in html
    assert (BRAND.accent in html, BRAND.accent_dark in html) == (True, True)
    # Gmail cuts a mail off at 102 KB.
    assert len(html.encode()) < 20_000


def test_a_deployment_without_terms_links_to_none() -> None:
    """And a support address may be one to write to."""
    brand = replace(BRAND, support_url="mailto:help@example.com", terms_url="")
    _, text, html = postman.render("email_changed", values("email_changed"), brand)

    assert "Terms" not in f"{text}{html}"
    assert "Need help? help@example.com\n" in text
    assert 'href="mailto:help@example.com"' in html


@pytest.mark.parametrize(
    ("kind", "unknown", "words"),
    [("api_key_deleted", "name", "Its name"), ("password_reset", "providers", "You can still")],
)
def test_what_is_not_known_is_left_out(kind: str, unknown: str, words: str) -> None:
    """A key of an older deletion has no name, an account without providers no other way in."""
    assert words in postman.render(kind, values(kind), BRAND)[1]
    for part in postman.render(kind, values(kind, **{unknown: ""}), BRAND)[1:]:
        assert words not in part


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_that_lacks_a_value_is_not_sent(client: Ses, kind: str) -> None:
    """Half a sentence would reach a person."""
    with pytest.raises(jinja2.UndefinedError):
        POSTMAN.send(SimpleNamespace(to=EMAIL, template=kind, values={}))

    assert client.sent == []


def test_a_mail_is_handed_over_in_parts(client: Ses) -> None:
    """One recipient, no MIME of our own, under the set that reports bounces (EM-04, TK-10)."""
    POSTMAN.send(Mail(EMAIL, SAMPLES["confirm_email"], SITE_URL))

    subject, text, html = postman.render("confirm_email", values("confirm_email"), BRAND)
    utf8 = {"Charset": "UTF-8"}
    body = {"Text": {"Data": text, **utf8}, "Html": {"Data": html, **utf8}}
    assert client.sent == [
        {
            "FromEmailAddress": "Comfy account <accounts@example.com>",
            "Destination": {"ToAddresses": [EMAIL]},
            "Content": {"Simple": {"Subject": {"Data": subject, **utf8}, "Body": body}},
            "ConfigurationSetName": "our-set",
        }
    ]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "SendEmail"),
        EndpointConnectionError(endpoint_url="https://email.example.com"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mail_that_is_not_taken_is_unavailable(client: Ses, error: Exception) -> None:
    """So that the queue brings its message again."""
    client.error = error

    with pytest.raises(Unavailable):
        POSTMAN.send(Mail(EMAIL, SAMPLES["already_registered"], SITE_URL))


class _Words(HTMLParser):
    """What a reader of the HTML reads."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def _letters(html: str) -> str:
    """Without the spaces: between cells and lines, HTML has none that text has."""
    reader = _Words()
    reader.feed(html)
    return "".join("".join(reader.text).split())


def _created(path: Path) -> set[str]:
    """``Name`` of each ``mails.Name(...)``."""
    calls = (node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return {call.attr for call in calls if isinstance(call, ast.Attribute) and ast.unparse(call.value) == "mails"}
