"""The domain with in-memory fakes of Google and GitHub, and owners who log in through them."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from threading import Barrier, Thread

from accounts.errors import AccountsError, ProviderOff
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.provider_login import Arrival, Callback, Departure
from accounts.model import messages
from accounts.model.audit import Caller
from accounts.model.identities import Identity, email_key, provider_key
from accounts.model.one_time_tokens import OneTimeToken
from accounts.model.providers import GITHUB, GOOGLE, Challenge, ProviderPerson
from accounts.transactions import Change
from accounts.web import routes
from tests.fakes import FakeOutbox, World
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, Service, cookie, routed

ISSUERS = {GOOGLE: "https://accounts.google.com", GITHUB: "https://github.com/login/oauth"}
CODE = "a-code-from-the-provider"


def provider_person(
    provider: str = GOOGLE, subject: str = "1001", email: str = EMAIL, **changes: object
) -> ProviderPerson:
    """By default the person whose address is EMAIL, verified."""
    verified = bool(changes.get("email_verified", bool(email)))
    return ProviderPerson(provider, subject, email, email_verified=verified, name=str(changes.get("name", "Olive")))


@dataclass
class FakeProvider:
    """Returns ``says``, or raises it if it is an exception; ``asked`` records every code and challenge."""

    name: str
    says: ProviderPerson | Exception
    asked: list[tuple[str, Challenge]] = field(default_factory=list)
    sent: list[tuple[str, Challenge]] = field(default_factory=list)
    before_answer: Callable[[], object] = lambda: None

    @property
    def issuer(self) -> str:
        return ISSUERS[self.name]

    def authorization_url(self, state: str, challenge: Challenge) -> str:
        self.sent.append((state, challenge))
        return f"https://{self.name}.example/authorize?state={state}"

    def person(self, code: str, challenge: Challenge, now: datetime) -> ProviderPerson:  # noqa: ARG002 - no time here
        self.asked.append((code, challenge))
        self.before_answer()
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@dataclass
class FakeProviders:
    by_name: dict[str, FakeProvider]

    def get(self, name: str) -> FakeProvider:
        if name not in self.by_name:
            raise ProviderOff
        return self.by_name[name]


class OAuthService(Service):
    """With Google and GitHub. ``notices`` is the outbox of emails that must never make a flow fail."""

    identity_list = routed(of_account=routes.IDENTITY_LIST)
    identity_unlinking = routed(unlink=routes.IDENTITY_UNLINK)
    password_setting = routed(set=routes.PASSWORD_SET)
    provider_departure = routed(link=routes.OAUTH_LINK, reauthenticate=routes.OAUTH_REAUTHENTICATE)

    @cached_property
    def notices(self) -> FakeOutbox:
        return FakeOutbox()

    @cached_property
    def providers(self) -> FakeProviders:  # type: ignore[override]
        return FakeProviders({name: FakeProvider(name, provider_person(name, "1001")) for name in (GOOGLE, GITHUB)})

    def says(self, person: ProviderPerson | Exception, provider: str | None = None) -> None:
        """From now on, the provider answers with this."""
        name = provider or (person.provider if isinstance(person, ProviderPerson) else GOOGLE)
        self.providers.by_name[name].says = person

    def start_login(self, provider: str = GOOGLE, return_to: str = "", caller: Caller = OWNER) -> tuple[Departure, str]:
        """Start a login: the departure, and the state that was sent with it."""
        departure = self.provider_departure.login(provider, return_to, caller, NOW)
        return departure, self.providers.by_name[provider].sent[-1][0]

    def start_linking(self, credential: Credential, provider: str = GOOGLE) -> tuple[Departure, str]:
        """Start linking: the departure, and the state that was sent with it."""
        departure = self.provider_departure.link(provider, "/account", credential, OWNER, NOW)
        return departure, self.providers.by_name[provider].sent[-1][0]

    def finish(
        self,
        started: tuple[Departure, str],
        provider: str = GOOGLE,
        presented: Credential | None = None,
        now: datetime = NOW,
        **changes: str,
    ) -> Arrival:
        """Deliver the provider's redirect, with the fields of the callback that ``changes`` replaces."""
        departure, state = started
        callback = replace(Callback(state, CODE, "", "", departure.browser), **changes)
        return self.provider_arrival.arrive(provider, callback, presented, OWNER, now)

    def log_in_with(self, person: ProviderPerson, presented: Credential | None = None) -> LoggedIn:
        """Complete a login in one browser; returns the new session."""
        self.says(person)
        arrival = self.finish(self.start_login(person.provider), person.provider, presented)
        assert arrival.logged_in is not None
        return arrival.logged_in

    def link(self, person: ProviderPerson, credential: Credential) -> Arrival:
        """Complete linking in one browser."""
        self.says(person)
        return self.finish(self.start_linking(credential, person.provider), person.provider, credential)

    def mailed_proof(self, person: ProviderPerson, now: datetime = NOW) -> str:
        """Deliver the email that proves the address of that person; returns its token."""
        message = messages.ProviderSignup(identity=provider_key(person.provider, person.subject))
        assert self.mailing.deliver(message, now) == "sent"
        return self.postman.mails[-1].values["link"].partition("#token=")[2].partition("&")[0]

    def states(self) -> list[OneTimeToken]:
        """The states that have not been used."""
        return [token for token in self.world.tokens.values() if token.purpose == "oauth-state"]

    def provider_identity(self, person: ProviderPerson) -> Identity:
        """The stored identity of that subject."""
        return self.world.identities[provider_key(person.provider, person.subject)]

    def keys_of(self, logged_in: LoggedIn) -> set[str]:
        """The identity keys that the account holds; they must equal those of the identities stored for it."""
        user_id = logged_in.session.user_id
        stored = {key for key, it in self.world.identities.items() if it.user_id == user_id and it.verified}
        assert stored == self.world.users[user_id].identities
        return stored


def both_keys(person: ProviderPerson) -> set[str]:
    """The keys of the subject and of its address."""
    return {provider_key(person.provider, person.subject), email_key(person.email)}


def tables_of(service: OAuthService) -> dict[str, object]:
    """Everything that is stored except counters, to compare before and after."""
    world = service.world
    tables = (world.users, world.identities, world.sessions, world.api_keys, world.tokens)
    return {"tables": [dict(table) for table in tables], "records": list(world.records)}


def presented(logged_in: LoggedIn) -> Credential:
    """What the browser with that session presents."""
    return cookie(logged_in)


@dataclass
class AtOnce:
    """Transactions in which commits with a ``kind`` of change wait for each other, so that both have read first."""

    world: World
    kind: type[Change]
    barrier: Barrier = field(default_factory=lambda: Barrier(2))

    def commit(self, *changes: Change) -> None:
        if any(isinstance(change, self.kind) for change in changes):
            self.barrier.wait(60)
        self.world.commit(*changes)


@dataclass
class Before:
    """Transactions that call ``something`` once, just before the first commit with a ``kind`` of change."""

    world: World
    kind: type[Change]
    something: Callable[[], object]
    done: bool = False

    def commit(self, *changes: Change) -> None:
        if not self.done and any(isinstance(change, self.kind) for change in changes):
            self.done = True
            self.something()
        self.world.commit(*changes)


def at_once(*calls: Callable[[], object]) -> list[str]:
    """The sorted results of the calls, or the codes of their refusals; each runs in its own thread."""
    outcomes: list[str] = []

    def run(call: Callable[[], object]) -> None:
        try:
            outcomes.append(str(call()))
        except AccountsError as refused:
            outcomes.append(refused.code)

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)
