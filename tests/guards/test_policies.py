"""Least privilege: each function's role allows what its use case needs, and no more."""

import copy
import json
from typing import Any

import pytest

from local import adapt
from tests.cloudformation import resources, template
from tests.guards import project

# SES checks the identity a mail comes from, which may be the address or its domain: the condition names the address.
_ANY_IDENTITY = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"
_ALLOWED = {
    "kms": {"GetPublicKey", "Sign", "Encrypt", "Decrypt"},
    "lambda": {"InvokeFunction"},
    "dynamodb": {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "ConditionCheckItem"},
    "secretsmanager": {"GetSecretValue"},
    "ses": {"SendEmail", "GetSuppressedDestination", "DeleteSuppressedDestination"},
    "sqs": {"SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"},
}
# A session and the API key that its owner names, in one round trip (docs/decisions/0092).
_READ_TOGETHER = {"key_delete", "key_rotate", "key_update"}
# Actions on the AWS account's own list, for which IAM has no resource.
_WITHOUT_RESOURCE = [["ses:GetSuppressedDestination", "ses:DeleteSuppressedDestination"]]
# They touch nothing but their own files. The function that fetches what strangers name must have nothing to steal.
_WITHOUT_ROLE = {"fallback", "pages", "client_document"}


@pytest.fixture(scope="module")
def translated() -> dict[str, Any]:
    """The template after SAM's transform."""
    somewhere = {"Bucket": "code", "Key": "code"}
    return adapt.translate(copy.deepcopy(template()), lambda _: dict(somewhere), {"Stage": "dev"})


def test_every_function_has_a_policy_of_its_own() -> None:
    """No role is shared, and no policy is managed."""
    functions = project.functions()
    assert {name for name, function in functions.items() if not function.get("Policies")} == _WITHOUT_ROLE
    assert [name for name, function in functions.items() if "Role" in function] == []
    inline = [function["Policies"] for function in functions.values() if "Policies" in function]
    assert {tuple(policy) for policy in inline} == {("Version", "Statement")}


def test_the_function_that_calls_strangers_has_nothing_to_steal(translated: dict[str, Any]) -> None:
    """SF-03: no permission but to write its log, no network but the internet, and no secret in its environment."""
    found = translated["Resources"]["ClientDocumentFunction"]["Properties"]
    role = translated["Resources"]["ClientDocumentFunctionRole"]["Properties"]
    assert {"Policies", "PermissionsBoundary"} & role.keys() == set()
    assert {"VpcConfig", "FileSystemConfigs"} & found.keys() == set()

    by_name = {name: json.dumps(it) for name, it in found["Environment"]["Variables"].items()}
    read = {name for name, text in by_name.items() if "SecretString" in text or "{{resolve" in text}
    hidden = {name for name, it in template()["Parameters"].items() if it.get("NoEcho")}
    assert read | {name for name, text in by_name.items() if any(f'"{it}"' in text for it in hidden)} == set()


@pytest.mark.parametrize("folder", project.FOLDERS)
def test_a_role_allows_only_listed_actions(folder: str) -> None:
    """No wildcards, no Scan, no administration, and BatchGet only where it reads two named items."""
    actions = [a for name, it in project.statements() if name == folder for a in project.listed(it["Action"])]
    assert ("dynamodb:BatchGetItem" in actions) == (folder in _READ_TOGETHER)
    actions = [a for a in actions if a != "dynamodb:BatchGetItem"]
    assert [a for a in actions if a.partition(":")[2] not in _ALLOWED.get(a.partition(":")[0], set())] == []


@pytest.mark.parametrize("folder", project.FOLDERS)
def test_a_role_reaches_named_resources_only(folder: str) -> None:
    """Resources of this template. SES identities are restricted by a condition on the sender instead."""
    own = set(template()["Resources"])
    for statement in [it for name, it in project.statements() if name == folder]:
        assert statement["Effect"] == "Allow"
        assert "NotAction" not in statement
        if statement["Resource"] == "*":
            assert statement["Action"] in _WITHOUT_RESOURCE
            continue
        named = [_named(resource) for resource in project.listed(statement["Resource"])]
        assert [name for name in named if name not in own and name != _ANY_IDENTITY] == []
        if _ANY_IDENTITY in named:
            assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}


def test_sam_adds_only_what_lambda_needs(translated: dict[str, Any]) -> None:
    """Permissions to write logs. Only Lambda may assume a role, and a schedule one that invokes its function."""
    roles = {name: it["Properties"] for name, it in translated["Resources"].items() if it["Type"] == "AWS::IAM::Role"}
    schedule = roles.pop("KeyExpireFunctionHourlyRole")
    assert _trusted(schedule) == {'{"Service": ["scheduler.amazonaws.com"]}'}
    (allowed,) = (it for policy in schedule["Policies"] for it in policy["PolicyDocument"]["Statement"])
    arn = {"Fn::GetAtt": ["KeyExpireFunction", "Arn"]}
    assert allowed == {"Action": "lambda:InvokeFunction", "Effect": "Allow", "Resource": arn}
    managed = {
        name: [arn.removeprefix("arn:aws:iam::aws:policy/service-role/") for arn in role["ManagedPolicyArns"]]
        for name, role in roles.items()
    }
    assert managed == {f"{name}Role": ["AWSLambdaBasicExecutionRole"] for name in resources(project.FUNCTION)}
    assert {principal for role in roles.values() for principal in _trusted(role)} == {
        '{"Service": ["lambda.amazonaws.com"]}'
    }


def _trusted(role: dict[str, Any]) -> set[str]:
    return {json.dumps(it["Principal"]) for it in role["AssumeRolePolicyDocument"]["Statement"]}


def test_indexes_are_only_queried() -> None:
    """Policies name the index, not the table with all its indexes."""
    indexed = [
        (project.listed(it["Action"]), resource["Fn::Sub"])
        for _, it in project.statements()
        for resource in project.listed(it["Resource"])
        if isinstance(resource, dict) and "/index/" in str(resource.get("Fn::Sub"))
    ]
    assert {tuple(actions) for actions, _ in indexed} == {("dynamodb:Query",)}
    tables = ("SessionsTable", "ApiKeysTable", "PasskeysTable")
    by_user = {f"${{{table}.Arn}}/index/by-user" for table in tables}
    assert {arn for _, arn in indexed} == by_user | {"${ApiKeysTable.Arn}/index/by-due"}


def test_only_the_mailer_sends_email() -> None:
    """So that an attacker who takes over a function that handles requests still cannot send email."""
    senders = {folder for folder, it in project.statements() if "ses:SendEmail" in project.listed(it["Action"])}
    assert senders == {"mailer"}


def test_only_the_mailer_reads_the_queue_of_emails() -> None:
    """A message contains an address, and deleting it would lose an email."""
    reading = [(folder, it["Resource"]) for folder, it in project.statements() if "sqs:ReceiveMessage" in it["Action"]]
    assert reading == [("mailer", {"Fn::GetAtt": ["MailQueue", "Arn"]})]


def test_queues_refuse_requests_without_tls() -> None:
    (policy,) = resources("AWS::SQS::QueuePolicy").values()
    assert policy["Queues"] == [{"Ref": name} for name in resources("AWS::SQS::Queue")]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_audit_records_can_be_added_and_not_changed() -> None:
    """Append-only, and read by account."""
    touching = {
        action
        for _, it in project.statements()
        if {"Fn::GetAtt": ["AuditEventsTable", "Arn"]} in project.listed(it["Resource"])
        for action in project.listed(it["Action"])
    }
    assert touching == {"dynamodb:PutItem", "dynamodb:Query"}


def test_only_api_gateways_of_this_account_may_call_the_authorizer() -> None:
    """Other callers could find out whose key they have."""
    permission = resources("AWS::Lambda::Permission")["AuthorizerPermission"]
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission["FunctionName"] == {"Ref": "AuthorizerFunction"}
    assert permission["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:*/authorizers/*")


def test_only_the_feedback_topic_may_invoke_its_function(translated: dict[str, Any]) -> None:
    """Reports are not signed, so only the topic may deliver them (EM-06)."""
    permissions = {
        name: it["Properties"]
        for name, it in translated["Resources"].items()
        if it["Type"] == "AWS::Lambda::Permission"
    }
    callers = [it for it in permissions.values() if it["FunctionName"] == {"Ref": "MailFeedbackFunction"}]
    assert callers == [
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "MailFeedbackFunction"},
            "Principal": "sns.amazonaws.com",
            "SourceArn": {"Ref": "MailFeedbackTopic"},
        }
    ]


def test_only_alarms_may_publish_to_the_alarm_topic() -> None:
    """Alarms of this AWS account only."""
    policy = resources("AWS::SNS::TopicPolicy")["AlarmTopicPolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert policy["Topics"] == [{"Ref": "AlarmTopic"}]
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", {"Ref": "AlarmTopic"})
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_only_ses_may_publish_to_the_feedback_topic() -> None:
    """For this deployment's configuration set only."""
    policy = resources("AWS::SNS::TopicPolicy")["MailFeedbackTopicPolicy"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    ours = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${MailConfigurationSet}"
    source = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}, "aws:SourceArn": {"Fn::Sub": ours}}
    assert policy["Topics"] == [{"Ref": "MailFeedbackTopic"}]
    assert statement == {
        "Sid": "ReportsOfOurMails",
        "Effect": "Allow",
        "Principal": {"Service": "ses.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": "MailFeedbackTopic"},
        "Condition": {"StringEquals": source},
    }


def test_bounces_and_complaints_go_to_the_feedback_topic() -> None:
    """The mailer sends every email with that configuration set. Clicks and opens are not tracked (EM-07)."""
    (destination,) = resources("AWS::SES::ConfigurationSetEventDestination").values()
    assert destination["ConfigurationSetName"] == {"Ref": "MailConfigurationSet"}
    assert destination["EventDestination"] == {
        "Name": "feedback",
        "Enabled": True,
        "MatchingEventTypes": ["bounce", "complaint"],
        "SnsDestination": {"TopicARN": {"Ref": "MailFeedbackTopic"}},
    }


def test_the_key_is_open_to_this_account_alone() -> None:
    """A principal with a wildcard must call from this account, through a service that the stack uses."""
    statements = resources("AWS::KMS::Key")["DataKey"]["KeyPolicy"]["Statement"]
    anybody = [it for it in statements if it["Principal"] == {"AWS": "*"}]
    assert [it["Condition"]["StringEquals"]["kms:CallerAccount"] for it in anybody] == [{"Ref": "AWS::AccountId"}]
    assert [len(it["Condition"]["StringEquals"]["kms:ViaService"]) for it in anybody] == [3]


def test_only_the_gateway_the_topic_and_authorized_apis_invoke_functions(translated: dict[str, Any]) -> None:
    """No function has a URL, and functions with routes are invoked by this API only (DA-11)."""
    found = translated["Resources"].values()
    assert [it for it in found if it["Type"] == "AWS::Lambda::Url"] == []
    permissions = [it["Properties"] for it in found if it["Type"] == "AWS::Lambda::Permission"]
    gateway = "apigateway.amazonaws.com"
    routed = {(f"{folder.title().replace('_', '')}Function", gateway) for _, _, folder in project.routes()}
    others = {("AuthorizerFunction", gateway), ("MailFeedbackFunction", "sns.amazonaws.com")}
    called = [(it["FunctionName"]["Ref"], it["Principal"], json.dumps(it["SourceArn"])) for it in permissions]
    assert {(function, principal) for function, principal, _ in called} == routed | others
    assert [it for it in called if it[:2] not in others and '{"Ref": "HttpApi"}' not in it[2]] == []


def test_key_policies_allow_only_what_each_key_is_for() -> None:
    """The statements of the data key; the signing keys are governed by IAM alone (DA-05)."""
    account = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    administration = {
        "Sid": "Administration",
        "Effect": "Allow",
        "Principal": {"AWS": account},
        "Action": "kms:*",
        "Resource": "*",
    }
    keys = resources("AWS::KMS::Key")
    data = {it["Sid"]: it for it in keys["DataKey"]["KeyPolicy"]["Statement"]}
    using = {"kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}
    publishing = {"kms:GenerateDataKey*", "kms:Decrypt"}
    assert list(data) == ["Administration", "ThroughServices", "MailFeedback", "Alarms", "Logs"]
    assert data["Administration"] == administration
    assert {name: set(it["Action"]) for name, it in data.items() if it != administration} == {
        "ThroughServices": using | {"kms:CreateGrant"},
        "MailFeedback": publishing,
        "Alarms": publishing,
        "Logs": using,
    }
    assert data["ThroughServices"]["Condition"]["StringEquals"]["kms:ViaService"] == [
        {"Fn::Sub": f"{service}.${{AWS::Region}}.amazonaws.com"} for service in ("dynamodb", "sqs", "secretsmanager")
    ]
    logs = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"
    assert data["Logs"]["Condition"] == {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": {"Fn::Sub": logs}}}
    for name in ("SigningKeyA", "SigningKeyB"):
        assert (keys[name]["KeySpec"], keys[name]["KeyUsage"]) == ("ECC_NIST_P256", "SIGN_VERIFY")
        assert keys[name]["KeyPolicy"]["Statement"] == [administration]


def _named(resource: object) -> str:
    """The logical id in a reference to a resource of this template, or else the text itself."""
    match resource:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]}:
            return name
        case {"Fn::Sub": str(text)} if text.endswith("configuration-set/${MailConfigurationSet}"):
            return "MailConfigurationSet"
        case {"Fn::Sub": str(text)} if text.endswith(("/index/by-user", "/index/by-due")):
            return text.removeprefix("${").partition(".")[0]
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            return json.dumps(resource)


@pytest.mark.parametrize("folder", project.FOLDERS)
def test_a_role_reaches_what_the_handler_names_and_nothing_else(folder: str) -> None:
    """Every table, secret and queue that the deployment reads from the settings while the handler is imported.

    Lambda reads the queue of emails for the mailer, which does not name it.
    """
    environment = template()["Globals"]["Function"]["Environment"]["Variables"]
    stateful = {
        *resources("AWS::DynamoDB::Table"),
        *resources("AWS::SecretsManager::Secret"),
        *resources("AWS::SQS::Queue"),
    }
    asked = project.settings_read(folder)
    references = (environment.get(name) for name in asked)
    meant = {it["Ref"] for it in references if isinstance(it, dict) and "Ref" in it}
    reached = {
        _named(arn) for name, it in project.statements() if name == folder for arn in project.listed(it["Resource"])
    }
    read_by_lambda = {"MailQueue"} if folder == "mailer" else set()
    assert reached & stateful == (meant & stateful) | read_by_lambda
