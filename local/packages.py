"""Reproducible zips of functions and layers, so that unchanged code is not redeployed."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
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


def of_files(name: str, files: Mapping[str, bytes]) -> Package:
    return Package(name, _zip(files.items()))


def of_function(name: str, folder: Path) -> Package:
    return Package(name, _zip(_files(folder)))


def of_layer(name: str, folder: Path) -> Package:
    """Zip a layer's folder as `sam build` does: its packages under `python/`."""
    return Package(name, _zip((f"python/{path}", content) for path, content in _files(folder)))


def placeholder(name: str) -> Package:
    """Create an empty layer, in place of one whose packages the functions find elsewhere on this machine."""
    return Package(name, _zip([("python/README", b"Left empty on purpose.\n")]))


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc" and path.name != "Makefile":
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
