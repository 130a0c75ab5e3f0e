"""A device without a browser requests its two codes, valid for ten minutes (RFC 8628 3.1, 3.2)."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.limits import DEVICE_CODE_LIFETIME, DEVICE_CODES_PER_ADDRESS_PER_MINUTE
from accounts.model import device_codes, one_time_tokens, throttles
from accounts.model.audit import Caller
from accounts.model.device_codes import Codes
from accounts.model.one_time_tokens import DEVICE_CODE, UNCLAIMED, USER_CODE, DeviceRequest, OneTimeToken, UserCode
from accounts.model.throttles import Throttles
from accounts.transactions import Transactions, retry_on_conflict


class DeviceAuthorization(Struct, frozen=True):
    throttles: Throttles
    transactions: Transactions

    def ask(self, client_id: str, resource: str, scope: str, caller: Caller, now: datetime) -> Codes:
        """Issue two codes; raises TooManyAttempts."""
        limit, minute = DEVICE_CODES_PER_ADDRESS_PER_MINUTE, timedelta(minutes=1)
        throttles.count(self.throttles, "device", caller.source, limit=limit, per=minute, now=now)
        asked = DeviceRequest(client_id=client_id, resource=resource, scope=scope)
        return retry_on_conflict(lambda: self._issued(asked, caller, now))

    def _issued(self, asked: DeviceRequest, caller: Caller, now: datetime) -> Codes:
        """Raises Conflict when the user code exists already; the retry uses another one."""
        lifetime, user_code = DEVICE_CODE_LIFETIME, device_codes.new_user_code()
        plaintext, device = one_time_tokens.issue(DEVICE_CODE, UNCLAIMED, lifetime=lifetime, now=now, payload=asked)
        shown = {"device": device.digest, "source": caller.source, "user_agent": caller.user_agent}
        typed = UserCode(**asked.stored(), **shown)
        digest = secrets.digest(user_code)
        entry = OneTimeToken(USER_CODE, digest, UNCLAIMED, now, device.expires_at, typed.stored())
        self.transactions.commit(one_time_tokens.Issue(device), one_time_tokens.Issue(entry))
        return Codes(plaintext, device_codes.shown(user_code))
