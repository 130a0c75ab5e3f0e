"""What owners ask of keys."""

import pytest

from accounts.errors import InvalidInput
from accounts.model import key_requests
from accounts.model.api_keys import Amendment, Edit

SCOPES = ("account", "jobs:read")


def test_a_change_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInput) as refusal:
        key_requests.amendment(Edit(), SCOPES)

    assert refusal.value.message == "Send a name, a description, networks or scopes."


@pytest.mark.parametrize(
    ("edit", "amendment"),
    [
        (Edit("box"), Amendment("box")),
        (Edit(description=""), Amendment(description="")),
        (Edit(networks=None), Amendment(networks="")),
        (Edit(scopes=None), Amendment(scopes="")),
        (Edit(networks=["192.0.2.7"], scopes=["jobs:read"]), Amendment(networks="192.0.2.7/32", scopes="jobs:read")),
    ],
)
def test_what_is_not_sent_stays(edit: Edit, amendment: Amendment) -> None:
    """And what is sent as null is lifted."""
    assert key_requests.amendment(edit, SCOPES) == amendment
