"""Reproducible zips of functions and layers, so that unchanged code is not redeployed."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o644 << 16


@dataclass(frozen=True)
class Package:
    name: str
    body: bytes

    @property
    def key(self) -> str:
        """Return the key in the bucket, which contains a hash of the content."""
        return f"{self.name}/{hashlib.sha256(self.body).hexdigest()}.zip"


def of_function(name: str, folder: Path) -> Package:
    return Package(name, _zip((path.relative_to(folder).as_posix(), path) for path in _files(folder)))


def of_layer(name: str, folder: Path) -> Package:
    """Zip a layer's folder as `sam build` does: its packages under `python/`."""
    return Package(name, _zip((f"python/{path.relative_to(folder).as_posix()}", path) for path in _files(folder)))


def placeholder(name: str) -> Package:
    """Create an empty layer, in place of one whose packages the functions find elsewhere on this machine."""
    return Package(name, _zip(iter([("python/README", None)])))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc" and path.name != "Makefile":
            yield path


def _zip(entries: Iterator[tuple[str, Path | None]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, path in entries:
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, path.read_bytes() if path else b"Left empty on purpose.\n", zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
