"""POST /auth/identities/confirm: the mailed link proves an address that the provider had not verified."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox, SqsOutbox
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.session_opening import SessionOpening
from accounts.flows.providers.identity_linking import IdentityLinking, ProviderVerification
from accounts.model import sessions
from accounts.web import credentials, oauth, presenters, responses, routes, schemas
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
TOKENS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
TRANSACTIONS = DynamoTransactions(IDENTITIES, SESSIONS, TOKENS, USERS, AUDIT)
OUTBOX = SqsOutbox(SETTINGS["MAIL_QUEUE_URL"])
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)
LINKING = IdentityLinking(
    SessionOpening(USERS, SESSIONS, TRANSACTIONS, sessions.lengths_of(SETTINGS)), TRANSACTIONS, OUTBOX, NOTICES
)
VERIFICATION = ProviderVerification(TOKENS, IDENTITIES, ThrottlesTable(SETTINGS["THROTTLES_TABLE"]), LINKING)


@endpoint(routes.IDENTITY_CONFIRM, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Make or link the account and sign its owner in."""
    token, browsers = request.json(schemas.IdentityConfirm).token, oauth.browsers(request)
    presented = credentials.session_cookie(request)
    logged_in = VERIFICATION.confirm(token, browsers, presented, request.caller, request.received_at)
    customer, cookies = presenters.customer(logged_in.identity), login_cookies(logged_in)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id)
