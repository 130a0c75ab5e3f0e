"""Command line, confirmations and secret input."""

import argparse
import getpass
import sys
from collections.abc import Callable

from scripts.place import CannotDo, Place

type Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names it nowhere else


def command(
    commands: Commands, name: str, says: str, does: Callable[[argparse.Namespace, Place], None]
) -> argparse.ArgumentParser:
    """Add a subcommand; ``does`` is called with its arguments and the place."""
    made = commands.add_parser(name, help=says, description=says, allow_abbrev=False)
    made.set_defaults(does=does)
    return made


def confirm(what: str, *, yes: bool) -> None:
    """Ask for confirmation; raises CannotDo if it is denied, or if there is neither a terminal nor ``yes``."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CannotDo(f"{what}? This cannot be undone; without a terminal, confirm with --yes")
    if _typed(input, f"{what}? This cannot be undone. Type yes: ") != "yes":
        raise CannotDo("nothing was done")


def secret(prompt: str) -> str:
    """A secret, typed without echo or read from standard input. Never an argument, which the shell's history keeps."""
    if sys.stdin.isatty():
        return _typed(getpass.getpass, f"{prompt} (it is not shown): ")
    print(f"{prompt}: reading one line from standard input", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def _typed(ask: Callable[[str], str], question: str) -> str:
    """The answer; raises CannotDo for Ctrl-D and Ctrl-C."""
    try:
        return ask(question).strip()
    except (EOFError, KeyboardInterrupt) as stopped:
        print(file=sys.stderr)
        raise CannotDo("nothing was done") from stopped
