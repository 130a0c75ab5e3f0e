"""Request bodies of logins with a password, as in ``schemas``."""

from __future__ import annotations

import msgspec


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/login``."""

    email: str
    password: str
    remember: bool = False


class Reauthenticate(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /auth/reauthenticate``."""

    password: str
