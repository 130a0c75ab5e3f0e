"""The edge to SES's suppression list."""

from dataclasses import dataclass, field

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
    """A fake botocore client."""

    error: Exception | None = None
    removed: list[str] = field(default_factory=list)

    def delete_suppressed_destination(self, *, EmailAddress: str) -> None:  # noqa: N803 - the name in SES's API
        if self.error:
            raise self.error
        self.removed.append(EmailAddress)


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Ses:
    fake = Ses()
    monkeypatch.setattr(suppressions, "client", {"sesv2": fake}.__getitem__)
    return fake


def test_an_address_is_removed(ses: Ses) -> None:
    SesSuppressions().remove("olive@example.com")

    assert ses.removed == ["olive@example.com"]


def test_an_address_that_is_not_listed_is_not_an_error(ses: Ses) -> None:
    """SNS may deliver a report twice."""
    ses.error = _refusal("NotFoundException")

    assert SesSuppressions().remove("olive@example.com") is None


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
def test_any_other_failure_is_unavailable(ses: Ses, error: ClientError | BotoCoreError) -> None:
    """Lambda retries the report."""
    ses.error = error
    with pytest.raises(Unavailable):
        SesSuppressions().remove("olive@example.com")
