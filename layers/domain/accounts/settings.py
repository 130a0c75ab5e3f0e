"""What a deployment configures, read once at start and refused there if it is not safe to serve (ASVS 13.4.2)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from accounts.errors import ConfigurationError

STAGES = ("local", "dev", "prod")


@dataclass(frozen=True, slots=True)
class Settings:
    """One deployment. ``site_url`` is an origin without a trailing slash; every link and check is built from it."""

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

    def optional(self, name: str) -> str:
        """The environment variable ``name``, or the empty string."""
        return self.environ.get(name, "")


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the deployment's settings; raises ConfigurationError, so that an unsafe one never serves."""
    stage = environ.get("STAGE", "")
    if stage not in STAGES:
        message = f"STAGE must be one of {', '.join(STAGES)}."
        raise ConfigurationError(message)
    return Settings(stage=stage, site_url=_checked_origin(environ.get("SITE_URL", "")), environ=environ)


def _checked_origin(url: str) -> str:
    parts = urlsplit(url)
    loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    safe_scheme = parts.scheme == "https" or (parts.scheme == "http" and loopback)
    if not safe_scheme or not parts.hostname or "*" in url or url != f"{parts.scheme}://{parts.netloc}" or "@" in url:
        message = "SITE_URL must be an https origin such as https://accounts.example.com (http only on loopback)."
        raise ConfigurationError(message)
    return url
