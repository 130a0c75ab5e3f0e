"""A client's request is allowed or denied, and nothing else."""

import pytest

from accounts.errors import InvalidInput
from accounts.model import consents


def test_allow_and_deny_are_decisions() -> None:
    assert (consents.decision("allow"), consents.decision("deny")) == (consents.ALLOW, consents.DENY)


@pytest.mark.parametrize("text", ["", "yes", "Allow", "allow ", "denied"])
def test_any_other_answer_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        consents.decision(text)
