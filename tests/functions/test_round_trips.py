"""The calls to AWS of each request: its cost and latency are counted, not timed."""

import re
from datetime import timedelta

import pytest

from accounts.model.users import USER_ID_CHARACTERS
from benchmarks import stories
from benchmarks.stories import CALLS, HASHES
from tests.functions import leaks
from tests.functions.clients import arrange_code
from tests.functions.conftest import NOW
from tests.functions.expiry import expiring_key
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import (
    SAMPLE_KEY,
    SAMPLE_TOKEN,
    request,
    sample,
)

GET, UPDATE = "dynamodb.GetItem", "dynamodb.UpdateItem"


def _arrange(functions: Lambdas, function: str = "") -> None:
    person = functions.people.as_sampled()
    if function == "operator_factor_reset":
        functions.people.give_second_factor(person)
    arrange_code(functions, person)
    leaks.lists_the_samples(functions)
    expiring_key(functions)


def _invoke(functions: Lambdas, function: str) -> Answer:
    """With its sample; the mailer, with what the sample of ``signup`` enqueues."""
    if function != "mailer":
        return functions.invoke(function, sample(function))
    functions.invoke("signup", sample("signup"))
    return functions.deliver(functions.cloud.queued()[-1])


@pytest.mark.parametrize("function", CALLS)
def test_a_warm_request_makes_these_calls(functions: Lambdas, function: str) -> None:
    """Exactly these, in this order, and as many hashes. The previous request has read the secrets.

    If fewer suffice, or a story needs more, change ``benchmarks/stories.py`` and run `make costs`.
    """
    functions.restore(lambda: _arrange(functions, function))
    _invoke(functions, function)
    functions.restore(lambda: _arrange(functions, function))
    answer = _invoke(functions, function)

    made, hashes = [stories.counted(call.name, call.parameters) for call in answer.calls], answer.hashes
    assert made == CALLS[function]
    assert hashes == HASHES.get(function, 0)
    written = [each for call in answer.calls for it in call.parameters.get("TransactItems", []) for each in it.values()]
    # People who share a counter would wait for each other (TH-13): only those that are an account's own.
    counters = [each["Key"]["counter"]["S"] for each in written if each["TableName"] == "ThrottlesTable"]
    own = re.compile(rf"key-(created|changed)#[0-9A-Za-z]{{{USER_ID_CHARACTERS}}}#86400#[0-9]+")
    assert [counter for counter in counters if not own.fullmatch(counter)] == []


@pytest.mark.parametrize("credential", [{"cookie": SAMPLE_TOKEN}, {"key": SAMPLE_KEY}])
def test_activity_is_recorded_once_in_five_minutes(functions: Lambdas, credential: dict[str, str]) -> None:
    """With one more call (AK-12)."""
    _arrange(functions)
    asked = []
    for minutes in (4, 5, 6, 9, 10):
        functions.clock.now = NOW + timedelta(minutes=minutes)
        asked.append([call.name for call in functions.invoke("authorizer", request("authorizer", **credential)).calls])

    assert asked == [[GET], [GET, UPDATE], [GET], [GET], [GET, UPDATE]]


@pytest.mark.parametrize("function", CALLS)
def test_every_read_that_decides_is_consistent_and_by_key(functions: Lambdas, function: str) -> None:
    """An index may lag, so it is only queried for lists that are shown, and for keys that are due (SE-14)."""
    _arrange(functions, function)
    calls = functions.invoke(function, sample(function)).calls

    by_key = [call for call in calls if call.name in {GET, "dynamodb.Query"} and "IndexName" not in call.parameters]
    assert all(call.parameters["ConsistentRead"] is True for call in by_key)
    together = [each for call in calls for each in call.parameters.get("RequestItems", {}).values()]
    assert all(each["ConsistentRead"] is True for each in together)
    listing = {"session_list", "key_list", "key_expire", "account_export", "operator_account_inspect"}
    assert function in listing or not any("IndexName" in call.parameters for call in calls)
    assert "dynamodb.Scan" not in {call.name for call in calls}
