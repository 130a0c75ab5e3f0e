"""Renders and sends emails: structured content, escaped text, and no header that a person chose."""

import ast
import html as markup
import re
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import jinja2
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from accounts.errors import Unavailable
from accounts.flows.mail import mails, notices, planning, writing
from accounts.flows.mail.mails import Done, Mail, Method, Value
from accounts.model import messages
from accounts.ses import postman
from accounts.ses.postman import TEMPLATES, SesPostman
from scripts.mails import BRAND, SAMPLES, rendered
from tests.unit.accounts.stage import EMAIL, SITE_URL

_NASTY = 'x"><script>alert(1)</script>\r\nBcc: mallory@example.com & {{ 7*7 }}'
KINDS = sorted(SAMPLES)
WITH_LINK = sorted(kind for kind, it in SAMPLES.items() if hasattr(it, "link"))
# What is sent for these depends on the identity.
_LOOKED_UP = {"sign_up", "provider_sign_up"}
POSTMAN = SesPostman("accounts@example.com", "our-set", BRAND)


def values(kind: str, **changes: Value) -> dict[str, Value]:
    """The sample values of an email."""
    return Mail(EMAIL, SAMPLES[kind], SITE_URL, greeted="Ann").values | changes


def nasty(kind: str) -> dict[str, Value]:
    """The same, with an attack in place of all text but the link."""
    texts = {name for name, value in values(kind).items() if isinstance(value, str)}
    return values(kind, **dict.fromkeys(texts - {"link", "site_url"}, _NASTY))


@dataclass
class Ses:
    """Replaces the SES v2 client."""

    error: Exception | None = None
    sent: list[dict[str, Any]] = field(default_factory=list)

    def send_email(self, **asked: Any) -> None:
        if self.error:
            raise self.error
        self.sent.append(asked)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Ses:
    """All sending goes through this."""
    fake = Ses()
    monkeypatch.setattr(postman, "_client", lambda: fake)
    return fake


# RFC 3834: no mailbox answers that its owner is away.
AUTOMATIC = [{"Name": "Auto-Submitted", "Value": "auto-generated"}]


def test_every_template_has_a_sample() -> None:
    assert sorted(path.stem for path in TEMPLATES.glob("*.jinja")) == KINDS


def test_the_mailer_sends_every_email() -> None:
    """Each content is created where emails are planned or written."""
    created = {name for module in (planning, writing, notices) for name in _created(Path(str(module.__file__)))}
    assert {type(content).__name__ for content in SAMPLES.values()} == created


def test_a_message_and_its_template_have_the_same_name() -> None:
    """Except messages whose email depends on the identity."""
    kinds = {message.__struct_config__.tag for message in get_args(messages.Message)}
    assert kinds - set(KINDS) == _LOOKED_UP


@pytest.mark.parametrize("kind", KINDS)
def test_every_email_has_subject_text_and_html(kind: str) -> None:
    """With a link to support (EM-08)."""
    subject, text, html = postman.render(kind, values(kind), BRAND)

    assert re.fullmatch(r"[A-Z][^\r\n]{10,80}", subject)
    assert BRAND.support_url in text
    assert f'href="{BRAND.support_url}"' in html
    assert "{{" not in f"{subject}{text}{html}"
    assert "{#" not in f"{subject}{text}{html}"
    assert re.search(r"\n{3}|^[ \t]|[ \t]$|\s{2}\Z", text, re.MULTILINE) is None, text


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same(kind: str) -> None:
    """Line by line, except the footer."""
    _, text, html = postman.render(kind, values(kind), BRAND)
    shown = _letters(html)

    said = text.partition("\nNeed help?")[0].splitlines()
    assert [line for line in said if "".join(line.split()) not in shown] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_heading_repeats_the_subject_which_is_the_same_for_all_accounts(kind: str) -> None:
    """EM-05."""
    subject, _, html = postman.render(kind, nasty(kind), BRAND)
    heading = re.findall(r"<h1[^>]*>([^<]*)</h1>", html)

    assert heading == [subject] == [postman.render(kind, values(kind), BRAND)[0]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_subject_names_the_service(kind: str) -> None:
    subject = postman.render(kind, values(kind), BRAND)[0]

    assert subject.count(BRAND.name) == 1
    assert postman.render(kind, values(kind), replace(BRAND, name="Other"))[0] == subject.replace(BRAND.name, "Other")


@pytest.mark.parametrize("kind", KINDS)
def test_text_that_people_wrote_is_escaped(kind: str) -> None:
    """In HTML and in templates (EM-05)."""
    subject, text, html = postman.render(kind, nasty(kind), BRAND)

    assert "<script" not in html
    assert "mallory" not in subject
    assert "49" not in f"{subject}{text}"


@pytest.mark.parametrize("kind", KINDS)
def test_an_email_links_to_the_site_support_and_terms_only(kind: str) -> None:
    """No third party learns that it was opened, and nothing is fetched (EM-07, EM-08)."""
    html = postman.render(kind, nasty(kind), BRAND)[2]

    found = {attribute: set(re.findall(rf'{attribute}="([^"]*)"', html)) for attribute in ("href", "src")}
    ours = {address for address in found["href"] if markup.unescape(address).startswith(SITE_URL)}
    link = {markup.escape(link) for link in [getattr(SAMPLES[kind], "link", "")] if link}
    assert found == {"href": ours | link | {BRAND.support_url, BRAND.terms_url}, "src": set()}
    assert "url(" not in html
    assert "@import" not in html


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_with_a_token_appears_once_and_only_in_emails_that_need_it(kind: str) -> None:
    """The links of a notice do nothing (TK-11)."""
    _, text, html = postman.render(kind, values(kind), BRAND)

    acting = 1 if kind in WITH_LINK else 0
    assert (text.count("token="), html.count("token=")) == (acting, 2 * acting)


@pytest.mark.parametrize("kind", KINDS)
def test_an_email_suits_screen_readers_and_dark_mode(kind: str) -> None:
    """Layout tables have the role presentation, the language is named, and dark mode has colors of its own."""
    html = postman.render(kind, values(kind), BRAND)[2]

    assert html.startswith('<!doctype html>\n<html lang="en"')
    assert html.count("<table") == html.count('role="presentation"')
    assert html.count("prefers-color-scheme: dark") == 1
    assert "[data-ogsc]" in html
    assert (BRAND.accent in html, BRAND.accent_dark in html) == (True, True)
    # Gmail clips emails at 102 KB.
    assert len(html.encode()) < 20_000


@pytest.mark.parametrize(
    ("language", "direction", "start", "end"), [("en", "ltr", "left", "right"), ("ar", "rtl", "right", "left")]
)
def test_an_email_has_the_direction_of_its_language(language: str, direction: str, start: str, end: str) -> None:
    """Also in the card: some clients remove the first element."""
    brand = replace(BRAND, logo_url="https://cdn.example.com/logo.png")
    html = postman.render("api_key_created", values("api_key_created"), brand, language)[2]

    assert html.startswith(f'<!doctype html>\n<html lang="{language}" dir="{direction}">')
    assert f'<td class="card text" lang="{language}" dir="{direction}" align="{start}"' in html
    assert set(re.findall(r"(?:margin|padding)-(left|right):", html)) == {end}


def test_a_logo_is_beside_the_name() -> None:
    """The name is text, for people who see no images; without a logo there is no image at all."""
    logo = "https://cdn.example.com/logo.png?a=1&b=2"
    given = values("email_changed")
    html = postman.render("email_changed", given, replace(BRAND, logo_url=logo))[2]
    without = postman.render("email_changed", given, BRAND)[2]

    assert re.findall(r'<img src="([^"]*)" width="28" height="28" alt=""[^>]*>\s*(\w+)</p>', html) == [
        (logo.replace("&", "&amp;"), "Comfy")
    ]
    assert html.count("<img") == 1
    assert "<img" not in without


def test_a_deployment_without_terms_has_no_link_to_them() -> None:
    """Support may be a mailto address."""
    brand = replace(BRAND, support_url="mailto:help@example.com", terms_url="")
    _, text, html = postman.render("email_changed", values("email_changed"), brand)

    assert "Terms" not in f"{text}{html}"
    assert "Need help? help@example.com\n" in text
    assert 'href="mailto:help@example.com"' in html


@pytest.mark.parametrize(
    ("kind", "nothing", "words"),
    [
        ("api_key_deleted", {"name": ""}, "The API key"),
        ("api_key_leaked", {"found_in": "a place that we do not know"}, "Found in"),
        ("api_key_leaked", {"url": ""}, "Address:"),
        ("api_key_leaked", {"used_with": ""}, "Last used with"),
        ("api_key_leaked", {"used_from": ""}, "Last used from"),
        ("password_reset", {"methods": ()}, "You can also"),
        ("identity_unlinked", {"password_removed": False}, "Your password was also removed"),
        ("identity_unlinked", {"passkeys_removed": False}, "The passkeys that were added"),
        ("identity_unlinked", {"methods": ()}, "You can still"),
        ("passkey_removed", {"password_removed": False}, "Your password was also removed"),
        ("passkey_removed", {"passkeys_removed": False}, "The passkeys that were added"),
    ],
)
def test_what_is_not_known_or_did_not_happen_is_left_out(kind: str, nothing: dict[str, Value], words: str) -> None:
    """The name of a deleted key, what was not removed, and the login methods of an account without any."""
    assert words in postman.render(kind, values(kind), BRAND)[1]
    for part in postman.render(kind, values(kind, **nothing), BRAND)[1:]:
        assert words not in part


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        (("password",), "your password"),
        (("google", "passkeys"), "Google and your passkeys"),
        (("password", "google", "github", "passkeys"), "your password, Google, GitHub and your passkeys"),
    ],
)
def test_login_methods_are_listed(methods: tuple[Method, ...], words: str) -> None:
    text = postman.render("password_removed", values("password_removed", methods=methods), BRAND)[1]

    assert f"You can still log in with {words}. All other" in text


def test_a_time_is_in_utc() -> None:
    """The owner's time zone is unknown."""
    at = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-2)))
    text = postman.render("sign_in_new_device", values("sign_in_new_device", at=at), BRAND)[1]

    assert "\nTime: 2 March 2026, 01:30 UTC\n" in text


def test_a_key_that_leaked_before_it_was_used_was_never_used() -> None:
    text = postman.render("api_key_leaked", values("api_key_leaked", last_used=None), BRAND)[1]

    assert "\nLast used: never\n" in text


@pytest.mark.parametrize("kind", KINDS)
def test_an_email_that_lacks_a_value_is_not_sent(client: Ses, kind: str) -> None:
    """Templates and texts refuse undefined values."""
    with pytest.raises((jinja2.UndefinedError, KeyError)):
        POSTMAN.send(SimpleNamespace(to=EMAIL, template=kind, values={}, language=""))

    assert client.sent == []


@pytest.mark.parametrize(
    ("support_url", "replies"),
    [
        ("https://support.example.com/", []),
        ("mailto:help@example.com", ["help@example.com"]),
        ("mailto:help%2Bcomfy@example.com?subject=Help", ["help+comfy@example.com"]),
    ],
)
def test_a_reply_goes_to_support_if_that_is_an_address(client: Ses, support_url: str, replies: list[str]) -> None:
    """Nobody reads what is sent to the sender."""
    brand = replace(BRAND, support_url=support_url)
    postman.SesPostman("accounts@example.com", "our-set", brand).send(Mail(EMAIL, SAMPLES["confirm_email"], SITE_URL))

    assert [sent["ReplyToAddresses"] for sent in client.sent] == [replies]


def test_an_email_is_sent_as_structured_content(client: Ses) -> None:
    """One recipient, no raw MIME, with the configuration set that reports bounces (EM-04, TK-10)."""
    POSTMAN.send(Mail(EMAIL, SAMPLES["confirm_email"], SITE_URL))

    subject, text, html = postman.render("confirm_email", values("confirm_email", greeted=""), BRAND)
    utf8 = {"Charset": "UTF-8"}
    body = {"Text": {"Data": text, **utf8}, "Html": {"Data": html, **utf8}}
    assert client.sent == [
        {
            "FromEmailAddress": "Comfy <accounts@example.com>",
            "Destination": {"ToAddresses": [EMAIL]},
            "Content": {"Simple": {"Subject": {"Data": subject, **utf8}, "Body": body, "Headers": AUTOMATIC}},
            "ReplyToAddresses": [],
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
def test_an_email_that_ses_refuses_is_unavailable(client: Ses, error: Exception) -> None:
    """The queue delivers its message again."""
    client.error = error

    with pytest.raises(Unavailable):
        POSTMAN.send(Mail(EMAIL, SAMPLES["already_registered"], SITE_URL))


class _Words(HTMLParser):
    """The text of an HTML page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("kind", KINDS)
def test_paragraphs_are_one_empty_line_apart(kind: str) -> None:
    assert "\n\n\n" not in rendered(kind)[1]


def test_a_notice_of_an_earlier_version_says_nothing_of_when_and_where() -> None:
    _, text, _ = postman.render("password_changed", Mail("", mails.PasswordChanged(), SITE_URL).values, BRAND)

    assert "Time:" not in text
    assert "\n\n\n" not in text


@pytest.mark.parametrize("kind", [kind for kind in KINDS if isinstance(SAMPLES[kind], Done)])
def test_a_notice_of_what_was_done_says_when_and_where(kind: str) -> None:
    assert (
        "Time: 22 November 2026, 09:14 UTC\nDevice: Firefox on Windows\nIP address: 203.0.113.7\n" in rendered(kind)[1]
    )


def _letters(html: str) -> str:
    """Without spaces: HTML has none between cells and lines."""
    reader = _Words()
    reader.feed(html)
    return "".join("".join(reader.text).split())


def _created(path: Path) -> set[str]:
    """``Name`` of each ``mails.Name``."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "mails"}
