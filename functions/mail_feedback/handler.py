"""Called by SNS with what SES reports: mail that bounced, or that somebody called spam."""

from datetime import UTC, datetime
from typing import Any

from accounts import deployment
from accounts.ses import feedback

DEPLOYMENT = deployment.load()
FEEDBACK, TOPIC = DEPLOYMENT.mail_feedback, DEPLOYMENT.settings["MAIL_FEEDBACK_TOPIC"]


def lambda_handler(event: dict[str, Any], _context: object) -> None:
    """Mark the addresses, so that they get no more mail; a failure is tried again by Lambda, twice."""
    feedback.take(event, TOPIC, FEEDBACK, datetime.now(UTC))
