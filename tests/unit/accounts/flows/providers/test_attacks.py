"""Known attacks on services like this one, and their outcome here (OA-06, OA-08; pre-hijacking paper)."""

from copy import replace
from typing import Any

import pytest

from accounts.errors import (
    AccountsError,
    AddressConfirmed,
    AddressReused,
    EmailMissing,
    EmailNotVerified,
    InvalidCredentials,
    LoginExpired,
    Unavailable,
)
from accounts.model import messages
from accounts.model.audit import Record
from accounts.model.identities import Claim, Identity, StillVerified
from accounts.model.users import User
from tests.unit.accounts.flows.providers.stage import OAuthService, both_keys, presented, provider_person, tables_of
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    Interleaved,
    held,
    operator_request,
    placed,
)

OLIVE = provider_person("google", "1001")


def _refusal(service: OAuthService, person: Any, credential: Any = None) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        service.log_in_with(person, credential)
    return type(refused.value)


def _log_in(service: OAuthService, password: str) -> Any:
    return service.login.with_password(EMAIL, password, remember=False, presented=None, caller=STRANGER, now=NOW)


def test_a_new_person_gets_an_account_with_their_address_and_no_password(service: OAuthService) -> None:
    """One transaction: account, both identities, session and audit record."""
    arrived = service.log_in_with(OLIVE)
    user_id = arrived.session.user_id

    subject = Identity(
        "google#1001", user_id, EMAIL, "Olive", NOW, NOW, verified=True, known_browsers=(OWNER.known_browser,)
    )
    assert service.world.identities == {
        "google#1001": subject,
        f"email#{EMAIL}": replace(subject, key=f"email#{EMAIL}"),
    }
    assert service.world.users == {
        user_id: User(
            user_id,
            EMAIL,
            "Olive",
            NOW,
            NOW,
            sessions={arrived.session.digest: arrived.session.expires_at},
            identities=frozenset({"google#1001", f"email#{EMAIL}"}),
        )
    }
    assert [(record.event, record.detail) for record in service.world.records] == [
        ("user_created", {"provider": "google"}),
        ("authn_login_success", {"method": "google", "session": arrived.session.digest}),
    ]
    assert (service.outbox.messages, service.notices.messages) == ([], [])


def test_no_password_works_for_an_account_created_through_a_provider(service: OAuthService) -> None:
    """Every password fails like anywhere else, after one hash (ASVS 6.3.8)."""
    service.log_in_with(OLIVE)
    for password in ("", PASSWORD, "None", "fake:", "null"):
        with pytest.raises(InvalidCredentials):
            _log_in(service, password)
        service.world.counters.clear()

    assert service.hasher.calls == 5


def test_a_squatters_password_stops_working_when_the_owner_arrives(service: OAuthService) -> None:
    """A squatter signed up with the victim's address and waits; the victim logs in through Google."""
    squatters_link = service.signed_up(EMAIL, PASSWORD)
    arrived = service.log_in_with(OLIVE)

    address = service.identity()
    assert (address.password_hash, address.pending_token, address.expires_at) == (None, None, None)
    assert (address.verified, address.user_id) == (True, arrived.session.user_id)
    with pytest.raises(InvalidCredentials):
        _log_in(service, PASSWORD)
    with pytest.raises(AddressConfirmed):
        service.email_verification.confirm(squatters_link, PASSWORD, None, STRANGER, NOW)
    assert service.keys_of(arrived) == both_keys(OLIVE)
    assert held(service, arrived) == {arrived.session.digest}


def test_a_squatter_cannot_sign_up_again_after_the_owner(service: OAuthService) -> None:
    """Signing up with a confirmed address changes nothing; its owner is notified."""
    service.log_in_with(OLIVE)
    before = tables_of(service)
    service.signup.start(EMAIL, OTHER_PASSWORD, "Eve", STRANGER, NOW)

    [waiting] = service.world.tokens
    assert waiting.startswith("sign-up#")
    service.world.tokens.clear()
    assert tables_of(service) == before
    assert service.mailing.deliver(messages.Signup(email=EMAIL), NOW) == "sent"
    assert service.postman.mails[-1].template == "already_registered"


def test_a_squatter_who_confirms_during_the_owners_google_login_does_not_get_the_owner(service: OAuthService) -> None:
    """Confirming proves control of the mailbox; the login is retried and becomes a link to a verified address."""
    token = service.signed_up()
    service.says(OLIVE)
    started = service.start_login()

    class DuringCommit(Interleaved):
        def commit(self, *changes: Any) -> None:
            """Only the transaction that creates the account loses the race."""
            if any(isinstance(change, Claim) for change in changes):
                return super().commit(*changes)
            return self.world.commit(*changes)

    verification = service.email_verification
    service.interposed = DuringCommit(service.world, lambda: verification.confirm(token, PASSWORD, None, OWNER, NOW))
    with pytest.raises(LoginExpired):
        service.finish(started)

    assert [user.identities for user in service.world.users.values()] == [frozenset({f"email#{EMAIL}"})]
    service.interposed = None
    again = service.log_in_with(OLIVE)
    assert service.keys_of(again) == both_keys(OLIVE)


def test_the_same_verified_address_on_both_sides_is_the_same_person(service: OAuthService) -> None:
    """It is linked and the owner is notified; password and sessions are kept."""
    owner = service.person()
    arrived = service.log_in_with(OLIVE)

    assert arrived.session.user_id == owner.session.user_id
    assert service.keys_of(owner) == both_keys(OLIVE)
    assert held(service, owner) == {owner.session.digest, arrived.session.digest}
    assert service.notices.messages == [
        messages.IdentityLinked(user_id=owner.session.user_id, provider="Google", **placed())
    ]
    assert [record.event for record in service.world.records] == ["authn_identity_linked", "authn_login_success"]
    assert service.log_in().session.user_id == owner.session.user_id


def test_a_notice_that_cannot_be_queued_does_not_fail_the_login() -> None:
    """The link has been written; see ``BestEffortOutbox``. Emails that must be sent use the other queue."""
    service = OAuthService()
    service.outbox.down = True
    assert service.log_in_with(OLIVE).session.method == "google"


@pytest.mark.parametrize("local", ["free", "squatter", "owner"])
def test_an_address_that_the_provider_has_not_verified_gives_no_access(service: OAuthService, local: str) -> None:
    """GitHub accepts any address: the service only sends its own email to it (OA-08)."""
    if local == "squatter":
        service.signed_up()
    if local == "owner":
        service.person()
    service.outbox.messages.clear()
    eve = provider_person("github", "666", EMAIL, email_verified=False)
    before = tables_of(service)

    assert _refusal(service, eve) is EmailNotVerified
    pending = service.world.identities.pop("github#666")
    assert (pending.verified, pending.user_id in service.world.users) == (False, False)
    assert tables_of(service) == before
    assert service.outbox.messages == [messages.ProviderSignup(identity="github#666")]


def test_a_person_without_an_address_is_refused_with_a_reason(service: OAuthService) -> None:
    """Nothing is stored."""
    before = tables_of(service)

    assert _refusal(service, provider_person("github", "666", "")) is EmailMissing
    assert tables_of(service) == before


def test_a_confirmation_email_that_cannot_be_queued_is_a_service_error(service: OAuthService) -> None:
    """Without the email the person would wait forever: 503 and no login."""
    service.outbox.down = True

    assert _refusal(service, provider_person("github", "666", EMAIL, email_verified=False)) is Unavailable
    assert (service.world.users, service.world.sessions) == ({}, {})


def test_a_renamed_person_with_a_new_address_keeps_their_account(service: OAuthService) -> None:
    """A known subject is matched by its id alone; the account's address does not change."""
    before = service.log_in_with(provider_person("github", "77", EMAIL, name="olive"))
    after = service.log_in_with(provider_person("github", "77", "new@example.com", name="olive-renamed"))
    without = service.log_in_with(provider_person("github", "77", ""))

    assert {it.session.user_id for it in (before, after, without)} == {before.session.user_id}
    assert service.world.users[before.session.user_id].email == EMAIL


def test_taking_over_a_login_name_gives_no_access(service: OAuthService) -> None:
    """A recycled login has another id, so it gets another account."""
    olive = service.log_in_with(provider_person("github", "77", EMAIL, name="olive"))
    eve = service.log_in_with(provider_person("github", "78", "eve@evil.example", name="olive"))

    assert eve.session.user_id != olive.session.user_id


@pytest.mark.parametrize("provider", ["google", "github"])
def test_a_reassigned_address_gives_no_access_to_the_old_owners_account(service: OAuthService, provider: str) -> None:
    """The address is verified, but its owner may be new: they must log in as before and link it."""
    olive = service.log_in_with(provider_person(provider, "1001"))
    before = tables_of(service)

    assert _refusal(service, provider_person(provider, "2002")) is AddressReused
    assert tables_of(service) == before
    service.link(provider_person(provider, "2002"), presented(olive))
    assert service.log_in_with(provider_person(provider, "2002")).session.user_id == olive.session.user_id


def test_a_refused_login_leaves_the_current_session(service: OAuthService) -> None:
    """Whatever the reason of the refusal."""
    owner = service.person()
    service.log_in_with(provider_person("google", "1001", "taken@example.com"))
    refused = (
        provider_person("google", "2002", "taken@example.com"),
        provider_person("github", "3", ""),
        provider_person("github", "4", "x@example.com", email_verified=False),
    )
    answers = [_refusal(service, person, presented(owner)) for person in refused]

    assert answers == [AddressReused, EmailMissing, EmailNotVerified]
    assert held(service, owner) == {owner.session.digest}


def test_an_account_that_is_deleted_before_it_is_linked_is_not_recreated(service: OAuthService) -> None:
    """The write requires that the address is still verified and still belongs to that account."""
    owner = service.person()
    service.says(OLIVE)
    started = service.start_login()

    class DuringCommit(Interleaved):
        def commit(self, *changes: Any) -> None:
            """Only the transaction that links loses the race."""
            if any(isinstance(change, StillVerified) for change in changes):
                return super().commit(*changes)
            return self.world.commit(*changes)

    closing = service.account_closing
    service.interposed = DuringCommit(service.world, lambda: closing.close(presented(owner), OWNER, NOW))
    with pytest.raises(LoginExpired):
        service.finish(started)

    assert (service.world.users, service.world.identities, service.world.sessions) == ({}, {}, {})


@pytest.mark.parametrize("known", [True, False])
def test_a_disabled_account_cannot_log_in_through_a_provider(service: OAuthService, known: bool) -> None:
    """Linked before or about to be linked: the same answer, no link, no session, no new account."""
    owner = service.person()
    if known:
        service.log_in_with(OLIVE)
    service.account_disabling.disable(operator_request(owner.session.user_id), NOW)
    before = tables_of(service)

    assert _refusal(service, OLIVE) is InvalidCredentials
    assert tables_of(service) == before


def test_a_deleted_account_frees_its_address_and_its_identities(service: OAuthService) -> None:
    """The same person gets a new account."""
    first = service.log_in_with(OLIVE)
    service.account_closing.close(presented(first), OWNER, NOW)
    assert service.world.identities == {}
    second = service.log_in_with(OLIVE)

    assert second.session.user_id != first.session.user_id


def test_a_failure_while_creating_an_account_leaves_nothing_half_written(service: OAuthService) -> None:
    """The tables fail between the provider's answer and the write."""
    service.says(OLIVE)
    started = service.start_login()

    def stop() -> None:
        service.world.down = True

    service.providers.by_name["google"].before_answer = stop
    with pytest.raises(Unavailable):
        service.finish(started)

    assert (service.world.users, service.world.identities, service.world.sessions) == ({}, {}, {})


def test_the_record_of_a_link_names_the_provider_and_no_secret(service: OAuthService) -> None:
    """One record in the account's own history."""
    owner = service.person()
    service.link(OLIVE, presented(owner))
    [record] = service.world.records

    user_id = owner.session.user_id
    assert record == Record(user_id, "authn_identity_linked", NOW, OWNER, {"provider": "google"}, serial=record.serial)
