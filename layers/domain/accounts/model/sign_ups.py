"""A sign-up: an address, a name and the hash of a password that wait for the click on an emailed link.

It reserves nothing. It waits under its address and its browser, so that no one else can replace it. Each emailed link
carries a copy, so that a later sign-up with the same address does not replace it either.
"""

from __future__ import annotations

from datetime import datetime

from accounts import secrets
from accounts.limits import UNVERIFIED_KEPT, VERIFICATION_LIFETIME
from accounts.model import one_time_tokens, users
from accounts.model.identities import EMAIL, Identity, email_key
from accounts.model.one_time_tokens import EMAIL_VERIFICATION, SIGN_UP, OneTimeToken, OneTimeTokens, SignUp


def waiting(address: str, sign_up: SignUp, now: datetime) -> OneTimeToken:
    """The sign-up with a canonical address."""
    return OneTimeToken(
        purpose=SIGN_UP,
        digest=_digest(address, sign_up.browser),
        subject=email_key(address),
        issued_at=now,
        expires_at=now + UNVERIFIED_KEPT,
        data=sign_up.stored(),
    )


def find(tokens: OneTimeTokens, address: str, browser: str, now: datetime) -> OneTimeToken | None:
    """The sign-up of ``browser`` that waits; None when there is none or it has expired."""
    found = tokens.get(key(address, browser))
    return found if found is not None and now < found.expires_at else None


def link(sign_up: OneTimeToken, now: datetime) -> tuple[str, OneTimeToken]:
    """A new link that confirms the sign-up, as plain text and as stored."""
    return one_time_tokens.issue(
        EMAIL_VERIFICATION, sign_up.subject, lifetime=VERIFICATION_LIFETIME, now=now, payload=SignUp.of(sign_up)
    )


def is_proven(link: OneTimeToken, proof: str) -> bool:
    """Whether ``proof`` is the digest of the cookie of the link's own sign-up."""
    return bool(proof) and secrets.equal(SignUp.of(link).proof, proof)


def confirmed(link: OneTimeToken, now: datetime) -> Identity:
    """The identity of a new account."""
    sign_up = SignUp.of(link)
    return Identity(
        key=link.subject,
        user_id=users.new_user_id(),
        email=address_of(link),
        name=sign_up.name,
        created_at=now,
        updated_at=now,
        password_hash=sign_up.password_hash,
        verified=True,
        streak=1,
        known_streak=1,
    )


def address_of(sign_up: OneTimeToken) -> str:
    """The address of a sign-up or its link."""
    return sign_up.subject.removeprefix(f"{EMAIL}#")


def key(address: str, browser: str) -> str:
    """The key of the sign-up that waits."""
    return one_time_tokens.token_key(SIGN_UP, _digest(address, browser))


def _digest(address: str, browser: str) -> str:
    return secrets.digest(f"{address} {browser}")
