"""POST /auth/password/change: from a password that is known to another one; other sessions end."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.secrets import PepperSecret, Secret
from accounts.breach_lists import breach_list
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.password_change import PasswordChange
from accounts.model.passwords import BcryptHasher, Policy
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS, THROTTLES = SessionsTable(SETTINGS["SESSIONS_TABLE"]), ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
IDENTITIES, USERS = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"]), UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
BREACHED = breach_list(SETTINGS["BREACHED_PASSWORD_LOOKUP"], on_failure=telemetry.dependency_failed)
CHANGE = PasswordChange(
    authentication=SessionAuthentication(SESSIONS),
    users=USERS,
    identities=IDENTITIES,
    throttles=THROTTLES,
    hasher=BcryptHasher(PepperSecret(Secret(SETTINGS["PEPPER_SECRET"]))),
    policy=Policy(SETTINGS.password_min_characters, BREACHED),
    transactions=DynamoTransactions(IDENTITIES, USERS, SESSIONS, THROTTLES, AUDIT),
    notices=BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed),
)


@endpoint(routes.PASSWORD_CHANGE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Change the password of a person who logged in recently."""
    credential = credential_of(request, routes.PASSWORD_CHANGE, SETTINGS)
    body, now = request.json(schemas.PasswordChange), request.received_at
    user_id = CHANGE.change(credential, body.current_password, body.new_password, request.caller, now)
    return responses.no_content(user_id=user_id)
