"""The hosted pages and their files, which no client calls but every browser does."""

from accounts import errors
from accounts.web import routes
from accounts.web.pages import PATHS
from scripts.openapi.operation import HTML, JSON, TEXT, Answer, Operation, redirect

_PAGES, _FILES = "Pages", "Files"
_KEPT, _ENCODING = "Cache-Control", "Content-Encoding"
_CACHED = (_KEPT, "ETag")
_CURRENT = Answer(304, "The copy with the ETag in `If-None-Match` is current.", headers=_CACHED)
_STATIC = (TEXT, "text/css", "text/javascript", "image/svg+xml")

PAGES = (
    Operation(
        route=routes.HOME,
        tag=_PAGES,
        summary="Redirects to the account or the login",
        answers=(redirect("To a page."),),
    ),
    *(
        Operation(
            route=route,
            tag=_PAGES,
            summary=f"The page `{route.path}`",
            answers=(Answer(200, "The page.", media=(HTML,), headers=("Content-Language", _ENCODING)),),
        )
        for route in routes.PAGES
        if route.path in PATHS
    ),
    Operation(
        route=routes.ASSET,
        tag=_FILES,
        summary="A style, script or image of the pages",
        answers=(Answer(200, "The file.", media=_STATIC[1:], headers=(*_CACHED, _ENCODING)), _CURRENT),
        errors=(errors.NotFound,),
    ),
    Operation(route=routes.FAVICON, tag=_FILES, summary="The site's icon", answers=(redirect("To the icon.", _KEPT),)),
    Operation(
        route=routes.ROBOTS,
        tag=_FILES,
        summary="What search engines may show (RFC 9309)",
        answers=(Answer(200, "The rules.", media=(TEXT,)),),
    ),
    Operation(
        route=routes.CHANGE_PASSWORD,
        tag=_FILES,
        summary="Redirects password managers to the page that changes a password",
        answers=(redirect("To the account page."),),
    ),
    Operation(
        route=routes.SECURITY_CONTACT,
        tag=_FILES,
        summary="Where to report a vulnerability (RFC 9116)",
        answers=(Answer(200, "The contact.", media=(TEXT,)),),
    ),
    Operation(
        route=routes.OPENAPI,
        tag=_FILES,
        summary="This document",
        answers=(Answer(200, "The document.", media=(JSON,), headers=(*_CACHED, _ENCODING)), _CURRENT),
    ),
)
