"""Invoked by the mail queue: render and send each email once."""

from typing import Any

from accounts import deployment
from accounts.ses.batches import deliver_batch

DEPLOYMENT = deployment.load()
MAILING, DELIVERIES = DEPLOYMENT.mailing, DEPLOYMENT.settings["MAIL_DELIVERIES_TABLE"]


def lambda_handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401 - Lambda's own types
    """Failed messages return to the queue and, after five attempts, go to the dead-letter queue."""
    return deliver_batch(event, context, MAILING, DELIVERIES)
