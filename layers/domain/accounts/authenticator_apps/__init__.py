"""Codes of authenticator apps (RFC 6238), and the QR code that gives an app its secret."""

from __future__ import annotations

from datetime import datetime

import pyotp

from accounts import secrets
from accounts.limits import TOTP_DIGITS, TOTP_DRIFT_STEPS, TOTP_SECRET_BYTES, TOTP_STEP

_SECONDS = int(TOTP_STEP.total_seconds())
# Five bits each.
_BASE32_CHARACTERS = TOTP_SECRET_BYTES * 8 // 5


class AuthenticatorApps:
    """SHA-1, six digits, 30 seconds: what every app supports."""

    def new_secret(self) -> str:
        """Random bits in base32."""
        return pyotp.random_base32(_BASE32_CHARACTERS)

    def step(self, secret: str, code: str, now: datetime) -> int | None:
        """The time step of the code, at most one from now's; None when it is wrong. Compares with every step."""
        totp, current = _totp(secret), int(now.timestamp()) // _SECONDS
        steps = range(current - TOTP_DRIFT_STEPS, current + TOTP_DRIFT_STEPS + 1)
        right = [step for step in steps if secrets.equal(totp.generate_otp(step), code)]
        return right[-1] if right else None

    def uri(self, secret: str, email: str, issuer: str) -> str:
        """The ``otpauth:`` URI of the secret."""
        return _totp(secret).provisioning_uri(name=email, issuer_name=issuer)

    def qr_code(self, uri: str) -> str:
        """An SVG image as a ``data:`` URI, which the pages' content security policy allows."""
        # Here, because a login needs no image.
        import segno  # noqa: PLC0415

        return segno.make(uri, error="m", micro=False).svg_data_uri(border=4, light="#fff")


def _totp(secret: str) -> pyotp.TOTP:
    return pyotp.TOTP(secret, digits=TOTP_DIGITS, interval=_SECONDS)
