"""GET /customers/me/export: all data about the account's owner, as a file."""

from accounts import deployment
from accounts.web import exports, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
ACCOUNT_EXPORT = DEPLOYMENT.account_export


@endpoint(routes.ACCOUNT_EXPORT, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    body = exports.document(ACCOUNT_EXPORT.of_session(request.session, request.received_at), request.received_at)
    return responses.download(body, exports.FILENAME, user_id=request.user_id)
