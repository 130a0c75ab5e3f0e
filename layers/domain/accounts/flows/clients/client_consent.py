"""A program asks to be let in; the person whose browser brought the question says yes or no (RFC 6749 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

from accounts.errors import AccountChanged
from accounts.limits import (
    AUTHORIZATION_CODE_LIFETIME,
    CONSENT_QUESTIONS_PER_MINUTE,
    CONSENTS_PER_ACCOUNT_PER_MINUTE,
)
from accounts.model import one_time_tokens, throttles, users
from accounts.model.audit import Caller
from accounts.model.clients import Client
from accounts.model.one_time_tokens import AUTHORIZATION_CODE, AuthorizationCode
from accounts.model.sessions import Session
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Transactions


class Question(Struct, frozen=True):
    """What a program asks: who it is, where the answer goes, how far it would be let in, and its S256 challenge."""

    client: Client
    redirect_uri: str
    state: str
    scope: str
    challenge: str


class Shown(Struct, frozen=True):
    """What the page shows: the question and who is asked, or where to send the browser at once."""

    question: Question | None
    user: User | None
    redirect_to: str = ""


class Answered(Struct, frozen=True):
    """Where to send the browser, and whose answer that was."""

    redirect_to: str
    user_id: str


class ClientConsent(Struct, frozen=True):
    """Asks the person, and hands out codes. ``issuer`` is our own origin."""

    users: Users
    throttles: Throttles
    transactions: Transactions
    issuer: str

    def shown(self, session: Session | None, caller: Caller, now: datetime) -> User | None:
        """The account that would be asked: the session's, or None. Raises TooManyAttempts.

        Counted by account, or by source without a session, so that others at the same source cannot use up the
        limit of an owner who is logged in.
        """
        asked, minute = session.user_id if session else caller.source, timedelta(minutes=1)
        throttles.count(self.throttles, "consent", asked, limit=CONSENT_QUESTIONS_PER_MINUTE, per=minute, now=now)
        return users.find(self.users, session.user_id) if session else None

    def check_asked(self, account: str, session: Session, now: datetime) -> None:
        """Check that the session belongs to ``account``, which the page showed; count the answer.

        Raises TooManyAttempts, or AccountChanged when another account has logged in since.
        """
        if session.user_id != account:
            raise AccountChanged
        limit, minute = CONSENTS_PER_ACCOUNT_PER_MINUTE, timedelta(minutes=1)
        throttles.count(self.throttles, "consent-given", session.user_id, limit=limit, per=minute, now=now)

    def allow(self, session: Session, question: Question, now: datetime) -> str:
        """Where to send the browser, with a code that works once and for a minute; raises Unauthenticated.

        An account exists only once its address is proven, so whoever is signed in is verified.
        """
        users.active(self.users, session.user_id)
        code, token = one_time_tokens.issue(
            AUTHORIZATION_CODE,
            session.user_id,
            lifetime=AUTHORIZATION_CODE_LIFETIME,
            now=now,
            payload=AuthorizationCode(
                client_id=question.client.client_id,
                scope=question.scope,
                method=session.method,
                session=session.digest,
                redirect_uri=question.redirect_uri,
                challenge=question.challenge,
            ),
        )
        self.transactions.commit(one_time_tokens.Issue(token))
        return answer_url(question.redirect_uri, {"code": code, "state": question.state, "iss": self.issuer})


def answer_url(redirect_uri: str, answer: Mapping[str, str]) -> str:
    """An answer to a client; what is empty is left out. None of our redirect URIs has a query."""
    return f"{redirect_uri}?{urlencode({name: value for name, value in answer.items() if value})}"
