"""The test tools work as intended."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.chromium import downloaded
from tests.cloudformation import ROOT

_FAILING = """
def test_two_answers():
    one, other = ({f"header-{n}": f"{side} {n} " + "x" * 60 for n in range(60)} for side in ("left", "right"))
    assert one == other
"""


def test_a_failed_comparison_shows_the_whole_difference(tmp_path: Path) -> None:
    """By default, pytest would truncate it."""
    (tmp_path / "test_failing.py").write_text(_FAILING)
    options = ("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path)]
    environment = {"PATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout

    lines = said.splitlines()
    for side, mark in (("left", "+"), ("right", "-")):
        shown = [line for line in lines if line.startswith(f"E         {mark} ") and f"{side} " in line]
        assert len(shown) == 60, said
    assert "truncated" not in said


def test_the_chromium_of_playwright_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder of `playwright install chromium`."""
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert downloaded() is None

    with sync_playwright() as playwright:
        browser = Path(playwright.chromium.executable_path)
    browser.parent.mkdir(parents=True)
    browser.touch()
    assert downloaded() == str(browser)
