"""List prices in US dollars, without free tiers and discounts. Those of AWS are for us-east-1.

``seen`` is the month of the page in which the price was looked up: often a summary by others, not AWS's own page.
"About" means that it was not looked up, but is remembered from that year.
"""

from dataclasses import dataclass

MILLION, GB = 1_000_000, 1024**3


@dataclass(frozen=True)
class Price:
    """Dollars for one, when it was seen, and the page that has it, under https://aws.amazon.com/."""

    dollars: float
    seen: str
    page: str


PRICES = {
    "HTTP API request": Price(1.00 / MILLION, "2025-12", "api-gateway/pricing/"),
    "byte sent": Price(0.09 / GB, "2025-12", "ec2/pricing/on-demand/"),
    "Lambda request": Price(0.20 / MILLION, "2026-05", "lambda/pricing/"),
    "Lambda GB-second": Price(0.0000133334, "2026-05", "lambda/pricing/"),  # arm64
    "DynamoDB read unit": Price(0.125 / MILLION, "2025-07", "dynamodb/pricing/on-demand/"),
    "DynamoDB write unit": Price(0.625 / MILLION, "2025-07", "dynamodb/pricing/on-demand/"),
    "KMS key": Price(1.00, "2026-03", "kms/pricing/"),
    "KMS signature": Price(0.15 / 10_000, "2026-03", "kms/pricing/"),
    "secret": Price(0.40, "about 2025", "secrets-manager/pricing/"),
    "SQS request": Price(0.40 / MILLION, "about 2025", "sqs/pricing/"),
    "SES email": Price(0.10 / 1000, "about 2025", "ses/pricing/"),
    "byte logged": Price(0.50 / GB, "2026-06", "cloudwatch/pricing/"),
    "metric": Price(0.30, "2026-02", "cloudwatch/pricing/"),
    "alarm metric": Price(0.10, "about 2025", "cloudwatch/pricing/"),
    "dashboard": Price(3.00, "2026-06", "cloudwatch/pricing/"),
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

    def month(self, owners: int) -> str:
        if owners > self.largest:
            return "on request"
        return f"{self.base + max(0, owners - self.included) * self.each:,.0f}"


PLANS = (
    Plan("Amazon Cognito, Essentials", 0, 10_000, 0.015, MILLION, "about 2025"),
    Plan("Clerk, Pro, paid monthly", 25, 50_000, 0.02, 100_000, "2026-03"),
    Plan("Auth0, B2C Essentials", 0, 0, 0.07, 10_000, "about 2024"),
)
