"""SnapStart: a built template in which some functions are published, so that Lambda starts them from a snapshot.

Lambda takes snapshots of published versions only. SAM publishes one when a function's own code changes, and not when a
layer or the value of a parameter does: the alias would go on with the old domain, or with the old signing key. Here the
number of a version is a digest of all that is deployed, and only where SnapStart is on, so that nothing is published
where it is off.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from scripts import stacks
from scripts.stacks import Json

ALIAS = "live"


def publish(template: Path, overrides: Mapping[str, str]) -> None:
    """Rewrite the template that `sam build` wrote: functions with ``SnapStart`` are published and called by alias."""
    template.write_text(json.dumps(published(stacks.read(template), digest(template.parent, overrides))))


def published(template: Json, release: str) -> Json:
    """The template with those functions published as ``release``; versions before it go, and their price with them."""
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
    """The same for the same sources and parameters, whenever they were built."""
    found = hashlib.sha256(json.dumps(dict(overrides), sort_keys=True).encode())
    for path in sorted(build.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(build).as_posix().encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
