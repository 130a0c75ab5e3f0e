"""Lambda authorizer for other APIs of the AWS account."""

from datetime import UTC, datetime
from typing import Any

from accounts import deployment
from accounts.web import authorizations, routes
from accounts.web.requests import Event

DEPLOYMENT = deployment.load()
GUARDS = DEPLOYMENT.guards(routes.AUTHORIZE.credentials)


def lambda_handler(event: Event, _context: object) -> dict[str, Any]:
    """Allow with the account in the context, or deny. Raises if a store fails, which the gateway treats as a denial."""
    return authorizations.decide(GUARDS, DEPLOYMENT.settings, event, datetime.now(UTC))
