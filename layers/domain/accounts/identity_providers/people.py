"""Sanitizes what a provider says about a person, which is untrusted input."""

from __future__ import annotations

from typing import Any

from accounts import text
from accounts.errors import InvalidInput
from accounts.limits import PERSON_NAME_MAX_CHARACTERS
from accounts.model import email_addresses


def clean_email(value: Any) -> str:  # noqa: ANN401 - any JSON
    """The canonical address, or empty if it is not a usable one."""
    try:
        return email_addresses.canonical(value) if isinstance(value, str) else ""
    except InvalidInput:
        return ""


def clean_name(value: Any) -> str:  # noqa: ANN401 - any JSON
    """The name without refused characters, truncated to PERSON_NAME_MAX_CHARACTERS."""
    return text.visible(value, at_most=PERSON_NAME_MAX_CHARACTERS) if isinstance(value, str) else ""
