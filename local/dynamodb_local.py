"""Amazon's DynamoDB Local, for tests that depend on the behaviour of the real service.

`with dynamodb_local() as endpoint_url` runs it.

It is downloaded once into `.local/`, from the npm package `amplify-dynamodb-simulator`, which contains Amazon's jar;
version and digest are pinned. DYNAMODB_LOCAL_DIR names another copy: a folder with DynamoDBLocal.jar.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local import KEEP
from local.emulator import fetch
from local.processes import LOOPBACK, Child, free_port

_PACKAGE = "amplify-dynamodb-simulator@2.9.30"
_SHA512 = "xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="
_OLDEST_JAVA = 17
_JAR = "DynamoDBLocal.jar"
# It runs for a minute: optimizing its code, and collecting garbage in parallel, costs more than it saves.
_SHORT_RUN = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto")


class MissingTool(Exception):
    """A tool is missing; the message says how to install it."""


@contextmanager
def dynamodb_local() -> Iterator[str]:
    """Run an empty DynamoDB Local in memory and yield its endpoint."""
    java = _java()
    folder = _folder()
    port = free_port()
    options = [*_SHORT_RUN, f"-Djava.library.path={folder / 'DynamoDBLocal_lib'}", "-jar", str(folder / _JAR)]
    switches = ["-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port)]
    command = ("--", str(folder), java, *options, *switches)
    child = Child("DynamoDB Local", *command, log=KEEP / "dynamodb-local" / f"{port}.log")
    try:
        endpoint = f"http://{LOOPBACK}:{port}"
        child.wait_until(lambda: _answers(endpoint))
        yield endpoint
    finally:
        child.stop()
        child.log.unlink(missing_ok=True)


def _java() -> str:
    """Return the path of Java; raises MissingTool when there is none or it is too old."""
    java = shutil.which("java")
    version = re.search(r'version "(\d+)', _said([java, "-version"])) if java else None
    if java is None or version is None or int(version[1]) < _OLDEST_JAVA:
        raise MissingTool(
            f"DynamoDB Local needs Java {_OLDEST_JAVA} or newer: "
            "install default-jre-headless (Debian, Ubuntu) or openjdk (Homebrew)"
        )
    return java


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr  # noqa: S603  # found on PATH


def _folder() -> Path:
    """Return the folder with the jar, after downloading it if needed."""
    if chosen := os.environ.get("DYNAMODB_LOCAL_DIR"):
        if not (Path(chosen) / _JAR).is_file():
            raise MissingTool(f"DYNAMODB_LOCAL_DIR={chosen} holds no {_JAR}")
        return Path(chosen).resolve()
    folder = KEEP / "dynamodb-local" / _PACKAGE.rpartition("@")[2]
    if not (folder / _JAR).is_file():
        _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingTool("DynamoDB Local is fetched with npm: install npm, or set DYNAMODB_LOCAL_DIR to a copy")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Unpack beside the target, then rename: concurrent runs never see a partial folder.
    with TemporaryDirectory(dir=folder.parent) as beside:
        archive = _packed(npm, Path(beside))
        if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != _SHA512:
            raise MissingTool(f"{_PACKAGE} is not the package that was pinned: its digest differs")
        with tarfile.open(archive) as package:
            package.extractall(beside, filter="data")
        try:
            (Path(beside) / "package" / "emulator").rename(folder)
        except OSError:
            if not (folder / _JAR).is_file():
                raise


def _packed(npm: str, folder: Path) -> Path:
    command = [npm, "pack", "--silent", "--ignore-scripts", _PACKAGE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise MissingTool(f"npm could not fetch {_PACKAGE}: {done.stderr.strip() or 'is this machine online?'}")
    return next(folder.glob("*.tgz"))


def _answers(url: str) -> bool:
    try:
        return bool(fetch(url, timeout=2))
    except urllib.error.HTTPError:  # DynamoDB Local refuses unsigned requests: it runs.
        return True
    except OSError:
        return False
