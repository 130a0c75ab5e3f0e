"""What an operator asks for: which account, and who asks. Who may ask is for IAM to say; here it is written down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from accounts import text
from accounts.errors import InvalidInput
from accounts.limits import OPERATOR_NAME_MAX_CHARACTERS, OPERATOR_WORD_MAX_CHARACTERS
from accounts.model import audit
from accounts.model.audit import Record

UNNAMED = "unnamed"
# Single sign-on ends the caller's ARN with an address, and no log or record of ours holds one.
_ADDRESS = re.compile(r"([^/:@])[^/:@]*@")


class OperatorRequest(Struct, frozen=True):
    """``user_id`` is the account. ``operator`` is who asks, as they say: the proof of who it was is CloudTrail's."""

    user_id: str
    operator: str

    @classmethod
    def read(cls, event: Mapping[str, str]) -> OperatorRequest:
        """From the event of a direct invocation; raises InvalidInput."""
        return cls(required_text(event, "user_id"), operator_of(event))

    def record(self, event: str, now: datetime, **detail: str) -> Record:
        """A line for the account's history. Its person sees that it was an operator, not which."""
        detail = {"by": "operator", "operator": self.operator, **detail}
        return Record(self.user_id, event, now, audit.NO_CALLER, detail)

    @property
    def fields(self) -> dict[str, str]:
        """For the log."""
        return {"user_id": self.user_id, "operator": self.operator}


def operator_of(event: Mapping[str, str]) -> str:
    """Who asks, an address among it masked; UNNAMED if they do not say. Raises InvalidInput."""
    named = required_text(event, "operator") if "operator" in event else UNNAMED
    line = text.line("operator", named, at_most=OPERATOR_NAME_MAX_CHARACTERS, required=True)
    return _ADDRESS.sub(r"\1***@", line)


def required_text(event: Mapping[str, str], name: str) -> str:
    """What the event says under this name; raises InvalidInput when it is missing, no text, or too long."""
    value: object = event.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= OPERATOR_WORD_MAX_CHARACTERS:
        message = f"Say {name}, as text of at most {OPERATOR_WORD_MAX_CHARACTERS} characters."
        raise InvalidInput(message)
    return value
