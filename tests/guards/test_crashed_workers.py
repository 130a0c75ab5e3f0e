"""What `make test` says of a worker that crashed."""

import subprocess
import sys
from pathlib import Path

from local import PROJECT

_CRASHING = """
import faulthandler


def test_that_crashes():
    faulthandler._sigsegv()


def test_that_passes():
    pass
"""


def test_the_end_of_a_run_says_which_signal_ended_a_worker_and_where(tmp_path: Path) -> None:
    (tmp_path / "test_crash.py").write_text(_CRASHING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--numprocesses", "1"]
    run = subprocess.run(
        [*command, "-p", "tests.crashed_workers", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    summary = run.stdout.partition("crashed workers")[2]

    assert run.returncode == 1
    assert "gw0 ended with signal 11 (SIGSEGV).\nFatal Python error: Segmentation fault" in summary
    assert "in test_that_crashes" in summary
    assert "1 failed, 1 passed" in summary
