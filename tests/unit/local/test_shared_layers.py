"""Layers, as the emulated AWS extracts them for each function."""

import os
import shutil
import tempfile
import zipfile
from pathlib import Path

import pytest

from local.shared_layers import _KEPT, Archive


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def extracted(function: Path, name: str, text: str) -> Path:
    """Extract a zip with one module as MiniStack does; return the module's path."""
    function.mkdir(exist_ok=True)
    with zipfile.ZipFile(function / f"{name}.zip", "w") as archive:
        # The same time each time, as in the packages that are deployed.
        archive.writestr(zipfile.ZipInfo("python/module.py"), text)
    folder = function / name
    folder.mkdir()
    with Archive(function / f"{name}.zip") as archive:
        archive.extractall(folder)
    return folder / "python" / "module.py"


def test_functions_share_a_layer(temporary: Path) -> None:
    """What one of them compiles, the others find."""
    one, other = (extracted(temporary / name, "layer_0", "A = 1") for name in ("one", "other"))

    assert one.read_text() == other.read_text() == "A = 1"
    assert one.resolve() == other.resolve()


def test_another_version_is_another_folder(temporary: Path) -> None:
    """Functions that still run keep theirs."""
    before, after = (extracted(temporary / text, "layer_0", text) for text in ("before", "after"))

    assert (before.read_text(), after.read_text()) == ("before", "after")


def test_a_functions_own_code_is_its_own(temporary: Path) -> None:
    one, other = (extracted(temporary / name, "code", "A = 1") for name in ("one", "other"))

    assert one.read_text() == "A = 1"
    assert one.resolve() != other.resolve()


def test_the_versions_that_were_used_last_are_kept(temporary: Path) -> None:
    """A day of editing must not fill the disk."""
    first = extracted(temporary / "first", "layer_0", "first")
    for number in range(_KEPT - 1):
        old = extracted(temporary / f"{number}", "layer_0", f"{number}")
        os.utime(old.resolve().parents[1], (number, number))
    again = extracted(temporary / "again", "layer_0", "first")
    newest = extracted(temporary / "newest", "layer_0", "newest")

    assert first.read_text() == again.read_text() == "first"
    assert newest.read_text() == "newest"
    assert not (temporary / "0" / "layer_0" / "python" / "module.py").exists()
    assert (temporary / "1" / "layer_0" / "python" / "module.py").exists()
    assert len(list((temporary / "layers").iterdir())) == _KEPT


def test_deleting_a_functions_folder_leaves_the_layer(temporary: Path) -> None:
    """MiniStack deletes it when the function's process ends."""
    one, other = (extracted(temporary / name, "layer_0", "A = 1") for name in ("one", "other"))

    shutil.rmtree(temporary / "one")

    assert not one.exists()
    assert other.read_text() == "A = 1"
