"""The owner's answer to a client that requests consent."""

from __future__ import annotations

from typing import Final, Literal

from accounts.errors import InvalidInput

Decision = Literal["allow", "deny"]
ALLOW: Final = "allow"
DENY: Final = "deny"


def decision(text: str) -> Decision:
    """Parse a decision; raises InvalidInput."""
    match text:
        case "allow" | "deny":
            return text
    message = "The decision must be allow or deny."
    raise InvalidInput(message)
