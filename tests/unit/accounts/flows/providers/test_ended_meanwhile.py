"""A session that ends while its request is under way does nothing more: the owner logged out everywhere.

Hashing and reading take a while, and whoever stole the session is as quick as anybody. So each story asks once more, of
the account that its write depends on.
"""

from collections.abc import Callable

import pytest

from accounts.errors import Unauthenticated
from accounts.flows.people.authentication import Credential
from tests.unit.accounts.flows.providers.stage import OAuthService, presented, somebody, tables_of
from tests.unit.accounts.stage import NOW, OTHER_PASSWORD, OWNER, PASSWORD, Meanwhile

GOOGLE = somebody("google", "1001")
Story = Callable[[OAuthService, Credential], object]
WITH_PASSWORD: dict[str, Story] = {
    "make a key": lambda service, it: service.key_creation.create(it, "mine", "", OWNER, NOW),
    "change the password": lambda service, it: service.password_change.change(it, PASSWORD, OTHER_PASSWORD, OWNER, NOW),
    "close the account": lambda service, it: service.account_closing.close(it, OWNER, NOW),
}


def _interrupted(service: OAuthService, credential: Credential, story: Story) -> None:
    """The story, with the owner logging out everywhere just before it writes."""
    calm = OAuthService(service.world, service.hasher)
    service.interposed = Meanwhile(service.world, lambda: calm.logout_everywhere.everywhere(credential, OWNER, NOW))
    with pytest.raises(Unauthenticated):
        story(service, credential)


@pytest.mark.parametrize("story", WITH_PASSWORD)
def test_nothing_is_done_for_a_session_that_ended(service: OAuthService, story: str) -> None:
    """No key, no other password, and the account is still there."""
    logged_in = service.person()
    before = service.identity()
    _interrupted(service, presented(logged_in), WITH_PASSWORD[story])

    user = service.world.users[logged_in.session.user_id]
    assert (service.world.api_keys, user.api_keys, user.sessions, service.identity()) == ({}, frozenset(), {}, before)


def test_no_password_is_planted_by_a_session_that_ended(service: OAuthService) -> None:
    """The attack: a stolen session of an account without a password gives it one, and comes back with that."""
    logged_in = service.log_in_with(GOOGLE)
    _interrupted(
        service, presented(logged_in), lambda it, stolen: it.password_setting.set(stolen, PASSWORD, OWNER, NOW)
    )

    assert service.identity().password_hash is None


def test_no_login_is_linked_by_a_session_that_ended(service: OAuthService) -> None:
    """Nor left behind for later."""
    logged_in = service.person()
    service.says(GOOGLE)
    left = service.leave_to_link(presented(logged_in))
    before = set(service.world.identities)
    _interrupted(service, presented(logged_in), lambda it, stolen: it.come_back(left, presented=stolen))

    assert set(service.world.identities) == before
    assert "google#1001" not in str(tables_of(service)["records"])
