"""Check before a deployment what AWS must have: CloudFormation would fail late."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, InvalidRegionError

from accounts.errors import ConfigurationError
from accounts.model import clients, resources
from accounts.model.client_documents import NO_HOST
from accounts.model.origins import Allowlist
from scripts import budget
from scripts.aws import Client
from scripts.samconfig import GIVEN_BY_AWS

# Lambda requires this much unreserved concurrency in every AWS account.
_UNRESERVED = 100
FIREWALL_REGION = "us-east-1"


@dataclass(frozen=True)
class Findings:
    """``missing`` stops the deployment; ``notes`` say what will not work yet."""

    missing: list[str]
    notes: list[str]


def look(
    client: Client, region: str, parameters: Mapping[str, str], *, hashing: int, before: Mapping[str, str]
) -> Findings:
    """Run all checks.

    ``hashing`` is the number of functions that reserve concurrency, ``before`` are the parameters of the stack that is
    updated, or empty.
    """
    after = {**before, **parameters}
    missing = [*_lists(after), *_certificate(client, region, after), *_firewall(region, after), *_budget(after)]
    lanes = client("lambda").get_account_settings()["AccountLimit"]
    held = int(before.get("ReservedConcurrency", "0")) * hashing
    missing += _concurrency(lanes, int(after.get("ReservedConcurrency", "0")) * hashing, held, hashing)
    return Findings(missing, [*_sender(client, after), *_small_account(lanes)])


def credentials(client: Client, region: str) -> str | None:
    """Why AWS does not answer to these credentials in this region; None if it does."""
    try:
        client("sts").get_caller_identity()
    except (EndpointConnectionError, InvalidRegionError):
        return (
            f"the region {region}: AWS cannot be reached there. Check the profile's region in samconfig.toml, and the"
            " network."
        )
    except (BotoCoreError, ClientError) as error:
        return (
            f"AWS credentials: none that work ({error}). Try `aws sso login` or `aws configure`, or set AWS_PROFILE."
            f"{_not_enabled(error, region)}"
        )
    return None


def _not_enabled(error: BotoCoreError | ClientError, region: str) -> str:
    """AWS does not know the credentials in a region that is not enabled, either."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] == "InvalidClientTokenId":
        return f" If they work in other regions, {region} is not enabled in this AWS account."
    return ""


def _lists(parameters: Mapping[str, str]) -> Iterator[str]:
    """Parse the lists like the functions, which do not start with invalid ones."""
    origins = [text.strip() for text in parameters.get("AllowedOrigins", "").split(",")]
    site = parameters.get("SiteUrl", "")
    try:
        clients.load(parameters.get("OAuthClients", ""), parameters.get("ClientMetadataHosts", NO_HOST))
        known = resources.load("" if GIVEN_BY_AWS in site else site, parameters.get("OAuthResources", ""))
        known.guarded(parameters.get("AuthorizerAudience", ""))
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


def _budget(parameters: Mapping[str, str]) -> Iterator[str]:
    has_recipient = parameters.get("AlarmEmail") or parameters.get("AlarmTopicArn")
    if budget.is_wanted(parameters) and not has_recipient:
        yield "MonthlyBudget: the warning has no recipient. Set AlarmEmail or AlarmTopicArn, or set MonthlyBudget to 0."


def _concurrency(lanes: Mapping[str, int], wanted: int, held: int, hashing: int) -> Iterator[str]:
    """``held`` is what this stack reserves now. What others reserve is not available."""
    available = lanes["UnreservedConcurrentExecutions"] + held
    if wanted and available - wanted < _UNRESERVED:
        yield (
            f"ReservedConcurrency: {hashing} functions would reserve {wanted} of the {available} concurrent executions"
            f" that are not reserved in this AWS account, and {_UNRESERVED} must stay unreserved. Request a higher"
            " quota (Lambda, concurrent executions), or set it to 0."
        )


def _small_account(lanes: Mapping[str, int]) -> Iterator[str]:
    """New AWS accounts have a tenth or less of Lambda's usual quota."""
    limit = lanes["ConcurrentExecutions"]
    if limit < _UNRESERVED:
        yield (
            f"Lambda runs at most {limit} requests at a time in this AWS account, for all its functions; more get 503."
            " Request a higher quota (Lambda, concurrent executions) before the service is public."
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
