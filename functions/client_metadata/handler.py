"""GET /.well-known/oauth-authorization-server and /.well-known/jwks.json: server metadata and public keys."""

from accounts import deployment
from accounts.web import metadata, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEYS = DEPLOYMENT.signing_keys


@endpoint(routes.CLIENT_METADATA, DEPLOYMENT, routes.SIGNING_KEYS)
def lambda_handler(request: Request) -> Response:
    if request.route == routes.SIGNING_KEYS:
        return metadata.keys(KEYS.public())
    return metadata.server(DEPLOYMENT.settings.site_url)
