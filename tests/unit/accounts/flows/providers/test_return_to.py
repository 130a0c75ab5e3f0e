"""Where a login may return to: never to a place that a browser reads differently (OA-14; RFC 9700 4.11)."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.model.origins import Allowlist, parse
from tests.unit.accounts.stage import exactly

SITE_URL = "https://accounts.example.com"
ALLOWLIST = Allowlist(SITE_URL, ["https://app.example.net"])

KEPT = {
    "": f"{SITE_URL}/",
    "/": f"{SITE_URL}/",
    "/keys": f"{SITE_URL}/keys",
    "/keys?tab=1&x=a%20b": f"{SITE_URL}/keys?tab=1&x=a%20b",
    "/keys?next=https://evil.com": f"{SITE_URL}/keys?next=https://evil.com",
    "/keys/../account": f"{SITE_URL}/keys/../account",
    "/%2e%2e/%2f": f"{SITE_URL}/%2e%2e/%2f",
    "/@evil.com": f"{SITE_URL}/@evil.com",
    "/.evil.com": f"{SITE_URL}/.evil.com",
    "/:80": f"{SITE_URL}/:80",
    "/%0d%0aSet-Cookie:x": f"{SITE_URL}/%0d%0aSet-Cookie:x",
    "/%5cevil.com": f"{SITE_URL}/%5cevil.com",
    SITE_URL: f"{SITE_URL}/",
    "https://app.example.net": "https://app.example.net/",
    "https://app.example.net/deep/path?x=1": "https://app.example.net/deep/path?x=1",
    "https://APP.example.net:443/x": "https://app.example.net/x",
    "http://localhost:8188/?client_id=1": "http://localhost:8188/?client_id=1",
    "http://127.0.0.1:8188/a": "http://127.0.0.1:8188/a",
    "http://[0:0:0:0:0:0:0:1]:8188/a": "http://[::1]:8188/a",
    "http://localhost.:80/a": "http://localhost/a",
    "https://cloud.comfy.org//evil.com": "https://cloud.comfy.org//evil.com",
}

REFUSED = (
    "//evil.com",
    "//evil.com/keys",
    "///evil.com",
    "////evil.com",
    "/\\evil.com",
    "/\\/evil.com",
    "\\/evil.com",
    "\\\\evil.com",
    "\\evil.com",
    "/\t/evil.com",
    "/\n/evil.com",
    "/\r/evil.com",
    "\t//evil.com",
    "/\x00/evil.com",
    "/ /evil.com",
    " /keys",
    " //evil.com",
    "\x01//evil.com",
    "/keys\r\nSet-Cookie: x=1",
    "/keys\n",
    "/keys\t",
    "/keys\\",
    "/keys#fragment",
    "/#",
    "/keys?x=\\",
    "/keys?x=<script>",
    "/keys?x='\"",
    "/é",
    "/\u2028",
    "/\ud800",
    "/\u3000/evil.com",
    "\uff0f\uff0fevil.com",
    "keys",
    "./keys",
    "../keys",
    "?x=1",
    "#x",
    ".evil.com",
    "@evil.com",
    ":80",
    "evil.com",
    "https:evil.com",
    "https:/evil.com",
    "https:///evil.com",
    "https:\\\\evil.com",
    "https://evil.com",
    "https://evil.com/accounts.example.com",
    "https://evil.com\\@accounts.example.com/",
    "https://evil.com\\.accounts.example.com/",
    "https://accounts.example.com@evil.com/",
    "https://accounts.example.com:443@evil.com/",
    "https://user@accounts.example.com/",
    "https://accounts.example.com.evil.com/",
    "https://accounts.example.com%2eevil.com/",
    "https://accounts.example.com:8443/",
    "https://accounts.example.com/#x",
    "https://accounts.example.com/\\",
    "http://accounts.example.com/",
    "http://0.0.0.0:8188/",
    "http://192.168.1.20:8188/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://localhost.com/",
    "http://localhost:0/",
    "http://localhost:/",
    "https://comfy.org.evil.com/",
    "https://evilcomfy.org/",
    "http://comfy.org/",
    "javascript:alert(1)",
    "javascript://accounts.example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "//accounts.example.com/keys",
    "/" + "a" * 2048,
    "https://accounts.example.com/" + "a" * 2048,
)


@pytest.mark.parametrize(("text", "url"), KEPT.items())
def test_a_place_on_this_site_or_on_the_list_is_accepted(text: str, url: str) -> None:
    """As an absolute URL, built from the parsed parts."""
    assert ALLOWLIST.return_url(text) == url


# RFC 3986: what a path may have besides letters, digits and escapes, and what a query may have besides.
PATH_SIGNS, QUERY_SIGNS = "-._~!$&'()*+,;=:@/", "?"


@pytest.mark.parametrize("sign", [*PATH_SIGNS, "%2F", "%e9", "A", "z", "0"])
def test_each_sign_of_a_path_comes_back_unchanged(sign: str) -> None:
    """A page whose path was rewritten would not be found."""
    for path in (f"/a{sign}b", f"/a/{sign}"):
        assert ALLOWLIST.return_url(path) == f"{SITE_URL}{path}"
        assert ALLOWLIST.return_url(f"http://127.0.0.1:8188{path}") == f"http://127.0.0.1:8188{path}"


@pytest.mark.parametrize("sign", [*PATH_SIGNS, *QUERY_SIGNS, "%26", "%e9", "A", "z", "0"])
def test_each_sign_of_a_query_comes_back_unchanged(sign: str) -> None:
    """A program would read another value."""
    for path in (f"/a?b={sign}c", f"/?{sign}"):
        assert ALLOWLIST.return_url(path) == f"{SITE_URL}{path}"


@pytest.mark.parametrize("text", REFUSED)
def test_any_other_place_is_refused(text: str) -> None:
    """Not silently replaced: the caller learns that it is not on the list."""
    assert ALLOWLIST.return_url(text) is None


def _as_a_browser(url: str) -> tuple[str, str, str]:
    """Scheme, host and port as browsers read them (WHATWG URL 4.4), for http and https.

    A browser drops tabs and line breaks, trims controls and spaces, reads a backslash as a slash, accepts any number of
    them between scheme and host, and ends the userinfo at the last @.
    """
    text = re.sub(r"[\t\r\n]", "", url.strip("".join(map(chr, range(33)))))
    scheme, colon, rest = text.partition(":")
    assert colon
    authority = re.split(r"[/\\?#]", rest.lstrip("/\\"), maxsplit=1)[0].rpartition("@")[2]
    host, port = re.fullmatch(r"(\[.*\]|[^:]*)(?::(\d*))?", authority).groups(default="")  # type: ignore[union-attr]
    return scheme.lower(), host.lower(), port or {"http": "80", "https": "443"}[scheme.lower()]


_HOSTS = st.sampled_from(
    [
        "accounts.example.com",
        "app.example.net",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "comfy.org",
        "evil.com",
        "0x7f.1",
        "",
    ]
)
_TRICKS = st.text("/\\@:?#.%\t\r\n \x00.;&=aé0129[]", max_size=4)
_SCHEMES = st.sampled_from(
    ["http://", "https://", "http:", "https:/", "//", "/\\", "\\\\", "/", "", "HTTPS://", "javascript:"]
)
_URLS = st.builds(lambda *parts: "".join(parts), _SCHEMES, _TRICKS, _HOSTS, _TRICKS, _HOSTS, _TRICKS)


@exactly
@given(_URLS | st.text(max_size=40) | st.text("/\\:@.?#htps[]0x7lcaomfy rg", max_size=40))
@example("https://evil.com\\@accounts.example.com/")
@example("/\t/evil.com")
@example("https://accounts.example.com\t@evil.com")
def test_browsers_read_an_accepted_place_as_the_one_that_was_allowed(text: str) -> None:
    """Python and browsers agree on scheme, host and port, and these are on the list."""
    url = ALLOWLIST.return_url(text)
    if url is None:
        return
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else str(parts.hostname)
    port = str(parts.port or {"http": 80, "https": 443}[parts.scheme])

    assert (parts.scheme, host, port) == _as_a_browser(url)
    assert ALLOWLIST.allows(parse(f"{parts.scheme}://{host}:{port}"))
    assert url.isascii()
    assert url.isprintable()
    assert not set(url) & set(' "<>\\^`{|}#')


@exactly
@given(_URLS)
def test_an_accepted_place_is_accepted_again_unchanged(text: str) -> None:
    url = ALLOWLIST.return_url(text)

    assert url is None or ALLOWLIST.return_url(url) == url
