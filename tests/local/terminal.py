"""A terminal with a shell, into which a test pastes blocks of commands, as an operator does."""

import os
import pty
import re
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_SECONDS = 120.0
_FAILED = "failed: "
_END = "=== end of block ==="
# The shell reads the names of files with blocks from descriptor $BLOCKS, so that commands can read the keyboard.
_SHELL = f"""
set -E
trap 'echo "{_FAILED}$BASH_COMMAND" >&2' ERR
while IFS= read -r -u "$BLOCKS" block; do . "$block"; echo "{_END}"; done
"""
_QUESTION = re.compile(r"(?:Type yes|\(it is not shown\)): ")


class Terminal:
    """A context manager. Variables and functions that a block defines exist in later blocks."""

    def __init__(self, folder: Path, variables: Mapping[str, str], blocks: Path) -> None:
        """The shell runs in ``folder``; ``blocks`` is where the pasted text is kept."""
        self._blocks = blocks
        self._keyboard, screen = pty.openpty()
        names, self._names = os.pipe()
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", _SHELL],  # noqa: S607
            cwd=folder,
            env={**variables, "BLOCKS": str(names)},
            stdin=screen,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[names],
            start_new_session=True,
        )
        os.close(screen)
        os.close(names)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._names)
        os.close(self._keyboard)
        if error:
            self._shell.kill()
        self._shell.communicate()

    def run(self, block: str, *answers: str) -> str:
        """Paste the block, answer its questions in their order, and return what it prints; fail if a command fails."""
        said = self.attempt(block, *answers)
        assert _FAILED not in said, said
        return said

    def attempt(self, block: str, *answers: str) -> str:
        """Like ``run``, for a block in which a command may fail."""
        self._blocks.write_text(block)
        os.write(self._names, f"{self._blocks}\n".encode())
        said, typed = "", 0
        while f"{_END}\n" not in said:
            said += self._more(said)
            if len(_QUESTION.findall(said)) > typed:
                assert typed < len(answers), f"This question was not expected: {said}"
                os.write(self._keyboard, f"{answers[typed]}\n".encode())
                typed += 1
        assert typed == len(answers), f"Only {typed} questions were asked: {said}"
        return said.replace(f"{_END}\n", "")

    def _more(self, said: str) -> str:
        """What the shell prints next; some questions are shown on the terminal itself."""
        assert self._shell.stdout
        ready, _, _ = select.select([self._shell.stdout.fileno(), self._keyboard], [], [], _SECONDS)
        assert ready, f"Nothing more after {_SECONDS:.0f} s: {said}"
        more = b"".join(os.read(it, 1 << 16) for it in ready)
        assert more, f"The shell ended: {said}"
        return more.decode(errors="replace")
