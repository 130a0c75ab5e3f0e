"""Check before a deployment what AWS must have: CloudFormation would fail late."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts.errors import ConfigurationError
from accounts.model import clients
from accounts.model.origins import Allowlist
from scripts.samconfig import GIVEN_BY_AWS

Client = Callable[[str], Any]
# Lambda requires this much unreserved concurrency in every AWS account.
_UNRESERVED = 100
FIREWALL_REGION = "us-east-1"


@dataclass(frozen=True)
class Findings:
    """``missing`` stops the deployment; ``notes`` say what will not work yet."""

    missing: list[str]
    notes: list[str]


def look(client: Client, region: str, parameters: Mapping[str, str], *, hashing: int) -> Findings:
    """Run all checks. ``hashing`` is the number of functions that reserve concurrency."""
    try:
        client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return Findings([_no_credentials(error)], [])
    missing = [*_lists(parameters), *_certificate(client, region, parameters), *_firewall(region, parameters)]
    return Findings([*missing, *_concurrency(client, parameters, hashing)], [*_sender(client, parameters)])


def _no_credentials(error: Exception) -> str:
    return f"AWS credentials: none that work ({error}). Try `aws sso login` or `aws configure`, or set AWS_PROFILE."


def _lists(parameters: Mapping[str, str]) -> Iterator[str]:
    """Parse the lists like the functions, which do not start with invalid ones."""
    origins = [text.strip() for text in parameters.get("AllowedOrigins", "").split(",")]
    site = parameters.get("SiteUrl", "")
    try:
        clients.load(parameters.get("OAuthClients", ""))
        Allowlist("" if GIVEN_BY_AWS in site else site, origins)
    except ConfigurationError as error:
        yield str(error)


def _certificate(client: Client, region: str, parameters: Mapping[str, str]) -> Iterator[str]:
    domain, arn = parameters.get("SiteDomain", ""), parameters.get("CertificateArn", "")
    if bool(domain) != bool(arn):
        yield "SiteDomain and CertificateArn: set both or neither."
    if not arn or not domain:
        return
    if arn.split(":")[3] != region:
        yield f"CertificateArn: the certificate is in {arn.split(':')[3]} and must be in {region}."
        return
    try:
        found = client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        yield f"CertificateArn: ACM cannot describe it ({error.response['Error']['Code']})."
        return
    if found["Status"] != "ISSUED":
        yield f"CertificateArn: the certificate is {found['Status']} and must be ISSUED. ACM shows the DNS record."
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    if not names & {domain, f"*.{domain.partition('.')[2]}"}:
        yield f"CertificateArn: the certificate is for {', '.join(sorted(names))}, not for {domain}."


def _firewall(region: str, parameters: Mapping[str, str]) -> Iterator[str]:
    if parameters.get("Firewall") != "on":
        return
    if region != FIREWALL_REGION:
        yield f"Firewall: CloudFront uses firewalls and certificates of {FIREWALL_REGION} only; this is {region}."
    if not parameters.get("SiteDomain"):
        yield "Firewall: SiteDomain is not set."


def _concurrency(client: Client, parameters: Mapping[str, str], hashing: int) -> Iterator[str]:
    wanted = int(parameters.get("ReservedConcurrency", "0")) * hashing
    if not wanted:
        return
    limit = client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit - wanted < _UNRESERVED:
        yield (
            f"ReservedConcurrency: {hashing} functions would reserve {wanted} of this AWS account's concurrency of"
            f" {limit}, and {_UNRESERVED} must stay unreserved. Request a higher quota (Lambda, concurrent executions),"
            " or set it to 0."
        )


def _sender(client: Client, parameters: Mapping[str, str]) -> Iterator[str]:
    """Notes only: emails wait in their queue for days."""
    address, mail = parameters["MailFrom"], client("sesv2")
    if not any(_is_verified(mail, identity) for identity in (address, address.partition("@")[2])):
        yield f"MailFrom: neither {address} nor its domain is verified in SES: no email is sent. See docs/deploy.md."
    try:
        is_open = mail.get_account().get("ProductionAccessEnabled", False)
    except ClientError:
        is_open = False
    if not is_open:
        yield "SES is in its sandbox: it sends to verified addresses only. Request production access."


def _is_verified(mail: Any, identity: str) -> bool:  # noqa: ANN401 - boto3 makes its clients at run time
    try:
        return bool(mail.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"])
    except ClientError:
        return False
