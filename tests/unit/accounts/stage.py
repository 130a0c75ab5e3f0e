"""The whole domain over the in-memory world, a fixed clock, and the owners of the tests."""

from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from inspect import signature
from typing import Any

from hypothesis import settings

from accounts import secrets
from accounts.deployment import Deployment
from accounts.errors import Unavailable
from accounts.flows.keys.key_management import NewKey
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.account import AccountLookup
from accounts.flows.people.authentication import API_KEY, SESSION, Credential, Principal
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import attempts, messages, user_agents
from accounts.model.api_keys import Details
from accounts.model.audit import Caller
from accounts.model.identities import Identity
from accounts.model.sessions import Session
from accounts.model.throttles import Counter
from accounts.model.users import DropSessions
from accounts.transactions import Change
from accounts.web import routes
from accounts.web.routes import Route
from tests.fake_deployment import ADMIN_SECRET, SITE_URL, FakeDeployment
from tests.fakes import World

__all__ = ["ADMIN_SECRET", "SITE_URL"]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
# The browser that the owner always uses, and one that was never seen here.
OWNER = Caller("192.0.2.1", "the owner's browser", secrets.digest("the owner's device"))
STRANGER = Caller("203.0.113.9", "a stranger's browser")
EMAIL = "olive@example.com"
NEW_EMAIL = "olive@example.org"
PASSWORD = "seven green umbrellas"
OTHER_PASSWORD = "eleven blue umbrellas"
NO_KEY = "0" * 64
OPERATOR = "arn:aws:iam::123456789012:user/otto"

# The same examples on every run, so that a test is deterministic.
exactly = settings(derandomize=True, deadline=None, database=None, max_examples=100)


def later(**amount: float) -> datetime:
    """The moment that long after NOW."""
    return NOW + timedelta(**amount)


def placed(now: datetime = NOW, caller: Caller = OWNER) -> dict[str, str]:
    """When and where the owner did something, as notices say it."""
    return user_agents.place(caller, now)


def cookie(logged_in: LoggedIn) -> Credential:
    """What the browser with that session presents."""
    return Credential(SESSION, logged_in.token)


def key_credential(plaintext: str) -> Credential:
    """What a machine with that key presents."""
    return Credential(API_KEY, plaintext)


def operator_request(user_id: str) -> OperatorRequest:
    """A request of Otto, an operator, about an account."""
    return OperatorRequest(user_id, OPERATOR)


@dataclass
class Interleaved:
    """Transactions that call ``something`` just before each of the first ``times`` commits."""

    world: World
    something: Callable[[], Any]
    times: int = 1

    def commit(self, *changes: Change) -> None:
        if self.times:
            self.times -= 1
            self.something()
        self.world.commit(*changes)


@dataclass
class Busy:
    """Transactions in which each change of a ``kind`` fails."""

    service: "Service"
    kind: type[Change] = DropSessions

    def commit(self, *changes: Change) -> None:
        if any(isinstance(change, self.kind) for change in changes):
            raise Unavailable
        self.service.world.commit(*changes)


class RoutedFlow:
    """A flow as the endpoint calls it.

    A credential among the arguments is resolved as the route requires. ``routes`` are by method. A ``Caller`` or a time
    that the method does not take is for the endpoint only.
    """

    def __init__(self, deployment: Deployment, flow: Any, by_method: Mapping[str, Route]) -> None:
        self._deployment = deployment
        self._flow = flow
        self._routes = by_method

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._flow, name)
        return partial(self._call, method, self._routes[name]) if name in self._routes else method

    def _call(self, method: Callable[..., Any], route: Route, *args: Any) -> Any:
        parameters = signature(method).parameters.values()
        # The endpoint may have read what has a name here; the flow reads what it lacks.
        wanted = [it.name for it in parameters if it.kind is not it.KEYWORD_ONLY]
        caller = next((it for it in args if isinstance(it, Caller)), OWNER)
        now = next((it for it in reversed(args) if isinstance(it, datetime)), NOW)
        unwanted = [kind for name, kind in (("caller", Caller), ("now", datetime)) if name not in wanted]
        named = dict(zip(wanted, (it for it in args if not isinstance(it, tuple(unwanted))), strict=True))
        who = next(name for name in ("session", "current", "user_id") if name in wanted)
        authentication = self._deployment.authentication(route.credentials)
        if route.optional:
            found = authentication.find(named[who], caller, now)
            return method(**named | {who: found.session if found else None})
        principal = authentication.principal(named[who], caller, now, fresh=route.fresh)
        return method(**named | {who: principal.user_id if who == "user_id" else principal.session})


class routed:  # noqa: N801 - reads as a decorator
    """A flow of the deployment that tests call with credentials."""

    def __init__(self, **by_method: Route) -> None:
        self._routes = by_method

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, service: "Service", _owner: type) -> Any:
        method = next(vars(kind)[self._name] for kind in Deployment.__mro__ if self._name in vars(kind))
        return RoutedFlow(service, method.func(service), self._routes)


class Service(FakeDeployment):
    """Every flow over one world; those that need a credential take it as the endpoint does."""

    reauthentication = routed(with_password=routes.REAUTHENTICATE)
    password_change = routed(change=routes.PASSWORD_CHANGE)
    email_change_request = routed(ask=routes.EMAIL_CHANGE, cancel=routes.EMAIL_CHANGE_CANCEL)
    email_change = routed(confirm=routes.EMAIL_CHANGE_CONFIRM)
    activity = routed(of_account=routes.ACTIVITY_LIST)
    logout = routed(here=routes.LOGOUT)
    session_list = routed(of_account=routes.SESSION_LIST)
    session_revocation = routed(end=routes.SESSION_REVOKE)
    logout_everywhere = routed(everywhere=routes.SESSION_REVOKE_ALL)
    key_creation = routed(create=routes.KEY_CREATE)
    key_list = routed(of_account=routes.KEY_LIST)
    key_description = routed(change=routes.KEY_UPDATE)
    key_rotation = routed(rotate=routes.KEY_ROTATE, end_old=routes.KEY_END_OLD)
    key_deletion = routed(delete=routes.KEY_DELETE)
    account_lookup = routed(of=routes.ACCOUNT_SHOW)
    account_export = routed(of_session=routes.ACCOUNT_EXPORT)
    account_renaming = routed(
        change=routes.ACCOUNT_UPDATE, rename=routes.ACCOUNT_UPDATE, choose_language=routes.ACCOUNT_UPDATE
    )
    account_closing = routed(close=routes.ACCOUNT_DELETE)

    @property
    def session_account(self) -> RoutedFlow:
        """Show the account on the route that accepts sessions only."""
        return RoutedFlow(self, AccountLookup(self.users), {"of": routes.SESSION_SHOW})

    def principal(self, credential: Credential | None, caller: Caller, now: datetime) -> Principal:
        """The caller that presents the credential, on a route that accepts every kind."""
        return self.authentication(routes.ANY_CREDENTIAL).principal(credential, caller, now)

    def session(self, credential: Credential | None, now: datetime, *, fresh: bool = False) -> Session:
        """The session of the credential, on a route that accepts sessions only."""
        principal = self.authentication(routes.SESSION_ONLY).principal(credential, OWNER, now, fresh=fresh)
        assert principal.session is not None
        return principal.session

    def mailed_token(self, email: str = EMAIL, now: datetime = NOW) -> str:
        """Deliver the latest sign-up message to ``email``; returns the token in the email."""
        assert self.mailing.deliver(self.about_sign_up(email), now) == "sent"
        return self.postman.mails[-1].values["link"].partition("#token=")[2].partition("&")[0]

    def about_sign_up(self, email: str = EMAIL) -> messages.Signup:
        """The latest message about a sign-up with ``email``."""
        queued = (it for it in self.outbox.messages if isinstance(it, messages.Signup) and it.email == email)
        return list(queued)[-1]

    def reset_token(self, email: str = EMAIL, now: datetime = NOW) -> str:
        """Deliver the message of a forgotten password; returns the token in the email."""
        assert self.mailing.deliver(messages.PasswordForgot(email=email), now) == "sent"
        return self.postman.mails[-1].values["link"].partition("#token=")[2].partition("&")[0]

    def change_token(self, logged_in: LoggedIn, to: str = NEW_EMAIL, now: datetime = NOW) -> str:
        """Ask to change the email address and deliver the queued messages; returns the token in the email."""
        self.email_change_request.ask(cookie(logged_in), to, OWNER, now)
        for message in self.outbox.messages[-2:]:
            assert self.mailing.deliver(message, now) == "sent"
        return self.postman.mails[-1].values["link"].partition("#token=")[2].partition("&")[0]

    def signed_up(self, email: str = EMAIL, password: str = PASSWORD) -> str:
        """A pending sign-up; returns the emailed token."""
        self.signup.start(email, password, "Olive", OWNER, NOW)
        return self.mailed_token(email)

    def person(self, email: str = EMAIL, password: str = PASSWORD) -> LoggedIn:
        """A logged-in owner of a confirmed account, with counters, records and queue empty."""
        logged_in = self.email_verification.confirm(self.signed_up(email, password), password, None, OWNER, NOW)
        self.world.counters.clear()
        self.world.records.clear()
        self.world.reads.clear()
        self.outbox.messages.clear()
        self.postman.mails.clear()
        self.hasher.calls = 0
        return logged_in

    def log_in(self, now: datetime = NOW, *, remember: bool = False, password: str = PASSWORD) -> LoggedIn:
        """One more session of the owner."""
        return self.login.with_password(EMAIL, password, remember=remember, presented=None, caller=OWNER, now=now)

    def key(self, logged_in: LoggedIn, name: str = "laptop", now: datetime = NOW, *, expires_at: str = "") -> NewKey:
        """A key of that owner."""
        return self.key_creation.create(cookie(logged_in), Details(name, expires_at=expires_at), OWNER, now)

    def identity(self, email: str = EMAIL) -> Identity:
        return self.world.identities[f"email#{email}"]

    def change_identity(self, email: str = EMAIL, **changes: Any) -> None:
        """Change the identity, as a concurrent request would."""
        self.world.change_identity(self.identity(email).key, **changes)

    def fail(self, times: int, email: str = EMAIL, at: datetime = NOW) -> None:
        """Set that many consecutive failures on the account, in all browsers, the last at ``at``."""
        self.world.counters |= dict.fromkeys(_streaks(self, email), Counter(times, at))


def untouched(service: Service) -> bool:
    """Whether nothing was read, counted, hashed, written or queued."""
    world = {name: value for name, value in vars(service.world).items() if name != "lock"}
    return not any((*world.values(), service.hasher.calls, service.outbox.messages, service.postman.mails))


def held(service: Service, logged_in: LoggedIn) -> set[str]:
    """The sessions that the account holds; they must equal those that are stored."""
    user_id = logged_in.session.user_id
    stored = {session.digest for session in service.world.sessions.values() if session.user_id == user_id}
    assert stored == set(service.world.users[user_id].sessions)
    return stored


def failures(service: Service, email: str = EMAIL) -> tuple[int, ...]:
    """The failures in a row that count for the address: in unknown browsers, and in known ones."""
    none = Counter(0, NOW)
    return tuple(service.world.counters.get(key, none).count for key in _streaks(service, email))


def _streaks(service: Service, email: str) -> list[str]:
    identity = service.world.identities.get(f"email#{email}")
    return [attempts.streak_key(email, identity, known=known) for known in (False, True)]


def counted(service: Service) -> dict[str, int]:
    """The value of each bucket that is not empty, by its first word and its length in seconds, and of its parts."""
    counters, parts = service.world.counters, service.world.parts
    whole = {_name(key): counter.count for key, counter in counters.items() if counter.count}
    return whole | {f"{_name(key)} {part}": count for (key, part), count in parts.items() if count and key in counters}


def _name(key: str) -> str:
    bucket, *rest = key.split("#")
    return bucket if bucket == "streak" else f"{bucket}/{rest[-2]}"


def sample_session(**changes: Any) -> Session:
    """A stored session, with the fields that ``changes`` replaces."""
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
