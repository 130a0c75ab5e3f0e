"""GET /auth/methods?origin=: the login methods that an origin may use."""

from accounts import deployment
from accounts.web import login_methods, responses, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
LOGIN_METHODS = DEPLOYMENT.login_methods


@endpoint(routes.LOGIN_METHODS, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    found = LOGIN_METHODS.of(request.query().get("origin", ""))
    return responses.ok(login_methods.present(found, DEPLOYMENT.settings.site_url))
