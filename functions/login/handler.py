"""POST /auth/login: an email address and a password become a session."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.secrets import PepperSecret, Secret
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.login import Login
from accounts.flows.people.session_opening import SessionOpening
from accounts.model import sessions
from accounts.model.passwords import BcryptHasher
from accounts.web import credentials, presenters, responses, routes, schemas
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
TRANSACTIONS = DynamoTransactions(IDENTITIES, SESSIONS, THROTTLES, USERS, AUDIT)
HASHER = BcryptHasher(PepperSecret(Secret(SETTINGS["PEPPER_SECRET"])))
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed, rarely=True)
LOGIN = Login(
    IDENTITIES, THROTTLES, HASHER, SessionOpening(USERS, SESSIONS, TRANSACTIONS, sessions.lengths_of(SETTINGS)), NOTICES
)


@endpoint(routes.LOGIN, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Sign the person in."""
    body = request.json(schemas.Login)
    presented, caller, now = credentials.session_cookie(request), request.caller, request.received_at
    logged_in = LOGIN.with_password(
        body.email, body.password, remember=body.remember, presented=presented, caller=caller, now=now
    )
    customer, cookies = presenters.customer(logged_in.identity), login_cookies(logged_in)
    return responses.ok(customer, cookies=cookies, user_id=logged_in.session.user_id, method="password")
