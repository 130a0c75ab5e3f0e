"""POST /auth/email/resend: email the link that completes a sign-up again."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
RESEND = DEPLOYMENT.resend


@endpoint(routes.EMAIL_RESEND, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(schemas.EmailResend)
    RESEND.ask(body.email, request.caller, request.received_at)
    return responses.accepted("If you signed up with this address in this browser, we've sent a new email.")
