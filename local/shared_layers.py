"""Extracts each layer once for all functions: with its own copy, a function's start costs half a second of processor.

Functions do not write into a layer, except the bytecode that Python compiles: the first one leaves it to the others.
MiniStack extracts into new folders called `layer_0`, `layer_1` and so on.
"""

import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

from ministack.core import lambda_runtime

# Each edit of the domain during `make dev` is another version of its layer. Functions that run use the newest.
_KEPT = 8
_one_at_a_time = threading.Lock()


def extend() -> None:
    """Have MiniStack share layers."""
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": Archive})


class Archive(zipfile.ZipFile):
    """A zip file that extracts a layer as a link to the folder that has its files."""

    def extractall(  # type: ignore[override]  # MiniStack names the folder and no more
        self, path: str | os.PathLike[str]
    ) -> None:
        folder = Path(path)
        if not folder.name.startswith("layer_"):
            super().extractall(folder)
            return
        with _one_at_a_time:
            shared = self._shared()
            os.utime(shared)
        folder.rmdir()
        folder.symlink_to(shared)

    def _shared(self) -> Path:
        place = Path(tempfile.gettempdir()) / "layers"
        shared = place / hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
        if not shared.exists():
            place.mkdir(exist_ok=True)
            _forget_the_oldest(place)
            new = Path(tempfile.mkdtemp(dir=place))
            super().extractall(new)
            new.rename(shared)
        return shared


def _forget_the_oldest(place: Path) -> None:
    newest_first = sorted(place.iterdir(), key=lambda it: it.stat().st_mtime, reverse=True)
    for folder in newest_first[_KEPT - 1 :]:
        shutil.rmtree(folder)
