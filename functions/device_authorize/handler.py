"""POST /oauth/device_authorization: issue the codes with which a device without a browser logs in."""

from accounts import deployment
from accounts.web import oauth_server, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
DEVICE_ENDPOINT = DEPLOYMENT.device_endpoint


@endpoint(routes.DEVICE_AUTHORIZE, DEPLOYMENT, refused=oauth_server.refused)
def lambda_handler(request: Request) -> Response:
    issued = DEVICE_ENDPOINT.codes(oauth_server.form(request), request.caller, request.received_at)
    return oauth_server.device(issued, DEPLOYMENT.settings.site_url)
