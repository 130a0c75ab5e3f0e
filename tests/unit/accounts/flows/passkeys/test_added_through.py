"""Whatever a login method opened ends with it, also the passkeys that were added in a login with it."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import InvalidPasskey, LastIdentity
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import messages
from accounts.model.identities import public_id
from accounts.model.passkeys import public_id as passkey_id
from tests.authenticators import Authenticator
from tests.unit.accounts.flows.passkeys.stage import PasskeyService
from tests.unit.accounts.flows.passkeys.test_passkey_management import link_google, without_password
from tests.unit.accounts.stage import NOW, OTHER_PASSWORD, OWNER, cookie, later, placed


def by_google(service: PasskeyService) -> LoggedIn:
    """Somebody logs in with the account's Google identity: perhaps the owner, perhaps a thief."""
    google = service.world.identities["google#1"]
    logged_in = service.session_opening.begin(google, method="google", remember=False, caller=OWNER, now=NOW)
    service.session_opening.open(logged_in.session)
    return logged_in


def by_passkey(service: PasskeyService, device: Authenticator) -> LoggedIn:
    return service.enter(service.answer(device))


def unlink_google(service: PasskeyService, session: LoggedIn) -> None:
    service.identity_unlinking.unlink(session.session, public_id("google#1"), OWNER, later(seconds=1))


def remove(service: PasskeyService, session: LoggedIn, device: Authenticator) -> None:
    service.passkey_removal.remove(cookie(session), passkey_id(device.credential_id), OWNER, later(seconds=1))


def added(service: PasskeyService, session: LoggedIn) -> Authenticator:
    device = Authenticator()
    service.add(session, device)
    return device


def still_there(service: PasskeyService, *devices: Authenticator) -> list[bool]:
    """Whether each passkey is stored; the account lists the same ones."""
    (user,) = service.world.users.values()
    assert user.passkeys == set(service.world.passkeys)
    return [device.credential_id in service.world.passkeys for device in devices]


def test_a_thiefs_passkey_ends_with_the_provider(service: PasskeyService, owner: LoggedIn) -> None:
    """The owner unlinks the stolen Google account in a session of their own, and is told what else ended."""
    link_google(service, owner)
    theirs, own = added(service, by_google(service)), added(service, owner)
    service.outbox.messages.clear()
    unlink_google(service, owner)

    assert still_there(service, theirs, own) == [False, True]
    with pytest.raises(InvalidPasskey):
        by_passkey(service, theirs)
    assert service.notices.messages == [
        messages.IdentityUnlinked(owner.session.user_id, "Google", "passkeys", **placed(later(seconds=1)))
    ]


def test_what_that_passkey_added_ends_too(service: PasskeyService, owner: LoggedIn) -> None:
    """A chain of logins, each with the passkey that the one before added."""
    link_google(service, owner)
    first = added(service, by_google(service))
    second = added(service, by_passkey(service, first))
    third = added(service, by_passkey(service, second))
    own = added(service, owner)
    after = added(service, by_passkey(service, own))
    unlink_google(service, owner)

    assert still_there(service, first, second, third, own, after) == [False, False, False, True, True]


def test_the_passkey_of_the_session_stays(service: PasskeyService, owner: LoggedIn) -> None:
    """The owner leaves Google: they log in with their passkey, which shows that it is theirs."""
    link_google(service, owner)
    own, theirs = added(service, by_google(service)), added(service, by_google(service))
    without_password(service)
    unlink_google(service, by_passkey(service, own))

    assert still_there(service, own, theirs) == [True, False]


def test_the_passkey_that_this_session_added_stays(service: PasskeyService, owner: LoggedIn) -> None:
    link_google(service, owner)
    here = by_google(service)
    own = added(service, here)
    without_password(service)
    unlink_google(service, here)

    assert still_there(service, own) == [True]


def test_nothing_is_unlinked_if_no_login_method_would_be_left(service: PasskeyService, owner: LoggedIn) -> None:
    """A passkey that another login with Google added is not one: the refusal says what to do."""
    link_google(service, owner)
    device = added(service, by_google(service))
    without_password(service)
    with pytest.raises(LastIdentity) as refusal:
        unlink_google(service, by_google(service))

    assert still_there(service, device) == [True]
    assert refusal.value.message != LastIdentity.default_message
    assert "google#1" in service.world.identities


def test_removing_a_passkey_ends_what_it_added(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """Other passkeys, and a first password that nobody has confirmed."""
    without_password(service)
    thief = by_passkey(service, device)
    theirs = added(service, thief)
    service.password_setting.set(thief.session, OTHER_PASSWORD, OWNER, NOW)
    here = by_passkey(service, device)
    own = added(service, here)
    service.outbox.messages.clear()
    remove(service, here, device)

    assert still_there(service, device, theirs, own) == [False, False, True]
    assert service.identity().password_hash is None
    assert service.notices.messages == [
        messages.PasskeyRemoved(owner.session.user_id, "password and passkeys", **placed(later(seconds=1))),
    ]


ORIGINS: dict[str, Callable[[PasskeyService, LoggedIn], Any]] = {
    "a password": lambda _service, owner: owner,
    "Google": lambda service, _owner: by_google(service),
}


@pytest.mark.parametrize("origin", ORIGINS)
def test_removing_a_passkey_leaves_what_others_added(
    service: PasskeyService, owner: LoggedIn, device: Authenticator, origin: str
) -> None:
    link_google(service, owner)
    other = added(service, ORIGINS[origin](service, owner))
    remove(service, owner, device)

    assert still_there(service, device, other) == [False, True]


def test_a_login_remembers_its_passkey(service: PasskeyService, device: Authenticator) -> None:
    """By its public id, so that what it adds can end with it."""
    logged_in = by_passkey(service, device)
    made = service.add(logged_in, Authenticator())

    assert logged_in.session.opened_with == passkey_id(device.credential_id) == made.added_with
    assert made.added_in == logged_in.session.digest


def test_a_removal_that_meets_another_reads_again(service: PasskeyService, owner: LoggedIn) -> None:
    """A passkey that is added while Google is unlinked ends, too: the account has changed."""
    link_google(service, owner)
    here, late = by_google(service), Authenticator()
    invited = service.passkey_creation.invite(cookie(here), OWNER, NOW)
    response = late.create(invited.challenge, invited.user.user_id)

    class Meanwhile:
        def commit(self, *changes: Any) -> None:
            service.interposed = None
            service.passkey_creation.create(cookie(here), response, "", OWNER, NOW)
            service.world.commit(*changes)

    service.interposed = Meanwhile()
    unlink_google(service, owner)

    assert still_there(service, late) == [False]
