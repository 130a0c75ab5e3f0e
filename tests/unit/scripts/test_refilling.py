"""Filling a table from a copy of it: existing items are kept unless the operator asks otherwise."""

import base64
from typing import Any

import boto3
import pytest

from accounts.aws.totp_secrets import KmsTotpSecrets
from accounts.errors import Unavailable
from scripts import place
from scripts.admin import __main__ as command
from scripts.admin.refilling import refill
from scripts.place import CannotDo, Place
from tests.unit.scripts.test_admin import Input

USER = {"user_id": "S"}
EVENT = {"user_id": "S", "moment": "S"}


def make(database: Any, name: str, keys: dict[str, str], *items: dict[str, str]) -> None:
    """A table with these items."""
    kinds = zip(keys, ("HASH", "RANGE"), strict=False)
    database.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()],
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in kinds],
    )
    for item in items:
        database.put_item(TableName=name, Item={key: {"S": text} for key, text in item.items()})


def new_key(region: str | None = None) -> str:
    """The id of a new KMS key."""
    created: str = boto3.client("kms", region_name=region).create_key()["KeyMetadata"]["KeyId"]
    return created


def held(stack: Place, name: str) -> list[str]:
    """Each item as text, sorted."""
    items = stack.client("dynamodb").scan(TableName=name)["Items"]
    return sorted(" ".join(item[key]["S"] for key in sorted(item)) for item in items)


@pytest.fixture
def stack(aws: None, monkeypatch: pytest.MonkeyPatch) -> Place:  # noqa: ARG001
    """Ann is in both tables, differently; Bob was lost, and Cleo was added since."""
    database = boto3.client("dynamodb")
    make(database, "live", USER, {"user_id": "ann", "x": "now"}, {"user_id": "cleo"})
    make(database, "restored", USER, {"user_id": "ann", "x": "then"}, {"user_id": "bob"})
    make(database, "events", EVENT, {"user_id": "ann", "moment": "1"})
    make(database, "old-events", EVENT, {"user_id": "ann", "moment": "1"}, {"user_id": "ann", "moment": "2"})
    found = Place(boto3.client, "our-stack", "the stack our-stack")
    make(database, "sessions", {"digest": "S"}, {"digest": "1"}, {"digest": "2"})
    found.__dict__["names"] = {
        "UsersTable": "live",
        "SessionsTable": "sessions",
        "AuditEventsTable": "events",
        "MailQueue": "live",
        "SecondFactorKey": new_key(),
    }
    monkeypatch.setattr(place, "find", lambda: found)
    return found


def test_missing_items_are_restored_and_existing_ones_kept(stack: Place) -> None:
    """Ann as she is now, Bob as he was, and Cleo."""
    said = refill(stack, "UsersTable", "restored", exact=False)

    assert said == "UsersTable: 1 of 2 items written, 1 were there, 0 deleted."
    assert held(stack, "live") == ["ann now", "bob", "cleo"]
    assert held(stack, "restored") == ["ann then", "bob"]


def test_a_table_is_restored_to_its_copy(stack: Place) -> None:
    """Ann as she was, and without Cleo."""
    said = refill(stack, "UsersTable", "restored", exact=True)

    assert said == "UsersTable: 2 of 2 items written, 0 were there, 1 deleted."
    assert held(stack, "live") == ["ann then", "bob"]


def test_one_account_is_restored_without_the_others(stack: Place) -> None:
    """Other owners may have deleted theirs on purpose."""
    with pytest.raises(CannotDo, match="restored holds no item of the account carl: UsersTable was not changed"):
        refill(stack, "UsersTable", "restored", exact=False, of="carl")
    stack.client("dynamodb").put_item(TableName="restored", Item={"user_id": {"S": "carl"}})
    refill(stack, "UsersTable", "restored", exact=False, of="carl")

    assert held(stack, "live") == ["ann now", "carl", "cleo"]


def test_an_account_that_is_not_in_the_copy_is_a_failure(stack: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """A script must not go on and delete the copy."""
    words = ["refill", "UsersTable", "restored", "--yes", "--of"]
    assert command.main([*words, "carl"]) == 1
    assert capsys.readouterr().err.endswith("restored holds no item of the account carl: UsersTable was not changed\n")
    assert held(stack, "live") == ["ann now", "cleo"]

    assert command.main([*words, "bob"]) == 0
    assert held(stack, "live") == ["ann now", "bob", "cleo"]


def test_an_empty_source_never_empties_a_table(stack: Place) -> None:
    """Its restoration may not have finished."""
    database, before = stack.client("dynamodb"), held(stack, "live")
    for name in held(stack, "restored"):
        database.delete_item(TableName="restored", Key={"user_id": {"S": name.split()[0]}})
    with pytest.raises(CannotDo, match="restored holds no item: UsersTable was not changed"):
        refill(stack, "UsersTable", "restored", exact=True)
    assert held(stack, "live") == before


@pytest.mark.parametrize("exact", [False, True])
def test_items_are_compared_by_the_whole_key(stack: Place, *, exact: bool) -> None:
    """A history has many items of one account."""
    refill(stack, "AuditEventsTable", "old-events", exact=exact)

    assert held(stack, "events") == ["1 ann", "2 ann"]


@pytest.mark.parametrize(
    ("table", "source"),
    [("UsersTable", "live"), ("UsersTable", "events"), ("MailQueue", "restored"), ("users", "restored")],
)
def test_anything_but_a_copy_of_the_table_is_refused(stack: Place, table: str, source: str) -> None:
    """Itself, another table's copy, or a mistyped name."""
    with pytest.raises(CannotDo):
        refill(stack, table, source, exact=True)

    assert held(stack, "live") == ["ann now", "cleo"]


def test_a_table_of_another_region_may_have_the_same_name(stack: Place) -> None:
    """The stack has moved."""
    elsewhere = boto3.client("dynamodb", region_name="eu-central-1")
    make(elsewhere, "live", USER, {"user_id": "dora"})
    assert command.main(["refill", "UsersTable", "live", "--from-region", "eu-central-1", "--yes"]) == 0

    assert held(stack, "live") == ["ann now", "cleo", "dora"]


@pytest.mark.parametrize("region", [None, "eu-central-1"])
def test_the_secrets_of_second_factors_are_encrypted_for_the_key_of_the_stack(stack: Place, region: str | None) -> None:
    """The copy is of a stack that was removed or has moved. Each secret still belongs to its account only."""
    database, theirs = boto3.client("dynamodb", region_name=region), boto3.client("kms", region_name=region)
    sealed = theirs.encrypt(KeyId=new_key(region), Plaintext=b"the secret", EncryptionContext={"account": "eve"})
    totp = base64.b64encode(sealed["CiphertextBlob"]).decode()
    make(database, "old-UsersTable", USER, {"user_id": "eve", "totp": totp}, {"user_id": "fay"})
    words = ["refill", "UsersTable", "old-UsersTable", *(["--from-region", region] if region else [])]
    assert command.main(words) == 0

    keys = KmsTotpSecrets(stack.deployed("SecondFactorKey"))
    eve = stack.client("dynamodb").get_item(TableName="live", Key={"user_id": {"S": "eve"}})["Item"]
    assert keys.unseal(eve["totp"]["S"], "eve") == "the secret"
    with pytest.raises(Unavailable):
        keys.unseal(eve["totp"]["S"], "fay")


def test_what_an_owner_may_have_ended_is_not_restored(stack: Place) -> None:
    """A requested reset of the second factor, and trust in browsers."""
    asked = {"user_id": "eve", "factor_reset_at": "2026-01-05T12:00:00.000000+0000"}
    make(boto3.client("dynamodb"), "old-UsersTable", USER, asked, {"user_id": "fay"})
    trusted = {"M": {"a browser": {"M": {"name": {"S": "Firefox on Linux"}}}}}
    item = {"user_id": {"S": "fay"}, "trusted_browsers": trusted}
    boto3.client("dynamodb").put_item(TableName="old-UsersTable", Item=item)

    assert command.main(["refill", "UsersTable", "old-UsersTable"]) == 0
    live = stack.client("dynamodb")
    eve, fay = (live.get_item(TableName="live", Key={"user_id": {"S": it}})["Item"] for it in ("eve", "fay"))
    assert eve == {"user_id": {"S": "eve"}}
    assert fay == {"user_id": {"S": "fay"}, "trusted_browsers": {"M": {}}}


def test_deleting_is_confirmed(stack: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal, nothing happens."""
    monkeypatch.setattr("sys.stdin", Input("", person=False))
    make(boto3.client("dynamodb"), "restored-UsersTable", USER, {"user_id": "bob"})
    assert command.main(["refill", "UsersTable", "restored-UsersTable", "--exact"]) == 1
    assert held(stack, "live") == ["ann now", "cleo"]
    assert command.main(["refill", "UsersTable", "restored-UsersTable", "--exact", "--yes"]) == 0
    assert held(stack, "live") == ["bob"]


def test_a_copy_of_a_table_with_the_same_keys_is_recognized_by_its_name(
    stack: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sessions among the API keys would break both."""
    make(boto3.client("dynamodb"), "restored-ApiKeysTable", {"digest": "S"}, {"digest": "3"})
    assert command.main(["refill", "SessionsTable", "restored-ApiKeysTable"]) == 1
    assert capsys.readouterr().err.endswith(
        "restored-ApiKeysTable is not named after SessionsTable; if it is a copy of it, add --yes\n"
    )
    assert held(stack, "sessions") == ["1", "2"]


def test_sessions_are_emptied_and_accounts_never(
    stack: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a restore every owner must log in again. It is confirmed first, too."""
    monkeypatch.setattr("sys.stdin", Input("", person=False))
    assert command.main(["empty", "SessionsTable"]) == 1
    with pytest.raises(SystemExit):
        command.main(["empty", "UsersTable", "--yes"])
    assert (held(stack, "sessions"), held(stack, "live")) == (["1", "2"], ["ann now", "cleo"])

    assert command.main(["empty", "SessionsTable", "--yes"]) == 0
    assert held(stack, "sessions") == []
    assert capsys.readouterr().out == "SessionsTable: 2 items deleted.\n"
