"""Callbacks with one state, and unlinking against logins, emailed links and linking that are under way.

The owner's refusal wins, or comes later.
"""

from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import AddressReused
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.identity_linking import IdentityLinking
from accounts.flows.providers.provider_login import Callback
from accounts.model import messages
from accounts.model.identities import Identity, provider_key, public_id
from accounts.model.linking import decide
from accounts.model.providers import NAMES, ProviderName, ProviderPerson
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, MeetBeforeWrite, Meeting, OvertakenAtWrite, kinds, three_times, together
from tests.contract.samples import NOW, a_digest, an_address
from tests.contract.stories import Person, Stories, caller
from tests.unit.accounts.flows.providers.stage import CODE, FakeProvider, FakeProviders

LATER = NOW + timedelta(minutes=1)
of_each_provider = pytest.mark.parametrize("provider", NAMES)


class Linked:
    """An account with a password, and a provider's subject whose verified address is the account's."""

    def __init__(self, backend: Backend, provider: ProviderName) -> None:
        self.backend = backend
        self.stories = Stories(backend)
        self.person: Person = self.stories.person()
        email = self.person.identity.email
        self.subject = ProviderPerson(provider, a_digest(), email, email_verified=True, name="Olive")
        self.key = provider_key(provider, self.subject.subject)

    def link(self, stories: Stories) -> None:
        """As the owner asks."""
        linking, known, local = self._found(stories)
        account, owner = linking.account_of(local), self.person
        decision = decide(self.subject, known=known, local=local, account=account, linking_to=owner.user_id)
        linking.link(self.subject, decision, owner.session, caller(3), NOW)

    def log_in(self, stories: Stories) -> LoggedIn:
        """As the callback does: read, decide, write."""
        linking, known, local = self._found(stories)
        decision = decide(self.subject, known=known, local=local, account=linking.account_of(local))
        return linking.login(self.subject, decision, known, None, caller(1), LATER)

    def unlink(self, stories: Stories) -> None:
        session, identity_id = stories.session(self.person), public_id(self.key)
        stories.identity_unlinking.unlink(session, identity_id, caller(2), LATER)

    def link_and_unlink(self) -> None:
        """While something else is under way."""
        self.link(self.stories)
        self.unlink(self.stories)

    def _found(self, stories: Stories) -> tuple[IdentityLinking, Identity | None, Identity | None]:
        """What links, and what is stored for the subject and for its address."""
        identities = stories.identities
        return stories.identity_linking, identities.get(self.key), identities.get(self.person.identity.key)

    def state(self) -> tuple[bool, bool, set[str], set[str]]:
        """Whether the account holds the identity, whether it is stored, and the sessions held and stored."""
        user = self.backend.users.get(self.person.user_id)
        assert user is not None
        stored = self.backend.identities.get(self.key)
        is_stored = stored is not None and stored.verified
        return self.key in user.identities, is_stored, *self.stories.held_and_stored(self.person.user_id)


@three_times
@of_each_provider
def test_of_four_concurrent_callbacks_with_one_state_one_logs_in(racetrack: Backend, provider: ProviderName) -> None:
    """All have read the state before one consumes it. The others never call the provider."""
    subject = ProviderPerson(provider, a_digest(), an_address(), email_verified=True, name="Olive")
    service = FakeProvider(provider, subject)
    stories = Stories(racetrack).with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(4)))
    stories.providers = FakeProviders({provider: service})  # type: ignore[assignment]
    departing = Stories(racetrack)
    departing.providers = stories.providers
    departure = departing.provider_departure.login(provider, "", caller(0), NOW)
    callback = Callback(service.sent[0][0], CODE, "", "", departure.browser)
    arrivals = together(4, lambda n: stories.provider_arrival.arrive(provider, callback, None, caller(n), LATER))

    assert kinds(arrivals) == {"Arrival": 1, "LoginExpired": 3}
    assert len(service.asked) == 1


@three_times
@of_each_provider
def test_unlinking_and_a_concurrent_login_leave_no_session_of_it(racetrack: Backend, provider: ProviderName) -> None:
    """Both have read that it is linked. Only the session that unlinked is left, in either order."""
    linked = Linked(racetrack, provider)
    linked.link(linked.stories)
    racing = linked.stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))
    login, unlinking = together(2, lambda n: linked.unlink(racing) if n else linked.log_in(racing))
    digest = linked.person.session.digest

    assert unlinking is None
    assert kinds([login]).keys() <= {"LoggedIn", "LoginExpired"}
    assert linked.state() == (False, False, {digest}, {digest})


@of_each_provider
def test_a_login_does_not_link_what_is_unlinked_concurrently(racetrack: Backend, provider: ProviderName) -> None:
    """It has read that the subject is unknown; before it writes, the owner links and unlinks it."""
    linked = Linked(racetrack, provider)
    overtaken = OvertakenAtWrite(racetrack.transactions, linked.link_and_unlink)
    with pytest.raises(AddressReused):
        linked.log_in(linked.stories.with_stores(transactions=overtaken))
    digest = linked.person.session.digest

    assert overtaken.happened
    assert linked.state() == (False, False, {digest}, {digest})


@three_times
@of_each_provider
def test_unlinking_and_a_concurrent_link_by_the_owner_agree(racetrack: Backend, provider: ProviderName) -> None:
    """The account holds the identity exactly if it is stored, and remembers that it was unlinked."""
    linked = Linked(racetrack, provider)
    linked.link(linked.stories)
    racing = linked.stories.with_stores(identities=MeetAfterRead(racetrack.identities, Meeting(2)))
    outcomes = together(2, lambda n: linked.unlink(racing) if n else linked.link(racing))
    holds, is_stored, held, stored = linked.state()
    user = racetrack.users.get(linked.person.user_id)

    assert outcomes == [None, None]
    assert holds == is_stored
    assert held == stored == {linked.person.session.digest}
    assert user is not None
    assert user.unlinked == {linked.key}


def _pending(linked: Linked, subject: ProviderPerson) -> tuple[str, str]:
    """Ask for the link of an address that the provider has not verified: its token, and the browser that asked."""
    stories, browser = linked.stories, a_digest()
    local = stories.identities.get(linked.person.identity.key)
    stories.identity_linking.request_confirmation(subject, stories.identity_linking.account_of(local), browser, "", NOW)
    key = provider_key(subject.provider, subject.subject)
    return stories.mailed(messages.ProviderSignup(identity=key)), browser


@three_times
@of_each_provider
def test_unlinking_and_a_concurrent_confirmation_leave_no_session_of_it(
    racetrack: Backend, provider: ProviderName
) -> None:
    """An emailed link of another subject ends with the unlinking, or was used before and its session has ended."""
    linked = Linked(racetrack, provider)
    linked.link(linked.stories)
    other: ProviderName = "github" if provider == "google" else "google"
    unverified = replace(linked.subject, provider=other, email_verified=False)
    token, browser = _pending(linked, unverified)
    pending = provider_key(other, unverified.subject)
    racing = linked.stories.with_stores(transactions=MeetBeforeWrite(racetrack.transactions, Meeting(2)))

    def race(number: int) -> Any:
        if number:
            return linked.unlink(racing)
        return racing.provider_verification.confirm(token, (browser,), None, caller(1), LATER)

    confirmed, unlinking = together(2, race)
    holds, is_stored, held, stored = linked.state()
    user, mine = racetrack.users.get(linked.person.user_id), {linked.person.session.digest}
    opened = {confirmed.session.digest} if isinstance(confirmed, LoggedIn) else set()

    assert unlinking is None
    assert (holds, is_stored) == (False, False)
    assert kinds([confirmed]).keys() <= {"LoggedIn", "LoginExpired", "InvalidLink"}
    assert mine <= held == stored <= mine | opened
    assert user is not None
    assert (pending in user.identities) == bool(opened)


@of_each_provider
def test_a_confirmation_does_not_link_what_is_unlinked_concurrently(racetrack: Backend, provider: ProviderName) -> None:
    """It has read that the subject waits for it; before it writes, the owner links and unlinks the subject."""
    linked = Linked(racetrack, provider)
    token, browser = _pending(linked, replace(linked.subject, email_verified=False))
    overtaken = OvertakenAtWrite(racetrack.transactions, linked.link_and_unlink)
    with pytest.raises(AddressReused):
        linked.stories.with_stores(transactions=overtaken).provider_verification.confirm(
            token, (browser,), None, caller(1), LATER
        )
    digest = linked.person.session.digest

    assert overtaken.happened
    assert linked.state() == (False, False, {digest}, {digest})
