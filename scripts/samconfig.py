"""One profile of `samconfig.toml`: what it says, what a person still has to fill in, and writing that down."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

# What stands in capitals in the file as it comes.
_PLACEHOLDER = re.compile(r"API_ID|ACCOUNT_ID|CERTIFICATE_ID|EXAMPLE\.ORG")
# Known only after a first deployment: the address that API Gateway gives.
_GIVEN_BY_AWS = "API_ID"


class NoSuchProfile(Exception):
    """The file has no profile of that name."""


@dataclass(frozen=True)
class Profile:
    """``overrides`` are the parameters that it gives the template."""

    path: Path
    name: str
    stack: str
    region: str
    overrides: Mapping[str, str]

    @property
    def open_questions(self) -> list[str]:
        """The parameters that a person has to fill in; what follows from others is not asked."""
        named = [name for name, value in self.overrides.items() if _PLACEHOLDER.search(value)]
        return [name for name in named if name != "SiteUrl" or not self._site_is_derived]

    @property
    def has_firewall(self) -> bool:
        """Whether CloudFront and a firewall are to stand in front."""
        return self.overrides.get("Firewall") == "on"

    @property
    def waits_for_address(self) -> bool:
        """Whether the site's address is the one that API Gateway gives, and not known yet."""
        return _GIVEN_BY_AWS in self.overrides.get("SiteUrl", "")

    @property
    def _site_is_derived(self) -> bool:
        return self.waits_for_address or "SiteDomain" in self.overrides

    def filled_in(self, answers: Mapping[str, str]) -> "Profile":
        """The profile with these values, written into the file, whose other profiles and comments stay as they are."""
        values = dict(answers)
        if "SiteDomain" in values:
            values["SiteUrl"] = f"https://{values['SiteDomain']}"
        document: Any = tomlkit.parse(self.path.read_text(encoding="utf-8"))
        document[self.name]["deploy"]["parameters"]["parameter_overrides"].update(values)
        self.path.write_text(tomlkit.dumps(document), encoding="utf-8")
        return read(self.path, self.name)


def read(path: Path, name: str) -> Profile:
    """Read a profile; raises NoSuchProfile."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    if name not in found or "deploy" not in found[name]:
        known = ", ".join(it for it, sections in found.items() if isinstance(sections, dict) and "deploy" in sections)
        message = f"samconfig.toml has no profile called {name}; it has {known}"
        raise NoSuchProfile(message)
    settings = found[name]["deploy"]["parameters"]
    overrides = {key: str(value) for key, value in settings.get("parameter_overrides", {}).items()}
    return Profile(path, name, found[name]["global"]["parameters"]["stack_name"], settings["region"], overrides)
