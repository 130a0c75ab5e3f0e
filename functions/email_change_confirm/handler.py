"""POST /auth/email/change/confirm: the mailed token moves the account that asked to its new address."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.email_change import EmailChange
from accounts.web import presenters, responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
TOKENS, SESSIONS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"]), SessionsTable(SETTINGS["SESSIONS_TABLE"])
IDENTITIES, USERS = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"]), UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
CHANGE = EmailChange(
    authentication=SessionAuthentication(SESSIONS),
    tokens=TOKENS,
    identities=IDENTITIES,
    users=USERS,
    throttles=ThrottlesTable(SETTINGS["THROTTLES_TABLE"]),
    transactions=DynamoTransactions(TOKENS, IDENTITIES, USERS, SESSIONS, AUDIT),
    notices=BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed),
)


@endpoint(routes.EMAIL_CHANGE_CONFIRM, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Move the account of the person who is logged in."""
    credential = credential_of(request, routes.EMAIL_CHANGE_CONFIRM, SETTINGS)
    token = request.json(schemas.EmailChangeConfirm).token
    moved = CHANGE.confirm(credential, token, request.caller, request.received_at)
    return responses.ok(presenters.customer(moved), user_id=moved.user_id)
