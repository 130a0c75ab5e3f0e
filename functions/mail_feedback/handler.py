"""Invoked by SNS with bounces and complaints that SES reports: stop emailing these addresses."""

from datetime import UTC, datetime
from typing import Any

from accounts import deployment
from accounts.ses import feedback

DEPLOYMENT = deployment.load()
FEEDBACK, TOPIC = DEPLOYMENT.mail_feedback, DEPLOYMENT.settings["MAIL_FEEDBACK_TOPIC"]


def lambda_handler(event: dict[str, Any], _context: object) -> None:
    """Mark the addresses. Lambda retries a failure twice."""
    feedback.take(event, TOPIC, FEEDBACK, datetime.now(UTC))
