"""A pytest plugin that says at the end of a run how a worker crashed: `pytest -n 3 -p tests.crashed_workers`.

pytest writes the tracebacks of a crash to standard error at once, thousands of lines before the end of a whole run.
"""

import faulthandler
import signal
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import pytest
from xdist.workermanage import WorkerController

_INPUT = "tracebacks_file"
_FOLDER = pytest.StashKey[TemporaryDirectory[str]]()
_CRASHES = pytest.StashKey[list[str]]()
_FILE = pytest.StashKey[IO[str]]()


def told(worker: str, exit_code: int, tracebacks: str) -> str:
    """How it ended, and where each of its threads was."""
    how = f"signal {-exit_code} ({signal.Signals(-exit_code).name})" if exit_code < 0 else f"exit code {exit_code}"
    return f"{worker} ended with {how}.\n{tracebacks or 'It left no traceback.'}"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Write a worker's tracebacks to its file, instead of where pytest's own plugin has sent them."""
    if path := getattr(config, "workerinput", {}).get(_INPUT):
        config.stash[_FILE] = Path(path).open("w", encoding="utf-8")  # noqa: SIM115 - open until the end
        faulthandler.enable(config.stash[_FILE])
    else:
        config.stash[_FOLDER] = TemporaryDirectory()
        config.stash[_CRASHES] = []


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Close after pytest's own plugin has disabled the handler."""
    if _FILE in config.stash:
        config.stash[_FILE].close()
    else:
        config.stash[_FOLDER].cleanup()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    node.workerinput[_INPUT] = str(_file(node))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController, error: object | None) -> None:
    if error:
        tracebacks = _file(node).read_text(encoding="utf-8", errors="replace")
        node.config.stash[_CRASHES].append(told(node.gateway.id, node.gateway._io.wait(), tracebacks))


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None, object, object]:
    """Print after everything else."""
    try:
        return (yield)
    finally:
        if crashes := terminalreporter.config.stash.get(_CRASHES, []):
            terminalreporter.section("crashed workers")
            terminalreporter.write_line("\n".join(crashes))


def _file(node: WorkerController) -> Path:
    return Path(node.config.stash[_FOLDER].name) / node.gateway.id
