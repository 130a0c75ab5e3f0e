"""Bounces and complaints, which SES publishes to an SNS topic.

SNS signs what it delivers over HTTP, where anyone can post. Here SNS invokes the function, whose permission names this
topic only, and only SES may publish to it, for this configuration set. So there is no signature to check. The topic is
compared as a second line of defense.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from email.utils import parseaddr
from typing import Any, Final, Literal

from msgspec import Struct

from accounts import telemetry
from accounts.errors import InvalidInput, Unavailable
from accounts.flows.mail.mail_feedback import UNKNOWN_ADDRESS, WANTED, MailFeedback
from accounts.limits import MAIL_REPORT_RECIPIENTS
from accounts.model import email_addresses
from accounts.model.identities import BOUNCE, COMPLAINT
from accounts.model.users import MailProblem

TRANSIENT: Final = "bounced_for_now"
IGNORED: Final = "report_ignored"
# Published when SES is first given the topic; not JSON.
_GREETING = "Successfully validated SNS topic for Amazon SES event publishing"
# RFC 5965 7.3: a mailbox provider also reports that a recipient marked an email as not spam.
_NOT_SPAM = "not-spam"


class Malformed(Exception):
    """Not a notification of SES on this topic."""


class Report(Struct, frozen=True):
    """TRANSIENT and IGNORED change no mark, WANTED removes one. ``recipients`` are canonical."""

    problem: MailProblem | Literal["bounced_for_now", "report_ignored", "wanted"]
    recipients: tuple[str, ...] = ()


def take(event: dict[str, Any], topic: str, feedback: MailFeedback, now: datetime) -> None:
    """Mark or unmark the recipients that the event reports; raises Unavailable, and then Lambda retries the event."""
    try:
        reports = [parse(record, topic) for record in event["Records"]]
    except (Malformed, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return telemetry.mail_feedback("report_refused", level="error")
    for report in reports:
        for outcome in _outcomes(report, feedback, now):
            telemetry.mail_feedback(outcome)
    return None


def parse(record: dict[str, Any], topic: str) -> Report:
    """The report in a record of ``topic``; raises Malformed, or the error of reading anything else."""
    notification = record["Sns"]
    if record["EventSource"] != "aws:sns" or notification["TopicArn"] != topic:
        raise Malformed
    message: str = notification["Message"]
    if message.startswith(_GREETING):
        return Report(IGNORED)
    published = json.loads(message)
    match published["eventType"]:
        case "Bounce" if published["bounce"]["bounceType"] == "Permanent":
            return Report(BOUNCE, _recipients(published, published["bounce"]["bouncedRecipients"]))
        case "Bounce":
            return Report(TRANSIENT)
        case "Complaint":
            is_wanted = published["complaint"].get("complaintFeedbackType") == _NOT_SPAM
            recipients = _recipients(published, published["complaint"]["complainedRecipients"])
            return Report(WANTED if is_wanted else COMPLAINT, recipients)
        case _:
            return Report(IGNORED)


def _recipients(published: dict[str, Any], named: list[dict[str, str]]) -> tuple[str, ...]:
    """The named addresses that the email was sent to: a mail server could name any address."""
    if len(named) > MAIL_REPORT_RECIPIENTS:
        raise Malformed
    written_to = set(_canonical(published["mail"]["destination"]))
    return tuple(address for address in _canonical(it["emailAddress"] for it in named) if address in written_to)


def _canonical(addresses: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """The usable ones among addresses, which may be written as ``Name <address>`` (RFC 5322 3.4)."""
    for address in addresses:
        if not isinstance(address, str):
            raise Malformed
        try:
            yield email_addresses.canonical(parseaddr(address)[1])
        except InvalidInput:
            continue


def _outcomes(report: Report, feedback: MailFeedback, now: datetime) -> Iterator[str]:
    if report.problem == TRANSIENT or report.problem == IGNORED:  # noqa: PLR1714 - mypy reads it so
        yield report.problem
        return
    if not report.recipients:
        yield UNKNOWN_ADDRESS
    for recipient in report.recipients:
        try:
            if report.problem == WANTED:
                yield feedback.unmark(recipient, now)
            else:
                yield feedback.mark(recipient, report.problem, now)
        except Unavailable:
            telemetry.mail_feedback("report_failed", level="error")
            raise
