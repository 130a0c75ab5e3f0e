"""What each function calls and computes when it is warm. ``tests/functions/test_round_trips.py`` holds every entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts import stacks

INDEXED = frozenset(
    name
    for name, resource in stacks.read(stacks.PROJECT / "template.yaml")["Resources"].items()
    if "GlobalSecondaryIndexes" in resource.get("Properties", {})
)


@dataclass(frozen=True)
class Call:
    """A call to AWS for a number of ``items``, of which some are ``indexed``: written to a table with an index."""

    name: str
    items: int = 1
    indexed: int = 0


def transaction(items: int, *, indexed: int = 0) -> Call:
    return Call("dynamodb.TransactWriteItems", items, indexed)


def counted(name: str, parameters: Mapping[str, Any]) -> Call:
    """The call that was made with these parameters. Reading or checking an item does not write its index."""
    if "RequestItems" in parameters:
        return Call(name, len(parameters["RequestItems"]))
    if "TransactItems" in parameters:
        writes = [next(iter(item.items())) for item in parameters["TransactItems"]]
        indexed = [kind for kind, item in writes if kind != "ConditionCheck" and item["TableName"] in INDEXED]
        return transaction(len(writes), indexed=len(indexed))
    changes = name.endswith(("PutItem", "UpdateItem", "DeleteItem"))
    return Call(name, indexed=int(changes and parameters["TableName"] in INDEXED))


GET, QUERY, PUT, UPDATE, QUEUE, SIGN, EMAIL = (
    Call("dynamodb.GetItem"),
    Call("dynamodb.Query"),
    Call("dynamodb.PutItem"),
    Call("dynamodb.UpdateItem"),
    Call("sqs.SendMessage"),
    Call("kms.Sign"),
    Call("sesv2.SendEmail"),
)
# A session, and the key that the request names.
GET_BOTH = Call("dynamodb.BatchGetItem", 2)
CALLS = {
    "signup": [UPDATE, transaction(1), QUEUE],
    "email_verify": [UPDATE, GET, GET, UPDATE, transaction(7, indexed=1)],
    "email_resend": [UPDATE, QUEUE],
    "login": [GET, UPDATE, transaction(4, indexed=1)],
    "password_forgot": [UPDATE, QUEUE],
    "password_reset": [UPDATE, GET, GET, GET, GET, transaction(6, indexed=2), QUEUE],
    "password_change": [GET, GET, GET, UPDATE, GET, GET, UPDATE, transaction(4, indexed=1), QUEUE],
    "reauthenticate": [GET, GET, GET, GET, UPDATE, transaction(5, indexed=2)],
    "email_change": [GET, GET, UPDATE, GET, transaction(2), QUEUE, QUEUE],
    "email_change_confirm": [GET, UPDATE, GET, GET, GET, transaction(6, indexed=1), QUEUE],
    "logout": [GET, transaction(3, indexed=1)],
    "session_show": [GET, GET],
    "session_list": [GET, QUERY],
    "session_revoke": [GET, GET, transaction(3, indexed=1)],
    "session_revoke_all": [GET, GET, transaction(4, indexed=2)],
    "activity_list": [GET, QUERY],
    "account_open": [GET, GET],
    "account_show": [GET, GET],
    "workspace_show": [GET, GET],
    "account_export": [GET, GET, QUERY, GET, QUERY, QUERY, QUERY],
    "account_update": [GET, UPDATE, GET, transaction(3)],
    "account_delete": [GET, GET, transaction(6, indexed=3)],
    "key_create": [GET, transaction(4, indexed=1), QUEUE],
    "key_list": [GET, QUERY],
    "key_update": [GET_BOTH, transaction(3, indexed=1)],
    "key_rotate": [GET_BOTH, transaction(5, indexed=2), QUEUE],
    "key_delete": [GET_BOTH, transaction(3, indexed=1), QUEUE],
    # One key whose owner is emailed.
    "key_expire": [QUERY, GET, QUEUE, transaction(1, indexed=1)],
    # GitHub's published example, whose token is no key. The list of keys is known, but this process has not read it.
    "key_report": [GET, UPDATE],
    "key_verify": [GET, GET],
    "operator_account_inspect": [GET, GET, GET, QUERY, QUERY, QUERY, QUERY, GET],
    "operator_account_disable": [GET, transaction(6, indexed=3)],
    "operator_account_enable": [GET],
    "operator_account_delete": [GET, transaction(6, indexed=3)],
    "operator_account_logout": [GET, transaction(4, indexed=2)],
    "operator_account_unlock": [GET, GET, transaction(2)],
    "operator_factor_reset": [GET, QUEUE, GET, transaction(2)],
    "operator_password_revoke": [GET, GET, transaction(5, indexed=2), QUEUE],
    "operator_key_revoke": [GET, transaction(3, indexed=1), QUEUE],
    # One email, to confirm a sign-up.
    "mailer": [PUT, GET, GET, UPDATE, UPDATE, transaction(1), GET, EMAIL, UPDATE],
    "mail_feedback": [GET, GET, transaction(3)],
    "authorizer": [GET],
    "client_token": [GET, GET, UPDATE, SIGN, transaction(5, indexed=1), QUEUE],
    "device_authorize": [UPDATE, transaction(2)],
    "device_consent": [GET, UPDATE, UPDATE, GET, GET, transaction(2)],
    # The previous request has read the public keys.
    "client_metadata": [],
    "client_document": [],
    "pages": [],
    "fallback": [],
}
# bcrypt hashes.
HASHES = {
    "signup": 1,
    "email_verify": 1,
    "login": 1,
    "password_reset": 1,
    "password_change": 2,
    "reauthenticate": 1,
}
# CPU time of a warm request without hashes, in raw signed GetItem calls: the last ratio of `make bench`, 2026-11.
CPU = {
    "signup": 12.3,
    "email_verify": 14.7,
    "email_resend": 2.7,
    "login": 13.8,
    "password_forgot": 2.7,
    "password_reset": 22.2,
    "password_change": 24.7,
    "reauthenticate": 15.5,
    "email_change": 8.9,
    "email_change_confirm": 6.2,
    "logout": 2.9,
    "session_show": 2.6,
    "session_list": 4.0,
    "session_revoke": 6.0,
    "session_revoke_all": 6.3,
    "activity_list": 3.3,
    "account_open": 3.8,
    "account_show": 2.4,
    "workspace_show": 2.4,
    "account_export": 10.2,
    "account_update": 6.1,
    "account_delete": 8.1,
    "key_create": 6.7,
    "key_list": 2.5,
    "key_update": 5.5,
    "key_rotate": 9.0,
    "key_delete": 5.6,
    "key_expire": 4.5,
    "key_report": 2.0,
    "key_verify": 2.7,
    "operator_account_inspect": 5.8,
    "operator_account_disable": 4.7,
    "operator_account_enable": 0.9,
    "operator_account_delete": 2.0,
    "operator_account_logout": 2.9,
    "operator_account_unlock": 2.8,
    "operator_factor_reset": 3.0,
    "operator_password_revoke": 3.7,
    "operator_key_revoke": 3.2,
    "mailer": 8.4,
    "mail_feedback": 3.5,
    "authorizer": 1.5,
    "client_token": 6.6,
    "device_authorize": 2.1,
    "device_consent": 6.6,
    "client_metadata": 0.1,
    # Without the fetch, which is two seconds at most.
    "client_document": 0.1,
    "pages": 0.1,
    "fallback": 0.1,
}
