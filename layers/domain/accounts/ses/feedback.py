"""What SES reports of our mails, by way of an SNS topic: bounces and complaints.

SNS signs what it delivers over HTTP, where anybody could post. Here it invokes the function itself, and the function's
permission names our topic alone, to which only SES may publish, for our configuration set: whoever else could call the
function could as well write to the tables. So there is no signature to check; the topic is compared all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct

from accounts import telemetry
from accounts.errors import InvalidInput, Unavailable
from accounts.flows.mail.mail_feedback import UNKNOWN_ADDRESS, MailFeedback
from accounts.limits import MAIL_REPORT_RECIPIENTS
from accounts.model import email_addresses
from accounts.model.identities import BOUNCE, COMPLAINT
from accounts.model.users import MailProblem

TRANSIENT: Final = "bounced_for_now"
IGNORED: Final = "report_ignored"
# What SES publishes when the topic is first named to it; not JSON.
_GREETING = "Successfully validated SNS topic for Amazon SES event publishing"
# A mailbox provider can also report that somebody took a mail out of the spam folder.
_PRAISE = "not-spam"


class Malformed(Exception):
    """Nothing that SES could have published to our topic."""


class Report(Struct, frozen=True):
    """``problem`` is BOUNCE, COMPLAINT, or what to count where nothing is marked; ``recipients`` are canonical."""

    problem: MailProblem | Literal["bounced_for_now", "report_ignored"]
    recipients: tuple[str, ...] = ()


def take(event: dict[str, Any], topic: str, feedback: MailFeedback, now: datetime) -> None:
    """Mark whom the event's reports are about; raises Unavailable, whereupon Lambda brings the event again."""
    try:
        reports = [parse(record, topic) for record in event["Records"]]
    except (Malformed, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return telemetry.mail_feedback("report_refused", level="error")
    for report in reports:
        for outcome in _outcomes(report, feedback, now):
            telemetry.mail_feedback(outcome)
    return None


def parse(record: dict[str, Any], topic: str) -> Report:
    """The report in a record of ``topic``; raises Malformed, or what reading something else raises."""
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
        case "Complaint" if published["complaint"].get("complaintFeedbackType") != _PRAISE:
            return Report(COMPLAINT, _recipients(published, published["complaint"]["complainedRecipients"]))
        case _:
            return Report(IGNORED)


def _recipients(published: dict[str, Any], named: list[dict[str, str]]) -> tuple[str, ...]:
    """Those named that the mail was sent to: a server that we wrote to could name anybody."""
    if len(named) > MAIL_REPORT_RECIPIENTS:
        raise Malformed
    written_to = set(_canonical(published["mail"]["destination"]))
    return tuple(address for address in _canonical(it["emailAddress"] for it in named) if address in written_to)


def _canonical(addresses: Any) -> Iterator[str]:  # noqa: ANN401 - whatever was published
    for address in addresses:
        try:
            yield email_addresses.canonical(address)
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
            yield feedback.mark(recipient, report.problem, now)
        except Unavailable:
            telemetry.mail_feedback("report_failed", level="error")
            raise
