"""GET /, /email/verify and /assets/{name}: the pages for people, and what they load."""

from accounts import settings
from accounts.errors import NotFound
from accounts.web import pages, routes
from accounts.web.endpoint import endpoint
from accounts.web.requests import Request
from accounts.web.responses import Response

SETTINGS = settings.load()


@endpoint(routes.HOME, SETTINGS)
def lambda_handler(request: Request) -> Response:
    """The page or asset at this path."""
    found = pages.at(request.path, SETTINGS)
    if found is None:
        raise NotFound
    return found
