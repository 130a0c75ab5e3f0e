"""`make docs`: writes the OpenAPI document, the copy that the service serves, and parts of docs/api.md."""

import json
from pathlib import Path

import yaml

from scripts.openapi.document import document
from scripts.openapi.reference import REFERENCE, written
from scripts.stacks import PROJECT

OPENAPI = PROJECT / "docs" / "openapi.yaml"
SERVED = PROJECT / "layers" / "domain" / "accounts" / "web" / "static" / "openapi.json"
_HEAD = "# Written by `make docs` from routes, structs, errors and limits: see scripts/openapi/.\n"


def files() -> dict[Path, str]:
    """What each file should contain."""
    found = document()
    text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=120)
    return {
        OPENAPI: _HEAD + text,
        SERVED: json.dumps(found, ensure_ascii=False, separators=(",", ":")) + "\n",
        REFERENCE: written(REFERENCE.read_text(encoding="utf-8"), found),
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
