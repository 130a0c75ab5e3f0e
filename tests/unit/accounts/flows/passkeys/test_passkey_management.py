"""Listing, renaming and removing passkeys, and living without a password."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import (
    InvalidCredentials,
    InvalidInput,
    InvalidLink,
    LastIdentity,
    LoginMethodsMissing,
    NotFound,
    PasswordMissing,
    ReauthenticationRequired,
    Unauthenticated,
)
from accounts.flows.mail import mails
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import identities, messages, users
from accounts.model.audit import Record
from accounts.model.identities import Identity
from accounts.model.passkeys import public_id
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.passkeys.stage import PasskeyService
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    Interleaved,
    cookie,
    held,
    later,
    placed,
)


def link_google(service: PasskeyService, owner: LoggedIn) -> None:
    """The account has a Google identity, too."""
    user_id = owner.session.user_id
    google = Identity("google#1", user_id, EMAIL, "Olive", NOW, NOW, verified=True)
    service.world.commit(identities.Claim(google), users.AddIdentity(user_id, "google#1", 10, owner.session.digest))


def without_password(service: PasskeyService) -> None:
    service.change_identity(password_hash=None)


def remove(service: PasskeyService, owner: LoggedIn, device: Authenticator, now: Any = NOW) -> None:
    service.passkey_removal.remove(cookie(owner), public_id(device.credential_id), OWNER, now)


def test_passkeys_are_listed_oldest_first(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """Of this account only."""
    first = service.world.passkeys[device.credential_id]
    second = service.add(owner, Authenticator(), "Laptop", later(minutes=1))
    service.add(service.person("other@example.com", OTHER_PASSWORD), Authenticator())

    assert service.passkey_list.of_account(cookie(owner)) == [first, second]


def test_a_passkey_is_renamed(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    service.passkey_renaming.rename(cookie(owner), public_id(device.credential_id), "  My  phone ")

    assert service.world.passkeys[device.credential_id].name == "My phone"


def test_a_name_is_required_and_limited(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    passkey_id = public_id(device.credential_id)
    service.passkey_renaming.rename(cookie(owner), passkey_id, "n" * 64)
    for name in ("", "n" * 65, "two\u202elines"):
        with pytest.raises(InvalidInput):
            service.passkey_renaming.rename(cookie(owner), passkey_id, name)

    assert service.world.passkeys[device.credential_id].name == "n" * 64


@pytest.mark.parametrize("which", ["another account's", "unknown", "its credential id", "nothing"])
def test_only_the_accounts_own_passkeys_are_changed(
    service: PasskeyService, owner: LoggedIn, device: Authenticator, which: str
) -> None:
    theirs = service.add(service.person("other@example.com", OTHER_PASSWORD), Authenticator())
    passkey_id = {
        "another account's": public_id(theirs.credential_id),
        "unknown": "0" * 64,
        "its credential id": device.credential_id,
        "nothing": "",
    }[which]
    before = dict(service.world.passkeys)
    with pytest.raises(NotFound):
        service.passkey_renaming.rename(cookie(owner), passkey_id, "Mine")
    with pytest.raises(NotFound):
        service.passkey_removal.remove(cookie(owner), passkey_id, OWNER, NOW)

    assert service.world.passkeys == before


def test_removing_one_ends_what_it_opened(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """All other sessions and emailed links; this session and API keys stay."""
    user_id, reset = owner.session.user_id, service.reset_token()
    elsewhere, key = service.enter(service.answer(device)), service.key(owner)
    service.world.records.clear()
    service.outbox.messages.clear()
    remove(service, owner, device, later(seconds=1))

    assert service.world.passkeys == {}
    assert service.world.users[user_id].passkeys == frozenset()
    assert held(service, owner) == {owner.session.digest}
    with pytest.raises(Unauthenticated):
        service.session(cookie(elsewhere), NOW)
    with pytest.raises(InvalidLink):
        service.password_reset.reset(reset, OTHER_PASSWORD, OWNER, later(seconds=2))
    assert service.api_keys.get(key.api_key.digest) == key.api_key
    (record,) = service.world.records
    assert record == Record(user_id, "authn_passkey_removed", later(seconds=1), OWNER, serial=record.serial)
    assert service.notices.messages == [messages.PasskeyRemoved(user_id, "", **placed(later(seconds=1)))]


def test_an_older_login_cannot_remove_one(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    with pytest.raises(ReauthenticationRequired):
        remove(service, owner, device, later(minutes=16))
    with pytest.raises(ReauthenticationRequired):
        service.password_removal.remove(cookie(owner), OWNER, later(minutes=16))


OTHER_METHODS: dict[str, Callable[[PasskeyService, LoggedIn], Any]] = {
    "a password": lambda _service, _owner: None,
    "Google": lambda service, owner: (link_google(service, owner), without_password(service)),
    "another passkey": lambda service, owner: (service.add(owner, Authenticator()), without_password(service)),
}


@pytest.mark.parametrize("other", OTHER_METHODS)
def test_one_is_removed_if_another_method_is_left(
    service: PasskeyService, owner: LoggedIn, device: Authenticator, other: str
) -> None:
    OTHER_METHODS[other](service, owner)
    remove(service, owner, device)

    assert device.credential_id not in service.world.passkeys


def test_the_last_method_is_not_removed(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """Neither the passkey, nor Google beside it and then the passkey."""
    without_password(service)
    with pytest.raises(LastIdentity):
        remove(service, owner, device)
    link_google(service, owner)
    service.identity_unlinking.unlink(owner.session, identities.public_id("google#1"), OWNER, later(seconds=1))
    with pytest.raises(LastIdentity):
        remove(service, owner, device, later(seconds=2))


def test_two_removals_at_once_leave_one_method(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """The account's revision is a condition of both."""
    second = Authenticator()
    service.add(owner, second)
    without_password(service)
    service.interposed = Interleaved(service.world, lambda: _between(service, lambda: remove(service, owner, second)))
    with pytest.raises(LastIdentity):
        remove(service, owner, device)

    assert list(service.world.passkeys) == [device.credential_id]


def _between(service: PasskeyService, act: Callable[[], None]) -> None:
    service.interposed = None
    act()


# --- Without a password -----------------------------------------------------------------------------------------------


def test_a_password_is_removed_beside_two_other_methods(
    service: PasskeyService, owner: LoggedIn, device: Authenticator
) -> None:
    """Everything that it opened ends; passkeys and Google still open the account."""
    link_google(service, owner)
    user_id, elsewhere, reset = owner.session.user_id, service.log_in(), service.reset_token()
    service.world.records.clear()
    service.outbox.messages.clear()
    service.password_removal.remove(cookie(owner), OWNER, later(seconds=1))

    assert service.identity().password_hash is None
    assert held(service, owner) == {owner.session.digest}
    with pytest.raises(Unauthenticated):
        service.session(cookie(elsewhere), NOW)
    with pytest.raises(InvalidCredentials):
        service.log_in(later(seconds=2), password=PASSWORD)
    with pytest.raises(InvalidLink):
        service.password_reset.reset(reset, OTHER_PASSWORD, OWNER, later(seconds=2))
    (record,) = service.world.records
    assert record == Record(user_id, "authn_password_removed", later(seconds=1), OWNER, serial=record.serial)
    assert messages.PasswordRemoved(user_id, **placed(later(seconds=1))) in service.notices.messages
    assert service.enter(service.answer(device, later(seconds=3)), later(seconds=3))


def test_two_passkeys_are_enough(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    service.add(owner, Authenticator())
    service.password_removal.remove(cookie(owner), OWNER, NOW)

    assert service.enter(service.answer(device))


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_are_not(service: PasskeyService, owner: LoggedIn, number: int) -> None:
    for _ in range(number):
        service.add(owner, Authenticator())
    with pytest.raises(LoginMethodsMissing):
        service.password_removal.remove(cookie(owner), OWNER, NOW)

    assert service.identity().password_hash is not None


def test_a_passkey_that_is_removed_concurrently_keeps_the_password(
    service: PasskeyService, owner: LoggedIn, device: Authenticator
) -> None:
    second = Authenticator()
    service.add(owner, second)
    service.interposed = Interleaved(service.world, lambda: _between(service, lambda: remove(service, owner, second)))
    with pytest.raises(LoginMethodsMissing):
        service.password_removal.remove(cookie(owner), OWNER, NOW)

    assert device.credential_id in service.world.passkeys


def test_there_must_be_a_password(service: PasskeyService, owner: LoggedIn) -> None:
    without_password(service)
    with pytest.raises(PasswordMissing):
        service.password_removal.remove(cookie(owner), OWNER, NOW)


def test_a_reset_gives_the_account_a_password_again(
    service: PasskeyService, owner: LoggedIn, device: Authenticator
) -> None:
    """Whoever loses all other methods still has the mailbox; the email says what they are."""
    link_google(service, owner)
    service.password_removal.remove(cookie(owner), OWNER, NOW)
    token = service.reset_token(now=later(seconds=1))
    content = service.postman.mails[-1].content
    service.password_reset.reset(token, OTHER_PASSWORD, OWNER, later(seconds=2))

    assert isinstance(content, mails.PasswordForgotWithoutPassword)
    assert content.methods == ("google", "passkeys")
    assert service.log_in(later(seconds=3), password=OTHER_PASSWORD)
    assert device.credential_id in service.world.passkeys
