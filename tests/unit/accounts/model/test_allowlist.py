"""What a deployment may add to the origins that may start a login."""

import pytest

from accounts.errors import ConfigurationError
from accounts.model.origins import Allowlist, parse

SITE_URL = "https://accounts.example.com"


@pytest.mark.parametrize(
    "addition",
    [
        "http://app.example.com",
        "http://192.168.1.20:8188",
        "https://*.example.com",
        "*",
        "https://app.example.com/path",
        "app.example.com",
        "https://app.example.com?",
        "https://user@app.example.com",
        "https://bücher.example",
        " https://app.example.com",
        "javascript:alert(1)",
        "null",
    ],
)
def test_a_deployment_cannot_add_an_unsafe_origin(addition: str) -> None:
    """Only https, or this machine; no wildcard; otherwise the function does not start."""
    with pytest.raises(ConfigurationError, match="AllowedOrigins"):
        Allowlist(SITE_URL, [addition])


@pytest.mark.parametrize(
    "addition",
    [
        "http://127.0.0.1:8188",
        "http://127.1.2.3",
        "http://[::1]:8188",
        "http://localhost:8188",
        "http://comfy.localhost",
        "https://localhost",
    ],
)
def test_a_deployment_may_add_a_loopback_origin(addition: str) -> None:
    """Over http too: it is this machine. It is on the list already, so adding it changes nothing."""
    allowlist = Allowlist(SITE_URL, [addition])

    assert allowlist.allows(parse(addition))


def test_an_addition_allows_that_origin_only() -> None:
    """Scheme, host and port must match."""
    allowlist = Allowlist(SITE_URL, ["https://App.Example.net.:8443"])
    answers = {
        text: allowlist.allows(parse(text))
        for text in (
            "https://app.example.net:8443",
            "https://app.example.net",
            "https://x.app.example.net:8443",
            "http://app.example.net:8443",
        )
    }

    assert list(answers.values()) == [True, False, False, False]


@pytest.mark.parametrize(
    "url", ["https://accounts.example.com:99999", "https://127.1", "https://accounts.example.com:443", "https://a..com"]
)
def test_a_site_that_the_allowlist_reads_differently_is_refused(url: str) -> None:
    """Otherwise the site would not be on its own list."""
    with pytest.raises(ConfigurationError, match="SITE_URL"):
        Allowlist(url)
