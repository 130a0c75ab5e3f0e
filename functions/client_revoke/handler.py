"""POST /oauth/revoke: revoke a token, which logs the client out."""

from accounts import deployment
from accounts.web import oauth_server, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
REVOCATION_ENDPOINT = DEPLOYMENT.revocation_endpoint


@endpoint(routes.CLIENT_REVOKE, DEPLOYMENT, refused=oauth_server.refused)
def lambda_handler(request: Request) -> Response:
    user_id = REVOCATION_ENDPOINT.revoke(oauth_server.form(request), request.caller, request.received_at)
    return responses.ok(oauth_server.Revoked(), user_id=user_id)
