"""Requests without a route: 404, 405 and CORS preflights."""

from accounts import deployment
from accounts.web import preflights, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PAGES = DEPLOYMENT.pages


@endpoint(routes.FALLBACK, DEPLOYMENT)
def lambda_handler(request: Request) -> Response:
    return PAGES.missing(request) or preflights.answer(request)
