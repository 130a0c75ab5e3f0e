"""PATCH /customers/me: change what the person is called."""

from accounts import settings
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.account import AccountRenaming
from accounts.flows.people.authentication import SessionAuthentication
from accounts.web import presenters, responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
RENAMING = AccountRenaming(SESSIONS, USERS, DynamoTransactions(USERS, IDENTITIES, AUDIT))


@endpoint(routes.ACCOUNT_UPDATE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Give the account its new name."""
    credential = credential_of(request, routes.ACCOUNT_UPDATE, SETTINGS)
    body = request.json(schemas.AccountUpdate)
    user = RENAMING.rename(credential, body.name, request.caller, request.received_at)
    return responses.ok(presenters.customer(user), user_id=user.user_id)
