"""POST /auth/email/change/confirm: change the address of the account with the emailed token."""

from accounts import deployment
from accounts.web import presenters, responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
EMAIL_CHANGE = DEPLOYMENT.email_change


@endpoint(routes.EMAIL_CHANGE_CONFIRM, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    token = request.json(schemas.EmailChangeConfirm).token
    moved = EMAIL_CHANGE.confirm(request.session, token, request.caller, request.received_at)
    return responses.ok(presenters.customer(moved), user_id=moved.user_id)
