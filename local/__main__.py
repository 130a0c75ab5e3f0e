"""`python -m local`, which is `make dev`."""

import signal
import sys
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked us to end."""


def main() -> int:
    """Run until stopped; return the exit code."""
    # Before the imports, which take a second: Ctrl-C is clean in that second, too.
    for number in _SIGNALS:
        signal.signal(number, _stop)
    try:
        from local.dev import run  # noqa: PLC0415

        return run(sys.argv[1:])
    except Stopped:
        print("Stopped. Your accounts are kept for the next time.")
        return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Once: make passes on what the terminal sends us too, and a second signal must not cut the saving short.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())
