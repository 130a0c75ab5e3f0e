"""The edge to SES's suppression list."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError

from accounts.aws import suppressions
from accounts.aws.suppressions import SesSuppressions
from accounts.errors import Unavailable

_URL = "https://email.example.com"


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "DeleteSuppressedDestination")


@dataclass
class Ses:
    """A fake botocore client with one listed address, which raises ``errors`` by call."""

    reason: str = "COMPLAINT"
    errors: dict[str, Exception] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)

    def get_suppressed_destination(self, *, EmailAddress: str) -> dict[str, Any]:  # noqa: N803 - the name in SES's API
        self._fail("get")
        return {"SuppressedDestination": {"EmailAddress": EmailAddress, "Reason": self.reason}}

    def delete_suppressed_destination(self, *, EmailAddress: str) -> None:  # noqa: N803 - the name in SES's API
        self._fail("delete")
        self.removed.append(EmailAddress)

    def _fail(self, call: str) -> None:
        if call in self.errors:
            raise self.errors[call]


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Ses:
    fake = Ses()
    monkeypatch.setattr(suppressions, "client", {"sesv2": fake}.__getitem__)
    return fake


@pytest.mark.parametrize(("reason", "removed"), [("COMPLAINT", ["olive@example.com"]), ("BOUNCE", [])])
def test_only_an_address_that_is_listed_for_a_complaint_is_removed(ses: Ses, reason: str, removed: list[str]) -> None:
    """An address that does not exist must stay listed: bounces harm the sender's reputation."""
    ses.reason = reason
    SesSuppressions().remove_complaint("olive@example.com")

    assert ses.removed == removed


@pytest.mark.parametrize("call", ["get", "delete"])
def test_an_address_that_is_not_listed_is_not_an_error(ses: Ses, call: str) -> None:
    """SNS may deliver a report twice, also at the same time."""
    ses.errors = {call: _refusal("NotFoundException")}
    SesSuppressions().remove_complaint("olive@example.com")

    assert ses.removed == []


@pytest.mark.parametrize("call", ["get", "delete"])
@pytest.mark.parametrize(
    "error",
    [
        _refusal("TooManyRequestsException"),
        _refusal("AccessDeniedException"),
        _refusal("BadRequestException"),
        EndpointConnectionError(endpoint_url=_URL),
        ReadTimeoutError(endpoint_url=_URL),
    ],
)
def test_any_other_failure_is_unavailable(ses: Ses, call: str, error: ClientError | BotoCoreError) -> None:
    """Lambda retries the report."""
    ses.errors = {call: error}
    with pytest.raises(Unavailable):
        SesSuppressions().remove_complaint("olive@example.com")
