"""Fed by the mail queue: write and send the mail that each message asks for, once."""

from typing import Any

from accounts import deployment
from accounts.ses.batches import deliver_batch

DEPLOYMENT = deployment.load()
MAILING, DELIVERIES = DEPLOYMENT.mailing, DEPLOYMENT.settings["MAIL_DELIVERIES_TABLE"]


def lambda_handler(event: dict[str, Any], context: Any) -> Any:  # noqa: ANN401 - Lambda's own types
    """Deliver the batch; what failed goes back to the queue, and after five tries to the dead-letter queue."""
    return deliver_batch(event, context, MAILING, DELIVERIES)
