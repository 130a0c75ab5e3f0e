"""GET /.well-known/oauth-authorization-server and /.well-known/jwks.json: where to ask, and how to check the answer."""

from accounts import settings
from accounts.aws.signing import signing_keys
from accounts.web import metadata, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
KEYS = signing_keys(SETTINGS)


@endpoint(routes.CLIENT_METADATA, SETTINGS, routes.SIGNING_KEYS)
def lambda_handler(request: Request) -> Response:
    """Describe the authorization server, or list its public keys."""
    if request.path == routes.SIGNING_KEYS.path:
        return metadata.keys(KEYS.public())
    return metadata.server(SETTINGS.site_url)
