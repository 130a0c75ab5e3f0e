"""One structured line for each request, and a metric for the outcomes that are watched, through Powertools.

A line never holds what a caller sent: no body, query, cookie, header or exception text, only names that we chose
(ASVS 16.2.5). An exception is described by its type and by where it was raised.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from botocore.exceptions import ClientError

from accounts.events import ALL, EVENTS

# Both are called by the stack's name, POWERTOOLS_SERVICE_NAME, so that two in one AWS account are told apart.
logger = Logger(utc=True, use_rfc3339=True, log_uncaught_exceptions=False)
_LONGEST_CHAIN = 8
metrics = Metrics(namespace="ComfyAccounts")


def record(event: str, fields: Mapping[str, str | int], *, level: str) -> None:
    """Write one line named ``event`` at ``level``, and count it as a metric of that name if it is one to count."""
    correlation_id = str(fields.get("request_id", ""))
    logger.set_correlation_id(correlation_id)
    getattr(logger, level)(event, event=event, **fields)
    _count(event, str(fields.get("method", "")))


def _count(event: str, method: str) -> None:
    known = EVENTS.get(event)
    counted = known.counted if known else ()
    if counted == ALL:
        method = ""
    elif method not in counted:
        return
    if method:
        metrics.add_dimension(name="method", value=method)
    metrics.add_metric(name=event, unit=MetricUnit.Count, value=1)
    metrics.flush_metrics()


def dependency_failed(error: Exception) -> None:
    """Say that something we can do without did not answer."""
    record("sys_dependency_failed", {"error": describe(error)}, level="warning")


def mail(outcome: str) -> None:
    """Say what became of a message, not to whom it went."""
    record("mail_" + outcome, {"function": "mailer"}, level="info")


def mail_failed(error: Exception) -> None:
    """Say that a message goes back to the queue, and why."""
    record("mail_failed", {"function": "mailer", "error": describe(error)}, level="error")


def mail_feedback(outcome: str, *, level: str = "info") -> None:
    """Say what became of a report about a mail, not whose mail it was."""
    record("mail_" + outcome, {"function": "mail_feedback"}, level=level)


def describe(error: BaseException) -> str:
    """The types of an error and its causes with where each was raised, and AWS error codes; never any message."""
    parts: list[str] = []
    current: BaseException | None = error
    # A chain can close into a ring when an error is raised again, and a line should end.
    while current is not None and len(parts) < _LONGEST_CHAIN:
        frames = traceback.extract_tb(current.__traceback__)[-4:]
        where = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
        parts.append(f"{type(current).__name__}{_aws_code(current)} at {where or 'nowhere'}")
        current = current.__cause__ or current.__context__
    return " | ".join(parts)


def _aws_code(error: BaseException) -> str:
    return f"({error.response.get('Error', {}).get('Code', '')})" if isinstance(error, ClientError) else ""
