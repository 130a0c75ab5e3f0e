"""An operator's request: which account, and who asks. IAM authorizes it; the audit record names the operator."""

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
# With single sign-on the caller's ARN ends with an email address, which must not be logged.
_ADDRESS = re.compile(r"([^/:@])[^/:@]*@")


class OperatorRequest(Struct, frozen=True):
    """``operator`` is the name that the operator gives. CloudTrail has the proof of who it was."""

    user_id: str
    operator: str

    @classmethod
    def read(cls, event: Mapping[str, str]) -> OperatorRequest:
        """Parse the event of a direct invocation; raises InvalidInput."""
        return cls(required_text(event, "user_id"), operator_of(event))

    def record(self, event: str, now: datetime, **detail: str) -> Record:
        """An audit record. The owner sees that it was an operator, not which one."""
        detail = {"by": "operator", "operator": self.operator, **detail}
        return Record(self.user_id, event, now, audit.NO_CALLER, detail)

    @property
    def fields(self) -> dict[str, str]:
        """For the log."""
        return {"user_id": self.user_id, "operator": self.operator}


def operator_of(event: Mapping[str, str]) -> str:
    """The operator's name with addresses masked, or UNNAMED; raises InvalidInput."""
    named = required_text(event, "operator") if "operator" in event else UNNAMED
    line = text.line("operator", named, at_most=OPERATOR_NAME_MAX_CHARACTERS, required=True)
    return _ADDRESS.sub(r"\1***@", line)


def required_text(event: Mapping[str, str], name: str) -> str:
    """The text field ``name`` of the event, trimmed; raises InvalidInput when it is missing, not text, or too long."""
    value: object = event.get(name)
    word = text.trimmed(value) if isinstance(value, str) else ""
    if not 0 < len(word) <= OPERATOR_WORD_MAX_CHARACTERS:
        message = f"Say {name}, as text of at most {OPERATOR_WORD_MAX_CHARACTERS} characters."
        raise InvalidInput(message)
    return word
