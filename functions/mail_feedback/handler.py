"""Called by SNS with what SES reports: mail that bounced, or that somebody called spam."""

from datetime import UTC, datetime
from typing import Any

from accounts import settings
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.mail.mail_feedback import MailFeedback
from accounts.ses import feedback

SETTINGS = settings.load()
USERS = UsersTable(SETTINGS["USERS_TABLE"])
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
FEEDBACK = MailFeedback(IDENTITIES, USERS, DynamoTransactions(USERS, IDENTITIES, AUDIT))


def lambda_handler(event: dict[str, Any], _context: object) -> None:
    """Mark the addresses, so that they get no more mail; a failure is tried again by Lambda, twice."""
    feedback.take(event, SETTINGS["MAIL_FEEDBACK_TOPIC"], FEEDBACK, datetime.now(UTC))
