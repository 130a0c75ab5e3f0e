"""Request bodies of the pages where an owner lets a client or a device log in, as in ``schemas``."""

from __future__ import annotations

from datetime import datetime

import msgspec

from accounts import text

_OF_THE_PAGE = {"decision", "account", "fingerprint", "asked_at"}


class Consent(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /oauth/authorize``: the client's parameters, as the page read them from its URL, and the ``decision``.

    ``account`` is the id of the account that the page showed to the owner, ``fingerprint`` that of the client's
    document, and ``asked_at`` when the service first answered the page; without it, the owner's login is never later.
    """

    decision: str
    account: str
    client_id: str
    redirect_uri: str
    response_type: str = ""
    state: str = ""
    scope: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    resource: str = ""
    max_age: str = ""
    acr_values: str = ""
    prompt: str = ""
    fingerprint: str = ""
    asked_at: str = ""

    def since(self, now: datetime) -> datetime:
        """When the page first showed the question; ``now`` if it does not say so."""
        return text.moment(self.asked_at) or now

    @property
    def question(self) -> dict[str, str]:
        """The client's parameters."""
        given = msgspec.structs.asdict(self)
        return {name: value for name, value in given.items() if name not in _OF_THE_PAGE}


class DeviceEntry(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /oauth/device/request``: the code that the device shows, as the owner typed it."""

    user_code: str


class DeviceAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /oauth/device``: ``fingerprint`` is that of the client's document, as the page showed it."""

    user_code: str
    decision: str
    fingerprint: str = ""
