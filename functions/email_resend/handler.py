"""POST /auth/email/resend: another mail with the link that finishes a sign-up."""

from accounts import settings
from accounts.aws.outbox import SqsOutbox
from accounts.dynamo.throttles import ThrottlesTable
from accounts.flows.people.signup import Resend
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
RESEND = Resend(ThrottlesTable(SETTINGS["THROTTLES_TABLE"]), SqsOutbox(SETTINGS["MAIL_QUEUE_URL"]))


@endpoint(routes.EMAIL_RESEND, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Ask for the mail, and answer alike whether there is one to send."""
    body = request.json(schemas.EmailResend)
    RESEND.ask(body.email, request.caller, request.received_at)
    return responses.accepted("If a confirmation is waiting for this address, a new mail is on its way.")
