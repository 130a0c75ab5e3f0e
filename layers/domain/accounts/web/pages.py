"""The hosted pages. They hold no personal data, which their scripts fetch with the session cookie.

Files are read once, at the first request. Only listed names are ever opened.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from accounts import languages, limits
from accounts.errors import AccountsError, EmailNotVerified, LoginDeclined, NotFound, SecondFactorRequired
from accounts.model import brand
from accounts.settings import Settings
from accounts.web import choices, credentials, responses, routes, texts
from accounts.web.assets import Assets
from accounts.web.requests import Request, language_of
from accounts.web.responses import Response

if TYPE_CHECKING:
    from accounts.web.static_texts import StaticText

_FOLDER = Path(__file__).with_name("static") / "pages"
PATHS: Mapping[str, str] = {
    "/login": "login",
    "/second-step": "second_step",
    "/signup": "signup",
    "/verify-email": "verify_email",
    "/forgot-password": "forgot_password",
    "/reset-password": "reset_password",
    "/api-keys": "api_keys",
    "/account": "account",
    "/oauth/authorize": "consent",
    "/device": "device",
}
_PARTS = ("address", "providers", "new_password", "sent", "again", "question")
# With a session, they lead elsewhere.
_WITHOUT_MENU = frozenset({"login", "signup"})
# Pages that search engines may show (``public_files.robots``): people look for them, and without a session, they lead
# to login.
_FOUND = {"login": "/login", "signup": "/signup", "api_keys": "/api-keys", "account": "/account"}
_LINKS = ("terms", "walkthrough", "mailbox")
# Pages with stylesheets besides those of all pages.
_STYLES: Mapping[str, tuple[str, ...]] = {
    "account": ("dialogs", "strength", "inside"),
    "api_keys": ("dialogs", "inside"),
    "consent": ("dialogs", "question"),
    "device": ("dialogs", "question"),
    "reset_password": ("strength",),
    "signup": ("strength",),
}
# Pages with texts besides those that all pages load.
_TEXTS: Mapping[str, tuple[str, ...]] = {
    "account": ("account", "device", "strength"),
    "api_keys": ("device", "keys"),
    "consent": ("question",),
    "device": ("device", "question"),
    "reset_password": ("strength",),
    "second_step": ("second_step",),
    "signup": ("strength",),
    "verify_email": ("verify",),
}
# Provider logins that failed while a logged-in owner was linking an identity or reauthenticating.
_WHILE_LOGGED_IN = frozenset(
    {"identity_linked_elsewhere", "identity_limit_reached", "identity_not_linked", "reauth_required"}
)
_VARY = "Accept-Language, Cookie"
_ASSET = re.compile(r"/assets/([^/]+)/([^/]+)")


class Page(Template):
    """HTML with ``${names}`` such as ``${login.title}``."""

    braceidpattern = r"[a-z][a-z0-9_.]*"


class Pages:
    """The pages of one deployment; raises ConfigurationError when the brand is invalid."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._brand = brand.of(settings)
        self._headers = responses.page_headers(self._brand.logo_origin)
        self._rendered: dict[tuple[str, str, str], StaticText] = {}

    def answer(self, request: Request) -> Response:
        """The page or asset at the request's path; raises NotFound."""
        if request.path == "/":
            # A first guess: the page finds out whether the session is valid. Absolute, because no login works at API
            # Gateway's own address of the API.
            return responses.see_other(
                self._settings.site_url + ("/account" if credentials.session_cookie(request) else "/login")
            )
        if request.path in PATHS:
            return self._page(PATHS[request.path], request, {"vary": _VARY})
        if request.path in self._files:
            return self._files[request.path](request)
        if found := _ASSET.fullmatch(request.path):
            return self._assets.at(request, found[1], found[2])
        raise NotFound

    def missing(self, request: Request) -> Response | None:
        """A page for a browser that gets no other: a broken link, or a form whose script did not run.

        None for programs, and for other known paths.
        """
        if "text/html" not in request.headers.get("accept", ""):
            return None
        if request.method == "POST" and request.path in PATHS:
            headers = {"vary": f"Accept, {_VARY}", "allow": ", ".join(routes.HOME.methods)}
            return self._page("unscripted", request, headers, status=405)
        if request.method not in routes.HOME.methods or routes.at(request.path):
            return None
        headers = {"vary": f"Accept, {_VARY}", **responses.CORS_HEADERS}
        return self._page("missing", request, headers, status=404)

    def refused(self, error: AccountsError, request: Request | None = None) -> Response:
        """A refusal as a page: what happened, what to do, and other ways to log in; or the page of the next step."""
        language, theme = language_of(request), choices.theme_of(request)
        if isinstance(error, LoginDeclined):
            return responses.see_other(self._after_declining(error))
        if isinstance(error, EmailNotVerified) and error.email:
            return self._to_confirm(error, language, theme)
        if isinstance(error, SecondFactorRequired):
            return self._to_second_step(error)
        name = "not_linked" if error.code in _WHILE_LOGGED_IN else "not_signed_in"
        message = languages.refusal(error.template, error.values, language)
        blanks = {"error.code": error.code, "error.message": message}
        return self._refusal(error, self._filled(name, language, theme, blanks))

    def _refusal(self, error: AccountsError, text: str) -> Response:
        headers = {**self._headers, **responses.headers_of(error)}
        return Response(responses.status_of(error), text, content_type=responses.HTML, headers=headers)

    def _after_declining(self, declined: LoginDeclined) -> str:
        """Where the owner came from: the login page, which says so, or the page on which they are logged in."""
        if declined.logged_in:
            return declined.return_url
        query = {"cancelled": declined.provider, **self._returning(declined.return_url)}
        return f"{self._settings.site_url}/login?{urlencode(query)}"

    def _to_second_step(self, required: SecondFactorRequired) -> Response:
        query = {"return_to": "/account", **self._returning(required.return_url), "factors": ",".join(required.factors)}
        address = f"{self._settings.site_url}/second-step?{urlencode(query)}"
        return responses.see_other(address, cookies=responses.cookies_of(required))

    def _to_confirm(self, error: EmailNotVerified, language: str, theme: str) -> Response:
        """The page "Check your email", with the address. To start the login again sends another email."""
        from accounts.model import email_addresses  # noqa: PLC0415 - few logins need it
        from accounts.model.providers import TITLES  # noqa: PLC0415

        again = f"/auth/{error.provider}/start?{urlencode(self._returning(error.return_url))}"
        blanks = {
            "error.code": error.code,
            "provider": TITLES.get(error.provider, ""),
            "error.email": email_addresses.shown(error.email),
            "error.again": again.rstrip("?"),
        }
        return self._refusal(error, self._filled("confirm_first", language, theme, blanks))

    def _returning(self, return_url: str) -> dict[str, str]:
        """The return address for a page, which takes the site's own only."""
        own = f"{self._settings.site_url}/"
        return {"return_to": return_url.removeprefix(own[:-1])} if return_url.startswith(own) else {}

    def _page(self, name: str, request: Request, headers: Mapping[str, str], *, status: int = 200) -> Response:
        """A page that is the same for everyone who reads its language in its theme."""
        # Here, because the functions that only show refusals as pages do without it.
        from accounts.web.static_texts import StaticText  # noqa: PLC0415

        language, theme = request.caller.language, choices.theme_of(request)
        asked = (name, language, theme)
        if asked not in self._rendered:
            self._rendered[asked] = StaticText(self._filled(name, language, theme, {}), responses.HTML)
        headers = {**self._headers, "content-language": language, **headers}
        return self._rendered[asked].response(request, headers, status=status)

    def _filled(self, name: str, language: str, theme: str, more: Mapping[str, str]) -> str:
        values = {**texts.catalogue(language, {**self._constants, **more}), **self._links, **more}
        blanks = {key: html.escape(value) for key, value in values.items()}
        blanks |= self._frame(name, language, blanks) | choices.blanks(language, theme, blanks)
        blanks["page.nav"] = "" if name in _WITHOUT_MENU else Page(_read("_nav")).substitute(blanks)
        blanks["page.url"] = html.escape(f"{self._settings.site_url}{_FOUND.get(name, '')}")
        blanks["page.meta"] = Page(_read("_meta")).substitute(blanks).rstrip() if name in _FOUND else ""
        blanks["page.noscript"] = Page(_read("_noscript")).substitute(blanks) if name in PATHS.values() else ""
        blanks |= {f"part.{part}": Page(_read(f"_{part}")).substitute(blanks) for part in _PARTS}
        content = Page(_read(name)).substitute(blanks)
        return Page(_read("layout")).substitute(blanks | {"content": content})

    def _frame(self, name: str, language: str, blanks: Mapping[str, str]) -> dict[str, str]:
        """The parts of the layout that depend on the page. ``blanks`` are already escaped."""
        folder = self._assets.path("").rstrip("/")
        named = (*(() if name in _WITHOUT_MENU else ("account_menu",)), *_STYLES.get(name, ()))
        styles = "".join(f'<link rel="stylesheet" href="{folder}/{it}.css">' for it in named)
        if name not in _WITHOUT_MENU:
            styles += f'<link rel="stylesheet" href="{folder}/print.css" media="print">'
        script = name if name in PATHS.values() else "plain"
        # Otherwise the browser finds them one after the other, each after a round trip.
        modules = self._assets.imported_by(f"{script}.js")
        said = "".join(f'<script src="{folder}/{it}.{language}.js" defer></script>' for it in _TEXTS.get(name, ()))
        items = {
            f"item.{link}": f'<li><a href="{blanks[f"link.{link}"]}">{blanks[f"footer.{link}"]}</a></li>'
            if blanks[f"link.{link}"]
            else ""
            for link in _LINKS
        }
        return {
            **items,
            **_icons(folder, html.escape(self._brand.logo_url)),
            "assets": folder,
            "language": language,
            "direction": languages.direction(language),
            "page.title": blanks[f"{name}.title"],
            "page.script": script,
            "page.modules": "".join(f'<link rel="modulepreload" href="{folder}/{it}">' for it in modules),
            "page.styles": styles,
            "page.texts": said,
        }

    @cached_property
    def _files(self) -> Mapping[str, Callable[[Request], Response]]:
        # Here, because the functions that only show refusals as pages do without it.
        from accounts.web import public_files  # noqa: PLC0415

        site, support = self._settings.site_url, self._brand.support_url
        return {
            routes.ROBOTS.path: lambda _: public_files.robots(),
            routes.CHANGE_PASSWORD.path: lambda _: public_files.change_password(),
            routes.OPENAPI.path: public_files.openapi,
            routes.FAVICON.path: lambda _: public_files.icon(self._brand.logo_url or self._assets.path("icon.svg")),
            routes.SECURITY_CONTACT.path: lambda it: public_files.security_contact(site, support, it.received_at),
        }

    @cached_property
    def _assets(self) -> Assets:
        return Assets(self._brand, self._constants)

    @cached_property
    def _links(self) -> Mapping[str, str]:
        return {
            "site": self._brand.name,
            "link.support": self._brand.support_url,
            "link.terms": self._brand.terms_url,
            "link.walkthrough": self._settings.optional("WALKTHROUGH_URL"),
            "link.mailbox": self._settings.optional("MAILBOX_URL"),
        }

    @property
    def _constants(self) -> Mapping[str, str]:
        """Values for the placeholders of texts: the service's limits and its name."""
        return {
            "site": self._brand.name,
            "password_min": str(self._settings.password_min_characters),
            "password_max": str(limits.PASSWORD_MAX_CHARACTERS),
            "link_hours": str(limits.VERIFICATION_LIFETIME // timedelta(hours=1)),
            "device_minutes": str(limits.DEVICE_CODE_LIFETIME // timedelta(minutes=1)),
            "reset_minutes": str(limits.PASSWORD_RESET_LIFETIME // timedelta(minutes=1)),
            "keys_max": str(limits.API_KEYS_PER_ACCOUNT),
            "passkeys_max": str(limits.PASSKEYS_PER_ACCOUNT),
            "second_factor": self._settings.second_factor,
            "recovery_codes": str(limits.RECOVERY_CODES),
            "trust_days": str(limits.TRUSTED_BROWSER_KEPT // timedelta(days=1)),
        }


def _icons(folder: str, logo: str) -> Mapping[str, str]:
    """Of the header and of the browser. iOS shows no SVG on its home screen."""
    if logo:
        links = f'<link rel="icon" href="{logo}">\n<link rel="apple-touch-icon" href="{logo}">'
        return {"icon": logo, "page.icons": links}
    icon, touch_icon = f"{folder}/icon.svg", f"{folder}/touch-icon.png"
    links = f'<link rel="icon" href="{icon}" type="image/svg+xml">\n<link rel="apple-touch-icon" href="{touch_icon}">'
    return {"icon": icon, "page.icons": links}


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.html").read_text(encoding="utf-8")
