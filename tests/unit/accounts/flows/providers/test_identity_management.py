"""An account's identities: listed, and unlinked except for the last (OA-21)."""

from copy import replace
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.errors import (
    AccountsError,
    AddressReused,
    CredentialNotAccepted,
    InvalidGrant,
    LastIdentity,
    LoginExpired,
    NotFound,
    ReauthenticationRequired,
    Unauthenticated,
)
from accounts.limits import SESSIONS_PER_ACCOUNT, UNLINKED_PER_ACCOUNT
from accounts.model import messages
from accounts.model.audit import Record
from accounts.model.identities import Replace, public_id
from accounts.model.sessions import Start
from accounts.model.users import DISABLED, AddSession
from accounts.transactions import Change
from tests.fakes import World
from tests.unit.accounts.flows.clients import stage as clients
from tests.unit.accounts.flows.providers.stage import (
    AtOnce,
    Before,
    OAuthService,
    at_once,
    both_keys,
    presented,
    provider_person,
    tables_of,
)
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OWNER,
    PASSWORD,
    Interleaved,
    held,
    key_credential,
    later,
    placed,
)


@dataclass
class Counted:
    """Transactions that count the writes of each commit."""

    world: World
    commits: list[int] = field(default_factory=list)

    def commit(self, *changes: Change) -> None:
        self.world.commit(*changes)
        self.commits.append(len(changes))


GOOGLE, GITHUB = provider_person("google", "1001"), provider_person("github", "77", "olive@work.example")
GOOGLE_ID, GITHUB_ID, EMAIL_ID = public_id("google#1001"), public_id("github#77"), public_id(f"email#{EMAIL}")


def _refusal(service: OAuthService, credential: Any, identity_id: str, now: Any = NOW) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        service.identity_unlinking.unlink(credential, identity_id, OWNER, now)
    return type(refused.value)


def test_the_owner_sees_their_identities_oldest_first(service: OAuthService) -> None:
    """Only those of their own account."""
    owner = service.person()
    service.log_in_with(provider_person("google", "5", "other@example.com"))
    service.link(GITHUB, presented(owner))
    service.world.identities["github#77"] = replace(service.provider_identity(GITHUB), created_at=later(minutes=-1))
    found = service.identity_list.of_account(presented(owner), NOW)

    assert [identity.key for identity in found] == ["github#77", f"email#{EMAIL}"]


def test_an_identity_that_is_gone_or_of_another_account_is_not_shown(service: OAuthService) -> None:
    """Although the account lists its key."""
    owner, other = service.person(), service.log_in_with(provider_person("google", "5", "other@example.com"))
    service.world.user(owner.session.user_id, identities=frozenset({f"email#{EMAIL}", "google#5", "github#404"}))
    found = service.identity_list.of_account(presented(owner), NOW)

    assert [identity.key for identity in found] == [f"email#{EMAIL}"]
    assert service.world.identities["google#5"].user_id == other.session.user_id


def test_only_a_session_of_an_active_account_sees_them(service: OAuthService) -> None:
    """Not a key, not an anonymous caller, not a session of a disabled or deleted account."""
    owner = service.person()
    with pytest.raises(Unauthenticated):
        service.identity_list.of_account(None, NOW)
    with pytest.raises(CredentialNotAccepted):
        service.identity_list.of_account(key_credential(service.key(owner).plaintext), NOW)
    service.world.user(owner.session.user_id, status=DISABLED)
    with pytest.raises(Unauthenticated):
        service.identity_list.of_account(presented(owner), NOW)


def test_an_unlinked_identity_no_longer_logs_in(service: OAuthService) -> None:
    """Removed at once and recorded, and the owner is notified; logging in with it creates a new account."""
    owner = service.person()
    service.link(GITHUB, presented(owner))
    service.world.records.clear()
    service.notices.messages.clear()

    user_id = owner.session.user_id
    service.identity_unlinking.unlink(presented(owner), GITHUB_ID, OWNER, NOW)
    assert service.keys_of(owner) == {f"email#{EMAIL}"}
    [record] = service.world.records
    assert record == Record(
        user_id, "authn_identity_unlinked", NOW, OWNER, {"provider": "github"}, serial=record.serial
    )
    assert service.notices.messages == [messages.IdentityUnlinked(user_id=user_id, provider="GitHub", **placed())]
    assert service.log_in_with(GITHUB).session.user_id != user_id


def test_an_unlinked_identity_is_not_linked_again_by_its_address(service: OAuthService) -> None:
    """Its holder, owner or thief, must log in another way and link it explicitly."""
    owner = service.log_in_with(GOOGLE)
    service.password_setting.set(presented(owner), PASSWORD, OWNER, NOW)
    service.identity_unlinking.unlink(presented(owner), GOOGLE_ID, OWNER, NOW)

    with pytest.raises(AddressReused):
        service.log_in_with(GOOGLE)

    service.link(GOOGLE, presented(owner))
    assert service.log_in_with(GOOGLE).session.user_id == owner.session.user_id


def test_unlinking_ends_all_other_sessions(service: OAuthService) -> None:
    """Those that the identity opened, and all others: of browsers and of programs. The current one and keys stay."""
    owner = service.person()
    service.link(GITHUB, presented(owner))
    thief, key = service.log_in_with(GITHUB), service.key(owner)
    program = clients.logged_in(service, thief)
    service.log_in()
    service.identity_unlinking.unlink(presented(owner), GITHUB_ID, OWNER, later(seconds=1))

    assert held(service, owner) == {owner.session.digest}
    with pytest.raises(InvalidGrant):
        clients.refreshed(service, program.refresh_token, later(seconds=2))
    assert service.world.api_keys == {key.api_key.digest: key.api_key}


def test_unlinking_in_a_full_account_fits_into_one_transaction(service: OAuthService) -> None:
    """DynamoDB takes at most 100 writes."""
    owner = service.person()
    service.link(GITHUB, presented(owner))
    for _ in range(SESSIONS_PER_ACCOUNT - 1):
        service.log_in()
    assert len(held(service, owner)) == SESSIONS_PER_ACCOUNT
    written = Counted(service.world)
    service.interposed = written
    service.identity_unlinking.unlink(presented(owner), GITHUB_ID, OWNER, NOW)

    assert written.commits == [SESSIONS_PER_ACCOUNT - 1 + 4]
    assert held(service, owner) == {owner.session.digest}


def test_a_session_that_ends_during_the_commit_unlinks_nothing(service: OAuthService) -> None:
    """The owner logs out everywhere concurrently."""
    owner = service.person()
    service.link(GITHUB, presented(owner))
    everywhere = service.logout_everywhere
    service.interposed = Interleaved(service.world, lambda: everywhere.everywhere(presented(owner), OWNER, NOW))

    assert _refusal(service, presented(owner), GITHUB_ID) is Unauthenticated
    assert service.keys_of(owner) == {f"email#{EMAIL}", "github#77"}


def test_an_unlinked_identity_keeps_no_name_and_no_address(service: OAuthService) -> None:
    """Only its key, on the account."""
    owner = service.person()
    service.link(GITHUB, presented(owner))
    service.identity_unlinking.unlink(presented(owner), GITHUB_ID, OWNER, NOW)

    assert service.world.identities.keys() == {f"email#{EMAIL}"}
    assert service.world.users[owner.session.user_id].unlinked == {"github#77"}


def test_an_account_that_has_unlinked_many_accepts_only_what_its_owner_links(service: OAuthService) -> None:
    """No identity that was unlinked is ever forgotten, and unlinking never stops working."""
    owner = service.person()
    for number in range(UNLINKED_PER_ACCOUNT):
        service.log_in_with(GOOGLE if number == UNLINKED_PER_ACCOUNT - 1 else provider_person("google", f"{number}"))
        account = service.world.users[owner.session.user_id]
        [unlinked] = account.identities - {f"email#{EMAIL}"}
        owner = service.log_in()
        service.identity_unlinking.unlink(presented(owner), public_id(unlinked), OWNER, NOW)

    for subject in ("0", "1001", "never seen"):
        with pytest.raises(AddressReused):
            service.log_in_with(provider_person("google", subject))
    service.link(GITHUB, presented(owner))
    service.identity_unlinking.unlink(presented(owner), GITHUB_ID, OWNER, NOW)
    assert len(service.world.users[owner.session.user_id].unlinked) == UNLINKED_PER_ACCOUNT
    with pytest.raises(AddressReused):
        service.log_in_with(replace(GITHUB, email=EMAIL))


def test_an_identity_that_is_unlinked_during_the_commit_of_a_login_is_refused(service: OAuthService) -> None:
    """The login would link it by its address; the owner links and unlinks it between its read and its write."""
    owner = service.person()
    mine = provider_person("google", "1001")
    service.says(mine)
    started = service.start_login()

    def link_and_unlink() -> None:
        service.link(mine, presented(owner))
        service.identity_unlinking.unlink(presented(owner), GOOGLE_ID, OWNER, NOW)

    service.interposed = Before(service.world, AddSession, link_and_unlink)
    with pytest.raises(AddressReused):
        service.finish(started)

    assert service.keys_of(owner) == {f"email#{EMAIL}"}
    assert held(service, owner) == {owner.session.digest}


def test_a_login_that_races_with_unlinking_opens_no_session(service: OAuthService) -> None:
    """Unlinking wins, even during the commit."""
    owner = service.person()
    service.link(GOOGLE, presented(owner))
    service.says(GOOGLE)
    started = service.start_login()
    unlinking = service.identity_unlinking

    class DuringCommit(Interleaved):
        def commit(self, *changes: Any) -> None:
            """Only the transaction that opens the session loses the race."""
            if any(isinstance(change, Start) for change in changes):
                return super().commit(*changes)
            return self.world.commit(*changes)

    service.interposed = DuringCommit(service.world, lambda: unlinking.unlink(presented(owner), GOOGLE_ID, OWNER, NOW))
    with pytest.raises(LoginExpired):
        service.finish(started)

    assert held(service, owner) == {owner.session.digest}


def test_the_last_login_method_cannot_be_unlinked(service: OAuthService) -> None:
    """An address without a password is not one: it does not allow a login."""
    arrived = service.log_in_with(GOOGLE)
    before = tables_of(service)

    assert _refusal(service, presented(arrived), GOOGLE_ID) is LastIdentity
    assert tables_of(service) == before


@pytest.mark.parametrize("other", ["a password", "another provider"])
def test_any_other_login_method_makes_it_possible(service: OAuthService, other: str) -> None:
    """A password, or another provider's identity."""
    arrived = service.log_in_with(GOOGLE)
    if other == "a password":
        service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)
    else:
        service.link(GITHUB, presented(arrived))
    service.identity_unlinking.unlink(presented(arrived), GOOGLE_ID, OWNER, NOW)

    assert service.keys_of(arrived) == {f"email#{EMAIL}"} | ({"github#77"} if other == "another provider" else set())


def test_a_disabled_or_unconfirmed_login_method_is_not_enough(service: OAuthService) -> None:
    """The owner could not log in with it."""
    arrived = service.log_in_with(GOOGLE)
    service.link(GITHUB, presented(arrived))
    for broken in ({"disabled": True}, {"disabled": False, "verified": False}):
        service.world.identities["github#77"] = replace(service.provider_identity(GITHUB), **broken)
        assert _refusal(service, presented(arrived), GOOGLE_ID) is LastIdentity


@pytest.mark.parametrize(
    "identity_id", ["", "x", "google#1001", "0" * 64, EMAIL_ID, public_id("google#5"), GOOGLE_ID.upper(), "\ud800"]
)
def test_unlinking_anything_but_ones_own_identity_is_not_found(service: OAuthService, identity_id: str) -> None:
    """Unknown, malformed, another account's, or the email address: the same answer."""
    service.log_in_with(provider_person("google", "5", "other@example.com"))
    arrived = service.log_in_with(GOOGLE)
    before = tables_of(service)

    assert _refusal(service, presented(arrived), identity_id) is NotFound
    assert tables_of(service) == before


def test_unlinking_needs_a_recent_login(service: OAuthService) -> None:
    """Of the last 15 minutes, with a session."""
    owner = service.person()
    service.link(GITHUB, presented(owner))
    key = key_credential(service.key(owner).plaintext)

    assert _refusal(service, presented(owner), GITHUB_ID, later(minutes=15, seconds=1)) is ReauthenticationRequired
    assert _refusal(service, None, GITHUB_ID) is Unauthenticated
    assert _refusal(service, key, GITHUB_ID) is CredentialNotAccepted


def test_two_concurrent_unlinkings_do_not_lock_the_owner_out(service: OAuthService) -> None:
    """Each is allowed alone, and both read before either writes: one is refused."""
    arrived = service.log_in_with(GOOGLE)
    service.link(GITHUB, presented(arrived))
    service.interposed = AtOnce(service.world, Replace)

    def unlink(identity_id: str) -> str:
        service.identity_unlinking.unlink(presented(arrived), identity_id, OWNER, NOW)
        return arrived.session.user_id

    outcomes = at_once(lambda: unlink(GOOGLE_ID), lambda: unlink(GITHUB_ID))

    assert outcomes == sorted([arrived.session.user_id, "last_identity"])
    assert len(service.keys_of(arrived)) == 2


def test_an_account_created_through_google_owns_both_identities(service: OAuthService) -> None:
    assert service.keys_of(service.log_in_with(GOOGLE)) == both_keys(GOOGLE)
