"""A client requests consent, and the owner who is logged in allows or denies it (RFC 6749 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

from accounts.errors import AccountChanged
from accounts.flows.clients import step_up
from accounts.limits import (
    AUTHORIZATION_CODE_LIFETIME,
    CONSENT_QUESTIONS_PER_MINUTE,
    CONSENTS_PER_ACCOUNT_PER_DAY,
    CONSENTS_PER_ACCOUNT_PER_MINUTE,
)
from accounts.model import one_time_tokens, throttles, users
from accounts.model.assurance import NOTHING, Requirement
from accounts.model.audit import Caller
from accounts.model.clients import Client
from accounts.model.one_time_tokens import AUTHORIZATION_CODE, AuthorizationCode
from accounts.model.resources import Resource
from accounts.model.sessions import Session, require_fresh
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Transactions


class Question(Struct, frozen=True):
    """A client's request: ``challenge`` is the S256 PKCE challenge, ``login`` what it asks of the owner's login."""

    client: Client
    redirect_uri: str
    state: str
    resource: Resource
    scope: str
    challenge: str
    login: Requirement = NOTHING


class Shown(Struct, frozen=True):
    """What the page shows: the request and the account, or ``redirect_to`` to redirect at once.

    Nothing, when a login is needed first.
    """

    question: Question | None
    user: User | None
    redirect_to: str = ""


class Seen(Struct, frozen=True):
    """What the page showed to the owner who answers, and since when: the account's id, and the client's fingerprint."""

    account: str
    fingerprint: str
    asked_at: datetime


class Answered(Struct, frozen=True):
    """Where to redirect the browser, and the account that answered."""

    redirect_to: str
    user_id: str


class ClientConsent(Struct, frozen=True):
    """``issuer`` is the service's origin."""

    users: Users
    throttles: Throttles
    transactions: Transactions
    issuer: str

    def shown(self, session: Session | None, caller: Caller, now: datetime) -> User | None:
        """The session's account, which would be asked, or None; raises TooManyAttempts.

        Counted by account, or by source without a session, so that others at the same source cannot use up the limit of
        an owner who is logged in.
        """
        asked, minute = session.user_id if session else caller.source, timedelta(minutes=1)
        throttles.count(self.throttles, "consent", asked, limit=CONSENT_QUESTIONS_PER_MINUTE, per=minute, now=now)
        return users.find(self.users, session.user_id) if session else None

    def check_asked(self, account: str, session: Session, now: datetime) -> None:
        """Check that the session belongs to ``account``, which the page showed, and count the answer.

        Raises TooManyAttempts, or AccountChanged when the browser has logged in to another account since.
        """
        if session.user_id != account:
            raise AccountChanged
        minute, day = timedelta(minutes=1), timedelta(days=1)
        short, long = (CONSENTS_PER_ACCOUNT_PER_MINUTE, minute), (CONSENTS_PER_ACCOUNT_PER_DAY, day)
        throttles.take(
            self.throttles, throttles.windows("consent-given", session.user_id, short, long, now=now), now=now
        )

    def allow(self, session: Session, question: Question, asked_at: datetime, now: datetime) -> str:
        """The URL to redirect to, with a code that works once within a minute.

        Raises Unauthenticated, or ReauthenticationRequired: a program stays logged in for 30 days, so a stale
        session must not allow one. Also raises what ``step_up.check_allowed`` raises.
        """
        user = users.active(self.users, session.user_id)
        require_fresh(session, now)
        step_up.check_allowed(question.login, session, user, asked_at)
        code, token = one_time_tokens.issue(
            AUTHORIZATION_CODE,
            session.user_id,
            lifetime=AUTHORIZATION_CODE_LIFETIME,
            now=now,
            payload=AuthorizationCode(
                client_id=question.client.client_id,
                resource=question.resource.address,
                scope=question.scope,
                redirect_uri=question.redirect_uri,
                challenge=question.challenge,
                fingerprint=question.client.fingerprint,
                **one_time_tokens.consented_in(session),
            ),
        )
        self.transactions.commit(one_time_tokens.Issue(token))
        return answer_url(question.redirect_uri, {"code": code, "state": question.state, "iss": self.issuer})


def answer_url(redirect_uri: str, answer: Mapping[str, str]) -> str:
    """A response to a client, without empty values. Redirect URIs of configured clients have no query."""
    return f"{redirect_uri}?{urlencode({name: value for name, value in answer.items() if value})}"
