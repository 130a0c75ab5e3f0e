"""The project's own SAM CLI."""

import os

from scripts.stacks import PROJECT

PROGRAM = PROJECT / ".venv-sam" / "bin" / "sam"


def environment() -> dict[str, str]:
    """Return this process's environment for it. `sam build` searches the PATH for a python3.13 with pip: ours first."""
    path = f"{PROJECT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "SAM_CLI_TELEMETRY": "0"}
