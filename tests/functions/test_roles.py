"""The emulated roles of these tests refuse what the template does not allow, as IAM does."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from accounts.aws import clients
from tests.functions.cloud import DEPLOYED, MAIL_FROM, QUEUE_URL, SIGNING_KEYS, Cloud
from tests.functions.roles import Permission, acting_as, needs, permissions

_KEY_A, _KEY_B = SIGNING_KEYS.values()


def _arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{rest}"


def _item(kind: str, table: str) -> dict[str, Any]:
    return {kind: {"TableName": table, "Key": {}}}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "asked"),
    [
        (
            "dynamodb",
            "TransactWriteItems",
            {
                "TransactItems": [
                    _item("Put", "A"),
                    _item("Update", "B"),
                    _item("Delete", "A"),
                    _item("ConditionCheck", "C"),
                ]
            },
            [
                ("dynamodb:PutItem", _arn("dynamodb", "table/A")),
                ("dynamodb:UpdateItem", _arn("dynamodb", "table/B")),
                ("dynamodb:DeleteItem", _arn("dynamodb", "table/A")),
                ("dynamodb:ConditionCheckItem", _arn("dynamodb", "table/C")),
            ],
        ),
        ("dynamodb", "Query", {"TableName": "A"}, [("dynamodb:Query", _arn("dynamodb", "table/A"))]),
        (
            "dynamodb",
            "Query",
            {"TableName": "A", "IndexName": "by-user"},
            [("dynamodb:Query", _arn("dynamodb", "table/A/index/by-user"))],
        ),
        (
            "dynamodb",
            "BatchGetItem",
            {"RequestItems": {"A": {}, "B": {}}},
            [("dynamodb:BatchGetItem", _arn("dynamodb", f"table/{name}")) for name in "AB"],
        ),
        ("kms", "Sign", {"KeyId": _KEY_B}, [("kms:Sign", _arn("kms", f"key/{_KEY_B}"))]),
        ("sqs", "SendMessage", {"QueueUrl": QUEUE_URL}, [("sqs:SendMessage", _arn("sqs", "MailQueue"))]),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": "AdminSecret"},
            [("secretsmanager:GetSecretValue", _arn("secretsmanager", "secret:AdminSecret"))],
        ),
        (
            "sesv2",
            "SendEmail",
            {"FromEmailAddress": "Name <a@example.com>", "ConfigurationSetName": "Set"},
            [
                ("ses:SendEmail", _arn("ses", "identity/a@example.com")),
                ("ses:SendEmail", _arn("ses", "configuration-set/Set")),
            ],
        ),
    ],
)
def test_a_call_needs_what_iam_evaluates(
    service: str, operation: str, parameters: dict[str, Any], asked: list[tuple[str, str]]
) -> None:
    """Each part of a transaction; an index apart from its table; an email's identity and configuration set."""
    assert [(need.action, need.resource) for need in needs(DEPLOYED, service, operation, parameters)] == asked


def test_a_role_has_the_permissions_of_its_policies() -> None:
    """With references resolved, and the condition for sending email."""
    own_sender = (("ses:FromAddress", MAIL_FROM),)
    assert permissions(DEPLOYED, "session_list") == (
        Permission("session_list", "dynamodb:GetItem", _arn("dynamodb", "table/SessionsTable")),
        Permission("session_list", "dynamodb:UpdateItem", _arn("dynamodb", "table/SessionsTable")),
        Permission("session_list", "dynamodb:Query", _arn("dynamodb", "table/SessionsTable/index/by-user")),
    )
    assert permissions(DEPLOYED, "client_metadata") == tuple(
        Permission("client_metadata", "kms:GetPublicKey", _arn("kms", f"key/{key}")) for key in (_KEY_A, _KEY_B)
    )
    assert permissions(DEPLOYED, "mailer")[-2:] == (
        Permission("mailer", "ses:SendEmail", _arn("ses", "identity/*"), own_sender),
        Permission("mailer", "ses:SendEmail", _arn("ses", "configuration-set/MailConfigurationSet"), own_sender),
    )


@pytest.mark.parametrize(
    ("service", "method", "parameters"),
    [
        ("secretsmanager", "get_secret_value", {"SecretId": "AdminSecret"}),
        ("secretsmanager", "put_secret_value", {"SecretId": "PepperSecret", "SecretString": "mine"}),
        ("dynamodb", "scan", {"TableName": "IdentitiesTable"}),
        ("dynamodb", "query", {"TableName": "SessionsTable", "IndexName": "by-user"}),
        ("dynamodb", "get_item", {"TableName": "ApiKeysTable", "Key": {"digest": {"S": "x"}}}),
        (
            "dynamodb",
            "transact_write_items",
            {"TransactItems": [_item("Update", "UsersTable"), _item("Put", "UsersTable")]},
        ),
        ("kms", "sign", {"KeyId": _KEY_A, "Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}),
        ("sqs", "receive_message", {"QueueUrl": QUEUE_URL}),
        ("sns", "publish", {"TopicArn": "x", "Message": "x"}),
    ],
)
def test_a_compromised_login_function_is_confined_to_its_role(
    aws: Cloud, service: str, method: str, parameters: dict[str, Any]
) -> None:
    """Other calls are refused, and so is a transaction with one part that is not allowed."""
    with acting_as("login"), pytest.raises(ClientError) as refused:
        getattr(clients.client(service), method)(**parameters)

    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert aws.roles.used <= set(permissions(DEPLOYED, "login"))


def test_the_mailer_cannot_send_from_another_address(aws: Cloud) -> None:
    """Its role requires the deployment's sender."""
    mail = {
        "FromEmailAddress": "Comfy <ceo@example.com>",
        "ConfigurationSetName": "MailConfigurationSet",
        "Destination": {"ToAddresses": ["person@example.com"]},
        "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
    }
    with acting_as("mailer"), pytest.raises(ClientError, match="ses:SendEmail on resource"):
        clients.client("sesv2").send_email(**mail)

    assert aws.roles.used == set()
