"""The Makefile: what reaches the commands, where Python comes from, and what is printed when a tool is missing.

What operators paste into ``make admin`` reaches the command without being read by a shell.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cloudformation import ROOT

# Prints its arguments, one per line.
_ECHO = '#!/bin/sh\nshift 2\nprintf "%s\\n" "$@"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the Makefile and a Python that only prints its arguments."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(_ECHO)
    python.chmod(0o755)
    return tmp_path


def passed_to_admin(place: Path, do: str) -> list[str]:
    """The arguments that ``make admin DO=do`` passes to the command; nothing is installed first."""
    command = ["make", "-s", "-o", ".venv/.installed", "admin", f"DO={do}"]  # As the operator's shell passes it.
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.com",
        "`touch$$IFS./evil`@evil.example",
        "x|touch$$IFS./evil|x@evil.example",
        "x&touch$$IFS./evil&x@evil.example",
        "o'neil'`id`@evil.example",
        "${HOME}$HOME#*?~{a}@evil.example",
    ],
)
def test_an_address_that_looks_like_a_command_is_only_an_address(folder: Path, address: str) -> None:
    """All of these are well-formed (RFC 5321 4.1.2), and an attacker who writes to support chooses the pasted text."""
    assert passed_to_admin(folder, f"show {address} --json") == ["show", address, "--json"]
    assert sorted(path.name for path in folder.iterdir()) == [".venv", "Makefile"]


# A Python 3 that can start uv, but is not 3.13.
_OTHER_PYTHON = """#!/bin/sh
case "$2" in *"!= (3, 13)"*) exit 1 ;; esac
"""
# Finds no Python 3.13. Installs one unless it is offline.
_UV = """#!/bin/sh
echo "$@" >> calls
case "$1 $2" in
  "python find") exit 2 ;;
  "python dir") echo /the/folder/of/uv ;;
  "venv "*) test -z "$OFFLINE" && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A fresh clone, on a machine that has only another Python."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("dev.txt", "install.txt", "biome/package.json", "biome/package-lock.json"):
        (tmp_path / "requirements" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "requirements" / name).touch()
    program(tmp_path / "bin" / "python3", _OTHER_PYTHON)
    program(tmp_path / ".local" / "uv" / "bin" / "uv", _UV)
    return tmp_path


def make(place: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = environment.pop("PATH", f"{place / 'bin'}:{os.defpath}")
    command = [str(shutil.which("make")), *words]
    return subprocess.run(
        command, cwd=place, capture_output=True, text=True, check=False, env={"PATH": path, **environment}
    )


def test_uv_installs_python_313_where_only_another_python_is(fresh: Path) -> None:
    done = make(fresh, "PYTHONS=python3", ".venv/.installed")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Installing requirements/dev.txt into .venv",
        "Python 3.13 is not on this machine: uv downloads it into /the/folder/of/uv",
    ]
    assert (fresh / "calls").read_text().splitlines() == [
        "python find --quiet --no-python-downloads 3.13",
        "python dir",
        "venv --quiet --clear --no-project --python 3.13 .venv",
        "pip sync --quiet --require-hashes --python .venv/bin/python requirements/dev.txt",
    ]
    assert (fresh / ".venv" / ".installed").exists()


def test_a_named_python_313_is_used(fresh: Path) -> None:
    program(fresh / "named" / "python", "#!/bin/sh\n")
    make(fresh, "PYTHON=named/python", ".venv/.installed")

    assert "venv --quiet --clear --no-project --python named/python .venv" in (fresh / "calls").read_text()


def test_when_python_313_cannot_be_installed_the_message_says_how_to_get_it(fresh: Path) -> None:
    done = make(fresh, "PYTHONS=python3", ".venv/.installed", OFFLINE="yes")

    assert done.returncode != 0
    assert "uv could not install Python 3.13.\nInstall it: pyenv install 3.13 |" in done.stdout
    assert "make PYTHON=/path/to/python3.13" in done.stdout
    assert not (fresh / ".venv" / ".installed").exists()


def test_without_any_python_the_message_says_how_to_get_it(fresh: Path) -> None:
    shutil.rmtree(fresh / ".local")
    done = make(fresh, "PYTHONS=python3-that-is-missing", ".venv/.installed")

    assert done.returncode != 0
    assert done.stdout.startswith("This needs Python 3.13, or another Python 3 to install 3.13.\nInstall it: pyenv")
    assert "venv module" not in done.stdout


def test_a_python_without_its_venv_module_is_told(fresh: Path) -> None:
    """Debian packages the module separately."""
    shutil.rmtree(fresh / ".local")
    program(fresh / "bin" / "bare", '#!/bin/sh\ncase "$2" in *venv*) exit 1;; esac\n')
    done = make(fresh, "PYTHON=bin/bare", ".venv/.installed")

    assert done.returncode != 0
    assert done.stdout.splitlines() == ["bin/bare lacks its venv module: apt install python3-venv"]


def test_javascript_is_checked_by_the_pinned_biome(fresh: Path) -> None:
    program(fresh / "bin" / "npm", '#!/bin/sh\necho npm "$@" >> calls\nmkdir -p .local/biome/node_modules/.bin\n')
    biome = fresh / ".local" / "biome" / "node_modules" / ".bin" / "biome"
    program(biome, '#!/bin/sh\necho biome "$@" >> calls\nexit 3\n')
    os.utime(biome, (0, 0))  # Older than the lock file.
    done = make(fresh, "check-js")

    assert done.returncode != 0
    assert (fresh / "calls").read_text().splitlines() == [
        "npm ci --silent --no-audit --no-fund --ignore-scripts --prefix .local/biome",
        "biome check --error-on-warnings .",
    ]


@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({}, 0, "Skipped: Biome needs npm (https://nodejs.org/en/download)."),
        ({"CI": "true"}, 2, "CI must have npm, which installs Biome."),
    ],
)
def test_without_npm_javascript_is_skipped_and_ci_fails(
    fresh: Path, environment: dict[str, str], code: int, said: str
) -> None:
    (fresh / "bin" / "make").symlink_to(str(shutil.which("make")))
    (fresh / "bin" / "sh").symlink_to("/bin/sh")
    done = make(fresh, "check-js", PATH=str(fresh / "bin"), **environment)

    assert (done.returncode, done.stdout.splitlines()) == (code, ["== Biome: JavaScript and CSS", said])


def test_an_audit_fails_when_a_package_could_not_be_looked_up(fresh: Path) -> None:
    """pip-audit skips such a package and succeeds, unless it runs with --strict."""
    program(fresh / ".venv" / "bin" / "pip-audit", '#!/bin/sh\ncase "$*" in *--strict*) exit 1 ;; esac\n')

    assert make(fresh, "-o", ".venv/.installed", "audit").returncode != 0
