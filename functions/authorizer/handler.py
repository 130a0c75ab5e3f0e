"""A Lambda authorizer for other HTTP APIs of the AWS account: whose session or API key does this request present?"""

from datetime import UTC, datetime
from typing import Any

from accounts import deployment
from accounts.web import authorizations, routes
from accounts.web.requests import Event

DEPLOYMENT = deployment.load()
AUTHENTICATION = DEPLOYMENT.authentication(routes.AUTHORIZE.credentials)


def lambda_handler(event: Event, _context: object) -> dict[str, Any]:
    """Allow with the caller's identity in the context, or deny; a failure denies by raising (never by allowing)."""
    return authorizations.decide(AUTHENTICATION, DEPLOYMENT.settings, event, datetime.now(UTC))
