"""AWS as the template describes it, emulated in this process by moto. Records every call, and can make calls fail."""

import copy
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.session import get_session
from moto import mock_aws
from moto.backends import get_backend
from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends

from accounts.model import scanner_keys
from scripts.sam_local import made_up
from tests import cloudformation
from tests.functions.roles import Account, Roles
from tests.quicker_moto import quicker

ACCOUNT, REGION = "123456789012", "us-east-1"
SITE_URL = "https://accounts.example.com"
PEPPER = "pepper-of-the-function-tests-canary-" + "p" * 32
PROOF_SECRET = "a-proof-secret-of-the-tests-000000000000000000000"
ADMIN_SECRET = "sample-admin-secret-of-the-events-folder-0000000"
QUEUE_URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/MailQueue"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:MailFeedbackTopic"
MAIL_FROM = "accounts@example.com"
SUPPORT_URL = "https://support.example.com/"
CLOUD, STORE = "https://cloud.example.com/mcp", "https://store.example.com"
RESOURCES = f"{CLOUD}|Comfy Cloud|jobs:read=See your jobs|jobs:write=Start jobs;{STORE}|Comfy Store|orders=See orders"
# moto accepts only ids of KMS's format.
SIGNING_KEYS = {f"SigningKey{name}": f"{name * 8}-0000-4000-8000-{name * 12}".lower() for name in "AB"}
FACTOR_KEY = "cccccccc-0000-4000-8000-cccccccccccc"
_PARAMETERS = {
    **SIGNING_KEYS,
    "SecondFactorKey": FACTOR_KEY,
    "Stage": "dev",
    "SiteUrl": SITE_URL,
    "SupportUrl": SUPPORT_URL,
    "MailFrom": MAIL_FROM,
    "BreachedPasswordLookup": "off",
    "OAuthResources": RESOURCES,
    # A Ref to a queue is its URL, and to a topic its ARN.
    "MailQueue": QUEUE_URL,
    "MailFeedbackTopic": TOPIC,
}
ENVIRONMENT = {
    **cloudformation.environment(_PARAMETERS),
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_LAMBDA_FUNCTION_NAME": "function-under-test",
}
# By the names in the environment.
DEPLOYED = Account(
    REGION,
    ACCOUNT,
    SIGNING_KEYS
    | {
        "SecondFactorKey": FACTOR_KEY,
        "MailFrom": MAIL_FROM,
        "ClientDocumentFunction": ENVIRONMENT["CLIENT_DOCUMENT_FUNCTION"],
    },
)
_SECRETS = {
    "PepperSecret": json.dumps({"current": "1", "1": PEPPER}),
    "AdminSecret": ADMIN_SECRET,
    "ProofSecret": PROOF_SECRET,
}
# moto keeps the senders of `sesv2` in `ses`.
_SERVICES = ("dynamodb", "sqs", "secretsmanager", "kms", "ses")
_MAKE_API_CALL = BaseClient._make_api_call


@dataclass(frozen=True)
class Call:
    service: str
    operation: str
    parameters: dict[str, Any]

    @property
    def name(self) -> str:
        """Such as ``dynamodb.GetItem``."""
        return f"{self.service}.{self.operation}"


def unreachable(call: Call) -> Exception:
    """No connection."""
    return EndpointConnectionError(endpoint_url=f"https://{call.service}.invalid")


def denied(call: Call) -> Exception:
    """An error response."""
    return ClientError({"Error": {"Code": "InternalServerError", "Message": "canary-of-aws"}}, call.operation)


@dataclass
class Cloud:
    """``calls`` are all calls; ``failing`` maps a service or a call to the error that it must raise, or None.

    ``secrets`` replace stored secrets. ``documents`` are what the function that fetches documents answers, by URL.
    ``suppressed`` is SES's suppression list with its reasons, which moto lacks.
    ``roles`` refuse a handler what the template does not allow.
    """

    calls: list[Call] = field(default_factory=list)
    failing: dict[str, Callable[[Call], Exception | None]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {scanner_keys.URL: {"text": made_up.SCANNER_KEYS, "fresh_seconds": 60}}
    )
    suppressed: dict[str, str] = field(default_factory=dict)
    roles: Roles = field(default_factory=lambda: Roles(DEPLOYED))
    _fails_at: int | None = None

    def fail_at(self, number: int | None) -> None:
        """Make one call fail: the one after ``number`` more."""
        self._fails_at = None if number is None else len(self.calls) + number

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Record every call of every client from now on."""

        def make_api_call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
            return self.make_api_call(client, operation, parameters)

        patch.setattr(BaseClient, "_make_api_call", make_api_call)

    def make_api_call(self, client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        """Replaces botocore's own method."""
        call = Call(client.meta.service_model.service_name, operation, parameters)
        self.calls.append(call)
        failure = self.failing.get(call.service) or self.failing.get(call.name)
        error = failure(call) if failure is not None else None
        if error is not None:
            raise error
        if len(self.calls) - 1 == self._fails_at:
            raise unreachable(call)
        self.roles.check(call.service, operation, parameters)
        if call.operation.endswith("SuppressedDestination"):
            return self._listed(call.operation, parameters["EmailAddress"])
        if call.name == "lambda.Invoke":
            return self._fetch(json.loads(parameters["Payload"])["url"])
        if call.service == "secretsmanager" and parameters["SecretId"] in self.secrets:
            return {"SecretString": self.secrets[parameters["SecretId"]]}
        return _MAKE_API_CALL(client, operation, parameters)

    def _listed(self, operation: str, address: str) -> dict[str, Any]:
        if address not in self.suppressed:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, operation)
        reason = self.suppressed[address]
        if operation == "DeleteSuppressedDestination":
            del self.suppressed[address]
        return {"SuppressedDestination": {"EmailAddress": address, "Reason": reason}}

    def _fetch(self, url: str) -> dict[str, Any]:
        """Answer for the function that fetches documents, which is tested by itself."""
        answer = self.documents.get(url, {"problem": "unreachable"})
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        stored = dynamodb_backends[ACCOUNT][REGION].tables
        return {
            name: sorted((item.to_json()["Attributes"] for item in table.all_items()), key=json.dumps)
            for name, table in stored.items()
        }

    def empty_tables(self) -> None:
        for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
            table.items.clear()

    def copy_of_tables(self) -> dict[str, Any]:
        return {name: copy.deepcopy(table.items) for name, table in dynamodb_backends[ACCOUNT][REGION].tables.items()}

    def restore_tables(self, items: dict[str, Any]) -> None:
        for name, table in dynamodb_backends[ACCOUNT][REGION].tables.items():
            table.items = copy.deepcopy(items[name])

    def but_counters(self) -> dict[str, list[dict[str, Any]]]:
        """Every item except the counters of attempts, which are raised even if the attempt fails."""
        return {name: items for name, items in self.tables().items() if name != "ThrottlesTable"}

    def queued(self) -> list[str]:
        """The bodies of all messages sent to the mail queue, the oldest first."""
        return [call.parameters["MessageBody"] for call in self.calls if call.name == "sqs.SendMessage"]

    def mails(self) -> list[dict[str, Any]]:
        """The emails that SES was called to send."""
        return [call.parameters for call in self.calls if call.name == "sesv2.SendEmail"]

    def mailed_text(self) -> str:
        """The text of the newest email."""
        text: str = self.mails()[-1]["Content"]["Simple"]["Body"]["Text"]["Data"]
        return text

    def mailed_token(self) -> str:
        """The token of the link in the newest email."""
        [token] = re.findall(r"#token=([\w-]{43})\b", self.mailed_text())
        return str(token)


def _make_signing_keys(keys: BaseClient) -> None:
    """Create the signing keys under their names in the environment."""
    for name in SIGNING_KEYS.values():
        made = keys.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        known = kms_backends[ACCOUNT][REGION].keys
        known[name] = known[made]
    known[FACTOR_KEY] = known[keys.create_key()["KeyMetadata"]["KeyId"]]
    # The same in each test file: tables are arranged once for several.
    known[FACTOR_KEY].key_material = b"32 bytes for second factor tests"


# What the first test file of this process created, by service. Each test empties the tables; nothing else is changed.
_created: dict[str, dict[str, Any]] = {}


@contextmanager
def running() -> Iterator[None]:
    """AWS with the tables, the queue, the secrets and the sender that the template describes."""
    with mock_aws(), quicker():
        if _created:
            for service, state in _created.items():
                vars(_backend(service)).update(state)
        else:
            _create()
            _created.update({service: dict(vars(_backend(service))) for service in _SERVICES})
        yield


def _backend(service: Any) -> Any:
    return get_backend(service)[ACCOUNT][REGION]


def _create() -> None:
    session = get_session()
    database = session.create_client("dynamodb", region_name=REGION)
    for table in cloudformation.tables():
        database.create_table(**table)
    session.create_client("sqs", region_name=REGION).create_queue(QueueName="MailQueue")
    secrets = session.create_client("secretsmanager", region_name=REGION)
    for name in cloudformation.resources("AWS::SecretsManager::Secret"):
        secrets.create_secret(Name=name, SecretString=_SECRETS.get(name, "{}"))
    _make_signing_keys(session.create_client("kms", region_name=REGION))
    mail = session.create_client("sesv2", region_name=REGION)
    mail.create_email_identity(EmailIdentity=MAIL_FROM)
    mail.create_configuration_set(ConfigurationSetName="MailConfigurationSet")
