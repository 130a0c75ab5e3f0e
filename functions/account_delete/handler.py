"""DELETE /customers/me: close the account; sessions, keys and ways in end with it."""

from accounts import settings
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.flows.people.account import AccountClosing
from accounts.flows.people.authentication import SessionAuthentication
from accounts.web import responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
KEYS = ApiKeysTable(SETTINGS["API_KEYS_TABLE"])
IDENTITIES = IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
AUDIT = AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
TRANSACTIONS = DynamoTransactions(SESSIONS, KEYS, IDENTITIES, USERS, AUDIT)
CLOSING = AccountClosing(SessionAuthentication(SESSIONS), USERS, TRANSACTIONS)


@endpoint(routes.ACCOUNT_DELETE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Close the account of a person who logged in recently."""
    credential = credential_of(request, routes.ACCOUNT_DELETE, SETTINGS)
    return responses.logged_out(CLOSING.close(credential, request.caller, request.received_at))
