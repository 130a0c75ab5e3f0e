"""A client logs out: the session of its token ends, and with it all tokens of the session (RFC 7009)."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from accounts import secrets
from accounts.flows.people import logout
from accounts.model import sessions
from accounts.model.access_tokens import Reader
from accounts.model.audit import Caller
from accounts.model.sessions import Session, Sessions
from accounts.transactions import Transactions


class TokenRevocation(Struct, frozen=True):
    sessions: Sessions
    tokens: Reader
    transactions: Transactions

    def revoke(self, token: str, client_id: str, caller: Caller, now: datetime) -> str:
        """End the session of a refresh or access token. Returns its account, or an empty string without such a session.

        Ignores ``token_type_hint``, because the format shows the type, and tokens of other clients.
        """
        session = self._session_of(token, now)
        if session is None or session.client_id != client_id:
            return ""
        logout.end_if_there(self.transactions, session.user_id, session.digest, caller, now)
        return session.user_id

    def _session_of(self, token: str, now: datetime) -> Session | None:
        found = sessions.halves(token)
        if found is not None:
            return self.sessions.get(secrets.digest(found[0]))
        read = self.tokens.read(token, now) if token.count(".") == 2 else None  # noqa: PLR2004 - RFC 7515 7.1
        return self.sessions.get(read.session) if read is not None else None
