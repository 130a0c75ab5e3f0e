"""What has to be there in AWS before a deployment, looked at before it starts: CloudFormation says it late."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from accounts.errors import ConfigurationError
from accounts.model import clients
from accounts.model.origins import Allowlist

Client = Callable[[str], Any]
# Lambda keeps this many lanes unreserved in every AWS account.
_LANES_THAT_STAY = 100
FIREWALL_REGION = "us-east-1"


@dataclass(frozen=True)
class Findings:
    """What is in the way, and what will not work yet although the deployment does."""

    missing: list[str]
    notes: list[str]


def look(client: Client, region: str, parameters: Mapping[str, str], *, hashing: int) -> Findings:
    """Ask AWS. ``hashing`` is how many functions reserve concurrency. Without credentials nothing else is asked."""
    try:
        client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return Findings([_no_credentials(error)], [])
    missing = [*_lists(parameters), *_certificate(client, region, parameters), *_firewall(region, parameters)]
    return Findings([*missing, *_concurrency(client, parameters, hashing)], [*_sender(client, parameters)])


def _no_credentials(error: Exception) -> str:
    return (
        f"AWS credentials: none that work here ({error}). Try `aws sso login` or `aws configure`, or set AWS_PROFILE."
    )


def _lists(parameters: Mapping[str, str]) -> Iterator[str]:
    """Read as the functions do, which could not start with what they cannot read."""
    origins = [text.strip() for text in parameters.get("AllowedOrigins", "").split(",")]
    try:
        clients.load(parameters.get("OAuthClients", ""))
        Allowlist(parameters.get("SiteUrl", ""), origins)
    except ConfigurationError as error:
        yield str(error)


def _certificate(client: Client, region: str, parameters: Mapping[str, str]) -> Iterator[str]:
    domain, arn = parameters.get("SiteDomain", ""), parameters.get("CertificateArn", "")
    if bool(domain) != bool(arn):
        yield "SiteDomain and CertificateArn: one needs the other."
    if not arn or not domain:
        return
    if arn.split(":")[3] != region:
        yield f"CertificateArn: the certificate is in {arn.split(':')[3]}, and has to be in {region}."
        return
    try:
        found = client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        yield f"CertificateArn: ACM does not show it ({error.response['Error']['Code']})."
        return
    if found["Status"] != "ISSUED":
        yield f"CertificateArn: the certificate is {found['Status']}, and has to be ISSUED. ACM shows the DNS record."
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    if not names & {domain, f"*.{domain.partition('.')[2]}"}:
        yield f"CertificateArn: the certificate is for {', '.join(sorted(names))}, and not for {domain}."


def _firewall(region: str, parameters: Mapping[str, str]) -> Iterator[str]:
    if parameters.get("Firewall") != "on":
        return
    if region != FIREWALL_REGION:
        yield f"Firewall: CloudFront takes firewalls and certificates of {FIREWALL_REGION} only, and this is {region}."
    if not parameters.get("SiteDomain"):
        yield "Firewall: it stands in front of SiteDomain, which is not set."


def _concurrency(client: Client, parameters: Mapping[str, str], hashing: int) -> Iterator[str]:
    wanted = int(parameters.get("ReservedConcurrency", "0")) * hashing
    if not wanted:
        return
    limit = client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit - wanted < _LANES_THAT_STAY:
        yield (
            f"ReservedConcurrency: {hashing} functions would reserve {wanted} of this AWS account's {limit} lanes, and"
            f" {_LANES_THAT_STAY} have to stay. Ask for a higher quota (Lambda, concurrent executions), or set it to 0."
        )


def _sender(client: Client, parameters: Mapping[str, str]) -> Iterator[str]:
    """Mail waits for days in its queue: a deployment need not wait for it."""
    address, mail = parameters["MailFrom"], client("sesv2")
    if not any(_is_verified(mail, identity) for identity in (address, address.partition("@")[2])):
        yield f"MailFrom: neither {address} nor its domain is verified in SES here: no mail leaves. See docs/deploy.md."
    try:
        is_open = mail.get_account().get("ProductionAccessEnabled", False)
    except ClientError:
        is_open = False
    if not is_open:
        yield "SES is in its sandbox: mail reaches only addresses that are verified. Ask for production access."


def _is_verified(mail: Any, identity: str) -> bool:  # noqa: ANN401 - boto3 makes its clients at run time
    try:
        return bool(mail.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"])
    except ClientError:
        return False
