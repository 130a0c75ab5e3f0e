"""Everything that no other route answers: what is not here, methods that are not answered, and preflights."""

from accounts import settings
from accounts.web import pages, preflights, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
PAGES = pages.Pages(SETTINGS)


@endpoint(routes.FALLBACK, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """Answer a preflight, or say whether the path or only the method is unknown: to a person, with a page."""
    return PAGES.missing(request) or preflights.answer(request)
