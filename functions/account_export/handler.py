"""GET /customers/me/export: everything held about the person, as a file to keep."""

from accounts import settings
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.users import UsersTable
from accounts.flows.people.account_export import AccountExport
from accounts.flows.people.authentication import SessionAuthentication
from accounts.web import exports, responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
USERS, IDENTITIES = UsersTable(SETTINGS["USERS_TABLE"]), IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
KEYS, AUDIT = ApiKeysTable(SETTINGS["API_KEYS_TABLE"]), AuditEventsTable(SETTINGS["AUDIT_EVENTS_TABLE"])
EXPORT = AccountExport(SESSIONS, USERS, IDENTITIES, KEYS, AUDIT)


@endpoint(routes.ACCOUNT_EXPORT, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Hand a person who logged in recently all that is held about them."""
    holdings = EXPORT.of_caller(credential_of(request, routes.ACCOUNT_EXPORT, SETTINGS), request.received_at)
    body = exports.document(holdings, request.received_at)
    return responses.download(body, exports.FILENAME, user_id=holdings.user.user_id)
