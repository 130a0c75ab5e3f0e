"""Zips of functions and layers."""

import io
import os
import zipfile
from pathlib import Path

from local import packages


def folder(at: Path, **files: str) -> Path:
    """Create a folder with these files."""
    at.mkdir(parents=True)
    for name, text in files.items():
        (at / f"{name}.py").write_text(text)
    return at


def names(package: packages.Package) -> list[str]:
    """Return the names in a zip."""
    return zipfile.ZipFile(io.BytesIO(package.body)).namelist()


def test_equal_content_gives_an_equal_key_whenever_it_was_written(tmp_path: Path) -> None:
    """A checkout changes every file's time and mode, but must not redeploy unchanged functions."""
    one = folder(tmp_path / "one", a="1", b="2")
    other = folder(tmp_path / "other", b="2", a="1")
    os.utime(other / "a.py", (0, 0))
    (other / "b.py").chmod(0o755)

    assert packages.of_function("F", one).key == packages.of_function("F", other).key


def test_other_content_gives_another_key(tmp_path: Path) -> None:
    """One changed character is enough."""
    one = packages.of_function("F", folder(tmp_path / "one", a="1"))
    other = packages.of_function("F", folder(tmp_path / "other", a="2"))

    assert one.key != other.key


def test_bytecode_is_left_out(tmp_path: Path) -> None:
    """It differs between machines, and Lambda writes its own."""
    source = folder(tmp_path / "f", handler="")
    folder(source / "__pycache__", handler="")
    (source / "old.pyc").write_bytes(b"")

    assert names(packages.of_function("F", source)) == ["handler.py"]


def test_a_layers_packages_are_under_python(tmp_path: Path) -> None:
    """Lambda looks for them there, and `sam build` puts them there."""
    folder(tmp_path / "domain" / "accounts", users="")

    assert names(packages.of_layer("L", tmp_path / "domain")) == ["python/accounts/users.py"]
