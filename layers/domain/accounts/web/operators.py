"""Functions that operators invoke directly: a refusal is an answer, not a failure of the function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from accounts.errors import Refusal

Event = Mapping[str, str]
Answer = Mapping[str, Any]


def answers_operators(handle: Callable[[Event], Answer]) -> Callable[[Event, object], Answer]:
    """Make a Lambda handler that answers a Refusal with its code and message. Anything else is raised.

    Lambda counts what is raised as an error and logs its traceback: an operator's typing error must do neither.
    """

    @wraps(handle)
    def lambda_handler(event: Event, _context: object) -> Answer:
        try:
            return handle(event)
        except Refusal as refusal:
            return {"error": refusal.code, "message": str(refusal)}

    return lambda_handler
