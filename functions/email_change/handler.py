"""POST /auth/email/change: email a confirmation link to the new address."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
EMAIL_CHANGE_REQUEST = DEPLOYMENT.email_change_request


@endpoint(routes.EMAIL_CHANGE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(schemas.EmailChange)
    user_id = EMAIL_CHANGE_REQUEST.ask(request.session, body.email, request.received_at)
    return responses.accepted("Look in the mail of the new address for a link that confirms it.", user_id=user_id)
