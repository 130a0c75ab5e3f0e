"""Mail to be written: what stands on the queue. Never a secret, and never whether an account exists.

A request only says "somebody did this with that address"; the mailer looks the account up, decides what to say, makes
the token and sends. So a request costs the same whoever the address belongs to.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

SIGNUP = "sign_up"
API_KEY_CREATED = "api_key_created"
API_KEY_DELETED = "api_key_deleted"
PROVIDER_SIGNUP = "provider_sign_up"
IDENTITY_LINKED = "identity_linked"
IDENTITY_UNLINKED = "identity_unlinked"
PASSWORD_SET = "password_set"  # noqa: S105 - a kind of mail
PASSWORD_FORGOT = "password_forgot"  # noqa: S105
PASSWORD_RESET = "password_reset"  # noqa: S105
PASSWORD_REVOKED = "password_revoked"  # noqa: S105
PASSWORD_CHANGED = "password_changed"  # noqa: S105
EMAIL_CHANGE = "email_change"
EMAIL_CHANGE_ASKED = "email_change_asked"
EMAIL_CHANGED = "email_changed"
LOGIN_NEW_BROWSER = "sign_in_new_device"
LOGIN_AFTER_FAILURES = "sign_in_after_failures"
CLIENT_LOGGED_IN = "program_signed_in"


class Message(Struct, frozen=True):
    """``kind`` of mail to an ``email`` address, to the account ``user_id``, or about the ``identity`` with that key.

    ``detail`` is text of the recipient's own, such as the name of a key, or words of ours. ``at`` and ``source`` say
    when (ISO 8601) and from which network address came what the mail is about. ``device`` is as in ``Caller``.
    ``client`` is what people call the program that it is about.
    """

    kind: str
    email: str = ""
    user_id: str = ""
    identity: str = ""
    detail: str = ""
    at: str = ""
    source: str = ""
    device: str = ""
    client: str = ""


class Outbox(Protocol):
    """The queue that the mailer reads."""

    def put(self, message: Message) -> None:
        """Queue the message; raises Unavailable when the queue does not take it."""
