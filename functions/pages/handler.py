"""GET /login and the other pages for people, and /assets/{version}/{name}, what they load."""

from accounts import settings
from accounts.web import pages, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()
PAGES = pages.Pages(SETTINGS)


@endpoint(routes.HOME, SETTINGS, *routes.PAGES)
def lambda_handler(request: Request) -> Response:
    """The page or asset at this path."""
    return PAGES.answer(request)
