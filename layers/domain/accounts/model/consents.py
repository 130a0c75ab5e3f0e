"""What the owner answers a program that asks to log in."""

from __future__ import annotations

from typing import Final, Literal

from accounts.errors import InvalidInput

Decision = Literal["allow", "deny"]
ALLOW: Final = "allow"
DENY: Final = "deny"


def decision(text: str) -> Decision:
    """Raises InvalidInput for anything else."""
    match text:
        case "allow" | "deny":
            return text
    message = "The decision is allow or deny."
    raise InvalidInput(message)
