"""GET /login and the other hosted pages, and /assets/{version}/{name}."""

from accounts import deployment
from accounts.web import routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PAGES = DEPLOYMENT.pages


@endpoint(routes.HOME, DEPLOYMENT, *routes.PAGES)
def lambda_handler(request: Request) -> Response:
    return PAGES.answer(request)
