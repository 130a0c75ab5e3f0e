"""The hourly function, from a key that is created over HTTP to the emails and the history of its owner."""

import json
from datetime import timedelta

import pytest

from accounts.errors import Unavailable
from tests.functions.cloud import SITE_URL, unreachable
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.requests import request, sample

EXPIRES = NOW + timedelta(days=30)


def a_key_for_a_month(functions: Lambdas) -> str:
    """Its beginning, as the list shows it."""
    token = functions.people.arrange().token
    body = {"name": "Render farm", "expires_at": EXPIRES.isoformat()}
    created = functions.invoke("key_create", request("key_create", cookie=token, body=body))
    assert created.status == 201
    return f"{created.json['api_key']['key_prefix']}…"


def run(functions: Lambdas, before: timedelta) -> list[str]:
    """The events of the hourly run, that long before the key expires."""
    functions.clock.now = EXPIRES - before
    return functions.invoke("key_expire", sample("key_expire")).events


def test_the_owner_gets_two_emails_and_a_line_in_the_history(functions: Lambdas) -> None:
    """Each once, though the function runs every hour and the queue delivers twice."""
    shown = a_key_for_a_month(functions)
    sent = []
    for days in (8, 7, 6, 1, 0, -1):
        for hours in (0, 1):
            assert run(functions, timedelta(days=days, hours=-hours)) == ["authn_tokens_due"]
        functions.deliver_all()
        functions.deliver_all()
        sent.append(len(functions.cloud.mails()))

    # The first one is about the new key.
    assert sent == [1, 2, 2, 3, 3, 3]
    texts = [mail["Content"]["Simple"]["Body"]["Text"]["Data"] for mail in functions.cloud.mails()]
    expires = f"{EXPIRES.day} {EXPIRES:%B} {EXPIRES.year}, {EXPIRES:%H:%M} UTC"
    for text in texts[1:]:
        assert '"Render farm"' in text
        assert f"API key: {shown}" in text
        assert f"Expires: {expires}" in text
        assert "Last used: never" in text
        assert f"{SITE_URL}/api-keys" in text
    records = functions.cloud.tables()["AuditEventsTable"]
    (recorded,) = (it for it in records if it["event"] == {"S": "authn_token_expired"})
    assert recorded["detail"]["M"]["name"] == {"S": "Render farm"}
    assert recorded["at"] == {"S": EXPIRES.isoformat(timespec="microseconds")}


@pytest.mark.parametrize("failing", ["dynamodb.Query", "dynamodb.GetItem", "sqs", "dynamodb.TransactWriteItems"])
def test_a_run_that_failed_is_made_up_for(functions: Lambdas, failing: str) -> None:
    """Whichever call fails; and the email is sent once, although it may be queued twice."""
    a_key_for_a_month(functions)
    functions.cloud.failing[failing] = unreachable
    with pytest.raises(Unavailable):
        run(functions, timedelta(days=7))
    functions.cloud.failing.clear()
    run(functions, timedelta(days=6, hours=23))
    functions.deliver_all()

    kinds = [json.loads(body)["kind"] for body in functions.cloud.queued()]
    assert set(kinds) == {"api_key_created", "api_key_expiring"}
    assert len(functions.cloud.mails()) == 2
