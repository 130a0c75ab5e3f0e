"""Request bodies of the second factor, as in ``schemas``."""

from __future__ import annotations

import msgspec


class SecondFactorLogin(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/login/second-factor``."""

    code: str
    trust: bool = False


class SecondFactorConfirm(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/second-factor``: ``setup`` is from ``POST /auth/second-factor/setup``."""

    setup: str
    code: str


class SecondFactorChange(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/second-factor/off`` and ``POST /auth/second-factor/recovery-codes``.

    A session that a passkey opened needs no code.
    """

    code: str = ""
