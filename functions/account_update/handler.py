"""PATCH /customers/me: change the owner's name."""

from accounts import deployment
from accounts.web import presenters, responses, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACCOUNT_RENAMING = DEPLOYMENT.account_renaming


@endpoint(routes.ACCOUNT_UPDATE, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = request.json(schemas.AccountUpdate)
    user = ACCOUNT_RENAMING.rename(request.user_id, body.name, request.caller, request.received_at)
    return responses.ok(presenters.customer(user), user_id=user.user_id)
