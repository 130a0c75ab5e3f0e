"""The stories that race, told with a backend's stores."""

from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.flows.clients.client_consent import ClientConsent, Question
from accounts.flows.clients.client_login import ClientLogin
from accounts.flows.clients.client_sessions import ClientSessions
from accounts.flows.clients.token_refresh import TokenRefresh
from accounts.flows.keys.key_management import KeyCreation
from accounts.flows.mail.mailing import SENT, Mailing
from accounts.flows.people.authentication import SESSION, Credential, SessionAuthentication
from accounts.flows.people.email_change import EmailChange
from accounts.flows.people.email_verification import EmailVerification
from accounts.flows.people.login import Login
from accounts.flows.people.logout import Logout, LogoutEverywhere
from accounts.flows.people.password_change import PasswordChange
from accounts.flows.people.password_reset import PasswordReset
from accounts.flows.people.reauthentication import Reauthentication
from accounts.flows.people.session_opening import SessionOpening
from accounts.model import clients, identities, messages, sessions, users
from accounts.model.audit import Caller
from accounts.model.clients import Client
from accounts.model.identities import Identity
from accounts.model.messages import Message
from accounts.model.passwords import Policy
from accounts.model.sessions import LONGEST, Session
from accounts.model.users import User
from tests.contract.backends import Backend
from tests.contract.races import CountingHasher
from tests.contract.samples import NOW, an_address
from tests.fakes import FakeBreaches, FakeOutbox, FakePostman, FakeSigner

PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "another staple for the horse"
SITE_URL = "https://accounts.example.com"
QUESTION = Question(
    client=Client("comfy-cli", "Comfy CLI", frozenset()),
    redirect_uri="http://127.0.0.1:49152/callback",
    state="",
    scope="account",
    challenge="c" * 43,
)


def caller(number: int) -> Caller:
    """Somebody at an address of their own."""
    return Caller(source=f"192.0.2.{number}", user_agent="test")


@dataclass(frozen=True)
class Person:
    """An account with a password, the session it is looked at from, and that session's token."""

    identity: Identity
    session: Session
    credential: Credential

    @property
    def user_id(self) -> str:
        """Whose."""
        return self.identity.user_id


@dataclass
class Stories:
    """Each story over a backend, with some of its stores replaced by ``stores`` that force a race."""

    backend: Backend
    stores: Mapping[str, Any] = field(default_factory=dict)
    hasher: CountingHasher = field(default_factory=CountingHasher)

    def with_stores(self, **stores: Any) -> "Stories":
        """The same, but for these stores."""
        return Stories(self.backend, stores, self.hasher)

    def __getattr__(self, name: str) -> Any:
        """One of the stores."""
        return self.stores.get(name) or getattr(self.backend, name)

    @property
    def opening(self) -> SessionOpening:
        """The last step of a log-in."""
        return SessionOpening(self.users, self.sessions, self.transactions, LONGEST)

    @property
    def login(self) -> Login:
        """Log in."""
        return Login(self.identities, self.throttles, self.hasher, self.opening, FakeOutbox())

    @property
    def verification(self) -> EmailVerification:
        """Confirm an address."""
        return EmailVerification(
            self.tokens, self.identities, self.throttles, self.hasher, self.opening, self.transactions
        )

    @property
    def consent(self) -> ClientConsent:
        """Let a program in."""
        authentication = SessionAuthentication(self.sessions)
        return ClientConsent(authentication, self.users, self.throttles, self.transactions, SITE_URL)

    @property
    def codes(self) -> ClientLogin:
        """Exchange a program's code."""
        sessions_of_clients = ClientSessions(self.opening, FakeSigner(), SITE_URL)
        stores = (self.tokens, sessions_of_clients, self.transactions, self.throttles)
        return ClientLogin(*stores, clients.load(), FakeOutbox())

    @property
    def refresh(self) -> TokenRefresh:
        """Exchange a program's refresh token."""
        return TokenRefresh(self.sessions, self.users, self.transactions, self.throttles, FakeSigner(), SITE_URL)

    @property
    def here(self) -> Logout:
        """Log out."""
        return Logout(SessionAuthentication(self.sessions), self.transactions)

    @property
    def everywhere(self) -> LogoutEverywhere:
        """Log out everywhere."""
        return LogoutEverywhere(SessionAuthentication(self.sessions), self.users, self.transactions)

    @property
    def key_creation(self) -> KeyCreation:
        """Make a key."""
        return KeyCreation(SessionAuthentication(self.sessions), self.users, self.transactions, FakeOutbox())

    @property
    def reset(self) -> PasswordReset:
        """Set a password by a mailed link."""
        stores = self.tokens, self.identities, self.users, self.throttles
        return PasswordReset(*stores, self.hasher, Policy(15, FakeBreaches()), self.transactions, FakeOutbox())

    @property
    def change(self) -> PasswordChange:
        """Set a password by the one that is known."""
        stores = SessionAuthentication(self.sessions), self.users, self.identities, self.throttles
        return PasswordChange(*stores, self.hasher, Policy(15, FakeBreaches()), self.transactions, FakeOutbox())

    @property
    def move(self) -> EmailChange:
        """Confirm another address."""
        stores = self.tokens, self.identities, self.users, self.throttles
        return EmailChange(SessionAuthentication(self.sessions), *stores, self.transactions, FakeOutbox())

    @property
    def reauthentication(self) -> Reauthentication:
        """Prove again who one is."""
        authentication = SessionAuthentication(self.sessions)
        return Reauthentication(authentication, self.users, self.identities, self.login)

    def mailed(self, message: Message, now: datetime = NOW) -> str:
        """The token in the link that the message leads to."""
        postman = FakePostman()
        mailing = Mailing(self.identities, self.users, self.throttles, self.transactions, postman, "http://localhost")
        assert mailing.deliver(message, now) == SENT
        token: str = postman.mails[0].values["link"].partition("token=")[2].partition("&")[0]
        return token

    def reset_link(self, person: Person) -> str:
        """The token of a link to a new password."""
        return self.mailed(messages.PasswordForgot(email=person.identity.email))

    def move_link(self, person: Person, to: str) -> str:
        """The token of a link that moves the account there."""
        return self.mailed(messages.EmailChange(user_id=person.user_id, email=to, asked_at=NOW))

    def log_in(self, person: Person, number: int, *, password: str = PASSWORD, now: datetime = NOW) -> Any:
        """Log in from an address of one's own."""
        return self.login.with_password(
            person.identity.email, password, remember=False, presented=None, caller=caller(number), now=now
        )

    def person(self, *, live_sessions: int = 1) -> Person:
        """Somebody with a confirmed address and a password, signed in so many times."""
        address = an_address()
        identity = Identity(
            key=identities.email_key(address),
            user_id=users.new_user_id(),
            email=address,
            name="",
            created_at=NOW,
            updated_at=NOW,
            password_hash=f"fake:{PASSWORD}",
            verified=True,
        )
        started = [
            sessions.start(
                identity.user_id, method="password", remembered=False, lengths=LONGEST, caller=caller(0), now=NOW
            )
            for _ in range(live_sessions)
        ]
        user = User(identity.user_id, address, "", NOW, NOW, identities=frozenset({identity.key}))
        held = {session.digest: session.expires_at for _, session in started}
        self.backend.commit(
            users.Open(replace(user, sessions=held)),
            identities.Signup(identity),
            *(sessions.Start(session) for _, session in started),
        )
        token, session = started[0]
        return Person(identity, session, Credential(SESSION, token))

    def held_and_stored(self, user_id: str) -> tuple[set[str], set[str]]:
        """The sessions that the account holds, and those that there are."""
        user = self.backend.users.get(user_id)
        stored = {session.digest for session in self.backend.sessions.of_user(user_id)}
        return set(user.sessions) if user else set(), stored
