"""The arithmetic of costs, on numbers that are easy to check by hand."""

import pytest

from accounts.events import EVENTS
from benchmarks import costs, stories
from benchmarks.costs import Cost, billed_ms, units
from benchmarks.prices import PRICES, Plan
from benchmarks.stories import Call, transaction
from tests.cloudformation import resources, template

GET, UPDATE = Call("dynamodb.GetItem"), Call("dynamodb.UpdateItem")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (GET, (1, 0)),
        (Call("dynamodb.Query"), (1, 0)),
        (Call("dynamodb.PutItem"), (0, 1)),
        (Call("dynamodb.DeleteItem"), (0, 1)),
        (Call("dynamodb.UpdateItem", indexed=1), (0, 2)),
        (transaction(1), (0, 2)),
        (transaction(4, indexed=1), (0, 9)),
        (Call("sqs.SendMessage"), (0, 0)),
    ],
)
def test_transactions_cost_double_and_indexes_one_more(call: Call, expected: tuple[int, int]) -> None:
    assert units(call) == expected


def test_a_transaction_is_counted_with_its_items_and_those_in_tables_with_an_index() -> None:
    written = [
        {"ConditionCheck": {"TableName": "SessionsTable"}},
        {"Put": {"TableName": "SessionsTable"}},
        {"Update": {"TableName": "UsersTable"}},
    ]
    assert stories.counted("dynamodb.TransactWriteItems", {"TransactItems": written}) == transaction(3, indexed=1)
    assert stories.counted("dynamodb.GetItem", {"TableName": "SessionsTable"}) == GET
    assert stories.counted("dynamodb.UpdateItem", {"TableName": "UsersTable"}) == UPDATE
    assert stories.counted("dynamodb.UpdateItem", {"TableName": "SessionsTable"}) == Call(UPDATE.name, indexed=1)
    assert stories.counted("sqs.SendMessage", {}) == Call("sqs.SendMessage")


@pytest.mark.parametrize(("memory", "expected"), [(1769, 30), (3538, 30), (512, 20 + 10 * 1769 / 512)])
def test_a_share_of_a_processor_takes_longer_to_compute_but_not_to_wait(memory: int, expected: float) -> None:
    assert billed_ms([GET, transaction(2)], 10, memory) == pytest.approx(expected)


def test_a_request_costs_the_sum_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    function = {"MemorySize": 1769, "Events": {"Post": {"Type": "HttpApi"}}}
    monkeypatch.setitem(costs.FUNCTIONS, "made_up", function)
    monkeypatch.setitem(
        costs.CALLS, "made_up", [GET, transaction(3), *map(Call, ("sqs.SendMessage", "kms.Sign", "sesv2.SendEmail"))]
    )
    monkeypatch.setitem(costs.CPU, "made_up", 10)
    monkeypatch.setitem(costs.HASHES, "made_up", 2)
    million = {name: price.dollars * 1_000_000 for name, price in PRICES.items()}
    seconds = (10 * 0.66 + 2 * 350 + 5 + 15 + 10 + 15 + 60) / 1000

    cost = costs.cost("made_up")

    assert cost.api * 1_000_000 == pytest.approx(1.00 + 2000 * million["byte sent"])
    assert cost.compute * 1_000_000 == pytest.approx(0.20 + seconds * 1769 / 1024 * 13.3334)
    assert cost.tables * 1_000_000 == pytest.approx(0.125 + 6 * 0.625)
    assert cost.rest * 1_000_000 == pytest.approx(0.40 + 15 + 160 + 1500 * million["byte logged"])
    assert cost.total == pytest.approx(cost.api + cost.compute + cost.tables + cost.rest)
    assert cost + Cost(1, 2, 3, 4) == Cost(cost.api + 1, cost.compute + 2, cost.tables + 3, cost.rest + 4)


def test_only_requests_through_the_api_pay_for_it() -> None:
    assert {name for name in stories.CALLS if not costs.cost(name).api} >= {"authorizer", "mailer", "mail_feedback"}
    assert costs.cost("login").api > 0


def test_a_story_is_the_sum_of_its_requests() -> None:
    each = [costs.cost(name).total for name in ("signup", "mailer", "email_verify")]
    assert costs.story("sign-up: form, email and confirmation").total == pytest.approx(sum(each))


def test_idle_resources_are_counted_and_what_undeploy_retains_goes_on_to_cost() -> None:
    rows = costs.idle()
    keys, secrets = len(resources("AWS::KMS::Key")), len(resources("AWS::SecretsManager::Secret"))
    kept = {name for name, it in template()["Resources"].items() if it.get("DeletionPolicy") == "RetainExceptOnCreate"}

    assert rows["KMS keys"] == (keys, keys, keys)
    assert rows["secrets"] == pytest.approx((secrets, secrets * 0.40, 0.40))
    assert kept - resources("AWS::DynamoDB::Table").keys() == {*resources("AWS::KMS::Key"), "PepperSecret"}
    assert sum(after for _, _, after in rows.values()) == pytest.approx(keys + 0.40)


@pytest.mark.parametrize(("owners", "expected"), [(10, "25"), (11, "27"), (1000, "2,005"), (1001, "on request")])
def test_a_plan_charges_for_owners_beyond_those_included(owners: int, expected: str) -> None:
    assert Plan("made up", 25, 10, 2, 1000, "never", "nobody").month(owners) == expected


def test_a_month_costs_what_an_idle_one_does_and_the_metrics_and_what_its_owners_do() -> None:
    idle = sum(now for _, now, _ in costs.idle().values())
    counted = sum(len(event.counted) for event in EVENTS.values())
    owner = sum(times * costs.story(name).total for name, times in costs.USE.items())
    assert costs.metrics() == counted + 1
    assert costs.month(1000) == pytest.approx(idle + 0.30 * (counted + 1) + 1000 * owner)


def test_tables_are_written_between_the_markers_only() -> None:
    before, after = "# Costs\n", "\nThe end.\n"
    document = costs.written(f"{before}{costs.BEGIN}old{costs.END}{after}")
    assert document == f"{before}{costs.BEGIN}\n{costs.tables()}\n{costs.END}{after}"
    with pytest.raises(ValueError, match="no tables between"):
        costs.written("# Costs\n")
