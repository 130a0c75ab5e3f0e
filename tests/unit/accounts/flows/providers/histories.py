"""What may happen to accounts, in any order, and what must hold: a model beside the service.

Anyone may log in with a provider's subject, and may read an email. So the model has no persons: it records which
subjects an account has linked, which it has unlinked, and which sessions it has ended.
"""

from collections import defaultdict
from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from accounts.errors import AccountsError, EmailNotVerified
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.provider_login import Callback
from accounts.model import messages
from accounts.model.api_keys import Details
from accounts.model.identities import email_key, provider_key, public_id
from accounts.model.messages import Message
from accounts.model.providers import Challenge, ProviderPerson
from accounts.model.sessions import Session
from accounts.transactions import Change
from tests.fakes import World
from tests.unit.accounts.flows.clients import stage as clients
from tests.unit.accounts.flows.providers.stage import FakeProvider, FakeProviders, OAuthService, provider_person
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, PASSWORD, cookie

_SUBJECTS = (("github", "77"), ("google", "1002"))
_ADDRESSES = ((EMAIL, True), (EMAIL, False), ("eve@example.com", True))
# A stranger's subject never has the owner's address verified.
_STRANGER = provider_person("github", "666", EMAIL, email_verified=False)
PEOPLE = (
    *(provider_person(*who, email, email_verified=verified) for who in _SUBJECTS for email, verified in _ADDRESSES),
    _STRANGER,
)
UNVERIFIED = tuple(person for person in PEOPLE if not person.email_verified)


class Answering(FakeProvider):
    """Answers with the person of the code, also when another login is under way."""

    def person(self, code: str, challenge: Challenge, now: datetime) -> ProviderPerson:  # noqa: ARG002
        return PEOPLE[int(code)]


class HistoricalService(OAuthService):
    """With providers that answer by code."""

    @cached_property
    def providers(self) -> FakeProviders:  # type: ignore[override]
        return FakeProviders({name: Answering(name, PEOPLE[0]) for name in ("google", "github")})


@dataclass
class Held:
    """A session that was opened: of a browser, or of a program."""

    session: Session
    logged_in: LoggedIn | None
    ended: bool = False


@dataclass
class Proof:
    """An emailed link that confirms a subject's address, the browser that asked for it, and the accounts then."""

    key: str
    email: str
    asked_at: datetime
    browser: str
    accounts: frozenset[str]
    token: str = ""


@dataclass
class Interrupted:
    """Transactions that call ``something`` just before commit number ``before``."""

    world: World
    something: Callable[[], object]
    before: int

    def commit(self, *changes: Change) -> None:
        self.before -= 1
        if self.before == 0:
            self.something()
        self.world.commit(*changes)


@dataclass
class Histories:
    """Each action does what a person does, and notes what must follow. A refusal is always allowed."""

    service: HistoricalService = field(default_factory=HistoricalService)
    now: datetime = NOW
    opened: list[Held] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    asked: dict[str, Proof] = field(default_factory=dict)
    queue: list[Message] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    secured: dict[str, datetime] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    linked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    unlinked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def happens(self, action: str, *details: Any) -> None:
        """Let one thing happen. Limits are not the subject here, so their counters are cleared."""
        self.now += timedelta(seconds=10)
        self.service.world.counters.clear()
        try:
            getattr(self, action)(self.now, *details)
        except AccountsError as refusal:
            self.refused.append((action, refusal.code))
        finally:
            self.queue += self.service.outbox.messages
            self.service.outbox.messages.clear()

    def interrupted(self, before: int, first: tuple[Any, ...], second: tuple[Any, ...]) -> None:
        """Let ``second`` happen just before a commit of ``first``."""
        self.service.interposed = Interrupted(self.service.world, lambda: self.happens(*second), before)
        self.happens(*first)
        self.service.interposed = None

    def time_passes(self, _now: datetime, amount: timedelta) -> None:
        self.now += amount

    # Ways to log in.

    def logs_in_with_password(self, now: datetime) -> None:
        """Sign up first where the address has no account."""
        address = self.service.world.identities.get(email_key(EMAIL))
        if address is not None and address.verified:
            self._opened(
                self.service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=OWNER, now=now)
            )
            return
        self.service.signup.start(EMAIL, PASSWORD, "Olive", OWNER, now)
        token = self._mailed(messages.Signup(EMAIL, OWNER.known_browser, OWNER.source), now)
        self._opened(self.service.email_verification.confirm(token, PASSWORD, None, OWNER, now))

    def logs_in_with(self, now: datetime, person: ProviderPerson) -> None:
        """A subject enters an account that has linked it, or whose address both sides have verified."""
        key, departure = _key(person), self.service.provider_departure.login(person.provider, "", OWNER, now)
        try:
            arrival = self._arrive(person, departure.browser, None, now)
        except EmailNotVerified:
            pending = self.service.world.identities[key]
            browser = pending.confirming_browser or ""
            self.asked[key] = Proof(key, person.email, now, browser, frozenset(self.secured))
            raise
        assert arrival.logged_in is not None
        account = arrival.user_id
        if account in self.secured:
            assert key in self.linked[account] or (person.email_verified and person.email == self._email(account))
            assert key not in self.unlinked[account], "An unlinked identity came back by itself."
        self.linked[account].add(key)
        self._opened(arrival.logged_in)

    def asks_for_a_link(self, now: datetime, person: ProviderPerson) -> None:
        """Log in with an address that the provider has not verified; the email comes at once."""
        try:
            self.logs_in_with(now, person)
        except EmailNotVerified:
            self.queue.append(self.service.outbox.messages.pop())
            self.delivers(now, 0)

    def confirms(self, now: datetime, which: int) -> None:
        """An emailed link enters the account that existed when it was asked for, and only until that is secured."""
        proof = _chosen(self.proofs, which)
        self.proofs.remove(proof)
        logged_in = self.service.provider_verification.confirm(proof.token, (proof.browser,), None, OWNER, now)
        account = logged_in.session.user_id
        if account in self.secured:
            assert proof.email == self._email(account)
            assert account in proof.accounts, "A link from before the account began still works."
            assert proof.asked_at > self.secured[account], "An ended link still works."
            assert proof.key not in self.unlinked[account], "An unlinked identity came back by an emailed link."
        self.linked[account].add(proof.key)
        self._opened(logged_in)

    # What a session can do.

    def links(self, now: datetime, which: int, person: ProviderPerson) -> None:
        browser = self._browser(which)
        credential = cookie(browser)
        departure = self.service.provider_departure.link(person.provider, "/account", credential, OWNER, now)
        account = self._arrive(person, departure.browser, credential, now).user_id
        assert account == browser.session.user_id
        self.linked[account].add(_key(person))
        self.unlinked[account].discard(_key(person))

    def unlinks(self, now: datetime, which: int, subject: int) -> None:
        browser = self._browser(which)
        account = browser.session.user_id
        key = _chosen(sorted(self.linked[account]), subject)
        self.service.identity_unlinking.unlink(cookie(browser), public_id(key), OWNER, now)
        self.linked[account].discard(key)
        self.unlinked[account].add(key)
        self._secured(account, now, but=browser)
        assert key not in self.service.world.identities

    def links_and_unlinks(self, now: datetime, which: int, person: ProviderPerson) -> None:
        self.links(now, which, person)
        self.unlinks(now, which, 0)

    def changes_password(self, now: datetime, which: int) -> None:
        browser = self._browser(which)
        self.service.password_change.change(cookie(browser), PASSWORD, PASSWORD, OWNER, now)
        self._secured(browser.session.user_id, now, but=browser)

    def resets_password(self, now: datetime) -> None:
        token = self._mailed(messages.PasswordForgot(EMAIL), now)
        self._secured(self.service.password_reset.reset(token, PASSWORD, OWNER, now), now)

    def logs_out(self, now: datetime, which: int) -> None:
        browser = self._browser(which)
        if self.service.logout.here(cookie(browser), OWNER, now):
            self._end(browser.session.user_id, lambda held: held.logged_in is browser)

    def logs_out_everywhere(self, now: datetime, which: int) -> None:
        browser = self._browser(which)
        self.service.logout_everywhere.everywhere(cookie(browser), OWNER, now)
        self._end(browser.session.user_id)

    def deletes_the_account(self, now: datetime, which: int) -> None:
        browser = self._browser(which)
        self.service.account_closing.close(cookie(browser), OWNER, now)
        self.closed.add(browser.session.user_id)
        self._end(browser.session.user_id)

    def creates_a_key(self, now: datetime, which: int) -> None:
        self.service.key_creation.create(cookie(self._browser(which)), Details("laptop"), OWNER, now)

    def allows_a_program(self, now: datetime, which: int) -> None:
        """The program logs in only if the session that allowed it has not ended until then."""
        browser = self._browser(which)
        self.service.session(cookie(browser), now)
        clients.logged_in(self.service, browser, now)
        known = {held.session.digest for held in self.opened}
        [session] = [it for it in clients.programs(self.service) if it.digest not in known]
        assert not next(held for held in self.opened if held.logged_in is browser).ended
        self.opened.append(Held(session, None))

    def delivers(self, now: datetime, which: int, handled: int = 1) -> None:
        """The mailer handles a queued message, perhaps late and more than once."""
        message = _chosen(self.queue, which)
        if handled:
            self.queue.remove(message)
        mailed, asked = len(self.service.postman.mails), None
        if isinstance(message, messages.ProviderSignup):
            asked = self.asked.get(message.identity)
        self.service.mailing.deliver(message, now)
        for mail in self.service.postman.mails[mailed:]:
            assert mail.to, "An email has no recipient."
            if asked is not None:
                assert mail.to == asked.email
                self.proofs.append(replace(asked, token=_token(mail.values)))

    # What must hold after each step.

    def check(self) -> None:
        """What ended stays ended, and each account holds what is stored for it."""
        world = self.service.world
        for held in self.opened:
            if held.ended:
                assert held.session.digest not in world.sessions, "A session that was ended is stored."
        for user_id, user in world.users.items():
            assert set(user.sessions) == {it.digest for it in world.sessions.values() if it.user_id == user_id}
            assert user.api_keys == {it.digest for it in world.api_keys.values() if it.user_id == user_id}
            verified = {key for key, it in world.identities.items() if it.user_id == user_id and it.verified}
            assert user.identities == verified
        self._check_nothing_is_left()

    def _check_nothing_is_left(self) -> None:
        """No account, no session, no key and no identity, except for sign-ups that wait for their email."""
        world = self.service.world
        assert not self.closed & world.users.keys()
        owners = [(key, session.user_id) for key, session in world.sessions.items()]
        owners += [(key, api_key.user_id) for key, api_key in world.api_keys.items()]
        owners += [(key, it.user_id) for key, it in world.identities.items() if it.expires_at is None]
        left = [key for key, owner in owners if owner in self.closed]
        assert left == [], "A deleted account left something behind."

    # Notes.

    def _opened(self, logged_in: LoggedIn) -> None:
        account = logged_in.session.user_id
        assert account not in self.closed
        self.secured.setdefault(account, datetime.min.replace(tzinfo=UTC))
        self.opened.append(Held(logged_in.session, logged_in))

    def _end(self, account: str, these: Callable[[Held], bool] = lambda _: True) -> None:
        for held in self.opened:
            if held.session.user_id == account and these(held):
                held.ended = True

    def _secured(self, account: str, now: datetime, but: LoggedIn | None = None) -> None:
        """Every session but one has ended, and so have the emailed links."""
        self.secured[account] = now
        self._end(account, lambda held: held.logged_in is not but or but is None)

    def _arrive(self, person: ProviderPerson, browser: str, credential: Any, now: datetime) -> Any:
        state = self.service.providers.by_name[person.provider].sent[-1][0]
        callback = Callback(state, str(PEOPLE.index(person)), "", "", browser)
        return self.service.provider_arrival.arrive(person.provider, callback, credential, OWNER, now)

    def _browser(self, which: int) -> LoggedIn:
        """A browser whose session may have expired. Whether one that was ended works is checked after each step."""
        return _chosen([held.logged_in for held in self.opened if held.logged_in and not held.ended], which)

    def _mailed(self, message: Message, now: datetime) -> str:
        mailed = len(self.service.postman.mails)
        self.service.mailing.deliver(message, now)
        return "".join(_token(mail.values) for mail in self.service.postman.mails[mailed:])

    def _email(self, account: str) -> str:
        return self.service.world.users[account].email


def _key(person: ProviderPerson) -> str:
    return provider_key(person.provider, person.subject)


def _token(values: dict[str, str]) -> str:
    return values.get("link", "").partition("#token=")[2].partition("&")[0]


def _chosen[T](entries: list[T], which: int) -> T:
    """One of the newest entries; when there is none, the action does not happen."""
    if not entries:
        raise AccountsError
    return entries[-1 - which % len(entries)]
