"""Codes by email that finish a login in a browser that the account does not know.

Six digits are quickly guessed, so a hash of them alone would hide nothing. It is salted with what follows from the
token of the pending login, which only its browser has: no table holds it. The salt is on the queue, so that the mailer
can create the code, but neither the token nor the code follows from it.
"""

from __future__ import annotations

import re
import secrets as _random
from datetime import datetime, timedelta

from accounts import secrets
from accounts.errors import InvalidEmailCode
from accounts.limits import (
    LOGIN_CODE_DIGITS,
    LOGIN_CODE_TRIES,
    LOGIN_CODES_PER_DAY,
    LOGIN_CODES_PER_HOUR,
    LOGIN_CODES_PER_SOURCE_PER_DAY,
    LOGIN_CODES_PER_SOURCE_PER_HOUR,
)
from accounts.model import throttles
from accounts.model.audit import Caller
from accounts.model.one_time_tokens import LOGIN_CODE, LoginCode, OneTimeToken, token_key
from accounts.model.throttles import Increment

_CODE = re.compile(rf"[0-9]{{{LOGIN_CODE_DIGITS}}}")
_SEPARATORS = re.compile(r"[\s-]+")
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def new() -> str:
    return f"{_random.randbelow(10**LOGIN_CODE_DIGITS):0{LOGIN_CODE_DIGITS}}"


def typed(text: str) -> str:
    """The code, without spaces; raises InvalidEmailCode when it cannot be one."""
    code = _SEPARATORS.sub("", text)
    if not _CODE.fullmatch(code):
        raise InvalidEmailCode
    return code


def salt(pending: str) -> str:
    """The salt of the codes of the pending login with this token."""
    return secrets.successor(LOGIN_CODE, pending)


def stored(pending: OneTimeToken, code: str, salt: str, now: datetime) -> OneTimeToken:
    """What is stored of the code. It replaces an earlier one, and ends with the pending login."""
    payload = LoginCode(_hash(code, salt))
    return OneTimeToken(LOGIN_CODE, pending.digest, pending.subject, now, pending.expires_at, payload.stored())


def is_right(sent: OneTimeToken, code: str, salt: str) -> bool:
    return secrets.equal(LoginCode.of(sent).hash, _hash(code, salt))


def key(pending: OneTimeToken) -> str:
    """The key of the code of the pending login."""
    return token_key(LOGIN_CODE, pending.digest)


def one_try(pending: OneTimeToken) -> Increment:
    """The increment of one try. All codes of a pending login share the tries."""
    return Increment(f"login-code-try#{pending.digest}", LOGIN_CODE_TRIES, pending.expires_at)


def limits(user_id: str, caller: Caller, now: datetime) -> tuple[Increment, Increment]:
    """The increments of one code, by source first, so that no source uses up all of an account."""
    of_source = (LOGIN_CODES_PER_SOURCE_PER_HOUR, _HOUR), (LOGIN_CODES_PER_SOURCE_PER_DAY, _DAY)
    of_all = (LOGIN_CODES_PER_HOUR, _HOUR), (LOGIN_CODES_PER_DAY, _DAY)
    return (
        throttles.windows("login-code-of", f"{caller.source}-{user_id}", *of_source, now=now),
        throttles.windows("login-code", user_id, *of_all, now=now),
    )


def _hash(code: str, salt: str) -> str:
    """HMAC-SHA256."""
    return secrets.successor(code, salt)
