"""IAM for the emulated AWS: a running handler may call what template.yaml allows its function, and nothing else."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from email.utils import parseaddr
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from string import Template
from typing import Any

from botocore.exceptions import ClientError

from tests import cloudformation

# The action that IAM requires for each part of a transaction, which has no action of its own.
_PARTS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}
_ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{place}:table/{name}",
    "AWS::Serverless::Function": "arn:aws:lambda:{place}:function:{name}",
    "AWS::KMS::Key": "arn:aws:kms:{place}:key/{name}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{place}:secret:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{place}:{name}",
}
_running: ContextVar[str] = ContextVar("the function whose handler runs", default="")


@contextmanager
def acting_as(function: str) -> Iterator[None]:
    """Calls of this thread are made by that function."""
    before = _running.set(function)
    try:
        yield
    finally:
        _running.reset(before)


@dataclass(frozen=True)
class Need:
    """The action, resource and condition keys that IAM evaluates for a call."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Permission:
    """One action on one resource, under its statement's conditions."""

    function: str
    action: str
    resource: str
    conditions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Such as ``login dynamodb:GetItem table/UsersTable``."""
        return f"{self.function} {self.action} {self.resource.split(':', 5)[-1]}"

    def covers(self, need: Need) -> bool:
        """Whether it allows what the call needs."""
        fits = self.action == need.action and fnmatchcase(need.resource, self.resource)
        return fits and all(need.context.get(key) == value for key, value in self.conditions)


@dataclass(frozen=True, eq=False)
class Account:
    """An AWS account that the template is deployed into: parameter values and resource names."""

    region: str
    number: str
    values: Mapping[str, str]

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource by type and name."""
        return _ARNS[kind].format(place=f"{self.region}:{self.number}", name=name)

    def resolved(self, value: object) -> str:
        """The value of a reference in a policy. One that is not understood raises an error."""
        match value:
            case "*":
                return value
            case {"Fn::GetAtt": [str(name), "Arn"]}:
                return self._arns[name]
            case {"Ref": str(name)} if name in cloudformation.resources("AWS::SecretsManager::Secret"):
                return self._arns[name]
            case {"Ref": str(name)}:
                return self.values[name]
            case {"Fn::Sub": str(text)}:
                return _Text(text).substitute(self._substitutes)
        raise ValueError(value)

    @cached_property
    def _arns(self) -> dict[str, str]:
        resources = cloudformation.template()["Resources"].items()
        kinds = {name: it["Type"] for name, it in resources if it["Type"] in _ARNS}
        return {name: self.arn(kind, self.values.get(name, name)) for name, kind in kinds.items()}

    @cached_property
    def _substitutes(self) -> dict[str, str]:
        pseudo = {"AWS::Partition": "aws", "AWS::Region": self.region, "AWS::AccountId": self.number}
        names = {name: name for name in cloudformation.template()["Resources"]}
        return names | dict(self.values) | {f"{name}.Arn": arn for name, arn in self._arns.items()} | pseudo


class _Text(Template):
    braceidpattern = r"[A-Za-z0-9:.]+"


@cache
def permissions(account: Account, function: str) -> tuple[Permission, ...]:
    """Everything that the function's policies allow, one by one."""
    return tuple(
        Permission(function, action, account.resolved(resource), _conditions(account, statement))
        for statement in cloudformation.statements(_functions()[function])
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    )


@dataclass
class Roles:
    """Every function's role. ``used`` are the permissions that were needed; ``lacking`` is removed from its role."""

    account: Account
    used: set[Permission] = field(default_factory=set)
    lacking: Permission | None = None

    def check(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Refuse a call of the running handler that its role does not allow."""
        function = _running.get()
        for need in needs(self.account, service, operation, parameters) if function else ():
            allowing = {it for it in permissions(self.account, function) if it.covers(need)}
            self.used |= allowing
            if not allowing - {self.lacking}:
                raise _refusal(function, need, operation)


def needs(account: Account, service: str, operation: str, parameters: Mapping[str, Any]) -> list[Need]:
    """What IAM evaluates for this call. A service that is not known here needs what no role has."""
    match service:
        case "dynamodb":
            return [
                Need(action, account.arn("AWS::DynamoDB::Table", on)) for action, on in _items(operation, parameters)
            ]
        case "secretsmanager":
            resource = account.arn("AWS::SecretsManager::Secret", parameters["SecretId"])
        case "sqs":
            resource = account.arn("AWS::SQS::Queue", parameters["QueueUrl"].rpartition("/")[2])
        case "kms":
            resource = account.arn("AWS::KMS::Key", parameters["KeyId"])
        case "lambda":
            return [Need("lambda:InvokeFunction", account.arn("AWS::Serverless::Function", parameters["FunctionName"]))]
        case "sesv2":
            return _mail(account, operation, parameters)
        case _:
            resource = "arn:aws:unknown:::"
    return [Need(f"{service}:{operation}", resource)]


def _items(operation: str, parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Action and table, or index, of each part of a DynamoDB call."""
    if operation.startswith("Transact"):
        return [(_PARTS[kind], it["TableName"]) for part in parameters["TransactItems"] for kind, it in part.items()]
    if operation.startswith("Batch"):
        return [(f"dynamodb:{operation}", table) for table in parameters["RequestItems"]]
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return [(f"dynamodb:{operation}", parameters["TableName"] + index)]


def _mail(account: Account, operation: str, parameters: Mapping[str, Any]) -> list[Need]:
    """Both the sender's identity and the configuration set must be allowed, whatever the email's From header.

    The suppression list is no resource.
    """
    if operation.endswith("SuppressedDestination"):
        return [Need(f"ses:{operation}", "*")]
    sender = parseaddr(parameters["FromEmailAddress"])[1]
    context = {"ses:FromAddress": sender}
    place = f"arn:aws:ses:{account.region}:{account.number}"
    resources = (f"{place}:identity/{sender}", f"{place}:configuration-set/{parameters['ConfigurationSetName']}")
    return [Need(f"ses:{operation}", resource, context) for resource in resources]


@cache
def _functions() -> dict[str, dict[str, Any]]:
    functions = cloudformation.resources("AWS::Serverless::Function").values()
    return {Path(function["CodeUri"]).name: function for function in functions}


def _conditions(account: Account, statement: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if statement["Effect"] != "Allow" or set(statement) - {"Effect", "Action", "Resource", "Condition"}:
        raise ValueError(statement)
    compared = statement.get("Condition", {"StringEquals": {}})
    if set(compared) != {"StringEquals"}:
        raise ValueError(compared)
    return tuple((key, account.resolved(value)) for key, value in compared["StringEquals"].items())


def _listed(one_or_many: Any) -> list[Any]:
    return one_or_many if isinstance(one_or_many, list) else [one_or_many]


def _refusal(function: str, need: Need, operation: str) -> ClientError:
    said = f"The role of {function} is not authorized to perform: {need.action} on resource: {need.resource}"
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": said}}, operation)
