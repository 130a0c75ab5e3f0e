"""The cached layers, read by several processes at once: `make bench` beside `make test`."""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from benchmarks import layers

# Writes its source in two halves, so that an incomplete build could be seen.
_MAKEFILE = """
build-DomainLayer:
\tprintf first > $(ARTIFACTS_DIR)/first
\tcp source $(ARTIFACTS_DIR)/second
"""
_WHOLE = {"first", "second"}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of cached builds, for a domain layer of one file."""
    source = tmp_path / "layers" / "domain"
    source.mkdir(parents=True)
    (source / "Makefile").write_text(_MAKEFILE)
    (source / "source").write_text("one")
    monkeypatch.setattr(layers, "LAYERS", tmp_path / "layers")
    monkeypatch.setattr(layers, "_KEPT", tmp_path / "kept")
    return tmp_path / "kept"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_layer_is_built_once_for_each_state_of_its_sources(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = layers.domain()
    monkeypatch.setattr(layers, "_make", None)

    assert layers.domain() == first
    assert names(kept) == {first.name}


def test_a_process_that_reads_an_earlier_build_keeps_it(kept: Path) -> None:
    earlier = layers.domain()
    (layers.LAYERS / "domain" / "source").write_text("two")
    later = layers.domain()

    assert (earlier / "second").read_text() == "one"
    assert (later / "second").read_text() == "two"
    assert names(kept) == {earlier.name, later.name}


def test_two_concurrent_builds_both_return_the_whole_layer(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both, make = Barrier(2), layers._make

    def build_concurrently(*arguments: object) -> None:
        both.wait(timeout=60)
        make(*arguments)
        both.wait(timeout=60)

    monkeypatch.setattr(layers, "_make", build_concurrently)
    with ThreadPoolExecutor(2) as pool:
        one, other = (built.result() for built in [pool.submit(layers.domain), pool.submit(layers.domain)])

    assert one == other
    assert names(one) == _WHOLE
    assert names(kept) == {one.name}


def test_a_build_that_fails_leaves_nothing(kept: Path) -> None:
    (layers.LAYERS / "domain" / "source").unlink()

    with pytest.raises(subprocess.CalledProcessError):
        layers.domain()
    assert names(kept) == set()


def test_a_build_that_was_not_used_for_a_day_is_removed(kept: Path) -> None:
    earlier = layers.domain()
    yesterday = time.time() - layers._UNUSED_SECONDS - 1
    os.utime(earlier, (yesterday, yesterday))
    (layers.LAYERS / "domain" / "source").write_text("two")

    later = layers.domain()

    assert names(kept) == {later.name}
