"""Everything that no other route answers: what is not here, methods that are not answered, and preflights."""

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
