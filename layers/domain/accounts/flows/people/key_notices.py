"""What emails say about the uses of API keys. Loaded when there is one: most uses cause none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from accounts.errors import Unavailable
from accounts.model import messages, user_agents
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller
from accounts.model.messages import Outbox


def last_use(key: ApiKey) -> dict[str, str]:
    """The fields of a message that say when the key was last used, with which program and from where."""
    program = user_agents.describe(key.last_used_agent) if key.last_used_agent else ""
    return {"last_used": key.last_used, "last_browser": program, "last_source": key.last_used_source}


def notify_of_network(
    outbox: Outbox, key: ApiKey, caller: Caller, now: datetime, *, on_failure: Callable[[Unavailable], None]
) -> bool:
    """Queue the email about a use from a new network. False when that failed, which ``on_failure`` gets."""
    message = messages.ApiKeyNewNetwork(
        key.user_id,
        key.name,
        key.id,
        user_agent=caller.user_agent,
        last_used=key.last_used,
        last_source=key.last_used_source,
        hint=key.hint,
        **user_agents.place(caller, now),
    )
    try:
        outbox.put(message)
    except Unavailable as error:
        on_failure(error)
        return False
    return True
