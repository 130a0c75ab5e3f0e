"""Whether the owner's login is what a client asks for (RFC 9470 5, OpenID Connect Core 3.1.2.1).

``asked_at`` is when the page first showed the request: what the owner proves after that answers it, however long the
page is open. The page says when that was. An attacker who controls the browser could also leave the requirement out,
so a service that needs it checks ``auth_time`` and ``acr`` of the token.
"""

from __future__ import annotations

from datetime import datetime

from accounts.errors import ConsentRequired, LoginNotStrongEnough, LoginRequired, StepUpRequired
from accounts.model import second_factors
from accounts.model.assurance import Requirement
from accounts.model.sessions import Session
from accounts.model.users import User

_STRONGER = "This program needs a stronger login. Confirm it's you with a passkey or in two steps."


def check_shown(asked: Requirement, session: Session | None, user: User | None, now: datetime) -> None:
    """Raise LoginRequired, LoginNotStrongEnough or ConsentRequired when the request cannot be shown to the owner."""
    if session is not None and user is not None:
        _check_possible(asked, session, user)
    if not asked.silent:
        return
    if session is None or user is None or not asked.is_recent(session, now):
        raise LoginRequired
    if not asked.is_strong(session):
        raise LoginNotStrongEnough
    raise ConsentRequired


def check_allowed(asked: Requirement, session: Session, user: User, asked_at: datetime) -> None:
    """Raise StepUpRequired unless the owner's login meets the requirement; LoginNotStrongEnough if none can."""
    if asked.silent:
        raise ConsentRequired
    _check_possible(asked, session, user)
    if not asked.is_recent(session, asked_at):
        raise StepUpRequired
    if not asked.is_strong(session):
        raise StepUpRequired(_STRONGER)


def _check_possible(asked: Requirement, session: Session, user: User) -> None:
    if not asked.is_strong(session) and not user.passkeys and not second_factors.is_on(user):
        raise LoginNotStrongEnough
