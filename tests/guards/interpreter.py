"""Runs handlers in fresh interpreters, like Lambda: with the given paths only, and without site-packages."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from benchmarks import world
from tests.cloudformation import ROOT

YARDSTICK = "pynamodb.models"
FOLDERS = {path.parent.name: str(path.parent) for path in sorted((ROOT / "functions").glob("*/handler.py"))}
# One process imports the yardstick and forks for each handler, which then reports only its own imports.
_FORKING = """
import json, os, sys
sys.path[:0] = {paths!r}
import {first}
common = set(sys.modules)
print(json.dumps(["", sorted(common), []]), flush=True)
for name, folder in {folders!r}.items():
    child = os.fork()
    if child == 0:
        sys.path.insert(0, folder)
        import handler
        assert callable(handler.lambda_handler)
        outside = [name for name, it in sys.modules.items() if "site-packages" in str(getattr(it, "__file__", ""))]
        print(json.dumps([name, sorted(set(sys.modules) - common), outside]), flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(name + " cannot be imported")
"""

# Like _FORKING, but each handler also handles an event. Its log is discarded.
_ASKING = """
import json, os, sys
sys.path[:0] = {paths!r}
import probe
import {first}
out, sys.stdout = sys.stdout, open(os.devnull, "w")
for name, folder, event in {asked!r}:
    child = os.fork()
    if child == 0:
        sys.path.insert(0, folder)
        print(json.dumps([name, probe.handler(0, event)]), file=out, flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(name + " fails")
"""


@cache
def imported(
    paths: tuple[str, ...], functions: tuple[str, ...] = tuple(FOLDERS), first: str = YARDSTICK
) -> Mapping[str, frozenset[str]]:
    """The modules that each handler imports in addition to ``first``, by function; those of ``first`` under "".

    Only ``paths`` and the standard library are importable.
    """
    folders = {name: FOLDERS[name] for name in functions}
    lines = _run(_FORKING.format(paths=list(paths), first=first, folders=folders))
    elsewhere = {name for _, _, outside in lines for name in outside if not any("site-packages" in it for it in paths)}
    assert elsewhere == set()
    return {name: frozenset(modules) for name, modules, _ in lines}


def measured(paths: tuple[str, ...], events: Mapping[str, Any], endpoint: str) -> dict[str, dict[str, Any]]:
    """Invoke each function once, cold, with AWS at ``endpoint``; return the measurements of the benchmark's probe."""
    asked = [(name, FOLDERS[name.partition(" ")[0]], json.dumps(event)) for name, event in events.items()]
    found = (*paths, str(ROOT / "benchmarks"))
    return dict(_run(_ASKING.format(paths=list(found), first=YARDSTICK, asked=asked), endpoint))


def _run(code: str, endpoint: str = "http://127.0.0.1:9") -> list[Any]:
    environment = world.environment() | {"PATH": os.defpath, "AWS_ENDPOINT_URL": endpoint}
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
