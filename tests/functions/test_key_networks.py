"""A key that is used from a new network: from the request to the email, the activity and the export of its owner."""

import json
from datetime import timedelta

import pytest

from tests.functions.cloud import SITE_URL
from tests.functions.lambdas import Lambdas
from tests.functions.people import Person
from tests.functions.requests import request, sample

GET = "dynamodb.GetItem"
HOME, ELSEWHERE = "192.0.2.7", "203.0.113.9"
MAILED = ("An API key for your Comfy account was used from a new network", '"Render farm"')


def a_used_key(functions: Lambdas, person: Person, name: str = "Render farm") -> str:
    """A key that was used at home; the email about the new key is delivered."""
    created = functions.invoke("key_create", request("key_create", cookie=person.token, body={"name": name}))
    key: str = created.json["api_key"]["plaintext_key"]
    show(functions, key, HOME)
    functions.deliver_all()
    return key


def show(functions: Lambdas, key: str, source: str) -> list[str]:
    """The calls to AWS of a request with the key."""
    answer = functions.invoke("account_show", request("account_show", key=key, source=source))
    assert answer.status == 200
    return [call.name for call in answer.calls]


def test_the_owner_is_emailed_and_finds_it_in_activity_and_export(functions: Lambdas) -> None:
    """Once a day; each new network is in the history."""
    person = functions.people.arrange()
    key = a_used_key(functions, person)
    before = len(functions.cloud.mails())
    at = functions.clock.now

    assert show(functions, key, ELSEWHERE) == [GET, "sqs.SendMessage", "dynamodb.UpdateItem", GET]
    assert show(functions, key, ELSEWHERE) == [GET, GET]
    functions.clock.now += timedelta(minutes=6)
    show(functions, key, "2001:db8:7::9")
    functions.deliver_all()

    (mail,) = functions.cloud.mails()[before:]
    content = mail["Content"]["Simple"]
    assert content["Subject"]["Data"] == MAILED[0]
    text = content["Body"]["Text"]["Data"]
    moment = f"{at.day} {at:%B} {at.year}, {at:%H:%M} UTC"
    for line in (MAILED[1], f"API key: {key[:16]}…", f"Time: {moment}", f"IP address: {ELSEWHERE}"):
        assert line in text
    for line in (f"Previously used: {moment}", f"Previous IP address: {HOME}"):
        assert line in text
    for page in ("api-keys", "account"):
        assert f"{SITE_URL}/{page}" in text
    assert key not in str(functions.cloud.queued())
    activity = functions.invoke("activity_list", request("activity_list", cookie=person.token)).json["activity"]
    seen = [(it["source"], it["detail"]) for it in activity if it["event"] == "authn_token_new_network"]
    assert seen == [(source, {"name": "Render farm"}) for source in ("2001:db8:7::/64", ELSEWHERE)]
    export = functions.invoke("account_export", request("account_export", cookie=person.token))
    assert str(export.json).count("authn_token_new_network") == 2


@pytest.mark.parametrize("function", ["key_verify", "authorizer"])
def test_other_services_uses_count(functions: Lambdas, function: str) -> None:
    """By the caller's address, as the service or the gateway says it."""
    key = a_used_key(functions, functions.people.arrange())
    event = (
        request(function, body={"api_key": key, "source": ELSEWHERE})
        if function == "key_verify"
        else request(function, key=key, source=ELSEWHERE)
    )

    functions.invoke(function, event)

    (queued,) = (json.loads(body) for body in functions.cloud.queued() if "new_network" in body)
    assert (queued["kind"], queued["source"], queued["detail"]) == ("api_key_new_network", ELSEWHERE, "Render farm")


def test_a_caller_without_an_address_is_not_new(functions: Lambdas) -> None:
    """Of a service that does not say where its caller is."""
    key = a_used_key(functions, functions.people.arrange())
    functions.invoke("key_verify", sample("key_verify") | {"body": json.dumps({"api_key": key})})

    assert not [body for body in functions.cloud.queued() if "new_network" in body]
