"""GET /.well-known/jwks.json: how to check what this authorization server signs."""

from accounts import settings
from accounts.aws.signing import signing_keys
from accounts.web import metadata, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
KEYS = signing_keys(SETTINGS)


@endpoint(routes.SIGNING_KEYS, SETTINGS)
def lambda_handler(_request: Request) -> Response:
    """List the public keys."""
    return metadata.keys(KEYS.public())
