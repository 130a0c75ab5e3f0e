"""Rendering and sending mail: structured content, what people wrote escaped, no header of anybody's making."""

import re
from dataclasses import dataclass, field
from typing import Any

import jinja2
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from accounts.errors import Unavailable
from accounts.mail import ses
from accounts.mail.ses import TEMPLATES, SesPostman
from accounts.mailing import Mail
from tests.unit.accounts.stage import EMAIL, SITE_URL

_NASTY = 'x"><script>alert(1)</script>\r\nBcc: mallory@example.com & {{ 7*7 }}'
# Every value that any template may use.
VALUES = {
    "site_url": SITE_URL,
    "support_url": "https://support.example.com",
    "link": f"{SITE_URL}/email/verify#token={'t' * 43}",
    "key_name": _NASTY,
    "detail": _NASTY,
}
MESSAGES = sorted(folder.name for folder in TEMPLATES.iterdir() if folder.is_dir())


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
    monkeypatch.setattr(ses, "_client", lambda: fake)
    return fake


POSTMAN = SesPostman("accounts@example.com", "our-set", VALUES["support_url"])


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_has_subject_text_and_html(message: str) -> None:
    """All three, filled in, with a way to support (EM-08)."""
    subject, text, html = ses.render(message, {**VALUES, "key_name": "laptop", "detail": "laptop"})

    assert re.fullmatch(r"[A-Z][^\r\n]{10,80}", subject)
    assert VALUES["support_url"] in text
    assert VALUES["support_url"] in html
    assert "{{" not in f"{subject}{text}{html}"
    assert html.lstrip().lower().startswith("<!doctype html>")


@pytest.mark.parametrize("message", MESSAGES)
def test_what_people_wrote_is_escaped_and_never_in_the_subject(message: str) -> None:
    """Neither as markup nor as a template (EM-05)."""
    subject, text, html = ses.render(message, VALUES)

    assert "<script" not in html
    assert "mallory" not in subject
    assert "49" not in f"{subject}{text}"


@pytest.mark.parametrize("message", MESSAGES)
def test_a_mail_links_only_to_us_and_to_support(message: str) -> None:
    """No third party learns that it was opened (EM-07, EM-08)."""
    html = ses.render(message, VALUES)[2]

    links = set(re.findall(r'(?:href|src)="([^"]*)"', html))
    assert links <= {SITE_URL, VALUES["support_url"], VALUES["link"], f"{SITE_URL}/"}


def test_a_template_that_lacks_a_value_is_not_sent(client: Ses) -> None:
    """Half a sentence would reach a person."""
    with pytest.raises(jinja2.UndefinedError):
        POSTMAN.send(Mail(EMAIL, "confirm_email", {"site_url": SITE_URL}))

    assert client.sent == []


def test_a_mail_is_handed_over_in_parts(client: Ses) -> None:
    """One recipient, no MIME of our own, under the set that reports bounces (EM-04, TK-10)."""
    POSTMAN.send(Mail(EMAIL, "confirm_email", {"site_url": SITE_URL, "link": VALUES["link"]}))

    subject, text, html = ses.render("confirm_email", VALUES)
    utf8 = {"Charset": "UTF-8"}
    body = {"Text": {"Data": text, **utf8}, "Html": {"Data": html, **utf8}}
    assert client.sent == [
        {
            "FromEmailAddress": "accounts@example.com",
            "Destination": {"ToAddresses": [EMAIL]},
            "Content": {"Simple": {"Subject": {"Data": subject, **utf8}, "Body": body}},
            "ConfigurationSetName": "our-set",
        }
    ]
    assert VALUES["link"] in text
    assert f'href="{VALUES["link"]}"' in html


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
        POSTMAN.send(Mail(EMAIL, "already_registered", {"site_url": SITE_URL}))
