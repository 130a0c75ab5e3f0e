"""What telemetry writes, for tests that read it back."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from accounts import telemetry


@contextmanager
def written() -> Iterator[io.StringIO]:
    """The log, as long as this lasts."""
    stream = io.StringIO()
    handler: Any = telemetry.logger.registered_handler
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)
