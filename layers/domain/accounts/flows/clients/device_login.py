"""A device polls for the owner's answer, and gets its tokens once (RFC 8628 3.4, 3.5).

A device code that is used again after the exchange ends the session that it opened, like an authorization code. A
device that lost the response has to start again.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import InvalidGrant
from accounts.flows.clients.client_login import ClientLogin
from accounts.flows.clients.client_sessions import Tokens
from accounts.limits import DEVICE_POLL_EARLY, DEVICE_POLL_INTERVAL
from accounts.model import throttles
from accounts.model.audit import Caller
from accounts.model.consents import ALLOW
from accounts.model.one_time_tokens import (
    DEVICE_CODE,
    UNCLAIMED,
    DeviceAnswer,
    DeviceRequest,
    OneTimeToken,
    OneTimeTokens,
    token_key,
)
from accounts.model.throttles import Throttles


class DeviceLogin(Struct, frozen=True):
    codes: ClientLogin
    tokens: OneTimeTokens
    throttles: Throttles

    def find(self, device_code: str, client_id: str, caller: Caller, now: datetime) -> OneTimeToken:
        """The client's device code, which may have expired; raises InvalidGrant, GrantReused, TooManyAttempts."""
        if not secrets.is_token(device_code):
            raise InvalidGrant
        digest = secrets.digest(device_code)
        token = self.tokens.get(token_key(DEVICE_CODE, digest))
        if token is None:
            raise self.codes.second_use(digest, caller, now)
        if DeviceRequest.of(token).client_id != client_id:
            raise InvalidGrant
        return token

    def is_too_soon(self, code: OneTimeToken, now: datetime) -> bool:
        """Whether the device polls more often than allowed."""
        every = DEVICE_POLL_INTERVAL - DEVICE_POLL_EARLY
        return throttles.is_too_soon(self.throttles, "device-poll", code.digest, every=every, now=now)

    def redeem(self, code: OneTimeToken, caller: Caller, now: datetime) -> Tokens:
        """Consume the code and open a session, or neither; raises InvalidGrant, GrantReused, Unavailable."""
        return self.codes.redeem(code, caller, now)


def answered(code: OneTimeToken) -> tuple[str, bool] | None:
    """The account that answered and whether it allowed the request; None before an answer."""
    return None if code.subject == UNCLAIMED else (code.subject, DeviceAnswer.of(code).decision == ALLOW)
