"""GET /auth/{provider}/start, POST .../link and .../reauthenticate: send the browser to Google or GitHub."""

from accounts import deployment
from accounts.web import provider_login, routes, schemas
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PROVIDER_DEPARTURE = DEPLOYMENT.provider_departure


@endpoint(routes.OAUTH_START, DEPLOYMENT, routes.OAUTH_LINK, routes.OAUTH_REAUTHENTICATE, page=DEPLOYMENT.pages.refused)
def lambda_handler(request: Request) -> Response:
    provider, caller, now = request.path_parameters.get("provider", ""), request.caller, request.received_at
    if request.route == routes.OAUTH_START:
        return provider_login.depart(
            PROVIDER_DEPARTURE.login(provider, request.query().get("return_to", ""), caller, now), request
        )
    return_to = request.json(schemas.OAuthReturn).return_to
    start = PROVIDER_DEPARTURE.link if request.route == routes.OAUTH_LINK else PROVIDER_DEPARTURE.reauthenticate
    return provider_login.provider_address(start(provider, return_to, request.session, caller, now), request)
