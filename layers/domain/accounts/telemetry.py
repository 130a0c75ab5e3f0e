"""One structured log line per request, and metrics of the outcomes that are watched, through Powertools.

A line never contains what a caller sent: no body, query, cookie, header or exception text, only names from this code
(ASVS 16.2.5). An exception is described by its type and where it was raised.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit
from botocore.exceptions import ClientError

from accounts.events import ALL, EVENTS

# Both carry the stack's name (POWERTOOLS_SERVICE_NAME), so that two stacks in one AWS account can be told apart.
logger = Logger(utc=True, use_rfc3339=True, log_uncaught_exceptions=False)
_LONGEST_CHAIN = 8
metrics = Metrics(namespace="ComfyAccounts")


def record(event: str, fields: Mapping[str, str | int], *, level: str) -> None:
    """Log one line named ``event`` at ``level``, and count it as a metric of that name if it is one that is counted."""
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
    """Log that an optional dependency failed."""
    record("sys_dependency_failed", {"error": describe(error)}, level="warning")


def key_leaked(user_id: str) -> None:
    """Log that a key was reported as leaked and deleted."""
    record("authn_token_leaked", {"user_id": user_id}, level="warning")


def keys_due(handled: int) -> None:
    """Log how many keys were due to expire."""
    record("authn_tokens_due", {"function": "key_expire", "handled": handled}, level="info")


def mail(outcome: str) -> None:
    """Log the outcome of a message, without its recipient."""
    record("mail_" + outcome, {"function": "mailer"}, level="info")


def mail_failed(error: Exception) -> None:
    """Log that a message goes back to the queue, and why."""
    record("mail_failed", {"function": "mailer", "error": describe(error)}, level="error")


def mail_feedback(outcome: str, *, level: str = "info") -> None:
    """Log the outcome of a report about an email, without its recipient."""
    record("mail_" + outcome, {"function": "mail_feedback"}, level=level)


def describe(error: BaseException) -> str:
    """The types of an error and its causes with where each was raised, and AWS error codes; never any message."""
    parts: list[str] = []
    current: BaseException | None = error
    # The chain is a circle when an error is raised again from its own cause.
    while current is not None and len(parts) < _LONGEST_CHAIN:
        frames = traceback.extract_tb(current.__traceback__)[-4:]
        where = " < ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in reversed(frames))
        parts.append(f"{type(current).__name__}{_aws_code(current)} at {where or 'nowhere'}")
        current = current.__cause__ or current.__context__
    return " | ".join(parts)


def _aws_code(error: BaseException) -> str:
    return f"({error.response.get('Error', {}).get('Code', '')})" if isinstance(error, ClientError) else ""
