"""What a deployment leaves as it was: everything that people have."""

from collections.abc import Iterator

import pytest

from local.cloud import LocalCloud
from tests.local.person import Person


@pytest.fixture
def changed(cloud: LocalCloud) -> Iterator[tuple[Person, str, dict[str, str]]]:
    """A person with a session and an API key, and the stack's outputs, all of before another configuration came."""
    person, before = Person(cloud).join(), dict(cloud.outputs)
    key = str(person.make_key()["plaintext_key"])
    try:
        assert cloud.deploy(SiteName="Another name", RememberedSessionDays="14")
        yield person, key, before
    finally:
        cloud.deploy()


@pytest.mark.redeploys
def test_an_update_in_place_keeps_accounts_sessions_and_keys(
    cloud: LocalCloud, changed: tuple[Person, str, dict[str, str]]
) -> None:
    """The same tables and secrets; what was changed counts from now on."""
    person, key, before = changed

    assert cloud.outputs == before
    assert person.call("GET", "/auth/session").json()["customer"]["email"] == person.email
    assert Person(cloud).call("GET", "/customers/me", x_api_key=key).json()["email"] == person.email
    assert "Another name</title>" in person.call("GET", "/login").text
    again = Person(cloud, email=person.email).log_in(remember=True)
    assert (again.status_code, "Max-Age=1209600" in again.headers["set-cookie"]) == (200, True)
