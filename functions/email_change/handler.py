"""POST /auth/email/change: email a confirmation link to the new address. DELETE: cancel the pending change."""

from accounts import deployment
from accounts.web import responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
EMAIL_CHANGE_REQUEST = DEPLOYMENT.email_change_request


@endpoint(routes.EMAIL_CHANGE, DEPLOYMENT, routes.EMAIL_CHANGE_CANCEL)
def lambda_handler(request: Request) -> Response:
    session, caller, now = request.session, request.caller, request.received_at
    if request.route == routes.EMAIL_CHANGE_CANCEL:
        EMAIL_CHANGE_REQUEST.cancel(session, caller, now)
        return responses.no_content(user_id=request.user_id)
    body = request.json(schemas.EmailChange)
    user_id = EMAIL_CHANGE_REQUEST.ask(session, body.email, caller, now)
    return responses.accepted("Look in the mail of the new address for a link that confirms it.", user_id=user_id)
