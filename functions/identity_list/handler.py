"""GET /auth/identities: the person's ways in."""

from accounts import settings
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.providers.identity_management import IdentityList
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
USERS, IDENTITIES = UsersTable(SETTINGS["USERS_TABLE"]), IdentitiesTable(SETTINGS["IDENTITIES_TABLE"])
IDENTITY_LIST = IdentityList(SESSIONS, USERS, IDENTITIES)


@endpoint(routes.IDENTITY_LIST, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """List the email address and the linked logins."""
    found = IDENTITY_LIST.of_caller(credential_of(request, routes.IDENTITY_LIST, SETTINGS), request.received_at)
    return responses.ok({"identities": [presenters.identity(entry) for entry in found]}, user_id=found[0].user_id)
