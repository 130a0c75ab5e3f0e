"""Items keep the attribute names and types of the deployed tables, and old items are still read."""

from collections.abc import Mapping
from copy import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import Struct

from accounts.dynamo.mapping import Item
from accounts.limits import SESSION_IDLE
from accounts.model import api_keys, identities, one_time_tokens, sessions, users
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller, Record
from accounts.model.identities import Identity
from accounts.model.one_time_tokens import OneTimeToken
from accounts.model.sessions import Session
from accounts.model.users import User
from accounts.transactions import Change
from tests.contract import wire
from tests.contract.backends import STORES, Backend

THEN = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
ENDS = datetime(2026, 3, 2, 12, 30, 15, tzinfo=UTC)
THEN_STORED, ENDS_STORED = {"S": "2026-03-01T12:30:15.123456+0000"}, {"N": "1772454615"}
CALLER = Caller("192.0.2.0", "Mözilla")
USER = User(
    user_id="ann",
    email="ann@example.com",
    name="Zoë",
    created_at=THEN,
    updated_at=THEN,
    status="disabled",
    sessions={"s1": ENDS},
    api_keys=frozenset({"k1"}),
    identities=frozenset({"google#1"}),
    unlinked=frozenset({"github#2"}),
    mail_problem="bounce",
    secured_at=THEN,
    revision=7,
)
IDENTITY = Identity(
    key="email#ann@example.com",
    user_id="ann",
    email="ann@example.com",
    name="",
    created_at=THEN,
    updated_at=THEN,
    password_hash="hash",
    password_set_with="github",
    password_set_in="s1",
    verified=True,
    disabled=True,
    pending_token="t1",
    expires_at=ENDS,
    confirming_browser="b1",
    for_account="ann",
    pending_change="t2",
    wanted_email="new@example.com",
    wanted_at=THEN,
    secured_at=THEN,
    streak=3,
    known_streak=4,
    known_browsers=("d1", "d2"),
    undeliverable="complaint",
)
SESSION = Session(
    digest="s1",
    user_id="ann",
    method="password",
    remembered=True,
    authenticated_at=THEN,
    last_seen_at=THEN,
    expires_at=ENDS,
    idle=timedelta(hours=36),
    caller=CALLER,
    client_id="comfy-cli",
    scope="account",
    refresh="r2",
    refresh_previous="r1",
    refresh_salt="salt",
    refreshed_at=THEN,
    second_factor="totp",
    proven_at=THEN,
)
API_KEY = ApiKey("k1", "ann", "key", "", "comfyui-12345678", THEN, THEN, "192.0.2.0", "Mözilla", ENDS)
TOKEN = OneTimeToken("password-reset", "t1", "ann", THEN, ENDS, {"näme": "value", "empty": ""})
RECORD = Record("ann", "authn_login_success", THEN, CALLER, {"method": "password"}, "abcdefgh")
GOLDEN: Mapping[str, tuple[Change, Item]] = {
    "UsersTable": (
        users.Open(USER),
        {
            "user_id": {"S": "ann"},
            "api_keys": {"SS": ["k1"]},
            "created_at": THEN_STORED,
            "email": {"S": "ann@example.com"},
            "identities": {"SS": ["google#1"]},
            "mail_problem": {"S": "bounce"},
            "name": {"S": "Zoë"},
            "revision": {"N": "7"},
            "secured_at": THEN_STORED,
            "sessions": {"M": {"s1": {"N": "1772454615"}}},
            "status": {"S": "disabled"},
            "unlinked": {"SS": ["github#2"]},
            "updated_at": THEN_STORED,
        },
    ),
    "IdentitiesTable": (
        identities.Signup(IDENTITY),
        {
            "identity": {"S": "email#ann@example.com"},
            "known_streak": {"N": "4"},
            "streak": {"N": "3"},
            "confirming_browser": {"S": "b1"},
            "created_at": THEN_STORED,
            "devices": {"L": [{"S": "d1"}, {"S": "d2"}]},
            "disabled": {"BOOL": True},
            "email": {"S": "ann@example.com"},
            "expires_at": ENDS_STORED,
            "for_account": {"S": "ann"},
            "name": {"S": ""},
            "password_hash": {"S": "hash"},
            "password_set_in": {"S": "s1"},
            "password_set_with": {"S": "github"},
            "pending_change": {"S": "t2"},
            "pending_token": {"S": "t1"},
            "secured_at": THEN_STORED,
            "undeliverable": {"S": "complaint"},
            "updated_at": THEN_STORED,
            "user_id": {"S": "ann"},
            "verified": {"BOOL": True},
            "version": {"N": "0"},
            "wanted_at": THEN_STORED,
            "wanted_email": {"S": "new@example.com"},
        },
    ),
    "SessionsTable": (
        sessions.Start(SESSION),
        {
            "digest": {"S": "s1"},
            "authenticated_at": THEN_STORED,
            "client_id": {"S": "comfy-cli"},
            "expires_at": ENDS_STORED,
            "idle_seconds": {"N": "129600"},
            "last_seen_at": THEN_STORED,
            "method": {"S": "password"},
            "proven_at": THEN_STORED,
            "refresh_digest": {"S": "r2"},
            "refresh_previous": {"S": "r1"},
            "refresh_salt": {"S": "salt"},
            "refreshed_at": THEN_STORED,
            "remembered": {"BOOL": True},
            "scope": {"S": "account"},
            "second_factor": {"S": "totp"},
            "source": {"S": "192.0.2.0"},
            "user_agent": {"S": "Mözilla"},
            "user_id": {"S": "ann"},
        },
    ),
    "ApiKeysTable": (
        api_keys.Add(API_KEY),
        {
            "digest": {"S": "k1"},
            "created_at": THEN_STORED,
            "description": {"S": ""},
            "expires_at": {"S": f"{ENDS:%Y-%m-%dT%H:%M:%S}.000000+0000"},
            "key_prefix": {"S": "comfyui-12345678"},
            "last_used_at": THEN_STORED,
            "last_used_agent": {"S": "Mözilla"},
            "last_used_source": {"S": "192.0.2.0"},
            "name": {"S": "key"},
            "swept_at": {"N": str(int(ENDS_STORED["N"]) + 30 * 24 * 60 * 60)},
            "user_id": {"S": "ann"},
        },
    ),
    "OneTimeTokensTable": (
        one_time_tokens.Issue(TOKEN),
        {
            "token": {"S": "password-reset#t1"},
            "data": {"M": {"näme": {"S": "value"}, "empty": {"S": ""}}},
            "expires_at": ENDS_STORED,
            "issued_at": THEN_STORED,
            "subject": {"S": "ann"},
        },
    ),
    "AuditEventsTable": (
        RECORD,
        {
            "user_id": {"S": "ann"},
            "event_id": {"S": "authn_login_success#2026-03-01T12:30:15.123456+00:00#abcdefgh"},
            "at": {"S": "2026-03-01T12:30:15.123456+00:00"},
            "detail": {"M": {"method": {"S": "password"}}},
            "event": {"S": "authn_login_success"},
            "expires_at": {"N": "1803904215"},
            "source": {"S": "192.0.2.0"},
            "user_agent": {"S": "Mözilla"},
        },
    ),
}
# Each noun, read from an item without its optional attributes: they were empty, or were added later.
_NO_LINKS = dict.fromkeys(
    (
        "password_hash",
        "password_set_with",
        "password_set_in",
        "pending_token",
        "expires_at",
        "confirming_browser",
        "for_account",
        "pending_change",
        "wanted_email",
        "wanted_at",
    )
)
BARE: Mapping[str, Struct] = {
    "UsersTable": replace(
        USER, **dict.fromkeys(("api_keys", "identities", "unlinked"), frozenset()), mail_problem=None, secured_at=None
    ),
    "IdentitiesTable": replace(
        IDENTITY, **_NO_LINKS, secured_at=None, undeliverable=None, known_browsers=(), streak=0, known_streak=0
    ),
    "SessionsTable": replace(
        SESSION,
        idle=SESSION_IDLE,
        client_id="",
        scope="",
        refresh="",
        refresh_previous="",
        refresh_salt="",
        refreshed_at=None,
        second_factor="",
        proven_at=None,
    ),
    "ApiKeysTable": replace(API_KEY, last_used_at=None, last_used_source="", last_used_agent="", expires_at=None),
    "OneTimeTokensTable": replace(TOKEN, data={}),
}
OPTIONAL: Mapping[str, set[str]] = {
    "UsersTable": {"api_keys", "identities", "unlinked", "mail_problem", "secured_at"},
    "IdentitiesTable": {*_NO_LINKS, "secured_at", "undeliverable", "devices", "streak", "known_streak"},
    "SessionsTable": {
        "idle_seconds",
        "client_id",
        "scope",
        "refresh_digest",
        "refresh_previous",
        "refresh_salt",
        "refreshed_at",
        "second_factor",
        "proven_at",
    },
    "ApiKeysTable": {"last_used_at", "last_used_source", "last_used_agent", "expires_at", "swept_at"},
    "OneTimeTokensTable": {"data"},
}
# Always written; only items that are older than the attribute lack it.
_ALWAYS_WRITTEN = {"idle_seconds": {"N": "3600"}}


def _bare(table: str) -> Item:
    """The golden item without its optional attributes."""
    return {name: value for name, value in GOLDEN[table][1].items() if name not in OPTIONAL[table]}


@pytest.mark.parametrize("table", GOLDEN)
def test_a_stored_item_keeps_its_format(dynamo: Backend, table: str) -> None:
    """Deployed tables hold items with these attribute names, types and values."""
    change, item = GOLDEN[table]
    with wire.watched() as seen:
        dynamo.commit(change)

    assert seen[0][1]["TransactItems"][0]["Put"]["Item"] == item


@pytest.mark.parametrize("table", OPTIONAL)
def test_an_old_item_without_optional_attributes_is_read(table: str) -> None:
    """Each missing attribute reads as the field's default."""
    assert STORES[table].mapping.noun(_bare(table)) == BARE[table]


def test_a_record_of_version_0_2_0_is_read() -> None:
    """Its id begins with the time."""
    item = GOLDEN["AuditEventsTable"][1] | {"event_id": {"S": "2026-03-01T12:30:15.123456+00:00#abcdefgh"}}

    assert STORES["AuditEventsTable"].mapping.noun({name: it for name, it in item.items() if name != "at"}) == RECORD


@pytest.mark.parametrize("table", OPTIONAL)
def test_an_empty_field_has_no_attribute(table: str) -> None:
    """Neither empty text nor NULL is stored."""
    written = {name: value for name, value in _ALWAYS_WRITTEN.items() if name in OPTIONAL[table]}

    assert STORES[table].mapping.item(BARE[table]) == _bare(table) | written


def test_null_reads_as_a_missing_attribute() -> None:
    """Other programs may write DynamoDB's NULL type."""
    _, item = GOLDEN["ApiKeysTable"]

    assert STORES["ApiKeysTable"].mapping.noun(item | {"last_used_at": {"NULL": True}}) == replace(
        API_KEY, last_used_at=None
    )
