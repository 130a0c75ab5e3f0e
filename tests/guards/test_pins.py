"""Installed packages are the reviewed ones: each is pinned with hashes, and no pin names a mirror."""

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.guards import project
from tests.guards.project import ROOT, relative

_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==(\S+)", re.MULTILINE)
_ADDRESS = re.compile(r"https?://|file:|git\+|--(?:extra-)?index-url|--find-links|--trusted-host", re.IGNORECASE)
# MiniStack pins botocore. test_budgets imports the functions with the deployed version, and creates all clients.
_HELD_BACK = {"boto3", "botocore"}
LOCK_FILES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock")


@pytest.mark.parametrize("path", project.PINS, ids=relative)
def test_every_package_is_pinned_with_its_hashes(path: Path) -> None:
    """By SHA-256, so that pip installs nothing else."""
    entries = re.split(r"\n(?=[a-z0-9])", _without_comments(path))
    assert [entry for entry in entries if not _PIN.match(entry) or "--hash=sha256:" not in entry] == []
    assert [entry for entry in entries if re.search(r"--hash=(?!sha256:[0-9a-f]{64}\b)", entry)] == []


@pytest.mark.parametrize(
    "path", [*project.PINS, *(ROOT / "requirements").glob("*.in"), ROOT / "pyproject.toml"], ids=relative
)
def test_no_pin_names_a_package_index(path: Path) -> None:
    """The installing machine chooses the package index."""
    assert _ADDRESS.findall(path.read_text(encoding="utf-8")) == []


def test_no_lock_file_names_a_mirror() -> None:
    """Lock files record URLs."""
    assert [name for name in LOCK_FILES if (ROOT / name).exists()] == []


def test_npm_packages_are_pinned_with_their_digests_and_no_address() -> None:
    """The `.npmrc` beside the lock file makes npm omit URLs."""
    folder = ROOT / "requirements" / "biome"
    asked = json.loads((folder / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    locked = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert locked.pop("")["devDependencies"] == asked
    assert asked == {name: locked[f"node_modules/{name}"]["version"] for name in asked}
    assert [name for name, it in locked.items() if not it["integrity"].startswith("sha512-")] == []
    assert [name for name, it in locked.items() if "resolved" in it] == []


def test_the_workflow_runs_what_ci_runs_with_pinned_actions() -> None:
    """An action is pinned by its commit, because a tag can move. Dependabot updates both."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    workflow = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - strings only; `on` would be a boolean
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert [step["run"] for step in steps if "run" in step] == ["bash .ci/run"]
    assert set(workflow["on"]) == {"push", "pull_request"}
    assert len(used) == len([step for step in steps if "uses" in step])
    assert [it for it in used if not re.fullmatch(r"\S+@[0-9a-f]{40} # v[\d.]+", "".join(it))] == []


def test_every_folder_of_pins_is_updated() -> None:
    """By Dependabot, with the right ecosystem."""
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    folders = {
        (it["package-ecosystem"], folder) for it in updates for folder in it.get("directories", [it.get("directory")])
    }
    assert folders == {
        ("pip", "/requirements"),
        ("pip", "/layers/dependencies"),
        ("npm", "/requirements/biome"),
        ("github-actions", "/"),
    }
    assert all((ROOT / folder.lstrip("/")).is_dir() for _, folder in folders)


def test_the_layer_has_the_runtime_pins() -> None:
    """A copy, because SAM builds a layer from its own folder."""
    copy = (ROOT / "layers" / "dependencies" / "requirements.txt").read_bytes()
    assert copy == (ROOT / "requirements" / "runtime.txt").read_bytes()


@pytest.mark.parametrize(("pins", "extra"), [("runtime", None), ("dev", None), ("dev", "dev"), ("sam", "sam")])
def test_every_requirement_is_pinned(pins: str, extra: str | None) -> None:
    """In a version that is not below the minimum."""
    pinned = _pinned(ROOT / "requirements" / f"{pins}.txt")
    asked = dict(_asked(entry) for entry in _entries(extra))
    assert sorted(set(asked) - set(pinned)) == []
    assert {name: (pinned[name], lowest) for name, lowest in asked.items() if _key(pinned[name]) < _key(lowest)} == {}


@pytest.mark.parametrize("pins", ["install", "clients"])
def test_every_requirement_of_a_list_is_pinned(pins: str) -> None:
    """Those that are not in pyproject.toml."""
    listed = (ROOT / "requirements" / f"{pins}.in").read_text(encoding="utf-8").splitlines()
    asked = [re.split("[=>]=", line) for line in listed if not line.startswith("#")]
    pinned = _pinned(ROOT / "requirements" / f"{pins}.txt")
    assert {name: pinned.get(name) for name, lowest in asked if _key(pinned.get(name, "0")) < _key(lowest)} == {}


def test_one_package_has_one_version_everywhere() -> None:
    """Tests run with the deployed versions."""
    runtime, dev = (_pinned(ROOT / "requirements" / f"{name}.txt") for name in ("runtime", "dev"))
    differing = {name for name in runtime if dev.get(name) != runtime[name]}
    assert differing - _HELD_BACK == set()


def test_no_test_tool_is_deployed() -> None:
    only_dev = {_asked(entry)[0] for entry in _entries("dev")} | {_asked(entry)[0] for entry in _entries("sam")}
    assert only_dev & set(_pinned(ROOT / "requirements" / "runtime.txt")) == set()


def test_the_python_is_the_same_everywhere() -> None:
    """In pyproject.toml, .python-version, and the commands that compiled the pins."""
    version = (ROOT / ".python-version").read_text(encoding="utf-8").strip()
    assert _project()["requires-python"] == f"=={version}.*"
    assert {f"--python-version {version}" in path.read_text(encoding="utf-8") for path in project.PINS} == {True}


@cache
def _project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return found


def _entries(extra: str | None) -> list[str]:
    entries: list[str] = _project()["optional-dependencies"][extra] if extra else _project()["dependencies"]
    return entries


def _asked(entry: str) -> tuple[str, str]:
    name, _, lowest = entry.partition(">=")
    return name.partition("[")[0].lower(), lowest


def _pinned(path: Path) -> dict[str, str]:
    return dict(_PIN.findall(_without_comments(path)))


def _without_comments(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
