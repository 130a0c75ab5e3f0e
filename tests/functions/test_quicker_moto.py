"""The emulated DynamoDB, which answers sooner in these tests than moto does by itself."""

from typing import Any

from botocore.session import get_session
from moto import mock_aws

from tests import cloudformation
from tests.quicker_moto import quicker

_EVERY_TYPE: dict[str, Any] = {
    "user_id": {"S": "one"},
    "number": {"N": "1"},
    "binary": {"B": b"\x00\xff"},
    "yes": {"BOOL": True},
    "no": {"BOOL": False},
    "null": {"NULL": True},
    "empty": {"S": ""},
    "strings": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "binaries": {"BS": [b"a", b"b"]},
    "list": {"L": [{"S": "s"}, {"M": {"n": {"N": "2"}, "S": {"L": []}}}]},
    "map": {"M": {"S": {"S": "s"}, "n": {"NULL": True}, "M": {"M": {}}}},
}


def _answers() -> list[Any]:
    [table] = [it for it in cloudformation.tables() if it["TableName"] == "UsersTable"]
    with mock_aws():
        client = get_session().create_client("dynamodb", region_name="us-east-1")
        client.create_table(**table)
        client.put_item(TableName="UsersTable", Item=_EVERY_TYPE)
        key = {"user_id": {"S": "one"}}
        answers = [
            client.get_item(TableName="UsersTable", Key=key),
            client.get_item(TableName="UsersTable", Key={"user_id": {"S": "none"}}),
            client.scan(TableName="UsersTable"),
            client.update_item(
                TableName="UsersTable",
                Key=key,
                UpdateExpression="SET #m.#n = :two, #l[0] = :two",
                ExpressionAttributeNames={"#m": "map", "#n": "n", "#l": "list"},
                ExpressionAttributeValues={":two": {"N": "2"}},
                ReturnValues="ALL_NEW",
            ),
            client.transact_get_items(TransactItems=[{"Get": {"TableName": "UsersTable", "Key": key}}]),
        ]
    return [{name: it for name, it in answer.items() if name != "ResponseMetadata"} for answer in answers]


def test_it_answers_what_moto_does(monkeypatch: Any) -> None:
    """Values of every type, nested and under names that are types' own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    usual = _answers()
    with quicker():
        assert _answers() == usual
    assert usual[0] == {"Item": _EVERY_TYPE}
