"""The moments of a key that expires: a week and a day before, its owner is emailed, and its end is recorded.

The next one is stored with the key, so that an index finds what is due. A moment that was missed is made up for later,
but several of them count as one.
"""

from __future__ import annotations

from copy import replace
from datetime import datetime

from accounts.limits import API_KEY_NEW, API_KEY_REMINDERS
from accounts.model.api_keys import ApiKey


def scheduled(key: ApiKey) -> ApiKey:
    """A new key with its first moment, if it expires."""
    return replace(key, due_at=first(key.expires_at, key.created_at)) if key.expires_at else key


def first(expires_at: datetime, created_at: datetime) -> datetime:
    """The first moment of a new key. Its owner is not reminded of what they chose the day before."""
    return following(expires_at, created_at + API_KEY_NEW) or expires_at


def following(expires_at: datetime, moment: datetime) -> datetime | None:
    """The first moment after ``moment``."""
    moments = (*(expires_at - before for before in API_KEY_REMINDERS), expires_at)
    return min((each for each in moments if each > moment), default=None)
