"""The owner enters the code that a device shows, and allows or denies its request (RFC 8628 3.3).

Entering a code claims it for the owner's account: no other account can read or answer it. Reading does not consume it,
so the page can be reloaded. The answer does, so only the first one takes effect.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts.errors import InvalidUserCode, UnknownClient
from accounts.flows.clients.client_descriptions import ClientDescriptions
from accounts.limits import USER_CODES_PER_ACCOUNT_PER_HOUR, USER_CODES_PER_ADDRESS_PER_MINUTE
from accounts.model import consents, device_codes, one_time_tokens, throttles, users
from accounts.model.audit import Caller
from accounts.model.client_documents import DEVICE_CODE as DEVICE_GRANT
from accounts.model.clients import Client, Clients
from accounts.model.consents import ALLOW, Decision
from accounts.model.one_time_tokens import (
    DEVICE_CODE,
    UNCLAIMED,
    USER_CODE,
    DeviceAnswer,
    OneTimeToken,
    OneTimeTokens,
    UserCode,
    token_key,
)
from accounts.model.resources import Resource, Resources
from accounts.model.sessions import Session, require_fresh
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Change, Conflict, Transactions


class DeviceQuestion(Struct, frozen=True):
    """A device's request, and the account that is asked."""

    client: Client
    resource: Resource
    scope: str
    source: str
    user_agent: str
    asked_at: datetime
    user: User


class DeviceConsent(Struct, frozen=True):
    """The client's document is read after the code is entered, not when a device requests codes, as anyone can."""

    known: Clients
    descriptions: ClientDescriptions
    users: Users
    tokens: OneTimeTokens
    throttles: Throttles
    transactions: Transactions
    resources: Resources

    def question(self, text: str, session: Session, caller: Caller, now: datetime) -> DeviceQuestion:
        """The request behind the code as typed, which is claimed for the session's account.

        Raises Unauthenticated, TooManyAttempts, InvalidUserCode, UnknownClient, ClientDocumentRefused.
        """
        code = self._entered(text, session, caller, now)
        user, asked = users.active(self.users, session.user_id), UserCode.of(code)
        client = self._client(asked, session, caller, now)
        if code.subject == UNCLAIMED:
            self._commit(one_time_tokens.Take(replace(code, subject=user.user_id)))
        resource = self.resources.at(asked.resource)
        if resource is None:
            raise InvalidUserCode
        return DeviceQuestion(client, resource, asked.scope, asked.source, asked.user_agent, code.issued_at, user)

    def answer(
        self, text: str, decision: str, session: Session, caller: Caller, now: datetime, fingerprint: str = ""
    ) -> None:
        """Allow or deny the device's request, once, as the account that claimed it.

        ``fingerprint`` is the client's that the page showed. The consent is cancelled when the session in which it was
        given ends. Raises Unauthenticated, InvalidInput, TooManyAttempts, InvalidUserCode, or an error that leaves the
        code unanswered: ReauthenticationRequired, UnknownClient, ClientDocumentRefused, ClientChanged.
        """
        decided = consents.decision(decision)
        code = self._entered(text, session, caller, now)
        if code.subject == UNCLAIMED:
            raise InvalidUserCode
        users.active(self.users, session.user_id)
        if decided == ALLOW:
            require_fresh(session, now)
            self._client(UserCode.of(code), session, caller, now).check_shown(fingerprint)
        answered = one_time_tokens.Take(_answered(code, decided, fingerprint, session, now))
        self._commit(one_time_tokens.Consume(code.key), answered)

    def _client(self, asked: UserCode, session: Session, caller: Caller, now: datetime) -> Client:
        client = self.known.get(asked.client_id)
        if client is None:
            raise UnknownClient
        return self.descriptions.of(client, DEVICE_GRANT, session.user_id, caller, now)

    def _entered(self, text: str, session: Session, caller: Caller, now: datetime) -> OneTimeToken:
        """The code, unclaimed or claimed by the session's account. Every attempt is counted, before the read."""
        hour, minute = timedelta(hours=1), timedelta(minutes=1)
        by_account, by_source = USER_CODES_PER_ACCOUNT_PER_HOUR, USER_CODES_PER_ADDRESS_PER_MINUTE
        per_account = throttles.window("user-code", session.user_id, limit=by_account, per=hour, now=now)
        per_source = throttles.window("user-code", caller.source, limit=by_source, per=minute, now=now)
        throttles.take(self.throttles, per_account, per_source, now=now)
        digest = device_codes.typed(text)
        code = self.tokens.get(token_key(USER_CODE, digest)) if digest else None
        if code is None or now >= code.expires_at or code.subject not in {UNCLAIMED, session.user_id}:
            raise InvalidUserCode
        return code

    def _commit(self, *changes: Change) -> None:
        try:
            self.transactions.commit(*changes)
        except Conflict as conflict:
            raise InvalidUserCode from conflict


def _answered(
    code: OneTimeToken, decision: Decision, fingerprint: str, session: Session, now: datetime
) -> OneTimeToken:
    """The device code's item with the answer, for the device's next poll. It expires when the user code does."""
    asked = UserCode.of(code)
    answer = DeviceAnswer(
        client_id=asked.client_id,
        resource=asked.resource,
        scope=asked.scope,
        decision=decision,
        fingerprint=fingerprint,
        **one_time_tokens.consented_in(session),
    )
    return OneTimeToken(DEVICE_CODE, asked.device, session.user_id, now, code.expires_at, answer.stored())
