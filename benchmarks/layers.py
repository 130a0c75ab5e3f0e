"""The layers as they are deployed, kept in ``.local/`` until what they are made of changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
LAYERS = ROOT / "layers"
_KEPT = ROOT / ".local" / "layers"


@dataclass(frozen=True)
class Layers:
    """``paths`` to import from, and what to say about them."""

    paths: tuple[str, ...]
    said: str


def installed() -> Layers:
    """What `make dev` and the tests import from: nothing trimmed."""
    return Layers((str(LAYERS / "domain"), sysconfig.get_path("purelib")), "the development environment, untrimmed")


def built() -> Layers:
    """What `sam build` makes, for this machine's processor; raises CalledProcessError."""
    folders = (domain(), dependencies("PLATFORM="))
    return Layers(tuple(str(folder / "python") for folder in folders), "the layers as deployed")


def domain() -> Path:
    """The domain layer, built anew: that takes a moment."""
    folder = _KEPT / "domain"
    _make("domain", "DomainLayer", folder)
    return folder


def dependencies(*variables: str) -> Path:
    """The dependencies layer, for arm64 unless the Makefile's ``variables`` say otherwise; raises CalledProcessError.

    Built once for each state of its sources: pip fetches what it does not have yet.
    """
    sources = [path.read_bytes() for path in sorted((LAYERS / "dependencies").iterdir()) if path.is_file()]
    digest = hashlib.sha256(b"\0".join([*sources, *(variable.encode() for variable in variables)])).hexdigest()[:16]
    folder = _KEPT / ("dependencies-here" if variables else "dependencies-arm64")
    stamp = folder / ".built-from"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest:
        shutil.rmtree(folder, ignore_errors=True)
        _make("dependencies", "DependenciesLayer", folder, *variables)
        stamp.write_text(digest, encoding="utf-8")
    return folder


def _make(layer: str, resource: str, into: Path, *variables: str) -> None:
    """Have the layer's own Makefile build it."""
    into.mkdir(parents=True, exist_ok=True)
    made = (f"build-{resource}", f"PYTHON={sys.executable}", f"ARTIFACTS_DIR={into}", *variables)
    command = ["make", "-s", "-C", str(LAYERS / layer), *made]
    subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own Makefile


def zipped_bytes(folder: Path) -> int:
    """How large the folder is as Lambda is given it."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                archive.write(path, path.relative_to(folder))
    return len(buffer.getvalue())
