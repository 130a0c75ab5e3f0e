"""Notices of failed logins to the owner (ASVS 6.3.5): at the fifth in a row, and when the password is disabled."""

from __future__ import annotations

from datetime import datetime

from accounts.limits import FAILURES_THAT_DISABLE_PASSWORD, FREE_FAILURES
from accounts.model import messages, user_agents
from accounts.model.attempts import Attempt
from accounts.model.audit import Caller
from accounts.model.messages import FailedLogins, Outbox

_KINDS: dict[int, type[FailedLogins]] = {
    FREE_FAILURES: messages.LoginsDelayed,
    FAILURES_THAT_DISABLE_PASSWORD: messages.PasswordClosed,
}


def notify_owner(notices: Outbox, address: str, attempt: Attempt, caller: Caller, now: datetime) -> None:
    """Queue a notice when ``attempt``, which failed, is one to email the owner about.

    For every address: only the mailer looks up whether it has an account.
    """
    if attempt.number in _KINDS:
        browser = user_agents.describe(caller.user_agent)
        notices.put(_KINDS[attempt.number](address, browser, now, caller.source, caller.known_browser))
