"""Proofs of work, as a client computes them."""

from typing import Any

import altcha

from accounts.dynamo.throttles import CounterItem, ThrottlesTable
from accounts.model.source_limits import EMAILS, LOGINS
from tests.functions.conftest import NOW
from tests.functions.requests import sample


def from_an_unknown_browser(function: str) -> dict[str, Any]:
    """The sample, from a browser that the account does not know: only such a browser is counted by source."""
    event: dict[str, Any] = sample(function)
    cookies = [cookie for cookie in event.get("cookies", []) if not cookie.startswith("__Host-device=")]
    return event | {"cookies": cookies}


def use_up_the_free_limits(event: dict[str, Any]) -> None:
    """Of the event's source, for this hour."""
    _use_up(event, 1)


def make_busy(event: dict[str, Any]) -> None:
    """Use up half of the free limits of the event's source, for this hour."""
    _use_up(event, 2)


def _use_up(event: dict[str, Any], share: int) -> None:
    table = ThrottlesTable("ThrottlesTable")
    for limit in (EMAILS, LOGINS):
        increment = limit.free(event["requestContext"]["http"]["sourceIp"], NOW)
        used = [CounterItem.counted.set(limit.per_hour // share), CounterItem.raised_at.set(NOW)]
        table.write_alone(table.update(increment.key, [*used, CounterItem.expires_at.set(increment.expires_at)]))


def solved(refusal: dict[str, Any]) -> str:
    """The header ``X-Proof-Of-Work`` for the body of a response that asks for one."""
    challenge = altcha.Challenge.from_dict(refusal["challenge"])
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution).to_base64()
