"""POST /oauth/device_authorization: a device without a browser asks for the codes that sign it in."""

from accounts import settings
from accounts.authorization_server.device import DeviceEndpoint
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.flows.clients.device_authorization import DeviceAuthorization
from accounts.model import clients
from accounts.web import oauth_server, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
WRITES = DynamoTransactions(OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"]))
STORY = DeviceAuthorization(ThrottlesTable(SETTINGS["THROTTLES_TABLE"]), WRITES)
ENDPOINT = DeviceEndpoint(clients.load(SETTINGS.optional("OAUTH_CLIENTS")), STORY, SETTINGS.site_url)


@endpoint(routes.DEVICE_AUTHORIZE, SETTINGS, refused=oauth_server.refused)
def lambda_handler(request: Request) -> Response:
    """Hand out a code for the device, and one for its person."""
    issued = ENDPOINT.codes(oauth_server.form(request), request.caller, request.received_at)
    return oauth_server.device(issued, SETTINGS.site_url)
