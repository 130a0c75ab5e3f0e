"""GET /auth/{provider}/callback: complete a login, link or reauthentication with Google or GitHub."""

from accounts import deployment
from accounts.web import credentials, provider_login, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PROVIDER_ARRIVAL = DEPLOYMENT.provider_arrival


@endpoint(routes.OAUTH_CALLBACK, DEPLOYMENT, page=DEPLOYMENT.pages.refused)
def lambda_handler(request: Request) -> Response:
    provider, presented = request.path_parameters.get("provider", ""), credentials.session_cookie(request)
    callback = provider_login.callback(request)
    arrival = PROVIDER_ARRIVAL.arrive(provider, callback, presented, request.caller, request.received_at)
    return provider_login.arrive(arrival, request)
