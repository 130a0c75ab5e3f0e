"""GET /auth/session: who is signed in here, how, and since when."""

from accounts import settings
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.users import UsersTable
from accounts.flows.people.account import SessionAccount
from accounts.flows.people.authentication import SessionAuthentication
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
SESSIONS = SessionsTable(SETTINGS["SESSIONS_TABLE"])
ACCOUNT = SessionAccount(SessionAuthentication(SESSIONS), UsersTable(SETTINGS["USERS_TABLE"]))


@endpoint(routes.SESSION_SHOW, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Tell the page who is here."""
    credential = credential_of(request, routes.SESSION_SHOW, SETTINGS)
    session, user = ACCOUNT.of(credential, request.received_at)
    shown = {"customer": presenters.customer(user), "session": presenters.session(session, current=True)}
    body = {**shown, "mail_problem": user.mail_problem}
    return responses.ok(body, user_id=user.user_id)
