"""A first password for an account that was created through a provider."""

import pytest

from accounts.errors import (
    AccountsError,
    CredentialNotAccepted,
    InvalidCredentials,
    InvalidInput,
    NotFound,
    PasswordExists,
    ReauthenticationRequired,
    Unauthenticated,
    WeakPassword,
)
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import messages
from accounts.model.audit import Caller, Record
from accounts.model.messages import Message
from tests.unit.accounts.flows.providers.stage import OAuthService, presented, provider_person, tables_of
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    Interleaved,
    failures,
    held,
    key_credential,
    later,
    placed,
)

GOOGLE = provider_person("google", "1001")
NEW_COMPUTER = Caller("198.51.100.77", "a new computer")


def log_in(service: OAuthService, caller: Caller, password: str = PASSWORD) -> LoggedIn:
    return service.login.with_password(EMAIL, password, remember=False, presented=None, caller=caller, now=NOW)


def fail_five_times(service: OAuthService) -> list[Message]:
    """Log in with a wrong password; returns the notices that are queued."""
    service.notices.messages.clear()
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            log_in(service, NEW_COMPUTER, OTHER_PASSWORD)
    return list(service.notices.messages)


def test_a_first_password_works_at_once(service: OAuthService) -> None:
    """Before, every password fails; after, this one works, and the provider still does."""
    arrived = service.log_in_with(GOOGLE)
    with pytest.raises(InvalidCredentials):
        service.log_in(password=PASSWORD)
    service.world.records.clear()
    service.notices.messages.clear()

    user_id = arrived.session.user_id
    service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)
    assert service.log_in(password=PASSWORD).session.user_id == user_id
    assert service.log_in_with(GOOGLE).session.user_id == user_id
    assert service.world.records[0] == Record(
        user_id, "authn_password_change", NOW, OWNER, serial=service.world.records[0].serial
    )
    assert service.notices.messages == [messages.PasswordSet(user_id=user_id, **placed())]


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("times", [4, 5, 101])
def test_failures_before_there_was_a_password_do_not_count(service: OAuthService, times: int, *, known: bool) -> None:
    """Strangers can guess at an address that has none: the owner could neither know nor reset anything (TH-07)."""
    arrived = service.log_in_with(GOOGLE)
    service.fail(times)
    service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)

    caller = OWNER if known else NEW_COMPUTER
    assert failures(service) == (0, 0)
    assert log_in(service, caller).session.user_id == arrived.session.user_id


def test_the_owner_is_notified_of_failures_with_the_first_password(service: OAuthService) -> None:
    """At the fifth, however many strangers had before. Those were of no account: their notice is dropped."""
    arrived = service.log_in_with(GOOGLE)
    before = [service.mailing.deliver(notice, NOW) for notice in fail_five_times(service)]
    service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)
    after = [service.mailing.deliver(notice, NOW) for notice in fail_five_times(service)]

    assert (before, after) == (["nobody_to_tell"], ["sent"])


def test_a_first_password_ends_the_other_sessions_and_keeps_this_one(service: OAuthService) -> None:
    """ASVS 7.4.3."""
    others = [service.log_in_with(GOOGLE) for _ in range(3)]
    arrived = service.log_in_with(GOOGLE)
    assert len(held(service, arrived)) == 4
    service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)

    assert held(service, arrived) == {arrived.session.digest}
    for other in others:
        with pytest.raises(Unauthenticated):
            service.session(presented(other), NOW)


def test_an_existing_password_cannot_be_set_only_changed(service: OAuthService) -> None:
    """Otherwise a stolen session could replace it without knowing it."""
    owner = service.person()
    before = tables_of(service)
    with pytest.raises(PasswordExists):
        service.password_setting.set(presented(owner), OTHER_PASSWORD, OWNER, NOW)

    assert tables_of(service) == before
    assert service.hasher.calls == 0


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("short", WeakPassword),
        (EMAIL, WeakPassword),
        ("comfyuicomfyuicomfyui", WeakPassword),
        ("x" * 257, InvalidInput),
    ],
)
def test_a_first_password_must_follow_the_policy(
    service: OAuthService, password: str, refusal: type[AccountsError]
) -> None:
    """The same policy as at sign-up."""
    arrived = service.log_in_with(GOOGLE)
    with pytest.raises(refusal) as refused:
        service.password_setting.set(presented(arrived), password, OWNER, NOW)

    assert type(refused.value) is refusal
    assert service.identity().password_hash is None


def test_a_first_password_needs_a_recent_login(service: OAuthService) -> None:
    """Of the last 15 minutes, with a session."""
    arrived = service.log_in_with(GOOGLE)
    for credential, moment, refusal in (
        (presented(arrived), later(minutes=15, seconds=1), ReauthenticationRequired),
        (None, NOW, Unauthenticated),
        (key_credential(service.key(arrived).plaintext), NOW, CredentialNotAccepted),
    ):
        with pytest.raises(refusal):
            service.password_setting.set(credential, PASSWORD, OWNER, moment)

    assert service.identity().password_hash is None


def test_only_one_of_two_concurrent_first_passwords_is_set(service: OAuthService) -> None:
    """The loser must not believe that its password was set."""
    arrived = service.log_in_with(GOOGLE)
    others = "fake:of the other call"
    service.interposed = Interleaved(service.world, lambda: service.change_identity(password_hash=others))

    with pytest.raises(PasswordExists):
        service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)

    assert service.identity().password_hash == others
    assert service.notices.messages == []


def test_a_first_password_is_retried_when_the_account_changes(service: OAuthService) -> None:
    """A concurrent login on another device is read, and ended with the others."""
    arrived = service.log_in_with(GOOGLE)
    user_id = arrived.session.user_id
    service.interposed = Interleaved(service.world, lambda: service.world.user(user_id, name="New Name"))

    service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)
    assert service.identity().password_hash == f"fake:{PASSWORD}"


def test_an_address_that_belongs_to_another_account_gets_no_password(service: OAuthService) -> None:
    """The account lists the address, but the identity belongs to another account."""
    arrived = service.log_in_with(GOOGLE)
    service.change_identity(user_id="SomebodyElse")
    with pytest.raises(NotFound):
        service.password_setting.set(presented(arrived), PASSWORD, OWNER, NOW)

    assert service.identity().password_hash is None
