"""`python -m local`, the program behind `make dev`."""

import signal
import sys
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked the process to end."""


def main() -> int:
    """Run until stopped; return the exit code."""
    # Before the imports, which take a second, so that Ctrl-C is handled during them, too.
    for number in _SIGNALS:
        signal.signal(number, _stop)
    try:
        from local.dev import run  # noqa: PLC0415

        return run(sys.argv[1:])
    except Stopped:
        print("Stopped. Your accounts are kept for the next time.")
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Handle one signal only: make forwards the terminal's signal, and a second one must not interrupt saving the state.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
