"""The deployment's name and colours, on pages and in emails."""

from __future__ import annotations

import re
from urllib.parse import unquote

from msgspec import Struct

from accounts import text
from accounts.errors import ConfigurationError
from accounts.limits import SITE_NAME_MAX_CHARACTERS
from accounts.settings import Settings

# The colours of text on each accent, and the dark background on which the dark accent is used for text.
ON_ACCENT = "#ffffff"
ON_ACCENT_DARK = "#0b1220"
GROUND_DARK = "#14171a"
# WCAG 2.2, 1.4.3: text of normal size.
MIN_CONTRAST = 4.5
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# Its origin becomes part of the policy of pages, so it has nothing but a host and a port.
_LOGO = re.compile(
    r"(https://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?)/[\w.~%/@:+,=&?-]{1,1024}", re.ASCII
)


class Brand(Struct, frozen=True):
    """``accent`` colours buttons and links in light mode, ``accent_dark`` in dark mode; both are ``#rrggbb``.

    Without ``terms_url``, there is no link to terms; without ``logo_url``, the logo is an icon in the accent.
    """

    name: str
    accent: str
    accent_dark: str
    support_url: str
    terms_url: str = ""
    logo_url: str = ""

    @property
    def logo_origin(self) -> str:
        """Where pages load the logo from; empty when it is the site's own icon."""
        found = _LOGO.fullmatch(self.logo_url)
        return found[1] if found else ""

    @property
    def support_address(self) -> str:
        """Where replies to emails go; empty when support is a web page."""
        scheme, _, rest = self.support_url.partition(":")
        return unquote(rest.partition("?")[0]) if scheme == "mailto" else ""


def of(settings: Settings) -> Brand:
    """The deployment's brand; raises ConfigurationError."""
    return checked(
        Brand(
            name=_line(settings["SITE_NAME"]),
            accent=settings["ACCENT_COLOR"],
            accent_dark=settings["ACCENT_COLOR_DARK"],
            support_url=settings["SUPPORT_URL"],
            terms_url=settings.optional("TERMS_URL"),
            logo_url=settings.optional("LOGO_URL"),
        )
    )


def checked(brand: Brand) -> Brand:
    """Raise ConfigurationError for a colour without enough contrast, or a name that is not one line of visible text.

    Also for a logo that is not at a plain https address, and a ``mailto:`` that is not one. Name and email address
    are in the headers of emails, where a line break would be an injection.
    """
    if _line(brand.name) != brand.name:
        message = "SITE_NAME must be one line of visible text, without outer spaces."
        raise ConfigurationError(message)
    if brand.support_address and not _ADDRESS.fullmatch(brand.support_address):
        message = "SUPPORT_URL must name one email address after mailto:."
        raise ConfigurationError(message)
    if brand.logo_url and not brand.logo_origin:
        message = "LOGO_URL must be an https address with a path, and without an account, a fragment or spaces."
        raise ConfigurationError(message)
    pairs = ((brand.accent, ON_ACCENT), (brand.accent_dark, ON_ACCENT_DARK), (brand.accent_dark, GROUND_DARK))
    for colour, other in pairs:
        if not _COLOUR.fullmatch(colour) or contrast(colour, other) < MIN_CONTRAST:
            message = f"The colour {colour!r} must be written #rrggbb and have a contrast of {MIN_CONTRAST} to {other}."
            raise ConfigurationError(message)
    return brand


def _line(name: str) -> str:
    return text.configured("SITE_NAME:", name, at_most=SITE_NAME_MAX_CHARACTERS)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    """One sRGB channel in linear light (WCAG 2.2, "relative luminance")."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
