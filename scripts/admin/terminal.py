"""What is said to the command, what a person at a terminal is asked, and what is piped in instead."""

import argparse
import getpass
import sys
from collections.abc import Callable

from scripts.place import CannotDo, Place

type Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - argparse names it nowhere else


def command(
    commands: Commands, name: str, says: str, does: Callable[[argparse.Namespace, Place], None]
) -> argparse.ArgumentParser:
    """One more thing that can be said; ``does`` is called with what was said, and where it is to happen."""
    made = commands.add_parser(name, help=says, description=says, allow_abbrev=False)
    made.set_defaults(does=does)
    return made


def confirm(what: str, *, yes: bool) -> None:
    """Ask before what cannot be undone; where nobody can answer, only ``yes`` will do."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CannotDo(f"{what}? What ends does not come back, and nobody is here to ask: say --yes")
    if input(f"{what}? What ends does not come back. Type yes: ").strip() != "yes":
        raise CannotDo("nothing was done")


def secret(prompt: str) -> str:
    """A secret, typed unseen or read from standard input. Never an argument: those end in the shell's history."""
    given = getpass.getpass(f"{prompt} (it is not shown): ") if sys.stdin.isatty() else sys.stdin.readline()
    return given.strip()
