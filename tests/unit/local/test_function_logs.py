"""What a function has written, as the emulated AWS reads it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from ministack.core import lambda_runtime

from local import forks, function_logs

pytestmark = pytest.mark.skipif(not forks.can_fork(), reason="functions are forked on Linux only")

_FUNCTION = """
import sys
for line in sys.stdin:
    sys.stderr.write(line.strip().replace("/", chr(10)))
    sys.stderr.flush()
    print("answered", flush=True)
"""


class Slow:
    """A stream that is read only once `goes_on` is set, as if the reading thread got no processor."""

    def __init__(self, stream: Any, goes_on: threading.Event) -> None:
        self._stream, self._goes_on = stream, goes_on

    def __iter__(self) -> Iterator[str]:
        for line in self._stream:
            assert self._goes_on.wait(60)
            yield line


@contextmanager
def worker(goes_on: threading.Event) -> Iterator[Any]:
    """A worker of MiniStack whose function writes each line that it gets, with line breaks for slashes."""
    made = lambda_runtime.Worker("function", {}, b"")
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process: Any = subprocess.Popen([sys.executable, "-c", _FUNCTION], text=True, bufsize=1, **pipes)
    with process:
        made._proc = process
        stream, process.stderr = process.stderr, Slow(process.stderr, goes_on)
        made._stderr_thread = threading.Thread(target=made._read_stderr, daemon=True)
        made._stderr_thread.start()
        yield made
        process.stderr = stream
        process.stdin.close()


def answer(made: Any, text: str) -> None:
    """Have the function write the text, and wait for its answer."""
    made._proc.stdin.write(f"{text}\n")
    assert made._proc.stdout.readline() == "answered\n"


@pytest.mark.parametrize("text", ["one/two/", "one/two", "", "/"])
def test_all_that_a_function_has_written_belongs_to_its_invocation(text: str) -> None:
    """However late the thread is that reads it; the next invocation has lines of its own only."""
    goes_on = threading.Event()
    with worker(goes_on) as made:
        answer(made, text)
        # Later than MiniStack waits for a first line.
        threading.Timer(0.1, goes_on.set).start()
        assert function_logs.written(made) == text.replace("/", "\n").removesuffix("\n")

        answer(made, "next/")
        assert function_logs.written(made) == "next"


def test_a_function_that_has_ended_leaves_what_it_wrote() -> None:
    """Nothing can be written behind it any more."""
    goes_on = threading.Event()
    goes_on.set()
    with worker(goes_on) as made:
        answer(made, "last words/")
        process, made._proc = made._proc, None
        process.stdin.close()
        process.wait()

        assert function_logs.written(made) == "last words"
        made._proc = process


def test_what_is_no_text_ends_the_log() -> None:
    """MiniStack's thread ends there. The invocation does not wait for it forever."""
    goes_on = threading.Event()
    goes_on.set()
    with worker(goes_on) as made:
        made._stderr_thread.join = lambda *_: None
        made._proc.stderr._stream.reconfigure(errors="strict", encoding="ascii")
        answer(made, "before/é/after/")

        assert function_logs.written(made) in {"", "before"}
