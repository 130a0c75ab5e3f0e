"""`make bench`: cold starts, warm requests, login and sizes, in one run. `python -m benchmarks [function...]`.

Seconds vary by half and more between runs on a busy machine. So every figure is CPU time of one fresh process, the runs
of all functions are interleaved with those of the yardstick, and only the ratios are comparable.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import layers, world
from benchmarks.stub import Stub, serving
from scripts.sam_local import samples

HOT = ("login", "session_show", "account_show", "key_list", "authorizer", "key_verify", "client_token")
BUDGET = 1.25
# They need Google, GitHub, or an identity or a second factor that the stub's account does not have.
NOT_ASKED = frozenset({"identity_confirm", "identity_unlink", "password_set", "factor_login", "factor_change"})
# The stub does not know its state: measured until the error page, without the calls to the provider.
ENDS_REFUSED = frozenset({"oauth_callback"})
_PROBE = Path(__file__).with_name("probe.py")
_HASHING_WARM, _WARM = 5, 200
_ROUNDS_OF_OTHERS = 2
Measured = dict[str, Any]


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    found = layers.installed() if arguments.installed else _built()
    os.environ |= world.environment() | {"AWS_EC2_METADATA_DISABLED": "true"}
    stub = Stub(world.tables(), world.SECRETS)
    with serving(stub) as endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        runs = _runs(arguments.functions, arguments.rounds, found, stub)
    print(f"\nCPU time of one process on {found.said}, Python {sys.version.split()[0]}.")
    print("This machine does other things besides, so that seconds vary between runs: only the ratios count.\n")
    _print_cold(runs)
    _print_login(runs)
    if not arguments.installed:
        _print_sizes(found)


def _built() -> layers.Layers:
    print("Building the layers for this machine")
    try:
        return layers.built()
    except subprocess.CalledProcessError as error:
        print(f"That cannot be done here: {error.stderr.strip().splitlines()[-1]}")
        return layers.installed()


def _arguments() -> argparse.Namespace:
    everything = [name for name in samples.names() if name not in NOT_ASKED]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Performance figures")
    everything += world.VARIANTS
    parser.add_argument("functions", nargs="*", default=everything, help="only these (default: all)")
    parser.add_argument("--rounds", type=int, default=7, help="cold starts of each hot function (default: 7)")
    parser.add_argument(
        "--installed", action="store_true", help="use the development environment, not the built layers"
    )
    return parser.parse_args()


def _runs(functions: list[str], rounds: int, found: layers.Layers, stub: Stub) -> dict[str, list[Measured]]:
    """All measurements. Functions take turns, so that a disturbance affects all of them."""
    runs: dict[str, list[Measured]] = {name: [] for name in ("yardstick", "raw", *functions)}
    for i in range(rounds):
        print(f"\rround {i + 1} of {rounds}", end="", flush=True)
        for name in [name for name in functions if _is_hot(name) or i < _ROUNDS_OF_OTHERS]:
            unit = _probe("yardstick", {}, 0, found)
            asked = world.event(name)
            stub.calls.clear()
            measured = _probe(name, asked, 0, found)
            runs["yardstick"].append(unit)
            runs[name].append(measured | {"calls": len(stub.calls), "unit": unit["imported"]})
    for name in functions:
        hashes = runs[name][0]["hashing"] > 0
        runs[name].append(_probe(name, world.event(name), _HASHING_WARM if hashes else _WARM, found))
        runs["raw"].append(_probe("raw", {}, _WARM, found))
    print("\r" + " " * 20, end="")
    return runs


def _probe(name: str, event: dict[str, Any], warm: int, found: layers.Layers) -> Measured:
    folder = world.ROOT / "functions" / name.partition(" ")[0]
    command = [sys.executable, "-I", "-S", str(_PROBE), name, str(warm), str(folder), json.dumps(event), *found.paths]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    measured: Measured = json.loads(done.stdout)
    if wrong := problem(name, measured):
        sys.exit(wrong)
    return measured


def problem(name: str, measured: Measured) -> str:
    """Return an error unless the function did what its sample asks for; otherwise an empty text."""
    refused = measured.get("status", 200) >= 400 and name not in ENDS_REFUSED  # noqa: PLR2004 - HTTP
    failed = refused or measured.get("failed")
    return f"{name} does not do what its sample asks for: status {measured['status']}" if failed else ""


def _is_hot(name: str) -> bool:
    return name.partition(" ")[0] in HOT


def _print_cold(runs: dict[str, list[Measured]]) -> None:
    unit = median(it["imported"] for it in runs["yardstick"])
    raw = median(it["warm"] for it in runs["raw"])
    print(f"Yardstick: import pynamodb.models, {unit * 1000:.0f} ms. One raw signed GetItem: {raw * 1000:.2f} ms.")
    print(
        "Cold: from the process's start to the first answer, without bcrypt. Warm: one more request, without bcrypt.\n"
    )
    print(f"{'function':20} {'import':>9} {'cold':>9} {'ratio':>6}  {'calls':>5} {'warm':>9} {'ratio':>6}  modules")
    for name in sorted(set(runs) - {"yardstick", "raw"}, key=lambda name: (not _is_hot(name), name)):
        *cold, warm = runs[name]
        imported = median(it["imported"] for it in cold)
        answered = median(it["answered"] - it["hashing"] for it in cold)
        # Divide each run by the yardstick's run just before it, because the machine's speed varies by the second.
        ratio = median((it["answered"] - it["hashing"]) / it["unit"] for it in cold)
        mark = (f" over {BUDGET}" if ratio > BUDGET else " hot") if _is_hot(name) else ""
        print(
            f"{name:20} {imported * 1000:6.0f} ms {answered * 1000:6.0f} ms {ratio:6.2f}  {cold[0]['calls']:5} "
            f"{warm['warm'] * 1000:6.2f} ms {warm['warm'] / raw:6.1f}  {warm['modules']:7}{mark}"
        )


def _print_login(runs: dict[str, list[Measured]]) -> None:
    if "login" not in runs:
        return
    warm = runs["login"][-1]
    share = warm["warm"] / warm["warm_hashing"]
    raw = median(it["warm"] for it in runs["raw"])
    print(f"\nA login costs one bcrypt ({warm['warm_hashing'] * 1000:.0f} ms) and {share:.1%} of that besides.")
    rest, calls = warm["unhashed"] * 1000, warm["unhashed"] / raw
    print(f"With no bcrypt before it, that is {rest:.2f} ms ({calls:.1f} raw calls): bcrypt leaves cold caches behind.")


def _print_sizes(found: layers.Layers) -> None:
    artifacts = world.ROOT / ".aws-sam" / "build"
    folders = sorted(path for path in artifacts.iterdir() if path.is_dir()) if artifacts.is_dir() else []
    sizes = {path.name: layers.zipped_bytes(path) for path in folders or [Path(path).parent for path in found.paths]}
    print("\nZipped, as `make build` left it:" if folders else "\nZipped (`make build` has made no artifacts yet):")
    for name, size in sorted(sizes.items(), key=lambda entry: -entry[1]):
        print(f"{size / 1e6:8.3f} MB  {name}")


if __name__ == "__main__":
    main()
