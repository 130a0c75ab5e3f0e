"""The layers as deployed, built into ``.local/`` once for each state of their sources."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
LAYERS = ROOT / "layers"
_KEPT = ROOT / ".local" / "layers"
_UNFINISHED = "unfinished-"
_UNUSED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Layers:
    """``paths`` to import from, and their description."""

    paths: tuple[str, ...]
    said: str


def installed() -> Layers:
    """The packages of `make dev` and the tests, untrimmed."""
    return Layers((str(LAYERS / "domain"), sysconfig.get_path("purelib")), "the development environment, untrimmed")


def built() -> Layers:
    """The layers as built by `sam build`, for this machine's processor; raises CalledProcessError."""
    folders = (domain(), dependencies("PLATFORM="))
    return Layers(tuple(str(folder / "python") for folder in folders), "the layers as deployed")


def domain() -> Path:
    """The domain layer; raises CalledProcessError."""
    return _kept("domain", "DomainLayer")


def dependencies(*variables: str) -> Path:
    """The dependencies layer, for arm64 unless ``variables`` of its Makefile differ; raises CalledProcessError."""
    return _kept("dependencies", "DependenciesLayer", *variables)


def _kept(layer: str, resource: str, *variables: str) -> Path:
    """Return the layer's folder, built if its sources have changed.

    The folder is named after a hash of its sources, and renamed when it is complete. So a process that still reads an
    earlier build keeps it, and no process sees a partial layer.
    """
    _KEPT.mkdir(parents=True, exist_ok=True)
    _remove_unused()
    folder = _KEPT / f"{layer}-{_digest(LAYERS / layer, variables)}"
    if folder.is_dir():
        folder.touch()
        return folder
    with TemporaryDirectory(prefix=_UNFINISHED, dir=_KEPT) as beside:
        made = Path(beside) / layer
        _make(layer, resource, made, *variables)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


def _digest(sources: Path, variables: tuple[str, ...]) -> str:
    digest = hashlib.sha256("\0".join((sys.version, *variables)).encode())
    for path in sorted(sources.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(b"\0".join((b"", path.relative_to(sources).as_posix().encode(), path.read_bytes())))
    return digest.hexdigest()[:16]


def _remove_unused() -> None:
    for folder in _KEPT.iterdir():
        with suppress(FileNotFoundError):  # Another process removes it, too.
            if time.time() - folder.stat().st_mtime > _UNUSED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _make(layer: str, resource: str, into: Path, *variables: str) -> None:
    """Build the layer with its Makefile."""
    into.mkdir()
    made = (f"build-{resource}", f"PYTHON={sys.executable}", f"ARTIFACTS_DIR={into}", *variables)
    command = ["make", "-s", "-C", str(LAYERS / layer), *made]
    subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - the project's own Makefile


def zipped_bytes(folder: Path) -> int:
    """The size of the folder as a zip."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                archive.write(path, path.relative_to(folder))
    return len(buffer.getvalue())
