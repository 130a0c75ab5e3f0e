"""Invoked every hour by a schedule: email owners before their API keys expire, and record which have expired."""

from datetime import UTC, datetime

from accounts import deployment, telemetry

KEY_EXPIRY = deployment.load().key_expiry


def lambda_handler(_event: object, _context: object) -> dict[str, int]:
    """Lambda retries a failure twice, and the next run continues."""
    handled = KEY_EXPIRY.run(datetime.now(UTC))
    telemetry.keys_due(handled)
    return {"handled": handled}
