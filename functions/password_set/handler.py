"""POST /auth/password: a first password for an account that came through Google or GitHub."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.secrets import PepperSecret, Secret
from accounts.breach_lists import breach_list
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.providers.identity_management import PasswordSetting
from accounts.model.passwords import BcryptHasher, Policy
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
USERS, IDENTITIES = UsersTable(SETTINGS["USERS_TABLE"]), IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
BREACHED = breach_list(SETTINGS["BREACHED_PASSWORD_LOOKUP"], on_failure=telemetry.dependency_failed)
SETTING = PasswordSetting(
    authentication=SessionAuthentication(SESSIONS),
    users=USERS,
    identities=IDENTITIES,
    hasher=BcryptHasher(PepperSecret(Secret(SETTINGS["PEPPER_SECRET"]))),
    policy=Policy(SETTINGS.password_min_characters, BREACHED),
    transactions=DynamoTransactions(SESSIONS, USERS, IDENTITIES, AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])),
    notices=BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed),
)


@endpoint(routes.PASSWORD_SET, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Set the password of a person who logged in recently."""
    credential = credential_of(request, routes.PASSWORD_SET, SETTINGS)
    password = request.json(schemas.PasswordSet).new_password
    user_id = SETTING.set(credential, password, request.caller, request.received_at)
    return responses.no_content(user_id=user_id)
