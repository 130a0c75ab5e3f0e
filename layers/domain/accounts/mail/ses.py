"""Rendering and sending through SES v2: structured content, no MIME of our own, so no header can be smuggled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import jinja2
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from accounts.errors import Unavailable
from accounts.mailing import Mail

TEMPLATES = Path(__file__).with_name("templates")
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"})


class SesPostman:
    """Sends as ``sender`` under a configuration set that reports bounces and complaints."""

    def __init__(self, sender: str, configuration_set: str, support_url: str) -> None:
        """``support_url`` stands at the end of every mail."""
        self._sender = sender
        self._configuration_set = configuration_set
        self._support_url = support_url

    def send(self, mail: Mail) -> None:
        """Render and send; raises Unavailable."""
        subject, text, html = render(mail.template, {"support_url": self._support_url, **mail.values})
        content = {"Subject": _utf8(subject), "Body": {"Text": _utf8(text), "Html": _utf8(html)}}
        try:
            _client().send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={"Simple": content},
                ConfigurationSetName=self._configuration_set,
            )
        except (ClientError, BotoCoreError) as error:
            raise Unavailable from error


def render(template: str, values: Mapping[str, str]) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail. What people wrote is escaped in HTML and never part of a subject."""
    names = ("subject.txt", "body.txt", "body.html")
    subject, text, html = (_environment().get_template(f"{template}/{name}").render(values) for name in names)
    return subject.strip(), text, html


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )


@cache
def _client() -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
    return boto3.client("sesv2", config=_CONFIG)


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
