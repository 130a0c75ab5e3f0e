"""A client exchanges an authorization code for tokens, once (RFC 6749 4.1.3; OAuth 2.1 4.1.3).

When a code is used twice, the second request ends the session that the first one opened, because either may be an
attacker's (RFC 6749 4.1.2). This also holds for concurrent requests: consuming the code, opening the session and
storing a mark are one transaction, so the request that loses finds the mark and ends the session. A correct client
never sends a code twice, and after an error only has to ask for consent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.errors import GrantReused, InvalidClient, InvalidGrant, Refusal
from accounts.flows.clients.client_descriptions import ClientDescriptions
from accounts.flows.clients.client_sessions import ClientSessions, Permission, Tokens, count_bad_grant
from accounts.flows.people import logout
from accounts.limits import USED_CODE_REMEMBERED
from accounts.model import client_documents, messages, one_time_tokens, user_agents
from accounts.model.audit import Caller
from accounts.model.clients import Clients
from accounts.model.messages import Outbox
from accounts.model.one_time_tokens import (
    AUTHORIZATION_CODE,
    DEVICE_CODE,
    USED_CODE,
    Allowed,
    AuthorizationCode,
    OneTimeToken,
    OneTimeTokens,
    UsedCode,
    token_key,
)
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.transactions import Change, Conflict, Transactions

_GRANTS: Mapping[str, str] = {
    AUTHORIZATION_CODE: client_documents.AUTHORIZATION_CODE,
    DEVICE_CODE: client_documents.DEVICE_CODE,
}


class ClientLogin(Struct, frozen=True):
    """``known`` gives clients' names for the email to the owner."""

    tokens: OneTimeTokens
    sessions: ClientSessions
    transactions: Transactions
    throttles: Throttles
    known: Clients
    descriptions: ClientDescriptions
    notices: Outbox

    def find(self, code: str, client_id: str, caller: Caller, now: datetime) -> OneTimeToken:
        """The client's code; raises InvalidGrant, or GrantReused after ending the session of its first use."""
        if not secrets.is_token(code):
            raise InvalidGrant
        token = one_time_tokens.find(self.tokens, AUTHORIZATION_CODE, code, now)
        if token is None:
            raise self.second_use(secrets.digest(code), caller, now)
        if AuthorizationCode.of(token).client_id != client_id:
            raise InvalidGrant
        return token

    def redeem(self, code: OneTimeToken, caller: Caller, now: datetime) -> Tokens:
        """Consume the code and open a session, or neither; raises InvalidGrant, or GrantReused as ``find`` does.

        The owner gets an email, because consent may have been given by someone else. Every refusal checks for reuse:
        the session of a first use may already have been logged out.
        """
        allowed = Allowed.of(code)
        self._check_client(code, allowed, caller, now)
        permission = Permission(code.subject, allowed, code.issued_at)

        def used_up(session: Session) -> tuple[Change, ...]:
            forgotten_at = now + USED_CODE_REMEMBERED
            used = UsedCode(session.digest).stored()
            mark = OneTimeToken(USED_CODE, code.digest, code.subject, now, forgotten_at, used)
            return one_time_tokens.Consume(code.key), one_time_tokens.Issue(mark)

        try:
            tokens = self.sessions.open(permission, used_up, caller, now)
        except (Conflict, InvalidGrant) as refusal:
            raise self.second_use(code.digest, caller, now) from refusal
        self._notify_owner(permission, caller, now)
        return tokens

    def second_use(self, digest: str, caller: Caller, now: datetime) -> Refusal:
        """The error for a code that does not exist.

        GrantReused after ending the session of its first use, or InvalidGrant when there was none.
        """
        mark = self.tokens.get(token_key(USED_CODE, digest))
        if mark is None or now >= mark.expires_at:
            count_bad_grant(self.throttles, caller, now)
            return InvalidGrant()
        logout.end_reused(self.transactions, mark.subject, UsedCode.of(mark).session, caller, now)
        return GrantReused()

    def _check_client(self, code: OneTimeToken, allowed: Allowed, caller: Caller, now: datetime) -> None:
        """Check that the client is still known, and that its document is the one that the owner saw."""
        client = self.known.get(allowed.client_id)
        if client is None:
            raise InvalidClient
        shown, grant = allowed.fingerprint, _GRANTS[code.purpose]
        self.descriptions.check_unchanged(client, shown, grant, code.subject, caller, now)

    def _notify_owner(self, permission: Permission, caller: Caller, now: datetime) -> None:
        browser, client = user_agents.describe(caller.user_agent), self.known.name_of(permission.allowed.client_id)
        notice = messages.ClientLoggedIn(permission.user_id, browser, now, caller.source, client)
        self.notices.put(notice)
