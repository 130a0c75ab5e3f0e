"""One profile of `samconfig.toml`: read it, list its open values, and fill them in."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

# The values in capitals of the original file.
_PLACEHOLDER = re.compile(r"API_ID|ACCOUNT_ID|CERTIFICATE_ID|EXAMPLE\.ORG")
# Known only after the first deployment: the id that API Gateway assigns.
GIVEN_BY_AWS = "API_ID"
_ADDRESS = f"https://{GIVEN_BY_AWS}.execute-api.{{region}}.amazonaws.com"


class NoSuchProfile(Exception):
    """The file has no profile with that name."""


@dataclass(frozen=True)
class Profile:
    """``overrides`` are the template's parameters."""

    path: Path
    name: str
    stack: str
    region: str
    overrides: Mapping[str, str]

    @property
    def open_questions(self) -> list[str]:
        """The parameters without a value, except those that are derived from others."""
        named = [name for name, value in self.overrides.items() if _PLACEHOLDER.search(value)]
        return [name for name in named if name != "SiteUrl" or not self._site_is_derived]

    @property
    def has_firewall(self) -> bool:
        return self.overrides.get("Firewall") == "on"

    @property
    def waits_for_address(self) -> bool:
        """Whether the site uses API Gateway's address, which is not known yet."""
        return GIVEN_BY_AWS in self.overrides.get("SiteUrl", "")

    @property
    def _site_is_derived(self) -> bool:
        return self.waits_for_address or "SiteDomain" in self.overrides

    def filled_in(self, answers: Mapping[str, str]) -> "Profile":
        """Write these values to the profile; return the new profile. Other profiles and comments are kept."""
        values = {**answers, **self._derived(answers)}
        document: Any = tomlkit.parse(self.path.read_text(encoding="utf-8"))
        document[self.name]["deploy"]["parameters"]["parameter_overrides"].update(values)
        self.path.write_text(tomlkit.dumps(document), encoding="utf-8")
        return read(self.path, self.name)

    def _derived(self, answers: Mapping[str, str]) -> dict[str, str]:
        """What follows from the answers. An empty one is a choice: no domain, or no recipient of warnings."""
        found: dict[str, str] = {}
        if domain := answers.get("SiteDomain"):
            found["SiteUrl"] = f"https://{domain}"
        elif domain == "":
            found |= {"SiteUrl": _ADDRESS.format(region=self.region), "CertificateArn": ""}
        has_budget = "MonthlyBudget" in self.overrides and not self.overrides.get("AlarmTopicArn")
        if answers.get("AlarmEmail") == "" and has_budget:
            found["MonthlyBudget"] = "0"
        return found


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
