"""Renders emails and sends them through SES v2, as structured content: without raw MIME, no header can be injected."""

from __future__ import annotations

from collections.abc import Mapping
from email.header import Header
from email.utils import formataddr
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import jinja2
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from markupsafe import Markup

from accounts import languages
from accounts.errors import Unavailable
from accounts.flows.mail.mails import Mail, Value
from accounts.model.brand import GROUND_DARK, ON_ACCENT, ON_ACCENT_DARK, Brand
from accounts.ses.words import Words

TEMPLATES = Path(__file__).with_name("templates")
# So that no mailbox answers that its owner is away (RFC 3834).
_HEADERS = [{"Name": "Auto-Submitted", "Value": "auto-generated"}]
# No retry: SES may have accepted a request that timed out, and the queue retries anyway.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1, "mode": "standard"})


class SesPostman:
    """Sends as ``sender`` under a configuration set that reports bounces and complaints."""

    def __init__(self, sender: str, configuration_set: str, brand: Brand) -> None:
        self._from = sender_of(brand.name, sender)
        self._replies_to = [brand.support_address] if brand.support_address else []
        self._configuration_set = configuration_set
        self._brand = brand

    def send(self, mail: Mail) -> None:
        """Render and send; raises Unavailable."""
        language = languages.named(mail.language) or languages.DEFAULT
        subject, text, html = render(mail.template, mail.values, self._brand, language)
        body = {"Text": _utf8(text), "Html": _utf8(html)}
        content = {"Subject": _utf8(subject), "Body": body, "Headers": _HEADERS}
        try:
            _client().send_email(
                FromEmailAddress=self._from,
                Destination={"ToAddresses": [mail.to]},
                Content={"Simple": content},
                ReplyToAddresses=self._replies_to,
                ConfigurationSetName=self._configuration_set,
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable from error


def sender_of(name: str, address: str) -> str:
    """``name <address>`` (RFC 5322), quoted where needed, and as encoded words when it is not ASCII.

    The name cannot end the header: it is configuration, and ``Brand`` accepts printable names only.
    """
    # RFC 2047: at most 75 characters in an encoded word.
    words = name if name.isascii() else Header(name, "utf-8", maxlinelen=75).encode(linesep="")
    return formataddr((words, address))


def render(
    kind: str, values: Mapping[str, Value], brand: Brand, language: str = languages.DEFAULT
) -> tuple[str, str, str]:
    """Subject, text and HTML. Text that people wrote is escaped in HTML and never part of a subject."""
    words = Words(kind, language)
    shown = {name: words.worded(name, value) for name, value in values.items()}
    about = {"kind": kind, "language": language, "brand": brand, "words": words, "values": shown}
    known = {**shown, **about, **_sides(languages.direction(language))}
    text, html = (_environment(it).get_template(f"layout.{it}").render(known).strip() for it in ("txt", "html"))
    return words.text("subject").format(site=brand.name), f"{text}\n", f"{html}\n"


def _sides(direction: str) -> dict[str, str]:
    """Of a line. Outlook knows no logical properties of CSS."""
    start, end = ("left", "right") if direction == "ltr" else ("right", "left")
    return {"direction": direction, "start": start, "end": end}


@cache
def _environment(part: str) -> jinja2.Environment:
    """The templates of an email's part: ``txt`` or ``html``."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=part == "html",  # noqa: S701 - the other part is plain text
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    colors = {"ON_ACCENT": ON_ACCENT, "ON_ACCENT_DARK": ON_ACCENT_DARK, "GROUND_DARK": GROUND_DARK}
    environment.globals |= {"say": _say, **colors}
    return environment


@jinja2.pass_context
def _say(context: jinja2.runtime.Context, name: str, /, **more: str) -> str:
    """A text of the email, with its values; in HTML, escaped."""
    text: str = context["words"].text(name)
    if context.eval_ctx.autoescape:
        text = Markup.escape(text)
    return text.format(**{"site": context["brand"].name, **context["values"], **more})


@cache
def _client() -> Any:  # noqa: ANN401 - boto3 creates the classes of its clients at run time
    return boto3.client("sesv2", config=_CONFIG)


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
