"""PATCH /customers/me: change the owner's name, or the language of emails."""

from accounts import deployment
from accounts.web import presenters, responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACCOUNT_RENAMING = DEPLOYMENT.account_renaming


@endpoint(routes.ACCOUNT_UPDATE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    name, language = request.json(schemas.AccountUpdate).given
    user = ACCOUNT_RENAMING.change(request.user_id, name, language, request.caller, request.received_at)
    return responses.ok(presenters.customer(user), user_id=user.user_id)
