"""POST /auth/reauthenticate: the password again, for a step that wants a recent log-in."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.secrets import PepperSecret, Secret
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.login import Login
from accounts.flows.people.reauthentication import Reauthentication
from accounts.flows.people.session_opening import SessionOpening
from accounts.model import sessions
from accounts.model.passwords import BcryptHasher
from accounts.web import responses, routes, schemas
from accounts.web.cookies import login_cookies
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS, THROTTLES = SessionsTable(SETTINGS["SESSIONS_TABLE"]), ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
IDENTITIES, USERS = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"]), UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
TRANSACTIONS = DynamoTransactions(IDENTITIES, SESSIONS, THROTTLES, USERS, AUDIT)
HASHER = BcryptHasher(PepperSecret(Secret(SETTINGS["PEPPER_SECRET"])))
NOTICES = BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed, rarely=True)
LOGIN = Login(
    IDENTITIES, THROTTLES, HASHER, SessionOpening(USERS, SESSIONS, TRANSACTIONS, sessions.lengths_of(SETTINGS)), NOTICES
)
REAUTHENTICATION = Reauthentication(SessionAuthentication(SESSIONS), USERS, IDENTITIES, LOGIN)


@endpoint(routes.REAUTHENTICATE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Give the browser a fresh session for the one it has."""
    credential, body = credential_of(request, routes.REAUTHENTICATE, SETTINGS), request.json(schemas.Reauthenticate)
    logged_in = REAUTHENTICATION.with_password(credential, body.password, request.caller, request.received_at)
    return responses.no_content(cookies=login_cookies(logged_in), user_id=logged_in.session.user_id)
