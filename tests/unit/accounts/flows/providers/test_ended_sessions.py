"""A session that ends during its request does nothing more.

The owner logged out everywhere while the request hashed or read, and a thief with the session is as fast as the owner.
So the write of each flow depends on the account, which is read once more.
"""

from collections.abc import Callable

import pytest

from accounts.errors import Unauthenticated
from accounts.flows.people.authentication import Credential
from accounts.model.api_keys import Details
from tests.unit.accounts.flows.providers.stage import OAuthService, presented, provider_person, tables_of
from tests.unit.accounts.stage import NOW, OTHER_PASSWORD, OWNER, PASSWORD, Interleaved

GOOGLE = provider_person("google", "1001")
Flow = Callable[[OAuthService, Credential], object]
WITH_PASSWORD: dict[str, Flow] = {
    "create a key": lambda service, it: service.key_creation.create(it, Details("mine"), OWNER, NOW),
    "change the password": lambda service, it: service.password_change.change(it, PASSWORD, OTHER_PASSWORD, OWNER, NOW),
    "close the account": lambda service, it: service.account_closing.close(it, OWNER, NOW),
}


def _interrupted(service: OAuthService, credential: Credential, flow: Flow) -> None:
    """Run the flow, with the owner logging out everywhere just before it writes."""
    calm = OAuthService(service.world, service.hasher)
    service.interposed = Interleaved(service.world, lambda: calm.logout_everywhere.everywhere(credential, OWNER, NOW))
    with pytest.raises(Unauthenticated):
        flow(service, credential)


@pytest.mark.parametrize("flow", WITH_PASSWORD)
def test_a_session_that_ended_during_its_request_changes_nothing(service: OAuthService, flow: str) -> None:
    """No key, no new password, and the account still exists."""
    logged_in = service.person()
    before = service.identity()
    _interrupted(service, presented(logged_in), WITH_PASSWORD[flow])

    user = service.world.users[logged_in.session.user_id]
    assert (service.world.api_keys, user.api_keys, user.sessions, service.identity()) == ({}, frozenset(), {}, before)


def test_a_session_that_ended_during_its_request_sets_no_first_password(service: OAuthService) -> None:
    """The attack: a stolen session sets the password of an account that has none, and later logs in with it."""
    logged_in = service.log_in_with(GOOGLE)
    _interrupted(
        service, presented(logged_in), lambda it, stolen: it.password_setting.set(stolen, PASSWORD, OWNER, NOW)
    )

    assert service.identity().password_hash is None


def test_a_session_that_ended_during_its_request_links_no_identity(service: OAuthService) -> None:
    """Nothing is left for later either."""
    logged_in = service.person()
    service.says(GOOGLE)
    started = service.start_linking(presented(logged_in))
    before = set(service.world.identities)
    _interrupted(service, presented(logged_in), lambda it, stolen: it.finish(started, presented=stolen))

    assert set(service.world.identities) == before
    assert "google#1001" not in str(tables_of(service)["records"])
