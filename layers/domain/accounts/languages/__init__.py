"""What the service says to people, in a folder for each language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DEFAULT = "en"
LANGUAGES = (DEFAULT,)
_FOLDER = Path(__file__).parent


@cache
def read(language: str, part: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a part, such as ``emails``, by section and name. Braces enclose what is filled in."""
    sections: dict[str, dict[str, str]] = json.loads((_FOLDER / language / f"{part}.json").read_text(encoding="utf-8"))
    return sections
