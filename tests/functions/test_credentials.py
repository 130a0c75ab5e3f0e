"""Every route with every kind of credential in every place: a credential that a route does not accept is refused."""

import pytest

from tests.functions import expected
from tests.functions.inventory import ANY_ROUTES, SESSION_ROUTES
from tests.functions.lambdas import Lambdas
from tests.functions.people import another_person
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request

ALL = SESSION_ROUTES + ANY_ROUTES
# Under the names of this and of other services.
IN_THE_URL = (
    f"api_key={SAMPLE_KEY}",
    f"X-API-KEY={SAMPLE_KEY}",
    f"access_token={SAMPLE_KEY}",
    f"access_token={SAMPLE_TOKEN}",
    f"token={SAMPLE_TOKEN}",
    f"__Host-session={SAMPLE_TOKEN}",
)


@pytest.mark.parametrize("function", ALL)
def test_a_request_without_a_credential_is_refused(functions: Lambdas, function: str) -> None:
    """401 without a read."""
    functions.people.arrange()
    answer = functions.invoke(function, request(function))

    assert answer.read == expected.refusal(function, 401, "not_authenticated")
    assert (answer.events, answer.calls) == (["authz_fail"], [])


@pytest.mark.parametrize("function", ALL)
def test_a_session_cookie_works_on_every_route(functions: Lambdas, function: str) -> None:
    """The pages use all of them."""
    functions.people.as_sampled()

    assert functions.invoke(function, request(function, cookie=SAMPLE_TOKEN)).status in (200, 201, 202, 204)


@pytest.mark.parametrize("function", SESSION_ROUTES)
@pytest.mark.parametrize("with_cookie", [False, True])
def test_a_key_is_refused_where_only_a_session_is_accepted(
    functions: Lambdas, function: str, *, with_cookie: bool
) -> None:
    """403 for either header, also with a valid cookie, and the key is not looked up."""
    functions.people.arrange()
    before = functions.cloud.tables()
    cookie = SAMPLE_TOKEN if with_cookie else None
    for event in (
        request(function, key=SAMPLE_KEY, cookie=cookie),
        request(function, bearer=SAMPLE_KEY, cookie=cookie),
    ):
        answer = functions.invoke(function, event)
        assert answer.read == expected.refusal(function, 403, "credential_not_accepted")
        assert (answer.events, answer.calls, functions.cloud.tables()) == (["authz_fail"], [], before)


@pytest.mark.parametrize("function", ANY_ROUTES)
def test_a_key_identifies_its_owner_in_either_header(functions: Lambdas, function: str) -> None:
    """Without a cookie or an origin."""
    person = functions.people.arrange()
    for event in (request(function, key=SAMPLE_KEY), request(function, bearer=SAMPLE_KEY)):
        answer = functions.invoke(function, event)
        assert answer.status == 200
        assert f'"id":"{person.user_id}"' in answer.result["body"]


@pytest.mark.parametrize("function", ALL)
def test_a_credential_of_one_kind_does_not_work_as_another(functions: Lambdas, function: str) -> None:
    """A session token as a bearer token, and a key in the cookie (ASVS 9.2.2)."""
    person = functions.people.arrange()
    for event in (
        request(function, bearer=SAMPLE_TOKEN),
        request(function, cookie=SAMPLE_KEY),
        request(function, cookie=person.session_id),
        request(function, bearer=person.session_id),
    ):
        answer = functions.invoke(function, event)
        bearer = "authorization" in event["headers"]
        assert answer.read == expected.refusal(function, 401, "not_authenticated", bearer=bearer)
        assert answer.calls == []


@pytest.mark.parametrize("function", ALL)
def test_another_secret_is_not_a_key(functions: Lambdas, function: str) -> None:
    """A session token, or the id of a session or a key, is a mistyped key: no table is read."""
    person = functions.people.arrange()
    status, code = (401, "api_key_mistyped") if function in ANY_ROUTES else (403, "credential_not_accepted")
    for secret in (SAMPLE_TOKEN, person.session_id, person.key_id):
        answer = functions.invoke(function, request(function, key=secret))
        assert answer.read == expected.refusal(function, status, code)
        assert answer.calls == []


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("query", IN_THE_URL)
def test_a_credential_in_the_url_is_ignored(functions: Lambdas, function: str, query: str) -> None:
    """URLs end up in logs (RFC 6750 2.3, 5.3)."""
    functions.people.arrange()
    answer = functions.invoke(function, request(function, query=query))

    assert answer.read == expected.refusal(function, 401, "not_authenticated")


@pytest.mark.parametrize("function", ALL)
def test_a_credential_in_the_body_is_ignored(functions: Lambdas, function: str) -> None:
    functions.people.arrange()
    kind = {"content-type": "application/json"}
    for name, secret in (("api_key", SAMPLE_KEY), ("access_token", SAMPLE_TOKEN), ("token", SAMPLE_TOKEN)):
        answer = functions.invoke(function, request(function, body={name: secret}, headers=kind))
        assert answer.status in (400, 401)
        assert answer.calls == []


@pytest.mark.parametrize("function", ALL)
def test_of_two_header_credentials_the_key_counts(functions: Lambdas, function: str) -> None:
    """Exactly as if it came alone, valid or not: the other one is never tried instead (AK-14)."""
    functions.people.arrange()
    other = functions.people.arrange(another_person("Other"))
    for key in (SAMPLE_KEY, SAMPLE_KEY[:-1] + "H", " "):
        alone = functions.invoke(function, request(function, key=key))
        for bearer in (other.key, SAMPLE_TOKEN, "a.b.c", ""):
            both = functions.invoke(function, request(function, key=key, bearer=bearer))
            assert (both.read, both.events) == (alone.read, alone.events)


def test_a_key_takes_precedence_over_a_cookie(functions: Lambdas) -> None:
    """The header was sent on purpose; the browser may have added the cookie."""
    functions.people.arrange()
    other = functions.people.arrange(another_person("Other"))
    event = request("account_show", cookie=SAMPLE_TOKEN, key=other.key)

    assert functions.invoke("account_show", event).json["id"] == other.user_id


def test_a_mistyped_key_is_refused_without_a_read(functions: Lambdas) -> None:
    """One character wrong, missing or added: the checksum or the length fails (AK-03)."""
    functions.people.arrange()
    for key in (SAMPLE_KEY[:-1] + "H", SAMPLE_KEY[:-1], SAMPLE_KEY + "G", SAMPLE_KEY.replace("S", "s"), "comfyui-"):
        for function in ANY_ROUTES:
            for event in (request(function, key=key), request(function, bearer=key)):
                answer = functions.invoke(function, event)
                bearer = "authorization" in event["headers"]
                assert answer.read == expected.refusal(function, 401, "api_key_mistyped", bearer=bearer)
                assert answer.calls == []


@pytest.mark.parametrize("function", ANY_ROUTES)
def test_a_deleted_or_unknown_key_has_its_own_error(functions: Lambdas, function: str) -> None:
    """Copying the key again would not help."""
    person = functions.people.arrange()
    functions.invoke("key_delete", request("key_delete", cookie=SAMPLE_TOKEN, target=person.key_id))
    for key in (SAMPLE_KEY, another_person("Nobody").key):
        for event in (request(function, key=key), request(function, bearer=key)):
            answer = functions.invoke(function, event)
            bearer = "authorization" in event["headers"]
            assert answer.read == expected.refusal(function, 401, "api_key_unknown", bearer=bearer)
            assert answer.events == ["authz_fail"]


@pytest.mark.parametrize(
    "secret", [None, "", "wrong", "sample-admin-secret-of-the-events-folder-0000001", "é" * 48, "\ud800"]
)
def test_only_the_admin_secret_may_verify_keys(functions: Lambdas, secret: str | None) -> None:
    """Neither a session nor a key is accepted; the 401 says nothing about the key."""
    functions.people.arrange()
    event = request("key_verify", cookie=SAMPLE_TOKEN, bearer=SAMPLE_KEY, headers={"x-comfy-admin-secret": secret})
    answer = functions.invoke("key_verify", event)

    assert answer.read == expected.refusal("key_verify", 401, "invalid_admin_secret")
    assert answer.events == ["authz_fail_admin"]
    assert "ApiKeysTable" not in {call.parameters.get("TableName") for call in answer.calls}


@pytest.mark.parametrize("key", ["", "x", SAMPLE_KEY[:-1], SAMPLE_KEY[:-1] + "H", SAMPLE_TOKEN])
def test_verifying_an_invalid_key_is_a_200(functions: Lambdas, key: str) -> None:
    """With ``valid: false``, which other services read."""
    functions.people.arrange()
    answer = functions.invoke(
        "key_verify",
        request("key_verify", body={"api_key": key, "include_customer_keys": True}),
    )

    message = "This API key is incomplete or mistyped. Copy the whole key and try again."
    body = {"valid": False, "error": "api_key_mistyped", "message": message}
    assert answer.read == expected.answer("key_verify", 200, body)
