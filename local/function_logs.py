"""Completes MiniStack's logs of functions: when a function answers, everything that it has written is in them.

MiniStack reads a function's standard error in a thread, and takes what that thread has read within 5 ms of the last
line. On a busy machine, the rest appeared in the logs of the function's next invocation, if there was one. Here a mark
that is written behind the function's lines says that there are no more. This needs Linux, as `forks` does.
"""

import queue
import secrets
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

_SECONDS = 2.0


def extend() -> None:
    """Have MiniStack read to the mark."""
    lambda_runtime.Worker._drain_stderr_bounded = written


def written(worker: Any, **_: float) -> str:  # noqa: ANN401 - MiniStack has no types
    """Return what the function has written since its last invocation. The caller holds the worker's lock."""
    mark = _mark(worker._proc)
    if not mark:  # The process has ended, and its standard error with it.
        worker._stderr_thread.join(_SECONDS)
        rest: str = worker._drain_stderr()
        return rest
    lines: list[str] = []
    while not lines or not lines[-1].endswith(mark):
        try:
            lines.append(worker._stderr_queue.get(timeout=_SECONDS))
        except queue.Empty:
            if not worker._stderr_thread.is_alive():  # It ends at what is no text.
                return "\n".join(lines)
    unfinished = lines.pop().removesuffix(mark)
    return "\n".join([*lines, *filter(None, [unfinished])])


def _mark(process: Any) -> str:  # noqa: ANN401
    """Write a mark behind what the process has written; return nothing if it has ended."""
    if process is None or process.poll() is not None:
        return ""
    mark = f"\0end {secrets.token_hex(8)}"
    try:
        Path(f"/proc/{process.pid}/fd/2").write_text(f"{mark}\n", encoding="ascii")
    except OSError:
        return ""
    return mark
