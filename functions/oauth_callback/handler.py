"""GET /auth/{provider}/callback: back from Google or GitHub, with a person or a reason why not."""

from accounts import deployment
from accounts.web import credentials, oauth, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PROVIDER_ARRIVAL = DEPLOYMENT.provider_arrival


@endpoint(routes.OAUTH_CALLBACK, DEPLOYMENT, page=DEPLOYMENT.pages.refused)
def lambda_handler(request: Request) -> Response:
    provider, presented = request.path_parameters.get("provider", ""), credentials.session_cookie(request)
    callback = oauth.callback(request)
    arrival = PROVIDER_ARRIVAL.arrive(provider, callback, presented, request.caller, request.received_at)
    return oauth.arrive(arrival, request)
