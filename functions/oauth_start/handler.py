"""GET /auth/{provider}/start, POST .../link and .../reauthenticate: out to Google or GitHub."""

from accounts import settings
from accounts.aws.secrets import ProviderCredentialsSecret, Secret
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.flows.people.authentication import SessionAuthentication
from accounts.flows.providers.provider_login import ProviderDeparture
from accounts.identity_providers.directory import ProviderDirectory
from accounts.model.origins import Allowlist
from accounts.web import oauth, pages, routes, schemas
from accounts.web.endpoint import credential_of, endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
TOKENS = OneTimeTokensTable(SETTINGS["ONE_TIME_TOKENS_TABLE"])
DEPARTURE = ProviderDeparture(
    providers=ProviderDirectory(SETTINGS, ProviderCredentialsSecret(Secret(SETTINGS["OAUTH_PROVIDERS_SECRET"]))),
    allowlist=Allowlist(SETTINGS.site_url, SETTINGS.optional("ALLOWED_ORIGINS").split(",")),
    throttles=ThrottlesTable(SETTINGS["THROTTLES_TABLE"]),
    transactions=DynamoTransactions(TOKENS),
    authentication=SessionAuthentication(SessionsTable(SETTINGS["SESSIONS_TABLE"])),
)


@endpoint(routes.OAUTH_START, SETTINGS, routes.OAUTH_LINK, routes.OAUTH_REAUTHENTICATE, page=pages.refusal(SETTINGS))
def lambda_handler(request: Request) -> Response:
    """Send the browser to the provider, or tell the page where to send it."""
    provider, caller, now = request.path_parameters.get("provider", ""), request.caller, request.received_at
    if request.method == routes.OAUTH_LINK.method:
        credential, body = credential_of(request, routes.OAUTH_LINK, SETTINGS), request.json(schemas.OAuthReturn)
        ask = DEPARTURE.link if request.path.endswith("/link") else DEPARTURE.reauthenticate
        return oauth.provider_address(ask(provider, body.return_to, credential, caller, now), request)
    return oauth.depart(DEPARTURE.login(provider, request.query().get("return_to", ""), caller, now), request)
