"""What is missing in AWS is reported before a deployment starts, with what to do."""

from dataclasses import dataclass, field
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from scripts import deploy_checks
from scripts.deploy_checks import Findings

ARN = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"
LANES = (
    "ReservedConcurrency: 7 functions would reserve 140 of the 200 concurrent executions that are not reserved in this"
    " AWS account, and 100 must stay unreserved. Request a higher quota (Lambda, concurrent executions), or set it to"
    " 0."
)
PROD = {"SiteDomain": "accounts.example.com", "CertificateArn": ARN, "MailFrom": "accounts@example.com"}


def refusal(code: str) -> ClientError:
    """An error of AWS."""
    return ClientError({"Error": {"Code": code, "Message": code}}, "Something")


@dataclass
class Aws:
    """An AWS account that has everything, except what a test changes."""

    certificate: dict[str, Any] | None = field(
        default_factory=lambda: {"Status": "ISSUED", "DomainName": "*.example.com"}
    )
    lanes: int = 1000
    reserved: int = 0
    verified: tuple[str, ...] = ("example.com",)
    production: bool = True
    credentials: bool = True

    def __call__(self, _service: str) -> "Aws":
        return self

    def get_caller_identity(self) -> dict[str, str]:
        if not self.credentials:
            raise NoCredentialsError
        return {"Account": "123456789012"}

    def describe_certificate(self, **_asked: str) -> dict[str, Any]:
        if self.certificate is None:
            raise refusal("ResourceNotFoundException")
        return {"Certificate": self.certificate}

    def get_account_settings(self) -> dict[str, Any]:
        free = self.lanes - self.reserved
        return {"AccountLimit": {"ConcurrentExecutions": self.lanes, "UnreservedConcurrentExecutions": free}}

    def get_email_identity(self, **asked: str) -> dict[str, bool]:
        if asked["EmailIdentity"] not in self.verified:
            raise refusal("NotFoundException")
        return {"VerifiedForSendingStatus": True}

    def get_account(self) -> dict[str, bool]:
        return {"ProductionAccessEnabled": self.production}


def look(aws: Aws, region: str = "us-east-1", before: dict[str, str] | None = None, **parameters: str) -> Findings:
    """The findings for production with these additional parameters."""
    return deploy_checks.look(aws, region, PROD | parameters, hashing=7, before=before or {})


def test_an_account_that_has_everything_is_ready() -> None:
    assert look(Aws(), ReservedConcurrency="20", Firewall="on") == Findings([], [])


def test_credentials_that_do_not_work_are_reported() -> None:
    said = deploy_checks.credentials(Aws(credentials=False), "us-east-1")
    assert said is not None
    assert said.startswith("AWS credentials: none that work")
    assert deploy_checks.credentials(Aws(), "us-east-1") is None


def test_a_region_that_is_not_enabled_may_be_the_reason() -> None:
    """AWS refuses good credentials there, in the same words."""
    aws = Aws()
    aws.get_caller_identity = Mock(side_effect=refusal("InvalidClientTokenId"))  # type: ignore[method-assign]
    said = str(deploy_checks.credentials(aws, "eu-south-1"))

    assert said.startswith("AWS credentials: none that work")
    assert said.endswith(" If they work in other regions, eu-south-1 is not enabled in this AWS account.")
    assert "eu-south-1" not in str(deploy_checks.credentials(Aws(credentials=False), "eu-south-1"))


def test_an_unknown_region_is_not_reported_as_missing_credentials() -> None:
    """Botocore looks for a host of that name."""

    def client(_service: str) -> Aws:
        aws = Aws()
        aws.get_caller_identity = Mock(side_effect=EndpointConnectionError(endpoint_url="https://sts.eu-nowhere-1"))  # type: ignore[method-assign]
        return aws

    said = deploy_checks.credentials(client, "eu-nowhere-1")
    assert said is not None
    assert said.startswith("the region eu-nowhere-1: AWS cannot be reached there.")


@pytest.mark.parametrize(
    ("aws", "parameters", "said"),
    [
        (
            Aws(),
            {"AllowedOrigins": "https://app.example.com, app.example.org"},
            "AllowedOrigins holds app.example.org, which is not an https origin such as https://app.example.com.",
        ),
        (
            Aws(),
            {"OAuthClients": "desktop|Comfy Desktop|http://192.0.2.1/callback"},
            "A redirect of OAuthClients is an https address, or http on loopback without a port.",
        ),
        (
            Aws(),
            {"ClientMetadataHosts": "claude.ai,example..com"},
            "ClientMetadataHosts is *, off, or host names such as claude.ai,*.example.com, but not example..com.",
        ),
        (Aws(certificate=None), {}, "CertificateArn: ACM cannot describe it (ResourceNotFoundException)."),
        (
            Aws(certificate={"Status": "PENDING_VALIDATION", "DomainName": "accounts.example.com"}),
            {},
            "CertificateArn: the certificate is PENDING_VALIDATION and must be ISSUED. ACM shows the DNS record.",
        ),
        (
            Aws(certificate={"Status": "ISSUED", "DomainName": "example.com", "SubjectAlternativeNames": ["a.b"]}),
            {},
            "CertificateArn: the certificate is for a.b, example.com, not for accounts.example.com.",
        ),
        (
            Aws(),
            {"CertificateArn": ARN.replace("us-east-1", "eu-west-1")},
            "CertificateArn: the certificate is in eu-west-1 and must be in us-east-1.",
        ),
        (Aws(), {"CertificateArn": ""}, "SiteDomain and CertificateArn: set both or neither."),
        (
            Aws(lanes=200),
            {"ReservedConcurrency": "20"},
            LANES,
        ),
        (
            Aws(lanes=1000, reserved=800),
            {"ReservedConcurrency": "20"},
            LANES,
        ),
        (
            Aws(),
            {"MonthlyBudget": "100", "AlarmEmail": ""},
            "MonthlyBudget: the warning has no recipient. Set AlarmEmail or AlarmTopicArn, or set MonthlyBudget to 0.",
        ),
        (
            Aws(),
            {"SiteDomain": "", "CertificateArn": "", "Firewall": "on"},
            "Firewall: SiteDomain is not set.",
        ),
    ],
)
def test_what_is_missing_is_reported(aws: Aws, parameters: dict[str, str], said: str) -> None:
    """One sentence for each problem, and no others."""
    assert look(aws, **parameters).missing == [said]


def test_what_the_stack_reserves_already_is_available_to_it() -> None:
    """The second deployment of a stack must not be refused for the first."""
    aws = Aws(lanes=240, reserved=140)
    assert look(aws, ReservedConcurrency="20").missing != []
    assert look(aws, before={"ReservedConcurrency": "20"}, ReservedConcurrency="20") == Findings([], [])


@pytest.mark.parametrize(("lanes", "told"), [(99, True), (100, False)])
def test_the_small_quota_of_a_new_account_is_told(lanes: int, told: bool) -> None:
    """It can be deployed, but few people can use it at once."""
    found = look(Aws(lanes=lanes))
    assert found.missing == []
    assert [note.startswith(f"Lambda runs at most {lanes} requests at a time") for note in found.notes] == [True] * told


def test_a_value_that_only_the_stack_has_counts() -> None:
    """A parameter that the profile leaves out keeps its value."""
    before = {"AlarmEmail": "alarms@example.com", "MonthlyBudget": "100"}
    assert look(Aws(), before=before, MonthlyBudget="200") == Findings([], [])


def test_a_firewall_in_another_region_is_rejected() -> None:
    """The message names the region that works."""
    parameters = {"CertificateArn": ARN.replace("us-east-1", "eu-west-1"), "Firewall": "on"}
    assert look(Aws(), region="eu-west-1", **parameters).missing == [
        "Firewall: CloudFront uses firewalls and certificates of us-east-1 only; this is eu-west-1."
    ]


def test_email_that_cannot_be_sent_yet_does_not_stop_a_deployment() -> None:
    """It waits in its queue; the operator gets a warning."""
    found = look(Aws(verified=(), production=False))
    assert found.missing == []
    assert [note.partition(":")[0] for note in found.notes] == ["MailFrom", "SES is in its sandbox"]
