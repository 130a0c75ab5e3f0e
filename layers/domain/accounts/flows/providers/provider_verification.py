"""Confirm an address that a provider has not verified, with an emailed link."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts.errors import InvalidLink
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.identity_linking import IdentityLinking
from accounts.model import one_time_tokens, throttles
from accounts.model.audit import Caller
from accounts.model.identities import Identities, can_be_confirmed, email_key
from accounts.model.one_time_tokens import PROVIDER_VERIFICATION, OneTimeTokens
from accounts.model.throttles import Throttles

_OTHER_BROWSER = (
    "Open this link within an hour, in the browser where you started. To get a new link, log in there again."
)


class ProviderVerification(Struct, frozen=True):
    """Needs the emailed link and the browser that started.

    An attacker whose provider account has the owner's unverified address cannot use the owner's click: the link works
    only in the attacker's browser, and the attacker does not have the link.
    """

    tokens: OneTimeTokens
    identities: Identities
    throttles: Throttles
    linking: IdentityLinking

    def confirm(
        self, plaintext: str, browsers: tuple[str, ...], presented: Credential | None, caller: Caller, now: datetime
    ) -> LoggedIn:
        """Create or link the account and log in, ending the ``presented`` session.

        Raises InvalidLink, AddressReused or TooManyAttempts. ``browsers`` are the digests of this browser's cookies.
        """
        throttles.count_confirmation(self.throttles, caller, now)
        token = one_time_tokens.find(self.tokens, PROVIDER_VERIFICATION, plaintext, now)
        pending = self.identities.get(token.subject) if token else None
        if token is None or pending is None or pending.verified or pending.pending_token != token.digest:
            raise InvalidLink
        if pending.confirming_browser not in browsers:
            raise InvalidLink(_OTHER_BROWSER)
        local = self.identities.get(email_key(pending.email))
        if not can_be_confirmed(pending, local):
            raise InvalidLink
        return self.linking.confirm(token, pending, local, presented, caller, now)
