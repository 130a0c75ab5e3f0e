"""GET /auth/sessions: where the person is signed in."""

from accounts import settings
from accounts.dynamo.sessions import SessionsTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.logout import SessionList
from accounts.model import clients
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
CLIENTS = clients.load(SETTINGS.optional("OAUTH_CLIENTS"))
DEVICES = SessionList(SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"])))


@endpoint(routes.SESSION_LIST, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """List the account's live sessions, this one marked."""
    current, live = DEVICES.of(credential_of(request, routes.SESSION_LIST, SETTINGS), request.received_at)
    entries = [presenters.session(entry, current=entry.digest == current.digest, known=CLIENTS) for entry in live]
    return responses.ok({"sessions": entries}, user_id=current.user_id)
