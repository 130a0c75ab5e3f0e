"""GET /.well-known/oauth-authorization-server, oauth-protected-resource and jwks.json: metadata and public keys."""

from accounts import deployment
from accounts.web import metadata, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
KEYS, RESOURCES, CLIENTS = DEPLOYMENT.signing_keys, DEPLOYMENT.resources, DEPLOYMENT.clients


@endpoint(routes.CLIENT_METADATA, DEPLOYMENT, routes.SIGNING_KEYS, routes.RESOURCE_METADATA)
def lambda_handler(request: Request) -> Response:
    if request.route == routes.SIGNING_KEYS:
        return metadata.keys(KEYS.public())
    settings = DEPLOYMENT.settings
    if request.route == routes.RESOURCE_METADATA:
        return metadata.resource(settings.site_url, settings["SITE_NAME"])
    return metadata.server(RESOURCES, reads_documents=not CLIENTS.hosts.is_empty)
