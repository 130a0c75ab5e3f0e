"""An authenticator app of the tests."""

import time
from dataclasses import dataclass

import pyotp

_STEP = 30


@dataclass
class AuthenticatorApp:
    """Each code is new: the service accepts each once, so the second within 30 seconds is that of the next step."""

    secret: str
    last: int = 0

    def code(self) -> str:
        self.last = max(int(time.time()) // _STEP, self.last + 1)
        return pyotp.TOTP(self.secret).generate_otp(self.last)

    def code_with_space(self) -> str:
        """As apps show it."""
        code = self.code()
        return f"{code[:3]} {code[3:]}"
