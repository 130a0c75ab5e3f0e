"""The hosted pages and their assets: listed names only, nothing external, nothing personal, small and cached."""

import base64
import html
import re
import zlib
from copy import replace

import pytest

from accounts import languages
from accounts.errors import ConfigurationError, IdentityLinkedElsewhere, LoginExpired, NotFound
from accounts.limits import LOGIN_METHODS_WITHOUT_PASSWORD, SIGN_UP_BROWSER_KEPT
from accounts.web import pages, responses, texts
from accounts.web.assets import CACHED_FOREVER
from accounts.web.pages import PATHS, Pages
from accounts.web.responses import Response
from tests.unit.accounts.stage import SITE_URL
from tests.unit.accounts.web.events import SETTINGS, TOKEN, request

SITE = Pages(SETTINGS)
LOGIN_BUDGET = 50_000
# Inline scripts and styles, which the policy refuses (WB-07).
_INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|javascript:")


def page_at(path: str, **headers: str) -> Response:
    """The page that exists."""
    return SITE.answer(request("GET", path, headers={name.replace("_", "-"): it for name, it in headers.items()}))


def loaded(path: str) -> dict[str, Response]:
    """Everything that the page loads, and the imports of that, by path."""
    found: dict[str, Response] = {}
    waiting = re.findall(r'(?:src|rel="\w+" href)="(/assets/[^"]*)"', page_at(path).body)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = page_at(name)
            waiting += imports(name, found[name].body)
    return found


def imports(name: str, module: str) -> list[str]:
    """The paths that the module at ``name`` imports when it starts."""
    return [f"{name.rpartition('/')[0]}/{it}" for it in re.findall(r'(?:from|import)\s*"\./([^"]+)"', module)]


def preloaded(path: str) -> set[str]:
    return set(re.findall(r'rel="modulepreload" href="([^"]*)"', page_at(path).body))


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_html_and_leads_to_support(path: str) -> None:
    """Every placeholder is filled in, and other text is escaped."""
    page = page_at(path)

    assert (page.status, page.content_type) == (200, "text/html; charset=utf-8")
    assert page.body.startswith('<!doctype html>\n<html lang="en" dir="ltr">')
    assert 'href="https://support.example.com/?a=1&amp;b=2"' in page.body
    assert re.findall(r"\$\{?\w+|\{\w+\}", page.body) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_the_policy_of_pages_and_is_not_cached(path: str) -> None:
    """The back button loads it again (ASVS 14.3.2); another language may get another page."""
    headers = responses.as_event(page_at(path), request_id="r", cors=False)["headers"]

    assert headers == {
        **responses.SECURITY_HEADERS,
        "content-security-policy": headers["content-security-policy"],
        "content-type": "text/html; charset=utf-8",
        "content-language": "en",
        "vary": "Accept-Encoding, Accept-Language, Cookie",
        "x-request-id": "r",
    }
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize("path", PATHS)
def test_a_page_loads_only_existing_assets_of_this_site(path: str) -> None:
    """No inline script or style, which the policy would refuse, and nothing external (TK-07, WB-07)."""
    body = page_at(path).body

    assert {asset.status for asset in loaded(path).values()} == {200}
    assert len(loaded(path)) >= 6
    assert re.findall(r'(?:src|rel="\w+" href)="(?!/assets/)[^"]*"', body) == []
    assert _INLINE.findall(body) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_page_preloads_the_modules_that_its_own_imports(path: str) -> None:
    """Otherwise the browser finds them one after the other, a round trip each."""
    assert preloaded(path) == {it for name, asset in loaded(path).items() for it in imports(name, asset.body)}


def test_logging_in_is_a_small_page() -> None:
    """With everything that it loads, before compression."""
    whole = [page_at("/login"), *loaded("/login").values()]

    assert sum(len(it.body.encode()) for it in whole) < LOGIN_BUDGET


def test_only_pages_for_search_engines_describe_themselves() -> None:
    """For search results and previews of links (Open Graph)."""
    described = {path for path in PATHS if '<meta name="description"' in page_at(path).body}

    assert described == {"/login", "/signup", "/api-keys", "/account"}
    assert '<meta property="og:title" content="Log in · Comfy">' in page_at("/login").body
    assert f'<meta property="og:url" content="{SITE_URL}/login">' in page_at("/login").body
    assert f'<meta property="og:url" content="{SITE_URL}/api-keys">' in page_at("/api-keys").body
    assert "your Comfy account" in page_at("/login").body


def test_the_colour_of_the_browser_is_that_of_the_page() -> None:
    """In both themes."""
    sheets = [next(it for it in loaded("/login") if it.endswith(f"/{name}.css")) for name in ("site", "dark")]
    styles = "".join(page_at(it).body for it in sheets)
    colours = re.findall(r'name="theme-color" content="(#\w+)"', page_at("/login").body)

    assert colours == re.findall(r"--ground: (#\w+);", styles)


def test_an_asset_may_be_cached_forever() -> None:
    """Its path changes with the content of any asset."""
    (path,) = [it for it in loaded("/login") if it.endswith("/site.css")]

    headers = page_at(path).headers
    assert headers == {"cache-control": CACHED_FOREVER, "etag": headers["etag"], "vary": "Accept-Encoding"}
    assert page_at(path).content_type == "text/css; charset=utf-8"
    other = Pages(replace(SETTINGS, environ={**SETTINGS.environ, "ACCENT_COLOR": "#0b5d3b"}))
    assert path not in other.answer(request("GET", "/login")).body


def test_a_page_from_before_a_deployment_still_finds_its_assets() -> None:
    """In their current version, which must not be cached under the old path."""
    asset = page_at(f"/assets/{'0' * 16}/page.js")

    assert (asset.status, asset.headers["cache-control"]) == (200, "no-cache")


def test_the_deployments_colours_and_name_are_everywhere() -> None:
    """In the stylesheet, the picture and the title; a name is text."""
    named = {"SITE_NAME": 'Ann\'s "R&D"', "ACCENT_COLOR": "#0b5d3b"}
    site = Pages(replace(SETTINGS, environ={**SETTINGS.environ, **named}))
    body = site.answer(request("GET", "/login")).body

    assert "Ann&#x27;s &quot;R&amp;D&quot;</title>" in body
    (folder,) = set(re.findall(r"/assets/\w+", body))
    light, dark = (site.answer(request("GET", f"{folder}/{name}.css")).body for name in ("brand", "dark"))
    assert ("--accent:#0b5d3b" in light, "--accent:#8ab4ff" in dark) == (True, True)
    assert '"#0b5d3b"' in site.answer(request("GET", f"{folder}/icon.svg")).body


def test_a_configured_logo_is_on_every_page_and_the_only_image_from_elsewhere() -> None:
    """In the header and as the icon; also when a page says why a login failed."""
    logo = "https://cdn.example.com:8443/logo.png?a=1&b=2"
    site = Pages(replace(SETTINGS, environ={**SETTINGS.environ, "LOGO_URL": logo}))
    shown = html.escape(logo)
    pages_with_logo = [*(site.answer(request("GET", path)) for path in PATHS), site.refused(LoginExpired())]
    for page in pages_with_logo:
        assert page.body.count(shown) == 3
        assert f'<img src="{shown}" width="28" height="28" alt=""><span>Comfy</span>' in page.body
        assert f'<link rel="apple-touch-icon" href="{shown}">' in page.body
        assert "icon.svg" not in page.body
        (images,) = re.findall(r"img-src ([^;]*);", page.headers["content-security-policy"])
        assert images == "'self' data: https://cdn.example.com:8443"
    policies = {re.sub(r" https://\S+(?=;)", "", it.headers["content-security-policy"]) for it in pages_with_logo}
    assert policies == {page_at("/login").headers["content-security-policy"]}
    assert site.answer(request("GET", "/favicon.ico")).headers["location"] == logo


@pytest.mark.parametrize("accent", ["#1a56db", "#0b5d3b"])
def test_the_icon_of_a_home_screen_is_a_png_in_the_accent(accent: str) -> None:
    """SVG is not shown there. A transparent edge would become black, so it has none."""
    site = Pages(replace(SETTINGS, environ={**SETTINGS.environ, "ACCENT_COLOR": accent}))
    (path,) = re.findall(r'<link rel="apple-touch-icon" href="([^"]*)">', site.answer(request("GET", "/login")).body)
    icon = site.answer(request("GET", path))
    data = base64.b64decode(icon.body)

    assert (icon.content_type, icon.is_base64, icon.headers["cache-control"]) == ("image/png", True, CACHED_FOREVER)
    chunks = png_chunks(data)
    assert list(chunks) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert chunks[b"IHDR"][:9] == (180).to_bytes(4) * 2 + b"\4"
    assert (chunks[b"PLTE"][:3], chunks[b"PLTE"][-3:]) == (bytes.fromhex(accent[1:]), b"\xff" * 3)
    # A byte for the filter, and two pixels in a byte; the corner has the accent.
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert (len(pixels), pixels[:2]) == (180 * 91, b"\0\0")


def png_chunks(data: bytes) -> dict[bytes, bytes]:
    """By type; each has the right checksum."""
    found, at = {}, 8
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        found[kind] = data[at + 8 : at + 8 + size]
        assert int.from_bytes(data[at + 8 + size : at + 12 + size]) == zlib.crc32(kind + found[kind])
        at += 12 + size
    return found


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/nothing",
        "//",
        "/login/",
        "/LOGIN",
        "/email/verify",
        "/_sent",
        "/layout",
        "/missing",
        "/assets/",
        "/assets/1/",
        "/assets/1/login.html",
        "/assets/1/nothing.css",
        "/assets/1/../pages.py",
        "/assets/1/..%2fpages.py",
        "/assets/../static/site.css",
        "/assets/1//site.css",
        "/assets/1/./site.css",
        "/assets/1/site.css\0",
        "/assets/1/%73ite.css",
        "/assets//etc/passwd",
        "/assets/1/C:\\windows\\win.ini",
        "/assets/site.css",
        "assets/1/site.css",
        "site.css",
    ],
)
def test_no_other_file_is_ever_opened(path: str) -> None:
    """A path is looked up in a list, never joined to a folder."""
    with pytest.raises(NotFound):
        page_at(path)


@pytest.mark.parametrize(
    ("setting", "text"),
    [("MAILBOX_URL", "Mailbox"), ("WALKTHROUGH_URL", "Walk-through"), ("TERMS_URL", "Terms of use")],
)
def test_a_link_is_shown_if_its_address_is_configured(setting: str, text: str) -> None:
    """Escaped like other text; without an address, no link."""
    evil = Pages(replace(SETTINGS, environ={**SETTINGS.environ, setting: 'http://127.0.0.1:8025/"><script>'}))
    without = Pages(replace(SETTINGS, environ={**SETTINGS.environ, setting: ""}))

    assert 'href="http://127.0.0.1:8025/&quot;&gt;&lt;script&gt;"' in evil.answer(request("GET", "/login")).body
    assert f">{text}" not in without.answer(request("GET", "/login")).body


def test_a_deployment_without_its_settings_shows_no_page() -> None:
    """Without a support address it does not serve half a page."""
    with pytest.raises(ConfigurationError):
        Pages(replace(SETTINGS, environ={}))


@pytest.mark.parametrize("path", PATHS)
def test_a_password_field_supports_password_managers_and_cuts_nothing_off(path: str) -> None:
    """Paste is allowed, and no ``maxlength`` silently shortens what was chosen (PW-17, PW-03)."""
    fields = re.findall(r'<input[^>]*type="password"[^>]*>', page_at(path).body)

    assert [it for it in fields if not re.search(r'autocomplete="(current|new)-password"', it)] == []
    assert [it for it in fields if "maxlength" in it] == []


def test_no_form_can_put_its_input_into_an_address() -> None:
    """Without its script a form is posted, which no route answers; a GET would leave the password in the history."""
    forms = [form for path in PATHS for form in re.findall(r"<form[^>]*>", page_at(path).body)]

    assert len(forms) > 10
    assert [form for form in forms if not re.search(r'method="(post|dialog)"', form)] == []


def test_numbers_on_pages_are_those_of_the_limits() -> None:
    assert "15 to 256 characters" in page_at("/signup").body
    assert "within 24 hours" in page_at("/signup").body
    assert "within 30 minutes" in page_at("/forgot-password").body
    assert "up to 25 keys" in page_at("/api-keys").body
    strict = Pages(replace(SETTINGS, environ={**SETTINGS.environ, "PASSWORD_MIN_CHARACTERS": "20"}))
    assert "20 to 256 characters" in strict.answer(request("GET", "/signup")).body


@pytest.mark.parametrize(
    ("path", "name", "limit"),
    [
        ("/signup", "SIGNED_UP_SECONDS", SIGN_UP_BROWSER_KEPT.total_seconds()),
        ("/account", "METHODS_WITHOUT_PASSWORD", LOGIN_METHODS_WITHOUT_PASSWORD),
    ],
)
def test_numbers_in_modules_are_those_of_the_limits(path: str, name: str, limit: float) -> None:
    text = "\n".join(asset.body for file, asset in loaded(path).items() if file.endswith(".js"))

    assert re.findall(rf"^const {name} = (\d+);$", text, re.MULTILINE) == [f"{limit:.0f}"]


def test_modules_create_text_and_never_markup() -> None:
    """Other people's text cannot become part of a page (XSS)."""
    modules = {name: asset.body for path in PATHS for name, asset in loaded(path).items() if name.endswith(".js")}
    risky = re.compile(r"innerHTML|outerHTML|insertAdjacent|document\.write|localStorage|\beval\b|new Function")

    assert {name for name, text in modules.items() if risky.search(text)} == set()


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_client_that_asks_for_no_html_gets_no_page(accept: str) -> None:
    """Only browsers ask for HTML by name."""
    assert SITE.missing(request("GET", "/nothing", headers={"accept": accept})) is None
    assert SITE.missing(request("POST", "/nothing", headers={"accept": "text/html"})) is None


def test_the_root_redirects_to_the_account_or_to_the_login() -> None:
    """Depending on whether there is a session cookie, valid or not. Whatever the host, it leads to the site."""
    known = SITE.answer(request("GET", "/", cookies=[f"__Host-session={TOKEN}"]))

    assert (known.status, known.headers["location"]) == (303, f"{SITE_URL}/account")
    assert page_at("/").headers["location"] == f"{SITE_URL}/login"


@pytest.mark.parametrize(
    ("kind", "title", "way"),
    [(LoginExpired, "not_signed_in", "/login"), (IdentityLinkedElsewhere, "not_linked", "/account")],
)
def test_a_refusal_links_back_to_where_the_person_came_from(kind: type[LoginExpired], title: str, way: str) -> None:
    """To the login, or to the account if the person is logged in."""
    body = pages.Pages(SETTINGS).refused(kind()).body

    assert html.escape(texts.catalogue("en", {})[f"{title}.title"]) in body
    assert f'href="{way}"' in body


@pytest.mark.parametrize(
    ("preferred", "cookies", "language"),
    [
        ("ar-EG", [], "ar"),
        ("ar-EG", ["language=en"], "en"),
        ("en", ["language=ar"], "ar"),
        ("ar", ["language=xx"], "ar"),
        ("ar", ["language="], "ar"),
        ("en", ['language="><script>'], "en"),
        ("en", ["language=ar", "language=en"], "ar"),
    ],
)
def test_a_page_is_in_the_chosen_language_or_else_in_the_one_that_the_browser_prefers(
    preferred: str, cookies: list[str], language: str
) -> None:
    asked = request("GET", "/login", headers={"accept-language": preferred}, cookies=cookies)
    shown = SITE.answer(asked)

    direction = {"ar": "rtl", "en": "ltr"}[language]
    assert shown.body.startswith(f'<!doctype html>\n<html lang="{language}" dir="{direction}">')
    assert shown.headers["content-language"] == language
    assert re.findall(r'<option value="([\w-]+)" lang="\1"( selected)?>', shown.body) == [
        (tag, " selected" if tag == language else "") for tag in languages.LANGUAGES
    ]


@pytest.mark.parametrize(
    ("cookies", "light", "dark"),
    [
        ([], "(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"),
        (["theme="], "(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"),
        (["theme=light"], "screen", "not all"),
        (["theme=dark"], "not all", "screen"),
        (['theme="><script>'], "(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"),
        (["theme=dark", "theme=light"], "not all", "screen"),
    ],
)
def test_a_page_has_the_chosen_theme_before_its_scripts_run(cookies: list[str], light: str, dark: str) -> None:
    """Or that of the system. Without a flash of the other one; also when it says why a login failed."""
    asked = request("GET", "/login", cookies=cookies)
    for body in (SITE.answer(asked).body, SITE.refused(LoginExpired(), asked).body):
        media = re.findall(r'<(\w+) [^>]*media="([^"]*)" data-scheme="(\w+)">', body)
        assert media == [("meta", light, "light"), ("meta", dark, "dark"), ("link", dark, "dark")]
        (chosen,) = re.findall(r'<select id="theme">.*<option value="(\w*)" selected>', body)
        schemes = {"": "light dark", "light": "light", "dark": "dark"}[chosen]
        assert f'<meta name="color-scheme" content="{schemes}">' in body


def test_only_pages_that_a_session_can_be_on_have_a_menu() -> None:
    without = {path for path in PATHS if 'id="nav"' not in page_at(path).body}

    assert without == {path for path in PATHS if not any("account_menu.css" in it for it in loaded(path))}
    assert without == {"/login", "/signup"}


def test_a_refusal_as_a_page_is_in_the_readers_language() -> None:
    body = SITE.refused(LoginExpired(), request("GET", "/login", headers={"accept-language": "ar"})).body

    assert body.startswith('<!doctype html>\n<html lang="ar" dir="rtl">')
    assert languages.refusal(LoginExpired.default_message, {}, "ar") in body
    assert LoginExpired.default_message not in body
