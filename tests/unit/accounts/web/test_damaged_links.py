"""Links that were changed on their way lead to the page that they meant, and nowhere else."""

import pytest

from accounts.limits import URL_MAX_CHARACTERS
from accounts.web import damaged_links
from accounts.web.pages import PATHS
from tests.unit.accounts.web.events import request

TOKEN = "aB3_-" * 8 + "xyz"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", PATHS)
def test_a_slash_at_the_end_is_removed(path: str, method: str) -> None:
    """The query stays as it was sent."""
    query = "return_to=%2Foauth%2Fauthorize%3Fa%3D1%26b%3D2"
    mended = damaged_links.mended(request(method, f"{path}/", rawQueryString=query))

    assert mended is not None
    assert (mended.status, mended.headers) == (303, {"location": f"{path}?{query}"})
    assert damaged_links.mended(request(method, f"{path}//")) is not None


@pytest.mark.parametrize("mark", ["#", "%23", "%2523"])
@pytest.mark.parametrize(
    ("path", "fragment"),
    [
        ("/reset-password", f"token={TOKEN}"),
        ("/verify-email", f"token={TOKEN}"),
        ("/verify-email", f"token={TOKEN}&with=github"),
        ("/verify-email", f"token={TOKEN}&change=1&email=olive@example.com"),
        ("/reset-password", f"token={TOKEN}&email=o%2B1@b%C3%BCcher.example"),
        ("/device", "user_code=WDJB-MJHT"),
    ],
)
def test_an_encoded_fragment_is_decoded(path: str, fragment: str, mark: str) -> None:
    """Link protection of email providers encodes ``#`` once or twice, and some encode ``=`` and ``&``."""
    for written in (fragment, fragment.replace("=", "%3D").replace("&", "%26")):
        mended = damaged_links.mended(request("GET", f"{path}{mark}{written}"))

        assert mended is not None
        assert mended.headers == {"location": f"{path}#{fragment}"}


@pytest.mark.parametrize(
    "fragment",
    [
        "",
        "token=",
        "token=a b",
        "token=a&email=b&email=c",
        "token=a&email=b\rc",
        "token=a\r\nset-cookie: a=b",
        "next=//evil.example",
    ],
)
def test_another_fragment_is_dropped(fragment: str) -> None:
    """The page then says that the link does not work."""
    mended = damaged_links.mended(request("GET", f"/reset-password#{fragment}"))

    assert mended is not None
    assert mended.headers == {"location": "/reset-password"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "//"),
        ("GET", "//evil.example/"),
        ("GET", "//evil.example%23token=a"),
        ("GET", "/%5Cevil.example/"),
        ("GET", "/login"),
        ("GET", "/LOGIN/"),
        ("GET", "/nothing/"),
        ("GET", "/nothing%23token=a"),
        ("GET", "/auth/session/"),
        ("GET", "/customers/me%23token=a"),
        ("GET", "/assets/1/site.css/"),
        ("GET", "/login%252523token=a"),
        ("GET", f"/login{'/' * URL_MAX_CHARACTERS}"),
        ("POST", "/login/"),
        ("OPTIONS", "/login/"),
    ],
)
def test_no_other_path_is_redirected(method: str, path: str) -> None:
    """Only paths of pages; another site is never a target."""
    assert damaged_links.mended(request(method, path)) is None


@pytest.mark.parametrize("query", ["a=b\r\nset-cookie: c=d", "a=\u2028", "a=<script>", 'a="b" c'])
def test_a_query_cannot_add_a_header(query: str) -> None:
    """Whatever the gateway passes on, the location is printable ASCII."""
    mended = damaged_links.mended(request("GET", "/login/", rawQueryString=query))

    assert mended is not None
    location = mended.headers["location"]
    assert location.startswith("/login?a=")
    assert location.isascii()
    assert not set(location) & set(' "<>\r\n')


def test_the_longest_path_is_redirected() -> None:
    """And one that is longer is not."""
    longest = "/login" + "/" * (URL_MAX_CHARACTERS - len("/login"))

    assert damaged_links.mended(request("GET", longest)) is not None
    assert damaged_links.mended(request("GET", f"{longest}/")) is None
