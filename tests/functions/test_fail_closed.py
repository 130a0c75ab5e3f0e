"""When AWS fails, no credential is accepted, nothing is half-written, and the caller gets a 503."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.errors import MailUnavailable, Unavailable
from tests import cloudformation
from tests.functions import expected, lambdas, proofs
from tests.functions.away import arrange_for
from tests.functions.cloud import Call, denied, unreachable
from tests.functions.conftest import NOW
from tests.functions.inventory import FUNCTIONS, OPERATORS
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import another_person
from tests.functions.requests import SAMPLE_KEY, SAMPLE_TOKEN, request, sample

# The event that each function logs when the owner is to be notified.
NOTICES = {
    "key_create": "authn_token_created",
    "key_rotate": "authn_token_rotated",
    "key_delete": "authn_token_revoked",
    "password_reset": "authn_password_change",
    "password_change": "authn_password_change",
    "email_change_confirm": "user_email_changed",
}
# Their samples come from a known browser, which needs no notice.
SELDOM = frozenset({"login", "reauthenticate"})
# Their samples come from a network that the key remembers; test_bookkeeping covers the notices.
WITH_KEYS = frozenset({"account_open", "account_show", "key_verify", "workspace_show"})
# Their samples ask for options or begin a setup; test_passkeys and test_second_factor cover the notices.
OPTIONS = frozenset({"passkey_create", "passkey_login", "passkey_reauthenticate", "factor_set_up"})
# Its sample lets the key do no more than before, which needs no notice.
LOOSENING = frozenset({"key_update"})


def _services(function: str) -> set[str]:
    """The services that the function's role may call."""
    name = "".join(part.capitalize() for part in function.split("_")) + "Function"
    statements = cloudformation.statements(cloudformation.resources("AWS::Serverless::Function")[name])
    return {action.partition(":")[0] for statement in statements for action in statement["Action"]}


USES = [(function, service) for function in FUNCTIONS for service in sorted(_services(function))]


BEST_EFFORT = {(function, "sqs") for function in (*NOTICES, *SELDOM, *WITH_KEYS, *OPTIONS, *LOOSENING)}
# They read the secret of proofs of work only when the source has used up its free limit, as below.
ABOVE_A_LIMIT = {("email_resend", "secretsmanager"), ("password_forgot", "secretsmanager")}
# KMS signs access tokens and serves the public keys: test_access_tokens and test_client_metadata cover it.
ELSEWHERE = {(function, "kms") for function in FUNCTIONS}
# Only clients with a document need the function that fetches it: test_described_clients covers it.
ELSEWHERE |= {(function, "lambda") for function in FUNCTIONS}
COVERED_BELOW = BEST_EFFORT | ELSEWHERE | ABOVE_A_LIMIT


def _arrange(functions: Lambdas) -> None:
    functions.people.as_sampled()


def _invoke_cold(functions: Lambdas, function: str) -> Answer:
    """As in a new Lambda, which has read no secret yet."""
    lambdas.module.cache_clear()
    return functions.invoke(function, sample(function))


@pytest.mark.parametrize("failure", [unreachable, denied])
@pytest.mark.parametrize(("function", "service"), [use for use in USES if use not in COVERED_BELOW])
def test_a_service_that_is_down_is_a_503(
    functions: Lambdas, function: str, service: str, failure: Callable[[Call], Exception]
) -> None:
    """With ``Retry-After``, an error in the log, and no session or key."""
    _arrange(functions)
    functions.cloud.failing[service] = failure
    answer = _invoke_cold(functions, function)

    kind = MailUnavailable if service == "sqs" else Unavailable
    assert answer.read == expected.refusal(function, 503, kind.code)
    assert answer.events == [kind.event]
    assert answer.log[0]["level"] == "ERROR"
    assert "canary-of-aws" not in str(answer.log)


@pytest.mark.parametrize("failure", [unreachable, denied])
@pytest.mark.parametrize("function", ["email_resend", "login", "password_forgot", "signup"])
def test_a_source_above_its_limit_waits_while_no_proof_of_work_can_be_asked_for(
    functions: Lambdas, function: str, failure: Callable[[Call], Exception]
) -> None:
    """No email is queued, and no password is checked."""
    _arrange(functions)
    event = proofs.from_an_unknown_browser(function)
    proofs.use_up_the_free_limits(event)
    functions.cloud.failing["secretsmanager"] = failure
    lambdas.module.cache_clear()
    answer = functions.invoke(function, event)

    assert answer.read == expected.refusal(function, 503, "temporarily_unavailable")
    assert functions.cloud.queued() == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_half_written_whichever_call_fails(functions: Lambdas, function: str) -> None:
    """Every call in turn: no item but the counters changes, or only a notice or a counter given back is missing."""
    functions.restore(lambda: _arrange(functions))
    whole = _invoke_cold(functions, function)
    calls, succeeded = whole.calls, whole.status
    for number, call in enumerate(calls):
        functions.restore(lambda: _arrange(functions))
        before = functions.cloud.but_counters()
        functions.cloud.fail_at(number)
        answer = _invoke_cold(functions, function)
        functions.cloud.fail_at(None)
        if call.service == "sqs":
            continue
        if _gives_a_counter_back(calls, number):
            assert (call.name, answer.status, answer.events[0]) == (call.name, succeeded, "sys_dependency_failed")
            continue
        assert (call.name, answer.read) == (call.name, expected.refusal(function, 503, "temporarily_unavailable"))
        assert functions.cloud.but_counters() == before


@pytest.mark.parametrize("whose", ["own", "another's"])
@pytest.mark.parametrize("function", ["login", "email_verify", "identity_confirm"])
def test_a_login_replaces_a_session_whichever_call_fails(functions: Lambdas, function: str, whose: str) -> None:
    """A 503 leaves everything as it was. Else the login works, and only another account's session may be left."""
    other = another_person("Mallory")

    def arrange() -> None:
        if function == "identity_confirm":
            arrange_for(functions, function, NOW)
        else:
            _arrange(functions)
        functions.people.arrange(other)

    shown = SAMPLE_TOKEN if whose == "own" else other.token
    event = sample(function)
    event["cookies"] = [*(it for it in event.get("cookies", []) if "session" not in it), f"__Host-session={shown}"]
    functions.restore(arrange)
    lambdas.module.cache_clear()
    calls = functions.invoke(function, event).calls
    for number, call in enumerate(calls):
        functions.restore(arrange)
        before = functions.cloud.but_counters()
        functions.cloud.fail_at(number)
        lambdas.module.cache_clear()
        answer = functions.invoke(function, event)
        functions.cloud.fail_at(None)
        if answer.status == 503:
            assert functions.cloud.but_counters() == before, call.name
        else:
            assert (answer.status, answer.events[0]) == (200, "sys_dependency_failed"), call.name
            assert functions.invoke("session_show", request("session_show", cookie=answer.cookie)).status == 200
    assert "dynamodb.TransactWriteItems" in [call.name for call in calls]


def _gives_a_counter_back(calls: list[Call], number: int) -> bool:
    """Whether the call changes a counter after the request's effect was written."""
    written = any(call.operation == "TransactWriteItems" for call in calls[:number])
    return written and calls[number].parameters.get("TableName") == "ThrottlesTable"


@pytest.mark.parametrize("function", sorted(NOTICES))
def test_a_request_succeeds_though_its_notice_cannot_be_queued(functions: Lambdas, function: str) -> None:
    """Such as a new key, which is shown only once; the lost email is logged."""
    _arrange(functions)
    functions.cloud.failing["sqs"] = unreachable
    answer = functions.invoke(function, sample(function))

    assert answer.status in {200, 201, 204}
    assert answer.events == ["sys_dependency_failed", NOTICES[function]]
    if function in {"key_create", "key_rotate"}:
        key = answer.json["api_key"]["plaintext_key"]
        assert functions.invoke("account_show", request("account_show", key=key)).status == 200


@pytest.mark.parametrize("failure", [unreachable, denied])
def test_a_restriction_is_lifted_though_its_notice_cannot_be_queued(
    functions: Lambdas, failure: Callable[[Call], Exception]
) -> None:
    """The key works from everywhere again; the lost email is logged."""
    _arrange(functions)
    functions.invoke("key_update", request("key_update", cookie=SAMPLE_TOKEN, body={"networks": ["192.0.2.0/24"]}))
    refused = functions.invoke("account_show", request("account_show", key=SAMPLE_KEY))
    functions.cloud.failing["sqs"] = failure
    answer = functions.invoke("key_update", request("key_update", cookie=SAMPLE_TOKEN, body={"networks": None}))
    functions.cloud.failing.clear()
    works = functions.invoke("account_show", request("account_show", key=SAMPLE_KEY))

    assert (refused.status, answer.status, works.status) == (403, 204, 200)
    assert answer.events == ["sys_dependency_failed", "authn_token_updated"]


def test_a_sign_up_whose_email_cannot_be_queued_can_be_retried(functions: Lambdas) -> None:
    """It leaves an unconfirmed sign-up, which does not log in and expires."""
    functions.cloud.failing["sqs"] = unreachable
    refused = functions.invoke("signup", sample("signup"))
    functions.cloud.failing.clear()
    [left] = functions.cloud.tables()["OneTimeTokensTable"]
    body = {"email": "newcomer@example.com", "password": "sample passphrase of the events folder"}
    entered = functions.invoke("login", request("login", body=body))
    again = functions.invoke("signup", sample("signup"))
    functions.deliver(functions.cloud.queued()[-1])

    assert refused.read == expected.refusal("signup", 503, "mail_unavailable")
    assert (left["token"]["S"].startswith("sign-up#"), "expires_at" in left) == (True, True)
    assert entered.read == expected.refusal("login", 401, "invalid_credentials")
    assert again.status == 202
    assert functions.cloud.mails()[0]["Destination"] == {"ToAddresses": ["newcomer@example.com"]}


@pytest.mark.parametrize("failure", [unreachable, denied])
@pytest.mark.parametrize("credential", [{"cookie": SAMPLE_TOKEN}, {"key": SAMPLE_KEY}])
def test_the_authorizer_raises_when_the_tables_are_down(
    functions: Lambdas, credential: dict[str, Any], failure: Callable[[Call], Exception]
) -> None:
    """The gateway responds with 500; it might cache any result."""
    _arrange(functions)
    functions.cloud.failing["dynamodb"] = failure
    with pytest.raises(Unavailable):
        functions.invoke("authorizer", request("authorizer", **credential))

    assert '"event":"sys_unavailable"' in functions.stream.getvalue().replace(" ", "")


@pytest.mark.parametrize("function", [function for function in OPERATORS if function != "operator_account_inspect"])
def test_an_operator_function_raises_when_dynamodb_fails(functions: Lambdas, function: str) -> None:
    """The account is unchanged."""
    person = functions.people.as_sampled()
    if function == "operator_account_enable":
        functions.invoke("operator_account_disable", sample("operator_account_disable"))
    if function == "operator_factor_reset":
        functions.people.give_second_factor(person)
    before = functions.cloud.tables()
    functions.cloud.failing["dynamodb.TransactWriteItems"] = denied
    with pytest.raises(Unavailable):
        functions.invoke(function, sample(function))

    assert functions.cloud.tables() == before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"current": "2", "1": "' + "p" * 40 + '"}', '{"current": "1", "1": "short"}']
)
@pytest.mark.parametrize("function", ["login", "signup", "email_verify"])
def test_an_invalid_pepper_refuses_every_login(functions: Lambdas, function: str, text: str) -> None:
    """503: hashes without a pepper would be easier to guess."""
    _arrange(functions)
    before = functions.cloud.but_counters()
    functions.cloud.secrets["PepperSecret"] = text
    answer = _invoke_cold(functions, function)

    assert answer.read == expected.refusal(function, 503, "temporarily_unavailable")
    assert functions.cloud.but_counters() == before


@pytest.mark.parametrize("text", ["", "short"])
def test_an_admin_secret_that_is_too_short_is_never_accepted(functions: Lambdas, text: str) -> None:
    """Not even from a caller that presents it."""
    _arrange(functions)
    functions.cloud.secrets["AdminSecret"] = text
    lambdas.module.cache_clear()
    answer = functions.invoke("key_verify", request("key_verify", headers={"x-comfy-admin-secret": text}))

    assert answer.read == expected.refusal("key_verify", 503, "temporarily_unavailable")
