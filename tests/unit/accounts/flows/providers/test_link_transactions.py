"""Linking by the logged-in owner: only for the session that asked, and never instead of it (OA-11)."""

from copy import replace
from functools import partial
from typing import Any

import pytest

from accounts.errors import (
    AccountsError,
    CookiesBlocked,
    IdentityLimitReached,
    IdentityLinkedElsewhere,
    LoginExpired,
    Unauthenticated,
    Unavailable,
)
from accounts.flows.people.authentication import Credential
from accounts.flows.people.session_opening import LoggedIn
from accounts.flows.providers.provider_login import Arrival, Callback
from accounts.model import messages
from accounts.model.audit import Record
from accounts.model.identities import Claim, Identity, provider_key
from accounts.model.sessions import Start
from accounts.model.users import AddIdentity, DropSessions
from tests.unit.accounts.flows.providers.stage import (
    CODE,
    Before,
    OAuthService,
    both_keys,
    presented,
    provider_person,
    tables_of,
)
from tests.unit.accounts.stage import EMAIL, NOW, OWNER, SITE_URL, STRANGER, Interleaved, held, later, placed

WORK = provider_person("github", "77", "olive@work.example", name="Olive at work")


def _refusal(
    service: OAuthService, started: Any, credential: Credential | None, provider: str = "github"
) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        service.finish(started, provider, credential)
    return type(refused.value)


def _linked(service: OAuthService, person: LoggedIn) -> Arrival:
    return service.link(WORK, presented(person))


def test_an_identity_is_linked_and_the_session_is_kept(service: OAuthService) -> None:
    """No new session, no new account; back to the page that asked; recorded, and the owner is notified."""
    person = service.person()
    sessions = dict(service.world.sessions)
    arrival = _linked(service, person)

    user_id = person.session.user_id
    assert arrival == Arrival(f"{SITE_URL}/account", user_id, None)
    assert service.world.sessions == sessions
    assert service.keys_of(person) == {f"email#{EMAIL}", "github#77"}
    assert service.provider_identity(WORK) == Identity(
        "github#77", user_id, WORK.email, WORK.name, NOW, NOW, verified=True, known_browsers=(OWNER.known_browser,)
    )
    [record] = service.world.records
    assert record == Record(user_id, "authn_identity_linked", NOW, OWNER, {"provider": "github"}, serial=record.serial)
    assert service.notices.messages == [messages.IdentityLinked(user_id=user_id, provider="GitHub", **placed())]


@pytest.mark.parametrize(
    "person",
    [
        replace(WORK, email="", email_verified=False),
        replace(WORK, email_verified=False),
        replace(WORK, email=EMAIL),
        replace(WORK, email=EMAIL, email_verified=False),
    ],
)
def test_the_address_does_not_matter_when_the_owner_links(service: OAuthService, person: Any) -> None:
    """Missing, unverified or their own: they are logged in at both sides, which is proof enough."""
    owner = service.person()
    service.link(person, presented(owner))

    assert service.keys_of(owner) == {f"email#{EMAIL}", "github#77"}
    assert service.outbox.messages == []


def test_an_identity_with_another_accounts_address_is_linked_to_the_account_that_asked(
    service: OAuthService,
) -> None:
    """The subject goes to the account that asked; the address stays with its account."""
    owner, other = service.person(), service.person("other@example.com")
    service.link(replace(WORK, email="other@example.com"), presented(owner))

    assert service.keys_of(owner) == {f"email#{EMAIL}", "github#77"}
    assert service.keys_of(other) == {"email#other@example.com"}


def test_a_linked_identity_logs_in_to_the_account(service: OAuthService) -> None:
    """Under any name and address."""
    owner = service.person()
    _linked(service, owner)
    again = service.log_in_with(replace(WORK, email="renamed@work.example", name="New Name"))

    assert again.session.user_id == owner.session.user_id
    assert len(service.world.users) == 1


def test_an_identity_of_another_account_is_not_moved(service: OAuthService) -> None:
    """409, and nothing changes."""
    service.log_in_with(WORK)
    owner = service.person()
    service.says(WORK)
    started = service.start_linking(presented(owner), "github")
    before = tables_of(service)

    assert _refusal(service, started, presented(owner)) is IdentityLinkedElsewhere
    assert tables_of(service)["tables"][:4] == before["tables"][:4]  # type: ignore[index]
    assert service.notices.messages == []


def test_linking_twice_changes_nothing_and_notifies_once(service: OAuthService) -> None:
    """As with a double click."""
    owner = service.person()
    _linked(service, owner)
    before = tables_of(service)
    service.notices.messages.clear()

    assert _linked(service, owner).logged_in is None
    assert (tables_of(service), service.notices.messages) == (before, [])


@pytest.mark.parametrize(
    "who", ["anonymous", "another session of the owner", "another account", "an ended session", "unknown"]
)
def test_only_the_session_that_asked_gets_the_link(service: OAuthService, who: str) -> None:
    """Refused before the provider is asked; the current session is kept and nothing is linked."""
    owner, attacker = service.person(), service.person("eve@example.com")
    service.says(WORK)
    started = service.start_linking(presented(owner), "github")
    others = {
        "anonymous": None,
        "another session of the owner": presented(service.log_in()),
        "another account": presented(attacker),
        "an ended session": presented(owner),
        "unknown": replace(presented(owner), secret="x" * 43),
    }
    if who == "an ended session":
        service.logout.here(presented(owner), OWNER, NOW)
    sessions = dict(service.world.sessions)

    assert _refusal(service, started, others[who]) is Unauthenticated
    assert (service.world.sessions, service.providers.by_name["github"].asked) == (sessions, [])
    assert service.keys_of(owner) == {f"email#{EMAIL}"}
    assert service.keys_of(attacker) == {"email#eve@example.com"}


def test_a_session_that_expires_during_linking_links_nothing(service: OAuthService) -> None:
    """It reaches its limit between departure and return."""
    service.person()
    almost_over = service.log_in(NOW)
    service.says(WORK)
    started = service.provider_departure.link("github", "", presented(almost_over), OWNER, later(minutes=15)), ""
    state = service.providers.by_name["github"].sent[-1][0]
    session = service.world.sessions[almost_over.session.digest]
    service.world.sessions[session.digest] = replace(session, expires_at=later(minutes=20))
    with pytest.raises(Unauthenticated):
        service.finish((started[0], state), "github", presented(almost_over), later(minutes=20))

    assert service.providers.by_name["github"].asked == []


def test_a_link_cannot_be_finished_in_another_browser(service: OAuthService) -> None:
    """An attacker starts linking, stops at the redirect and emails it to the victim, whose browser lacks the cookie."""
    attacker, victim = service.person("eve@example.com"), service.person()
    service.says(WORK)
    departure, state = service.start_linking(presented(attacker), "github")

    assert _refusal(service, (replace(departure, browser=""), state), presented(victim)) is CookiesBlocked
    assert service.keys_of(victim) == {f"email#{EMAIL}"}


def test_a_login_that_was_not_started_as_a_link_links_nothing_to_the_current_account(service: OAuthService) -> None:
    """It logs in as the provider's person and ends the existing session: no token outlives a login."""
    owner = service.person()
    arrived = service.log_in_with(WORK, presented(owner))

    assert arrived.session.user_id != owner.session.user_id
    assert service.keys_of(owner) == {f"email#{EMAIL}"}
    assert held(service, owner) == set()


def test_an_account_has_at_most_ten_identities(service: OAuthService) -> None:
    """The eleventh is refused with its own error, linked by request or by address; the current session is kept."""
    owner = service.person()
    for number in range(9):
        service.link(provider_person("github", str(number + 100), ""), presented(owner))
    service.says(WORK)
    on_purpose = service.start_linking(presented(owner), "github")
    service.says(provider_person("google", "5"))
    by_address = service.start_login("google")

    assert _refusal(service, on_purpose, presented(owner)) is IdentityLimitReached
    assert _refusal(service, by_address, presented(owner), "google") is IdentityLimitReached
    assert len(service.keys_of(owner)) == 10
    assert held(service, owner) == {owner.session.digest}


def test_a_subject_that_another_account_gets_first_is_not_taken_from_it(service: OAuthService) -> None:
    """Between the read and the write: the retry finds the new owner."""
    owner, other = service.person(), service.person("other@example.com")
    service.says(WORK)
    started = service.start_linking(presented(owner), "github")
    others = replace(service.identity("other@example.com"), key="github#77")
    hold = AddIdentity(others.user_id, others.key, 10)

    def claim() -> None:
        service.world.commit(Claim(others), hold)

    service.providers.by_name["github"].before_answer = claim
    reading = service.world.identities.get
    service.interposed = Interleaved(service.world, lambda: None)
    assert reading(provider_key("github", "77")) is None

    assert _refusal(service, started, presented(owner)) is IdentityLinkedElsewhere
    assert service.keys_of(other) == {"email#other@example.com", "github#77"}


def test_a_subject_that_is_claimed_during_the_commit_restarts_the_flow(service: OAuthService) -> None:
    """The condition in the transaction refuses it; nothing of the link is written."""
    owner, other = service.person(), service.person("other@example.com")
    service.says(WORK)
    started = service.start_linking(presented(owner), "github")
    others = replace(service.identity("other@example.com"), key="github#77")

    class DuringCommit(Interleaved):
        def commit(self, *changes: Any) -> None:
            """Only the transaction that links loses the race."""
            if any(isinstance(change, Claim) for change in changes):
                return super().commit(*changes)
            return self.world.commit(*changes)

    service.interposed = DuringCommit(
        service.world, lambda: service.world.commit(Claim(others), AddIdentity(others.user_id, others.key, 10))
    )

    assert _refusal(service, started, presented(owner)) is LoginExpired
    assert service.keys_of(owner) == {f"email#{EMAIL}"}
    assert service.keys_of(other) == {"email#other@example.com", "github#77"}
    assert service.notices.messages == []


def test_a_session_that_ends_during_the_commit_links_nothing(service: OAuthService) -> None:
    """Logging out everywhere wins over a concurrent link; the error is "log in", not "too many identities"."""
    owner = service.person()
    service.says(WORK)
    started = service.start_linking(presented(owner), "github")
    everywhere = service.logout_everywhere

    class DuringCommit(Interleaved):
        def commit(self, *changes: Any) -> None:
            """Only the transaction that links loses the race."""
            if any(isinstance(change, Claim) for change in changes):
                return super().commit(*changes)
            return self.world.commit(*changes)

    service.interposed = DuringCommit(service.world, lambda: everywhere.everywhere(presented(owner), OWNER, NOW))

    assert _refusal(service, started, presented(owner)) is Unauthenticated
    assert service.keys_of(owner) == {f"email#{EMAIL}"}
    assert service.notices.messages == []


def test_the_same_number_at_both_providers_is_two_people(service: OAuthService) -> None:
    """Each identity belongs to its own account (OA-06)."""
    one = service.log_in_with(provider_person("google", "1001", "one@example.com"))
    two = service.log_in_with(provider_person("github", "1001", "two@example.com"))

    assert one.session.user_id != two.session.user_id
    assert service.keys_of(one) == both_keys(provider_person("google", "1001", "one@example.com"))
    assert service.keys_of(two) == both_keys(provider_person("github", "1001", "two@example.com"))


def test_a_login_with_a_linked_identity_from_another_browser_notifies_the_owner(service: OAuthService) -> None:
    """The linking browser is known; a login from any other browser is announced."""
    person = service.person()
    _linked(service, person)
    service.notices.messages.clear()
    service.says(WORK)
    started, state = service.start_login("github", caller=STRANGER)
    service.provider_arrival.arrive("github", Callback(state, CODE, "", "", started.browser), None, STRANGER, NOW)

    assert [message.kind for message in service.notices.messages] == ["sign_in_new_device"]


def test_a_login_works_though_the_presented_session_cannot_be_ended(service: OAuthService) -> None:
    """It belongs to another account, which is too busy to end it. The owner is emailed, and the failure is noted."""
    _linked(service, service.person())
    busy = service.person("mallory@example.com")
    service.notices.messages.clear()
    service.says(WORK)
    started, state = service.start_login("github", caller=STRANGER)
    service.interposed = Before(service.world, DropSessions, _unavailable)
    callback = Callback(state, CODE, "", "", started.browser)
    arrival = service.provider_arrival.arrive("github", callback, presented(busy), STRANGER, NOW)

    assert arrival.logged_in is not None
    assert service.session(presented(arrival.logged_in), NOW) == arrival.logged_in.session
    assert [type(error) for error in service.world.ignored] == [Unavailable]
    assert [message.kind for message in service.notices.messages] == ["sign_in_new_device"]


def _unavailable() -> None:
    raise Unavailable


@pytest.mark.parametrize("before", ["free", "owner", "linked"])
@pytest.mark.parametrize("whose", ["own", "another's"])
def test_a_login_that_cannot_be_written_leaves_nothing(service: OAuthService, before: str, whose: str) -> None:
    """Whether it creates an account, links an identity or opens a linked one: no link, no session, no email.

    The session that the browser presented still works.
    """
    person = provider_person("github", "77", EMAIL)
    other = service.person("mallory@example.com")
    shown = presented(service.person() if before != "free" and whose == "own" else other)
    if before != "free" and whose != "own":
        service.person()
    if before == "linked":
        service.log_in_with(person)
    service.says(person)
    started = service.start_login("github")
    service.notices.messages.clear()
    tables = tables_of(service)
    service.interposed = Before(service.world, Start, _unavailable)
    with pytest.raises(Unavailable):
        service.finish(started, "github", shown)

    after = tables_of(service)
    assert (after["tables"][:4], after["records"]) == (tables["tables"][:4], tables["records"])  # type: ignore[index]
    assert service.notices.messages == []
    assert service.finish(service.start_login("github"), "github", shown).logged_in is not None


def test_another_login_with_the_identity_does_not_stop_one_from_a_new_browser(service: OAuthService) -> None:
    """It changes the identity between the read and the write."""
    owner = service.person()
    person = provider_person("github", "77", EMAIL)
    service.log_in_with(person)
    change = partial(service.world.change_identity, "github#77", known_browsers=())
    service.interposed = Before(service.world, Start, change)
    logged_in = service.log_in_with(person)

    assert logged_in.session.user_id == owner.session.user_id
    assert logged_in.session.digest in held(service, owner)
