"""Attacks on keys over HTTP: with ids of others, from other networks, and with keys themselves."""

import json
from typing import Any

import pytest

from accounts.model.users import USER_ID_CHARACTERS
from tests.functions import expected
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person, a_key
from tests.functions.requests import SAMPLE_OTHER_TOKEN, request

NOBODYS = "0" * 64
INSIDE, OUTSIDE = "203.0.113.7", "198.51.100.7"
BODIES: dict[str, Any] = {
    "key_update": {"name": "mine now", "networks": ["198.51.100.7"]},
    "key_rotate": {"overlap_days": 7},
    "key_delete": "",
}


def _works(functions: Lambdas, key: str) -> bool:
    return functions.invoke("account_show", request("account_show", key=key, source=INSIDE)).status == 200


def _asked(functions: Lambdas, function: str, key_id: str, **credential: str) -> Answer:
    return functions.invoke(function, request(function, target=key_id, body=BODIES[function], **credential))


@pytest.mark.parametrize("function", BODIES)
def test_the_key_of_another_owner_is_a_key_that_does_not_exist(functions: Lambdas, function: str) -> None:
    """It is read with the session, and nothing of it shows or changes (EN-08)."""
    attacker = functions.people.arrange()
    victim = functions.people.arrange(
        Person("V" * USER_ID_CHARACTERS, "victim@example.com", token=SAMPLE_OTHER_TOKEN, key=a_key("Victims"))
    )
    before = functions.cloud.tables()["ApiKeysTable"]

    theirs = _asked(functions, function, victim.key_id, cookie=attacker.token)
    nobodys = _asked(functions, function, NOBODYS, cookie=attacker.token)

    assert theirs.read == nobodys.read == expected.refusal(function, 404, "not_found")
    assert functions.cloud.tables()["ApiKeysTable"] == before
    assert [call.name for call in theirs.calls] == [call.name for call in nobodys.calls]
    assert _works(functions, victim.key)


@pytest.mark.parametrize("function", BODIES)
def test_a_session_that_ended_cannot_touch_its_keys(functions: Lambdas, function: str) -> None:
    """Although the key is read with it."""
    person = functions.people.arrange()
    functions.invoke("logout", request("logout", cookie=person.token))

    answer = _asked(functions, function, person.key_id, cookie=person.token)

    assert answer.read == expected.refusal(function, 401, "not_authenticated")
    assert _works(functions, person.key)


@pytest.mark.parametrize("function", ["key_list", "key_create", *BODIES])
def test_a_key_cannot_manage_keys(functions: Lambdas, function: str) -> None:
    """Not even itself, and it is not looked up."""
    person = functions.people.arrange()
    body = BODIES.get(function, {"name": "more"} if function == "key_create" else "")
    answer = functions.invoke(function, request(function, target=person.key_id, key=person.key, body=body))

    assert (answer.status, answer.json["error"]) == (403, "credential_not_accepted")
    assert answer.calls == []


@pytest.mark.parametrize(
    ("named", "valid"), [({}, False), ({"source": OUTSIDE}, False), ({"source": ""}, False), ({"source": INSIDE}, True)]
)
def test_the_network_of_the_service_that_verifies_a_key_does_not_count(
    functions: Lambdas, named: dict[str, str], *, valid: bool
) -> None:
    """It may be in a network that the owner allows; the thief whose key it forwards is not (KX-03)."""
    person = functions.people.arrange()
    inside = {"networks": [f"{INSIDE}/32"]}
    functions.invoke("key_update", request("key_update", target=person.key_id, cookie=person.token, body=inside))
    headers = {"x-forwarded-for": INSIDE, "forwarded": f"for={INSIDE}", "x-real-ip": INSIDE}
    asked = {"api_key": person.key, **named}
    answer = functions.invoke("key_verify", request("key_verify", body=asked, source=INSIDE, headers=headers))

    assert (answer.status, answer.json["valid"]) == (200, valid)
    assert ("email" in json.dumps(answer.json)) == valid


def test_a_restriction_that_is_lifted_is_emailed(functions: Lambdas) -> None:
    """When, where and with which browser; narrowing is not."""
    person = functions.people.arrange()
    for networks in (["203.0.113.0/24"], ["203.0.113.0/25"], None):
        body = {"networks": networks}
        functions.invoke("key_update", request("key_update", target=person.key_id, cookie=person.token, body=body))

    (queued,) = functions.queued()
    assert (queued["kind"], queued["networks"], queued["source"]) == ("api_key_loosened", "*", INSIDE)
    functions.deliver_all()
    assert "Allowed networks: Any network" in functions.cloud.mailed_text()
