"""GET /auth/methods?origin=: which ways in are open to that origin."""

from accounts import settings
from accounts.aws.secrets import ProviderCredentialsSecret, Secret
from accounts.flows.providers.login_methods import LoginMethods
from accounts.model.origins import Allowlist
from accounts.web import presenters, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
ALLOWLIST = Allowlist(SETTINGS.site_url, SETTINGS.optional("ALLOWED_ORIGINS").split(","))
CREDENTIALS = ProviderCredentialsSecret(Secret(SETTINGS["OAUTH_PROVIDERS_SECRET"]))
LOGIN_METHODS = LoginMethods(SETTINGS.site_url, ALLOWLIST, CREDENTIALS)


@endpoint(routes.LOGIN_METHODS, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Tell which ways in the origin has; for one that is not on the list, point to API keys."""
    found = LOGIN_METHODS.of(request.query().get("origin", ""))
    return responses.ok(presenters.methods(found, SETTINGS.site_url))
