"""The three backends that store accounts, in one shape, so that one suite tests each of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.config import Config
from botocore.session import Session

from accounts import secrets
from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.audit_events import AuditEventsTable
from accounts.dynamo.client_documents import ClientDocumentsTable
from accounts.dynamo.identities import IdentitiesTable
from accounts.dynamo.one_time_tokens import OneTimeTokensTable
from accounts.dynamo.passkeys import PasskeysTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.tables import Table, connection
from accounts.dynamo.throttles import ThrottlesTable
from accounts.dynamo.transactions import DynamoTransactions
from accounts.dynamo.users import UsersTable
from accounts.limits import AUDIT_KEPT
from accounts.model.api_keys import ApiKeys
from accounts.model.audit import AuditEvents
from accounts.model.client_documents import Documents
from accounts.model.identities import Identities
from accounts.model.one_time_tokens import OneTimeTokens
from accounts.model.passkeys import Passkeys
from accounts.model.sessions import Sessions
from accounts.model.throttles import Throttles
from accounts.model.users import Users
from accounts.transactions import Change, Conflict, Transactions
from tests.contract import template
from tests.fakes import (
    FakeApiKeys,
    FakeAuditEvents,
    FakeDocuments,
    FakeIdentities,
    FakePasskeys,
    FakeSessions,
    FakeTokens,
    FakeUsers,
    World,
)

STORES: Mapping[str, type[Table[Any]]] = {
    "UsersTable": UsersTable,
    "IdentitiesTable": IdentitiesTable,
    "PasskeysTable": PasskeysTable,
    "SessionsTable": SessionsTable,
    "ApiKeysTable": ApiKeysTable,
    "OneTimeTokensTable": OneTimeTokensTable,
    "ThrottlesTable": ThrottlesTable,
    "AuditEventsTable": AuditEventsTable,
    "ClientDocumentsTable": ClientDocumentsTable,
}


@dataclass(frozen=True)
class Backend:
    """All stores of one backend. ``contents`` returns every stored item; ``history`` an account's audit records."""

    users: Users
    identities: Identities
    passkeys: Passkeys
    sessions: Sessions
    api_keys: ApiKeys
    tokens: OneTimeTokens
    throttles: Throttles
    audit: AuditEvents
    documents: Documents
    transactions: Transactions
    contents: Callable[[], Mapping[str, Any]]
    history: Callable[[str], list[dict[str, Any]]]

    def commit(self, *changes: Change) -> None:
        self.transactions.commit(*changes)

    def refused(self, *changes: Change) -> tuple[Change, ...]:
        """Commit changes that must conflict, and return those that failed. Nothing may be written."""
        before = self.contents()
        with pytest.raises(Conflict) as conflict:
            self.commit(*changes)
        assert self.contents() == before
        return conflict.value.changes


def fake() -> Backend:
    """The in-memory stores of the unit tests."""
    world = World()
    return Backend(
        users=FakeUsers(world),
        identities=FakeIdentities(world),
        passkeys=FakePasskeys(world),
        sessions=FakeSessions(world),
        api_keys=FakeApiKeys(world),
        tokens=FakeTokens(world),
        throttles=world,
        audit=FakeAuditEvents(world),
        documents=FakeDocuments(world),
        transactions=world,
        contents=lambda: _contents_of_world(world),
        history=lambda user_id: _history_of_world(world, user_id),
    )


def dynamo() -> Backend:
    """New tables in the DynamoDB that the environment names."""
    names = {logical: f"{logical}-{secrets.random_base62(8)}" for logical in STORES}
    _create(names)
    stores: dict[str, Any] = {logical: store(names[logical]) for logical, store in STORES.items()}
    return Backend(
        users=stores["UsersTable"],
        identities=stores["IdentitiesTable"],
        passkeys=stores["PasskeysTable"],
        sessions=stores["SessionsTable"],
        api_keys=stores["ApiKeysTable"],
        tokens=stores["OneTimeTokensTable"],
        throttles=stores["ThrottlesTable"],
        audit=stores["AuditEventsTable"],
        documents=stores["ClientDocumentsTable"],
        transactions=DynamoTransactions(*stores.values()),
        contents=lambda: {logical: _scanned(name) for logical, name in names.items()},
        history=lambda user_id: _history_of_table(names["AuditEventsTable"], user_id),
    )


def _create(names: Mapping[str, str]) -> None:
    """Create the tables, and write and read one item, with a longer timeout than the stores have.

    A busy machine, or a Java process that has just started, takes longer than the stores' two seconds.
    """
    client = Session().create_client("dynamodb", config=Config(read_timeout=60))
    declared = template.tables()
    for logical, name in names.items():
        client.create_table(**template.creation(declared[logical], name))
    table, key = names["ThrottlesTable"], {"counter": {"S": "first"}}
    client.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": key}}])
    client.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": key}}])
    client.get_item(TableName=table, Key=key, ConsistentRead=True)
    client.close()


def _contents_of_world(world: World) -> dict[str, Any]:
    return {
        "UsersTable": dict(world.users),
        "IdentitiesTable": dict(world.identities),
        "PasskeysTable": dict(world.passkeys),
        "SessionsTable": dict(world.sessions),
        "ApiKeysTable": dict(world.api_keys),
        "OneTimeTokensTable": dict(world.tokens),
        "ThrottlesTable": (dict(world.counters), dict(world.parts)),
        "AuditEventsTable": {record.event_id: record for record in world.records},
        "ClientDocumentsTable": dict(world.documents),
    }


def _scanned(table_name: str) -> list[str]:
    client = connection().client
    pages = client.get_paginator("scan").paginate(TableName=table_name, ConsistentRead=True)
    return sorted(str(_ordered(item)) for page in pages for item in page["Items"])


def _ordered(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item with its names and sets sorted: DynamoDB returns them in any order."""
    return {name: {"SS": sorted(item[name]["SS"])} if "SS" in item[name] else item[name] for name in sorted(item)}


def _history_of_world(world: World, user_id: str) -> list[dict[str, Any]]:
    records = sorted((r for r in world.records if r.user_id == user_id), key=lambda r: r.event_id)
    return [
        {
            "event_id": record.event_id,
            "event": record.event,
            "source": record.caller.source,
            "user_agent": record.caller.user_agent,
            "detail": dict(record.detail),
            "expires_at": (record.at + AUDIT_KEPT).replace(microsecond=0),
        }
        for record in records
    ]


def _history_of_table(table_name: str, user_id: str) -> list[dict[str, Any]]:
    asked = {"KeyConditionExpression": "user_id = :it", "ExpressionAttributeValues": {":it": {"S": user_id}}}
    answer = connection().client.query(TableName=table_name, ConsistentRead=True, **asked)
    return [
        {
            "event_id": item["event_id"]["S"],
            "event": item["event"]["S"],
            "source": item["source"]["S"],
            "user_agent": item["user_agent"]["S"],
            "detail": {name: text["S"] for name, text in item["detail"]["M"].items()},
            "expires_at": datetime.fromtimestamp(int(item["expires_at"]["N"]), UTC),
        }
        for item in answer["Items"]
    ]
