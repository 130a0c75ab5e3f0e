"""The whole domain on the in-memory world, a clock that stands still, and the people of the stories."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings

from accounts import secrets
from accounts.flows.keys.key_management import KeyCreation, KeyDeletion, KeyList, NewKey
from accounts.flows.keys.key_verification import KeyVerification
from accounts.flows.mail.mailing import Mailing
from accounts.flows.operators.account_inspection import AccountInspection
from accounts.flows.operators.account_status import AccountDisabling, AccountEnabling, AccountRemoval
from accounts.flows.operators.operator_help import AccountUnlocking, KeyRevocation, OperatorLogout, PasswordRevocation
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.account import (
    AccountClosing,
    AccountLookup,
    AccountRenaming,
    SessionAccount,
)
from accounts.flows.people.account_export import AccountExport
from accounts.flows.people.activity import ActivityList
from accounts.flows.people.authentication import (
    API_KEY,
    SESSION,
    Authentication,
    Credential,
    KeyLookup,
    LoginAuthentication,
    SessionAuthentication,
)
from accounts.flows.people.email_change import EmailChange, EmailChangeRequest
from accounts.flows.people.email_verification import EmailVerification
from accounts.flows.people.login import Login
from accounts.flows.people.logout import Logout, LogoutEverywhere, SessionList, SessionRevocation
from accounts.flows.people.password_change import PasswordChange
from accounts.flows.people.password_reset import PasswordForgotten, PasswordReset
from accounts.flows.people.reauthentication import Reauthentication
from accounts.flows.people.session_opening import LoggedIn, SessionOpening
from accounts.flows.people.signup import Resend, Signup
from accounts.model import messages
from accounts.model.audit import Caller
from accounts.model.identities import Identity
from accounts.model.passwords import Policy
from accounts.model.sessions import LONGEST, Session
from accounts.model.throttles import Counter
from accounts.transactions import Change, Transactions
from tests.fakes import (
    FakeAccessTokens,
    FakeApiKeys,
    FakeAuditEvents,
    FakeBreaches,
    FakeHasher,
    FakeIdentities,
    FakeOutbox,
    FakePostman,
    FakeSessions,
    FakeTokens,
    FakeUsers,
    World,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SITE_URL = "https://accounts.example.com"
# The browser that the owner always uses; a stranger's was never seen here.
OWNER = Caller("192.0.2.1", "the owner's browser", secrets.digest("the owner's device"))
STRANGER = Caller("203.0.113.9", "a stranger's browser")
EMAIL = "olive@example.com"
NEW_EMAIL = "olive@example.org"
PASSWORD = "seven green umbrellas"
OTHER_PASSWORD = "eleven blue umbrellas"
ADMIN_SECRET = "a" * 48
NO_KEY = "0" * 64
OPERATOR = "arn:aws:iam::123456789012:user/otto"

# The same examples on every run: a test says yes or no, never perhaps.
exactly = settings(derandomize=True, deadline=None, database=None, max_examples=100)


def later(**amount: float) -> datetime:
    """The moment so long after NOW."""
    return NOW + timedelta(**amount)


def cookie(logged_in: LoggedIn) -> Credential:
    """What the browser of that person presents."""
    return Credential(SESSION, logged_in.token)


def key_credential(plaintext: str) -> Credential:
    """What a machine with that key presents."""
    return Credential(API_KEY, plaintext)


def order(user_id: str) -> OperatorRequest:
    """What Otto, an operator, asks for about an account."""
    return OperatorRequest(user_id, OPERATOR)


@dataclass
class Meanwhile:
    """Transactions in which something else is committed just before each of the first ``times`` commits."""

    world: World
    something: Callable[[], Any]
    times: int = 1

    def commit(self, *changes: Change) -> None:
        """Let the other thing happen, then commit."""
        if self.times:
            self.times -= 1
            self.something()
        self.world.commit(*changes)


@dataclass
class Service:
    """Every flow, wired to one world. ``transactions`` may be replaced to make something happen in between."""

    world: World = field(default_factory=World)
    hasher: FakeHasher = field(default_factory=FakeHasher)
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    postman: FakePostman = field(default_factory=FakePostman)
    breach_lists: FakeBreaches = field(default_factory=FakeBreaches)
    interposed: Transactions | None = None
    access_tokens: FakeAccessTokens = field(default_factory=FakeAccessTokens)

    @property
    def transactions(self) -> Transactions:
        """Where stories write."""
        return self.interposed or self.world

    @property
    def sessions(self) -> SessionAuthentication:
        """Accepts sessions."""
        return SessionAuthentication(FakeSessions(self.world))

    @property
    def logged_in(self) -> LoginAuthentication:
        """Accepts sessions and access tokens."""
        return LoginAuthentication(self.sessions, self.access_tokens)

    @property
    def keys(self) -> KeyLookup:
        """Finds keys."""
        return KeyLookup(FakeApiKeys(self.world), self.world)

    @property
    def authentication(self) -> Authentication:
        """Accepts both."""
        return Authentication(self.logged_in, self.keys)

    @property
    def opening(self) -> SessionOpening:
        """Opens sessions."""
        return SessionOpening(FakeUsers(self.world), FakeSessions(self.world), self.transactions, LONGEST)

    @property
    def signup(self) -> Signup:
        """Starts accounts."""
        return Signup(self.world, self.hasher, Policy(15, self.breach_lists), self.transactions, self.outbox)

    @property
    def resend(self) -> Resend:
        """Asks for the mail again."""
        return Resend(self.world, self.outbox)

    @property
    def mailing(self) -> Mailing:
        """Turns messages into mails."""
        stores = FakeIdentities(self.world), FakeUsers(self.world), self.world
        return Mailing(*stores, self.transactions, self.postman, SITE_URL)

    @property
    def verification(self) -> EmailVerification:
        """Finishes sign-ups."""
        stores = FakeTokens(self.world), FakeIdentities(self.world), self.world
        return EmailVerification(*stores, self.hasher, self.opening, self.transactions)

    @property
    def login(self) -> Login:
        """Lets people in."""
        return Login(FakeIdentities(self.world), self.world, self.hasher, self.opening, self.outbox)

    @property
    def reauthentication(self) -> Reauthentication:
        """Makes sessions fresh."""
        stores = FakeUsers(self.world), FakeIdentities(self.world)
        return Reauthentication(self.sessions, *stores, self.login)

    @property
    def forgotten(self) -> PasswordForgotten:
        """Asks for a link to a new password."""
        return PasswordForgotten(self.world, self.outbox)

    @property
    def password_reset(self) -> PasswordReset:
        """Sets the new password."""
        stores = FakeTokens(self.world), FakeIdentities(self.world), FakeUsers(self.world), self.world
        return PasswordReset(*stores, self.hasher, Policy(15, self.breach_lists), self.transactions, self.outbox)

    @property
    def password_change(self) -> PasswordChange:
        """Replaces a password that is known."""
        stores = FakeUsers(self.world), FakeIdentities(self.world), self.world
        return PasswordChange(
            self.sessions, *stores, self.hasher, Policy(15, self.breach_lists), self.transactions, self.outbox
        )

    @property
    def email_change_request(self) -> EmailChangeRequest:
        """Asks to move to another address."""
        return EmailChangeRequest(self.sessions, FakeUsers(self.world), self.world, self.outbox)

    @property
    def email_change(self) -> EmailChange:
        """Moves."""
        stores = FakeTokens(self.world), FakeIdentities(self.world), FakeUsers(self.world), self.world
        return EmailChange(self.sessions, *stores, self.transactions, self.outbox)

    @property
    def activity(self) -> ActivityList:
        """Shows what happened."""
        return ActivityList(self.sessions, FakeAuditEvents(self.world))

    @property
    def logout(self) -> Logout:
        """Ends the presented session."""
        return Logout(self.sessions, self.transactions)

    @property
    def devices(self) -> SessionList:
        """Lists sessions."""
        return SessionList(self.sessions)

    @property
    def session_revocation(self) -> SessionRevocation:
        """Ends one session."""
        return SessionRevocation(self.sessions, self.transactions)

    @property
    def logout_everywhere(self) -> LogoutEverywhere:
        """Ends them all."""
        return LogoutEverywhere(self.sessions, FakeUsers(self.world), self.transactions)

    @property
    def key_creation(self) -> KeyCreation:
        """Makes keys."""
        return KeyCreation(self.sessions, FakeUsers(self.world), self.transactions, self.outbox)

    @property
    def key_list(self) -> KeyList:
        """Lists keys."""
        return KeyList(self.logged_in, FakeApiKeys(self.world))

    @property
    def key_deletion(self) -> KeyDeletion:
        """Deletes keys."""
        return KeyDeletion(self.logged_in, self.transactions, self.outbox)

    @property
    def key_verification(self) -> KeyVerification:
        """Tells other services whose key it is."""
        return KeyVerification(self.keys, FakeUsers(self.world), lambda it: secrets.equal(it, ADMIN_SECRET))

    @property
    def account_lookup(self) -> AccountLookup:
        """Shows the account behind a credential."""
        return AccountLookup(self.authentication, FakeUsers(self.world))

    @property
    def session_account(self) -> SessionAccount:
        """Shows who is signed in."""
        return SessionAccount(self.sessions, FakeUsers(self.world))

    @property
    def export(self) -> AccountExport:
        """Collects what is held about a person."""
        stores = FakeUsers(self.world), FakeIdentities(self.world), FakeApiKeys(self.world)
        return AccountExport(self.sessions, *stores, FakeAuditEvents(self.world))

    @property
    def renaming(self) -> AccountRenaming:
        """Renames accounts."""
        return AccountRenaming(self.sessions, FakeUsers(self.world), self.transactions)

    @property
    def closing(self) -> AccountClosing:
        """Deletes accounts."""
        return AccountClosing(self.sessions, FakeUsers(self.world), self.transactions)

    @property
    def disabling(self) -> AccountDisabling:
        """Disables accounts."""
        return AccountDisabling(FakeUsers(self.world), self.transactions)

    @property
    def enabling(self) -> AccountEnabling:
        """Enables accounts."""
        return AccountEnabling(FakeUsers(self.world), self.transactions)

    @property
    def removal(self) -> AccountRemoval:
        """Deletes accounts for an operator."""
        return AccountRemoval(FakeUsers(self.world), self.transactions)

    @property
    def unlocking(self) -> AccountUnlocking:
        """Forgets failures."""
        return AccountUnlocking(FakeUsers(self.world), self.transactions)

    @property
    def operator_logout(self) -> OperatorLogout:
        """Ends all sessions for an operator."""
        return OperatorLogout(FakeUsers(self.world), self.transactions)

    @property
    def password_revocation(self) -> PasswordRevocation:
        """Takes passwords out of use."""
        stores = FakeUsers(self.world), FakeIdentities(self.world)
        return PasswordRevocation(*stores, self.transactions, self.outbox)

    @property
    def key_revocation(self) -> KeyRevocation:
        """Ends keys that leaked."""
        return KeyRevocation(self.transactions, self.outbox)

    @property
    def inspection(self) -> AccountInspection:
        """Looks accounts up for an operator."""
        people = FakeUsers(self.world), FakeIdentities(self.world)
        held = FakeSessions(self.world), FakeApiKeys(self.world), FakeAuditEvents(self.world)
        return AccountInspection(*people, *held, self.world)

    def mailed_token(self, email: str = EMAIL, now: datetime = NOW) -> str:
        """Deliver a sign-up message to ``email``, and read the token in the mail."""
        self.mailing.deliver(messages.Signup(email=email), now)
        return self.postman.mails[-1].values["link"].partition("#token=")[2]

    def reset_token(self, email: str = EMAIL, now: datetime = NOW) -> str:
        """Deliver the message of a forgotten password, and read the token in the mail."""
        assert self.mailing.deliver(messages.PasswordForgot(email=email), now) == "sent"
        return self.postman.mails[-1].values["link"].partition("#token=")[2]

    def change_token(self, logged_in: LoggedIn, to: str = NEW_EMAIL, now: datetime = NOW) -> str:
        """Ask to move to another address, deliver what that queued, and read the token in the mail."""
        self.email_change_request.ask(cookie(logged_in), to, OWNER, now)
        for message in self.outbox.messages[-2:]:
            assert self.mailing.deliver(message, now) == "sent"
        return self.postman.mails[-1].values["link"].partition("#token=")[2].partition("&")[0]

    def signed_up(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        """A sign-up that waits for its confirmation: the mailed token."""
        self.signup.start(email, password, "Olive", OWNER, NOW)
        return self.mailed_token(email)

    def person(self, email: str = EMAIL, password: str = PASSWORD) -> LoggedIn:
        """A person with a confirmed account, signed in, and nothing counted, recorded or queued any more."""
        logged_in = self.verification.confirm(self.signed_up(email, password), password, None, OWNER, NOW)
        self.world.counters.clear()
        self.world.records.clear()
        self.world.reads.clear()
        self.outbox.messages.clear()
        self.postman.mails.clear()
        self.hasher.calls = 0
        return logged_in

    def log_in(self, now: datetime = NOW, *, remember: bool = False, password: str = PASSWORD) -> LoggedIn:
        """One more session of the person."""
        return self.login.with_password(EMAIL, password, remember=remember, presented=None, caller=OWNER, now=now)

    def key(self, logged_in: LoggedIn, name: str = "laptop", now: datetime = NOW) -> NewKey:
        """A key of that person."""
        return self.key_creation.create(cookie(logged_in), name, "", OWNER, now)

    def identity(self, email: str = EMAIL) -> Identity:
        """The stored identity."""
        return self.world.identities[f"email#{email}"]

    def change_identity(self, email: str = EMAIL, **changes: Any) -> None:
        """Another request changes the identity."""
        self.world.change_identity(self.identity(email).key, **changes)

    def fail(self, times: int, email: str = EMAIL, at: datetime = NOW) -> None:
        """So many failures in a row have happened to that account, the last one at ``at``."""
        self.world.counters[f"streak#{secrets.digest(email)}"] = Counter(times, at)


def untouched(service: Service) -> bool:
    """Whether nothing was read, counted, hashed, written or queued."""
    world = {name: value for name, value in vars(service.world).items() if name != "lock"}
    return not any((*world.values(), service.hasher.calls, service.outbox.messages, service.postman.mails))


def held(service: Service, logged_in: LoggedIn) -> set[str]:
    """The sessions that the account holds, which must be those that exist."""
    user_id = logged_in.session.user_id
    stored = {session.digest for session in service.world.sessions.values() if session.user_id == user_id}
    assert stored == set(service.world.users[user_id].sessions)
    return stored


def counted(service: Service) -> dict[str, int]:
    """Where each bucket stands that counts anything, by its first word and length in seconds."""
    return {_name(key): counter.count for key, counter in service.world.counters.items() if counter.count}


def _name(key: str) -> str:
    bucket, *rest = key.split("#")
    return bucket if bucket == "streak" else f"{bucket}/{rest[-2]}"


def sample_session(**changes: Any) -> Session:
    """A session as stored, with whatever is to be different."""
    return replace(
        Session(
            digest="d" * 64,
            user_id="u" * 28,
            method="password",
            remembered=False,
            authenticated_at=NOW,
            last_seen_at=NOW,
            expires_at=later(hours=24),
            idle=timedelta(hours=1),
            caller=OWNER,
        ),
        **changes,
    )
