"""A deployment's name and colours: unreadable ones are refused at start."""

from contextlib import nullcontext
from copy import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import settings
from accounts.errors import ConfigurationError
from accounts.model import brand
from accounts.model.brand import Brand

BRAND = Brand("Comfy", "#1a56db", "#8ab4ff", "https://support.example.com")
COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def test_contrast_follows_the_standard() -> None:
    """Known ratios: black on white is 21; #767676 is the palest grey that passes on white."""
    assert brand.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert brand.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert brand.contrast("#777777", "#ffffff") < brand.MIN_CONTRAST


@given(COLOURS, COLOURS)
def test_contrast_has_no_direction(one: str, other: str) -> None:
    """Text on background equals background on text."""
    assert brand.contrast(one, other) == brand.contrast(other, one) >= 1


def test_the_default_colours_are_readable() -> None:
    """Those of the template."""
    assert brand.checked(BRAND) == BRAND


@pytest.mark.parametrize("colour", ["#ffcc00", "blue", "#fff", "", "#1a56db; }", "#1a56dg"])
def test_an_unreadable_accent_is_refused(colour: str) -> None:
    """Too pale for white text, or not a colour."""
    with pytest.raises(ConfigurationError, match="must be written"):
        brand.checked(replace(BRAND, accent=colour))


@pytest.mark.parametrize("colour", ["#1a56db", "#000000", "white"])
def test_an_unreadable_dark_accent_is_refused(colour: str) -> None:
    """Too dark for a dark background."""
    with pytest.raises(ConfigurationError, match="must be written"):
        brand.checked(replace(BRAND, accent_dark=colour))


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://cdn.example.com/logo.png", "https://cdn.example.com"),
        ("https://cdn.example.com:8443/a/b%20c.png?v=2&w=1", "https://cdn.example.com:8443"),
        ("", ""),
    ],
)
def test_a_logo_is_at_an_https_address(address: str, origin: str) -> None:
    """Or it is the site's own icon."""
    assert brand.checked(replace(BRAND, logo_url=address)).logo_origin == origin


@pytest.mark.parametrize(
    "address",
    [
        "http://cdn.example.com/logo.png",
        "//cdn.example.com/logo.png",
        "data:image/svg+xml,x",
        "javascript:alert(1)",
        "https://cdn.example.com",
        "https://cdn.example.com/",
        "https://*/logo.png",
        "https://*.example.com/logo.png",
        "https://ann@cdn.example.com/logo.png",
        "https://cdn.example.com;script-src */logo.png",
        "https://cdn.example.com /logo.png",
        "https://cdn.example.com\n/logo.png",
        "https://cdn.example.com/logo.png\n",
        "https://cdn.example.com/logo.png#x",
        'https://cdn.example.com/"><script>',
        "https://cdn.example.com/lo go.png",
        "https://cdn.example.com./logo.png",
        "https://CDN.example.com/logo.png",
        f"https://cdn.example.com/{'a' * 1025}",
    ],
)
def test_another_logo_is_refused(address: str) -> None:
    """Its origin is part of the policy of pages, where a space or a semicolon would be an injection."""
    with pytest.raises(ConfigurationError, match="LOGO_URL"):
        brand.checked(replace(BRAND, logo_url=address))


def test_a_name_is_normalized_when_it_is_read() -> None:
    """What an operator pasted: outer spaces, a no-break space, a decomposed letter."""
    environment = {
        "STAGE": "dev",
        "SITE_URL": "https://accounts.example.com",
        "SUPPORT_URL": "https://support.example.com",
    }
    colours = {"ACCENT_COLOR": "#1a56db", "ACCENT_COLOR_DARK": "#8ab4ff"}
    named = {"SITE_NAME": " Cafe\u0301\xa0Comfy\n"}

    assert brand.of(settings.load(environment | colours | named)).name == "Café Comfy"


@pytest.mark.parametrize(
    "address", ["", "support", "a@example.com,b@example.com", "a@example.com%0D%0ABcc:b@example.com", "a b@example.com"]
)
def test_replies_go_to_one_address(address: str) -> None:
    """They are a header of every email."""
    with nullcontext() if not address else pytest.raises(ConfigurationError, match="SUPPORT_URL"):
        brand.checked(replace(BRAND, support_url=f"mailto:{address}"))


@pytest.mark.parametrize(("name", "is_accepted"), [("x" * 40, True), ("x" * 41, False)])
def test_a_name_has_a_limit(name: str, is_accepted: bool) -> None:
    with nullcontext() if is_accepted else pytest.raises(ConfigurationError, match="SITE_NAME"):
        brand.checked(replace(BRAND, name=name))


@pytest.mark.parametrize("name", ["", " ", "Comfy\r\nBcc: mallory@example.com", "Comfy\n", "Comfy\x00", "Comfy\u202e"])
def test_a_name_that_could_end_a_header_is_refused(name: str) -> None:
    """Every email has it in its ``From``."""
    with pytest.raises(ConfigurationError, match="SITE_NAME"):
        brand.checked(replace(BRAND, name=name))
