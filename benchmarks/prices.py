"""List prices in US dollars, without free tiers and discounts. Those of AWS are for us-east-1.

``seen`` is the month in which a price was looked up, or of the page that has it; ``by`` is that page, often a summary
by others and not the provider's own page. "undated": the page has no date. Without ``by``, only the month was noted.
"""

from dataclasses import dataclass

MILLION, GB = 1_000_000, 1024**3
# Copies of providers' own pages, read by a program, with the day.
_COPIES = "github.com/api-evangelist"
_CLOUDWATCH = "factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards"


@dataclass(frozen=True)
class Price:
    """``page`` is AWS's own page, under https://aws.amazon.com/."""

    dollars: float
    seen: str
    page: str
    by: str = ""


PRICES = {
    "HTTP API request": Price(1.00 / MILLION, "2025-12", "api-gateway/pricing/"),
    "byte sent": Price(0.09 / GB, "2025-12", "ec2/pricing/on-demand/"),
    "Lambda request": Price(0.20 / MILLION, "2026-05", "lambda/pricing/"),
    "Lambda GB-second": Price(0.0000133334, "2026-05", "lambda/pricing/"),  # arm64
    "DynamoDB read unit": Price(0.125 / MILLION, "2025-07", "dynamodb/pricing/on-demand/"),
    "DynamoDB write unit": Price(0.625 / MILLION, "2025-07", "dynamodb/pricing/on-demand/"),
    "KMS key": Price(1.00, "2026-03", "kms/pricing/"),
    "KMS signature": Price(0.15 / 10_000, "2026-03", "kms/pricing/"),
    "secret": Price(0.40, "2026-09", "secrets-manager/pricing/", f"{_COPIES}/amazon-secrets-manager"),
    "SQS request": Price(0.40 / MILLION, "2026-03", "sqs/pricing/", "cloudburn.io/blog/amazon-sqs-pricing"),
    # The plan Essentials, of accounts that began with SES after 2026-07-21. Without a plan, it is 0.10 / 1000.
    "SES email": Price(0.16 / 1000, "2026-07", "ses/pricing/", f"{_COPIES}/amazon-ses"),
    "byte logged": Price(0.50 / GB, "2026-06", "cloudwatch/pricing/", _CLOUDWATCH),
    "metric": Price(0.30, "2026-02", "cloudwatch/pricing/"),
    "alarm metric": Price(0.10, "undated", "cloudwatch/pricing/", "c3x.dev/resources/aws/aws_cloudwatch_metric_alarm"),
    "dashboard": Price(3.00, "2026-06", "cloudwatch/pricing/", _CLOUDWATCH),
}


@dataclass(frozen=True)
class Plan:
    """A plan of another service: dollars a month for up to ``included`` active owners, then for each one more."""

    name: str
    base: float
    included: int
    each: float
    largest: int
    seen: str
    by: str

    def month(self, owners: int) -> str:
        if owners > self.largest:
            return "on request"
        return f"{self.base + max(0, owners - self.included) * self.each:,.0f}"


PLANS = (
    Plan("Amazon Cognito, Essentials", 0, 10_000, 0.015, MILLION, "2026-09", f"{_COPIES}/amazon-cognito"),
    Plan("Clerk, Pro, paid monthly", 25, 50_000, 0.02, 100_000, "2026-03", "owostack.com/pricing-templates"),
    # Its page shows 35 for 500 owners. That each more costs as much, up to 10,000, was not seen.
    Plan("Auth0, B2C Essentials", 0, 0, 0.07, 10_000, "2026-09, in part", f"{_COPIES}/auth0"),
)
