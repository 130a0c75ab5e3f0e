"""GET /auth/passkeys: the passkeys of the account."""

from accounts import deployment
from accounts.web import responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.passkey_presenters import Passkeys, passkey
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PASSKEY_LIST = DEPLOYMENT.passkey_list


@endpoint(routes.PASSKEY_LIST, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    found = [passkey(entry) for entry in PASSKEY_LIST.of_account(request.user_id)]
    return responses.ok(Passkeys(found), user_id=request.user_id)
