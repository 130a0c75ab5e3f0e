"""Publish functions in a built template, so that SnapStart can start them from snapshots.

Lambda takes snapshots of published versions only. SAM publishes a version when a function's own code changes, but not
when a layer or the value of a parameter does, so the alias would keep the old domain or the old signing key. Here a
digest of everything that is deployed decides. Without SnapStart, nothing is published.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from scripts import stacks
from scripts.stacks import Json

ALIAS = "live"


def publish(template: Path, overrides: Mapping[str, str]) -> None:
    """Rewrite the template that `sam build` wrote, so that functions with ``SnapStart`` have a version and an alias."""
    template.write_text(json.dumps(published(stacks.read(template), digest(template.parent, overrides))))


def published(template: Json, release: str) -> Json:
    """Publish those functions as ``release``. Earlier versions are deleted, because each costs money."""
    properties = {
        "AutoPublishAlias": ALIAS,
        "AutoPublishCodeSha256": release,
        "AutoPublishAliasAllProperties": True,
        "VersionDeletionPolicy": "Delete",
    }
    resources = {
        name: it | {"Properties": it["Properties"] | properties} if "SnapStart" in it.get("Properties", {}) else it
        for name, it in template["Resources"].items()
    }
    return template | {"Resources": resources}


def digest(build: Path, overrides: Mapping[str, str]) -> str:
    """A digest of the build and the parameters that does not depend on the time of the build."""
    found = hashlib.sha256(json.dumps(dict(overrides), sort_keys=True).encode())
    for path in sorted(build.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(build).as_posix().encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
