"""POST /auth/email/change: ask to move the account to another address; the link goes there."""

from accounts import settings
from accounts.aws.outbox import SqsOutbox
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.users import UsersTable
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.people.email_change import EmailChangeRequest
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
AUTHENTICATION = SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"]))
THROTTLES = ThrottlesTable(SETTINGS["THROTTLES_TABLE"])
USERS = UsersTable(SETTINGS["USERS_TABLE"])
CHANGE = EmailChangeRequest(AUTHENTICATION, USERS, THROTTLES, SqsOutbox(SETTINGS["MAIL_QUEUE_URL"]))


@endpoint(routes.EMAIL_CHANGE, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Ask for the mail, and answer alike whether the address is free."""
    credential, body = credential_of(request, routes.EMAIL_CHANGE, SETTINGS), request.json(schemas.EmailChange)
    user_id = CHANGE.ask(credential, body.email, request.caller, request.received_at)
    return responses.accepted("Look in the mail of the new address for a link that confirms it.", user_id=user_id)
