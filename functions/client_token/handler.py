"""POST /oauth/token: exchange an authorization code, refresh token or device code for tokens."""

from accounts import deployment
from accounts.web import oauth_server, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
TOKEN_ENDPOINT = DEPLOYMENT.token_endpoint


@endpoint(routes.CLIENT_TOKEN, DEPLOYMENT, refused=oauth_server.refused)
def lambda_handler(request: Request) -> Response:
    form = oauth_server.form(request)
    return oauth_server.tokens(TOKEN_ENDPOINT.tokens(form, request.caller, request.received_at), form["grant_type"])
