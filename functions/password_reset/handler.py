"""POST /auth/password/reset: the mailed token and a new password; everything that was open ends."""

from accounts import settings, telemetry
from accounts.aws.outbox import BestEffortOutbox
from accounts.aws.secrets import PepperSecret, Secret
from accounts.breach_lists import breach_list
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.password_reset import PasswordReset
from accounts.model.passwords import BcryptHasher, Policy
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
IDENTITIES, USERS = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"]), UsersTable(SETTINGS["USERS_TABLE"])
TOKENS, SESSIONS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"]), SessionsTable(SETTINGS["SESSIONS_TABLE"])
THROTTLES, AUDIT = ThrottlesTable(SETTINGS["THROTTLES_TABLE"]), AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
BREACHED = breach_list(SETTINGS["BREACHED_PASSWORD_LOOKUP"], on_failure=telemetry.dependency_failed)
RESET = PasswordReset(
    tokens=TOKENS,
    identities=IDENTITIES,
    users=USERS,
    throttles=THROTTLES,
    hasher=BcryptHasher(PepperSecret(Secret(SETTINGS["PEPPER_SECRET"]))),
    policy=Policy(SETTINGS.password_min_characters, BREACHED),
    transactions=DynamoTransactions(TOKENS, IDENTITIES, USERS, SESSIONS, THROTTLES, AUDIT),
    notices=BestEffortOutbox(SETTINGS["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed),
)


@endpoint(routes.PASSWORD_RESET, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Set the password; the person logs in with it next."""
    body = request.json(schemas.PasswordReset)
    user_id = RESET.reset(body.token, body.password, request.caller, request.received_at)
    return responses.no_content(user_id=user_id, method="reset")
