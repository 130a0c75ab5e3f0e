"""POST /auth/password/forgot: a mail with a link to a new password, for whoever owns the address."""

from accounts import settings
from accounts.aws.outbox import SqsOutbox
from accounts.dynamo.throttles import ThrottlesTable
from accounts.flows.people.password_reset import PasswordForgotten
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
FORGOTTEN = PasswordForgotten(ThrottlesTable(SETTINGS["THROTTLES_TABLE"]), SqsOutbox(SETTINGS["MAIL_QUEUE_URL"]))


@endpoint(routes.PASSWORD_FORGOT, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Ask for the mail, and answer alike whether there is anybody to mail."""
    body = request.json(schemas.PasswordForgot)
    FORGOTTEN.ask(body.email, request.caller, request.received_at)
    return responses.accepted("If there is an account with this address, a mail with a link is on its way.")
