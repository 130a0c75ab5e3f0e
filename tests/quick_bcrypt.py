"""bcrypt with its hash format and without its cost, which is a quarter of a second of CPU for each password.

As a program it takes bcrypt's place in the process that runs it: `LocalCloud(prelude=quick_bcrypt.FILE)`.
"""

import hashlib
from pathlib import Path

FILE = Path(__file__)


class QuickBcrypt:
    """What the service uses of bcrypt. Counts calls."""

    def __init__(self) -> None:
        self.uses = 0

    def gensalt(self, cost: int) -> bytes:
        return b"$2b$%02d$" % cost + b"s" * 22

    def hashpw(self, password: bytes, salt: bytes) -> bytes:
        self.uses += 1
        return salt + hashlib.sha256(salt + password).hexdigest()[:31].encode()

    def checkpw(self, password: bytes, hashed: bytes) -> bool:
        return self.hashpw(password, hashed[:29]) == hashed


if __name__ == "__main__":
    import bcrypt

    quick = QuickBcrypt()
    bcrypt.gensalt, bcrypt.hashpw, bcrypt.checkpw = quick.gensalt, quick.hashpw, quick.checkpw  # type: ignore[assignment]
