"""Every flow over a backend, with stores that can force a race."""

from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from accounts.flows.clients.client_consent import Question
from accounts.flows.mail.mailing import SENT
from accounts.flows.people.authentication import SESSION, Credential
from accounts.model import identities, messages, sessions, users
from accounts.model.audit import Caller
from accounts.model.clients import Client
from accounts.model.identities import Identity
from accounts.model.messages import Message
from accounts.model.resources import MEANINGS, OWN, Resource
from accounts.model.sessions import LONGEST, Session
from accounts.model.users import User
from accounts.transactions import Transactions
from tests.contract.backends import Backend
from tests.contract.races import CountingHasher
from tests.contract.samples import NOW, an_address
from tests.fake_deployment import FakeDeployment

PASSWORD = "correct horse battery staple"
NEW_PASSWORD = "another staple for the horse"
SITE_URL = "https://accounts.example.com"
QUESTION = Question(
    client=Client("comfy-cli", "Comfy CLI", frozenset()),
    redirect_uri="http://127.0.0.1:49152/callback",
    state="",
    resource=Resource(OWN, "", MEANINGS),
    scope="account",
    challenge="c" * 43,
)


def caller(number: int) -> Caller:
    """A caller with its own source address."""
    return Caller(source=f"192.0.2.{number}", user_agent="test")


@dataclass(frozen=True)
class Person:
    """An account with a password, one of its sessions, and that session's token."""

    identity: Identity
    session: Session
    credential: Credential

    @property
    def user_id(self) -> str:
        return self.identity.user_id


class Stories(FakeDeployment):
    """Each flow over a backend. ``stores`` replace some of the backend's stores, to force a race."""

    def __init__(
        self,
        backend: Backend,
        stores: Mapping[str, Any] | None = None,
        hasher: CountingHasher | None = None,
        confirm_new_browsers: str = "off",
    ) -> None:
        super().__init__(confirm_new_browsers=confirm_new_browsers)
        self.backend = backend
        self.stores = stores or {}
        self.hasher = hasher or CountingHasher()

    def with_stores(self, **stores: Any) -> "Stories":
        return Stories(self.backend, stores, self.hasher)

    def _store(self, name: str) -> Any:
        return self.stores.get(name) or getattr(self.backend, name)

    users = cached_property(lambda self: self._store("users"))
    identities = cached_property(lambda self: self._store("identities"))
    sessions = cached_property(lambda self: self._store("sessions"))
    api_keys = cached_property(lambda self: self._store("api_keys"))
    passkeys = cached_property(lambda self: self._store("passkeys"))
    one_time_tokens = cached_property(lambda self: self._store("tokens"))
    throttles = cached_property(lambda self: self._store("throttles"))
    counters = cached_property(lambda self: self._store("throttles"))
    audit_events = cached_property(lambda self: self._store("audit"))

    @property
    def transactions(self) -> Transactions:
        return self._store("transactions")

    def writing(self, *tables: object) -> Transactions:  # noqa: ARG002 - a backend writes to all of its tables
        return self.transactions

    def session(self, person: Person, now: datetime = NOW) -> Session:
        """The person's session, read as the endpoint reads it."""
        accepted = self.authentication(frozenset({SESSION}))
        session = accepted.principal(person.credential, caller(0), now).session
        assert session is not None
        return session

    def mailed(self, message: Message, now: datetime = NOW) -> str:
        """The token of the link in the email that the message causes."""
        assert self.mailing.deliver(message, now) == SENT
        token: str = self.postman.mails[-1].values["link"].partition("token=")[2].partition("&")[0]
        return token

    def sign_up_link(self, address: str, number: int, password: str = NEW_PASSWORD) -> str:
        """The token of the link of a sign-up, from a source address that ``number`` selects."""
        self.signup.start(address, password, "", caller(number), NOW)
        return self.mailed(self.outbox.messages[-1])

    def reset_link(self, person: Person) -> str:
        """The token of a password reset link."""
        return self.mailed(messages.PasswordForgot(email=person.identity.email))

    def change_link(self, person: Person, to: str) -> str:
        """The token of a link that changes the account's email to ``to``."""
        return self.mailed(messages.EmailChange(user_id=person.user_id, email=to, asked_at=NOW))

    def log_in(
        self, person: Person, number: int, *, password: str = PASSWORD, browser: str = "", now: datetime = NOW
    ) -> Any:
        """Log in from a source address that ``number`` selects."""
        source = replace(caller(number), known_browser=browser)
        return self.login.with_password(
            person.identity.email, password, remember=False, presented=None, caller=source, now=now
        )

    def person(self, *, live_sessions: int = 1) -> Person:
        """An owner with a confirmed email, a password and ``live_sessions`` sessions."""
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
        """The digests of the sessions that the account lists, and of those that are stored."""
        user = self.backend.users.get(user_id)
        stored = {session.digest for session in self.backend.sessions.of_user(user_id)}
        return set(user.sessions) if user else set(), stored
