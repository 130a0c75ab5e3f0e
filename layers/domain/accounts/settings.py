"""Configuration of a deployment, read and checked at startup (ASVS 13.4.2)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from accounts.errors import ConfigurationError
from accounts.limits import (
    PASSWORD_MIN_CHARACTERS,
    PASSWORD_MIN_CHARACTERS_AT_MOST,
    PASSWORD_MIN_CHARACTERS_WITH_SECOND_FACTOR,
)

SecondFactor = Literal["optional", "required", "off"]
REQUIRED: Final = "required"
OFF: Final = "off"
_SECOND_FACTORS: tuple[SecondFactor, ...] = ("optional", REQUIRED, OFF)
STAGES = ("local", "dev", "prod")
# As browsers write it in ``Origin``, which is compared as text: lowercase, punycode, no default port.
_ORIGIN = r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?!443$)[1-9][0-9]{0,4})?"
_ON_LOOPBACK = r"http://(?:localhost|127\.0\.0\.1|\[::1\])(?::(?!80$)[1-9][0-9]{0,4})?"


class Settings(Struct, frozen=True):
    """``site_url`` is an origin without a trailing slash; every link and origin check uses it."""

    stage: str
    site_url: str
    environ: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """The environment variable ``name``; raises ConfigurationError when it is missing or empty."""
        value = self.environ.get(name, "")
        if not value:
            message = f"The environment variable {name} is missing."
            raise ConfigurationError(message)
        return value

    def number(self, name: str, *, at_least: int, at_most: int) -> int:
        """The environment variable ``name``, which must be a number from ``at_least`` to ``at_most``.

        Raises ConfigurationError.
        """
        text = self[name]
        # ASCII only: int() accepts digits of any script, spaces and underscores.
        if not (text.isascii() and text.isdigit() and at_least <= int(text) <= at_most):
            message = f"The environment variable {name} must be a number from {at_least} to {at_most}."
            raise ConfigurationError(message)
        return int(text)

    @property
    def second_factor(self) -> SecondFactor:
        """Whether owners may, must or cannot turn it on; raises ConfigurationError."""
        given = self.environ.get("SECOND_FACTOR", "")
        for chosen in _SECOND_FACTORS:
            if chosen == given:
                return chosen
        message = f"SECOND_FACTOR must be one of {', '.join(_SECOND_FACTORS)}."
        raise ConfigurationError(message)

    @property
    def confirms_new_browsers(self) -> bool:
        """Whether a login with a password in a new browser needs a code by email; raises ConfigurationError."""
        given = self.environ.get("CONFIRM_NEW_BROWSERS", "")
        if given not in {"on", OFF}:
            message = "CONFIRM_NEW_BROWSERS must be on or off."
            raise ConfigurationError(message)
        return given == "on"

    @property
    def password_min_characters(self) -> int:
        """Shorter ones need a second factor, and a list of breached passwords: the bundled list has long ones only."""
        looks_up = self.optional("BREACHED_PASSWORD_LOOKUP") == "on"
        may_be_short = looks_up and self.second_factor == REQUIRED
        at_least = PASSWORD_MIN_CHARACTERS_WITH_SECOND_FACTOR if may_be_short else PASSWORD_MIN_CHARACTERS
        at_most = PASSWORD_MIN_CHARACTERS_AT_MOST
        return self.number("PASSWORD_MIN_CHARACTERS", at_least=at_least, at_most=at_most)

    def optional(self, name: str) -> str:
        """The environment variable ``name``, or an empty string."""
        return self.environ.get(name, "")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings; raises ConfigurationError, so that an unsafe deployment never serves."""
    stage = environ.get("STAGE", "")
    if stage not in STAGES:
        message = f"STAGE must be one of {', '.join(STAGES)}."
        raise ConfigurationError(message)
    return Settings(stage=stage, site_url=_checked_origin(environ.get("SITE_URL", "")), environ=environ)


def _checked_origin(url: str) -> str:
    if not (re.fullmatch(_ORIGIN, url) or re.fullmatch(_ON_LOOPBACK, url)):
        message = (
            "SITE_URL must be an https origin such as https://accounts.example.com (http only on loopback): "
            "lower case, no path, no default port."
        )
        raise ConfigurationError(message)
    return url
