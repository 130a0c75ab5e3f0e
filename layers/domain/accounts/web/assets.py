"""What pages load: styles, modules and pictures, all under one folder that is named after what is in it.

Its name changes when anything in it changes, so browsers may keep it for ever. A page that was opened before a
deployment asks for a folder of another name; it gets what is there now, and is told not to keep it under that name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from string import Template

from accounts.errors import NotFound
from accounts.model.brand import ON_ACCENT, ON_ACCENT_DARK, Brand
from accounts.web import texts
from accounts.web.responses import Response

_FOLDER = Path(__file__).with_name("static") / "assets"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}
KEPT = "public, max-age=31536000, immutable"


class Assets:
    """The assets of one deployment."""

    def __init__(self, brand: Brand, constants: Mapping[str, str]) -> None:
        """Read them all; they are few and small."""
        self._files = {path.name: path.read_text(encoding="utf-8") for path in _FOLDER.iterdir()}
        self._files["icon.svg"] = Template(self._files["icon.svg"]).substitute(accent=brand.accent)
        self._files["brand.css"] = _stylesheet(brand)
        self._files |= {f"texts.{it}.js": texts.module(it, constants) for it in texts.LANGUAGES}
        whole = "\0".join(f"{name}\0{text}" for name, text in sorted(self._files.items()))
        self.version = hashlib.sha256(whole.encode()).hexdigest()[:16]

    def at(self, version: str, name: str) -> Response:
        """The asset ``name`` as it is now; raises NotFound. ``name`` is looked up, never joined to a folder."""
        if name not in self._files:
            raise NotFound
        control = KEPT if version == self.version else "no-cache"
        return Response(
            200, self._files[name], content_type=_TYPES[Path(name).suffix], headers={"cache-control": control}
        )


def _stylesheet(brand: Brand) -> str:
    """The deployment's colours. They were checked to be colours, so nothing else can get in here."""
    return (
        f":root{{--accent:light-dark({brand.accent},{brand.accent_dark});"
        f"--on-accent:light-dark({ON_ACCENT},{ON_ACCENT_DARK})}}\n"
    )
