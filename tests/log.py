"""Captures the log for tests."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accounts import telemetry


@contextmanager
def written() -> Iterator[io.StringIO]:
    """Capture the log within the context."""
    stream = io.StringIO()
    handler: Any = telemetry.logger.registered_handler
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)
