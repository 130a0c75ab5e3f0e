"""The calls to AWS of each request: its cost and latency are counted, not timed."""

from datetime import timedelta

import pytest

from tests.functions.clients import arrange_code
from tests.functions.conftest import NOW
from tests.functions.lambdas import Lambdas
from tests.functions.requests import (
    SAMPLE_KEY,
    SAMPLE_TOKEN,
    request,
    sample,
)

GET, QUERY, UPDATE, DELETE, WRITE, SEND, SIGN = (
    "dynamodb.GetItem",
    "dynamodb.Query",
    "dynamodb.UpdateItem",
    "dynamodb.DeleteItem",
    "dynamodb.TransactWriteItems",
    "sqs.SendMessage",
    "kms.Sign",
)
BUDGET = {
    "signup": [UPDATE, WRITE, SEND],
    "email_verify": [UPDATE, GET, GET, UPDATE, WRITE, DELETE, DELETE, DELETE],
    "email_resend": [UPDATE, SEND],
    "login": [GET, UPDATE, WRITE, DELETE],
    "password_forgot": [UPDATE, SEND],
    "password_reset": [UPDATE, GET, GET, DELETE, DELETE, GET, GET, WRITE, SEND],
    "password_change": [GET, GET, GET, UPDATE, GET, GET, WRITE, DELETE, DELETE, SEND],
    "reauthenticate": [GET, GET, GET, GET, UPDATE, WRITE, DELETE],
    "email_change": [GET, GET, UPDATE, SEND, SEND],
    "email_change_confirm": [GET, UPDATE, GET, GET, GET, WRITE, SEND],
    "logout": [GET, WRITE],
    "session_show": [GET, GET],
    "session_list": [GET, QUERY],
    "session_revoke": [GET, WRITE],
    "session_revoke_all": [GET, GET, WRITE],
    "activity_list": [GET, QUERY],
    "account_open": [GET, GET],
    "account_show": [GET, GET],
    "account_export": [GET, GET, QUERY, GET, QUERY, QUERY],
    "account_update": [GET, UPDATE, GET, WRITE],
    "account_delete": [GET, GET, WRITE],
    "key_create": [GET, UPDATE, WRITE, SEND],
    "key_list": [GET, QUERY],
    "key_delete": [GET, WRITE, SEND],
    "key_verify": [GET, GET],
    "operator_account_inspect": [GET, GET, GET, QUERY, QUERY, QUERY, GET],
    "operator_account_disable": [GET, WRITE],
    "operator_account_enable": [GET, WRITE],
    "operator_account_delete": [GET, WRITE],
    "operator_account_logout": [GET, WRITE],
    "operator_account_unlock": [GET, WRITE, DELETE, DELETE],
    "operator_password_revoke": [GET, GET, WRITE, SEND],
    "operator_key_revoke": [WRITE, SEND],
    "mail_feedback": [GET, GET, WRITE],
    "authorizer": [GET],
    "client_token": [GET, GET, UPDATE, SIGN, WRITE, SEND],
    "device_authorize": [UPDATE, WRITE],
    "device_consent": [GET, UPDATE, UPDATE, GET, GET, WRITE],
    # The previous request has read the public keys.
    "client_metadata": [],
    "pages": [],
    "fallback": [],
}


def _arrange(functions: Lambdas) -> None:
    arrange_code(functions, functions.people.as_sampled())


@pytest.mark.parametrize("function", BUDGET)
def test_a_warm_request_makes_these_calls(functions: Lambdas, function: str) -> None:
    """Exactly these, in this order. The previous request has read the secrets."""
    functions.restore(lambda: _arrange(functions))
    functions.invoke(function, sample(function))
    functions.restore(lambda: _arrange(functions))
    answer = functions.invoke(function, sample(function))

    assert [call.name for call in answer.calls] == BUDGET[function]
    written = [item for call in answer.calls for item in call.parameters.get("TransactItems", [])]
    # People who share a counter would wait for each other (TH-13).
    assert "ThrottlesTable" not in {each["TableName"] for item in written for each in item.values()}


@pytest.mark.parametrize("credential", [{"cookie": SAMPLE_TOKEN}, {"key": SAMPLE_KEY}])
def test_activity_is_recorded_once_in_five_minutes(functions: Lambdas, credential: dict[str, str]) -> None:
    """With one more call (AK-12)."""
    _arrange(functions)
    asked = []
    for minutes in (4, 5, 6, 9, 10):
        functions.clock.now = NOW + timedelta(minutes=minutes)
        asked.append([call.name for call in functions.invoke("authorizer", request("authorizer", **credential)).calls])

    assert asked == [[GET], [GET, UPDATE], [GET], [GET], [GET, UPDATE]]


@pytest.mark.parametrize("function", BUDGET)
def test_every_read_that_decides_is_consistent_and_by_key(functions: Lambdas, function: str) -> None:
    """An index may lag, so it is only queried for lists that are shown (SE-14)."""
    _arrange(functions)
    calls = functions.invoke(function, sample(function)).calls

    by_key = [call for call in calls if call.name in {GET, QUERY} and "IndexName" not in call.parameters]
    assert all(call.parameters["ConsistentRead"] is True for call in by_key)
    assert function in {"session_list", "key_list", "account_export", "operator_account_inspect"} or not any(
        "IndexName" in call.parameters for call in calls
    )
    assert "dynamodb.Scan" not in {call.name for call in calls}
