"""Waiting for what happens in another process, such as the delivery of an email."""

import time
from collections.abc import Callable

# How long a failing test takes; enough for the slowest machine to pass.
_SECONDS = 60.0
_PAUSE = 0.1


def wait_for[T](look: Callable[[], T], what: str) -> T:
    """Return what ``look`` finds as soon as it finds something; fail after a minute."""
    ends_at = time.monotonic() + _SECONDS
    while time.monotonic() < ends_at:
        if found := look():
            return found
        time.sleep(_PAUSE)
    raise AssertionError(f"Nothing after {_SECONDS:.0f} s: {what}")
