"""Requests without a route: damaged links, 404, 405 and CORS preflights."""

from accounts import deployment
from accounts.web import damaged_links, preflights, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

DEPLOYMENT = deployment.load()
PAGES = DEPLOYMENT.pages


@endpoint(routes.FALLBACK, DEPLOYMENT, refused=preflights.refused)
def lambda_handler(request: Request) -> Response:
    return damaged_links.mended(request) or PAGES.missing(request) or preflights.answer(request)
