"""Styles, scripts and images of the pages, in one folder named after a hash of its contents.

The name changes with the contents, so browsers may cache them forever. A page that was opened before a deployment asks
for the old folder: it gets the current files, with ``no-cache``.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from accounts.errors import NotFound
from accounts.model.brand import ON_ACCENT, ON_ACCENT_DARK, Brand
from accounts.web import texts
from accounts.web.requests import Request
from accounts.web.responses import Response

if TYPE_CHECKING:
    from accounts.web.static_texts import StaticText

FOLDER = Path(__file__).with_name("static") / "assets"
TOUCH_ICON = FOLDER.with_name("touch-icon.png")
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
_IMPORTED = re.compile(r'^(?:import|.*} from) "\./(\w+\.js)";$', re.MULTILINE)
CACHED_FOREVER = "public, max-age=31536000, immutable"


class Assets:
    def __init__(self, brand: Brand, constants: Mapping[str, str]) -> None:
        self._files = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
        self._files["icon.svg"] = Template(self._files["icon.svg"]).substitute(accent=brand.accent)
        self._files["brand.css"] = _colours(brand.accent, ON_ACCENT)
        self._files["dark.css"] += _colours(brand.accent_dark, ON_ACCENT_DARK)
        self._accent = brand.accent
        self._constants = constants
        self._texts = texts.files(constants)
        self._served: dict[str, StaticText] = {}
        self.version = self._hash()

    def at(self, request: Request, version: str, name: str) -> Response:
        """The current asset ``name``; raises NotFound. ``name`` is a dictionary key, never part of a path."""
        # Here, because the functions that only show refusals as pages do without it.
        from accounts.web.static_texts import StaticText  # noqa: PLC0415

        control = CACHED_FOREVER if version == self.version else "no-cache"
        if name == TOUCH_ICON.name:
            return Response(200, self._touch_icon, "image/png", {"cache-control": control}, is_base64=True)
        if name not in self._served:
            self._served[name] = StaticText(self._text(name), _TYPES[Path(name).suffix])
        return self._served[name].cached(request, {"cache-control": control})

    @cached_property
    def _touch_icon(self) -> str:
        # Here, because few requests are for it.
        from accounts.web import touch_icon  # noqa: PLC0415

        return base64.b64encode(touch_icon.coloured(TOUCH_ICON.read_bytes(), self._accent)).decode()

    def imported_by(self, script: str) -> list[str]:
        """The modules that the module ``script`` imports at its start, and those that they import."""
        found = [script]
        for name in found:
            found.extend(it for it in _IMPORTED.findall(self._files[name]) if it not in found)
        return found[1:]

    def path(self, name: str) -> str:
        return f"/assets/{self.version}/{name}"

    def _text(self, name: str) -> str:
        if name in self._files:
            return self._files[name]
        if name in self._texts:
            return self._texts[name]()
        raise NotFound

    def _hash(self) -> str:
        """Of all that the assets are made of; reading the texts of each language would cost every cold start."""
        made_of = [*sorted(self._files.items()), *sorted(self._constants.items())]
        whole = "\0".join(f"{name}\0{text}" for name, text in made_of).encode()
        return hashlib.sha256(b"\0".join((whole, TOUCH_ICON.read_bytes(), *texts.sources()))).hexdigest()[:16]


def _colours(accent: str, on_accent: str) -> str:
    """The deployment's colours, which ``Brand`` has validated, so that no other CSS can be injected."""
    return f":root{{--accent:{accent};--on-accent:{on_accent}}}\n"
