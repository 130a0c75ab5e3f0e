"""`make deploy`: what it asks, what it runs in which order, and that it starts nothing when something is missing."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from copy import replace
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import botocore.session
import pytest
from botocore.exceptions import ClientError, WaiterError

from accounts import secrets
from local import sam
from scripts import deploy, environment_size, samconfig, snapshots, stack_state, undeploy
from scripts.deploy import CannotDeploy
from scripts.undeploy import CannotRemove
from tests.cloudformation import ROOT, template
from tests.conftest import missing
from tests.unit.scripts.test_deploy_checks import Aws, refusal
from tests.unit.scripts.test_samconfig import ANSWERS, CERTIFICATE

_READ = """
import json, sys
from samcli.commands.deploy.command import cli
print(json.dumps(cli.make_context("deploy", sys.argv[1:]).params["parameter_overrides"]))
"""
BUDGET = "comfy-accounts in us-east-1"
PATTERNS = {name: it for name, it in template()["Parameters"].items() if "AllowedPattern" in it}
SITE = "https://abc123.execute-api.us-east-1.amazonaws.com"


class NotThereError(Exception):
    """Secrets Manager has no such secret or version."""


class Exceptions:
    """As boto3 exposes them on a client."""

    ResourceNotFoundException = NotThereError


@dataclass
class Account(Aws):
    """An AWS account that records, in one list, what was done to it and the commands that were run."""

    did: list[Any] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    protected: bool = False
    stuck: str = ""
    is_there: bool = False
    status: str = "UPDATE_COMPLETE"
    parameters: dict[str, str] = field(default_factory=dict)
    budget: dict[str, Any] = field(default_factory=dict)
    exceptions: type[Exceptions] = Exceptions

    def run(self, command: list[str]) -> None:
        """A command of SAM CLI."""
        if command[-2:-1] == ["--parameter-overrides"]:  # The content, because the file is overwritten later.
            command = [*command[:-1], Path(command[-1].removeprefix("file://")).read_text(encoding="utf-8")]
        self.did.append(command)
        if command[0] == "deploy":
            self.is_there = True
            self.parameters |= json.loads(command[-1])

    def describe_stacks(self, **asked: str) -> dict[str, Any]:
        """The stack, with its API's id."""
        if not self.is_there:
            message = f"Stack with id {asked['StackName']} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        outputs = [{"OutputKey": "HttpApiId", "OutputValue": "abc123"}, {"OutputKey": "Of", "OutputValue": str(asked)}]
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        stack = {"Outputs": outputs, "Parameters": given, "StackStatus": self.status}
        return {"Stacks": [stack | {"EnableTerminationProtection": self.protected}]}

    def describe_budget(self, **asked: str) -> dict[str, Any]:
        if self.budget.get("AccountId") != asked["AccountId"] or asked["BudgetName"] != BUDGET:
            raise refusal("NotFoundException")
        return {"Budget": self.budget["Budget"]}

    def describe_subscribers_for_notification(self, **asked: Any) -> dict[str, Any]:
        """Of the budget that exists."""
        for told in self.budget["NotificationsWithSubscribers"]:
            if told["Notification"] == asked["Notification"]:
                return {"Subscribers": told["Subscribers"]}
        raise refusal("NotFoundException")

    def create_budget(self, **asked: Any) -> None:
        assert not self.budget, "DuplicateRecordException"
        self.did.append(("budget", asked["Budget"]["BudgetLimit"]["Amount"]))
        self.budget = asked

    def delete_budget(self, **asked: str) -> None:
        self.describe_budget(**asked)
        self.did.append("no budget")
        self.budget = {}

    def update_termination_protection(self, **asked: Any) -> None:
        self.did.append(asked)

    def delete_stack(self, **asked: str) -> None:
        self.did.append(asked)

    def get_waiter(self, name: str) -> "Account":
        self.did.append(name)
        return self

    def wait(self, **asked: str) -> None:
        """No time passes. The deletion may get stuck in a status."""
        if self.stuck:
            self.status = self.stuck
            raise WaiterError(self.did[-1], f"it failed for {asked['StackName']}", {})

    def describe_secret(self, **_asked: str) -> None:
        if not self.versions:
            raise NotThereError

    def create_secret(self, **asked: str) -> None:
        self.did.append(asked["Name"])
        self.versions["AWSCURRENT"] = asked["SecretString"]

    def get_secret_value(self, **asked: str) -> dict[str, str]:
        """One version."""
        version = asked.get("VersionStage", "AWSCURRENT")
        if version not in self.versions:
            raise NotThereError
        return {"ARN": "arn:secret", "SecretString": self.versions[version]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A copy of samconfig.toml as it is in the repository."""
    copy = tmp_path / "samconfig.toml"
    copy.write_bytes((ROOT / "samconfig.toml").read_bytes())
    return copy


def person(answers: dict[str, str]) -> Callable[[str], str]:
    """Answers questions by parameter name."""
    return lambda question: answers[question.rpartition("\n")[2].removesuffix(" = ")]


def started(command: list[str]) -> set[str]:
    """The parameters of a deployment."""
    return {f"{name}={value}" for name, value in json.loads(command[-1]).items()}


def test_production_is_built_checked_deployed_and_protected(path: Path) -> None:
    """In that order, with the person's answers; the stack cannot be deleted by accident."""
    account = Account()
    outputs = deploy.deploy(samconfig.read(path, "prod"), account, account.run, person(ANSWERS))

    build, validate, command, protected, created = account.did
    assert (build, validate) == (["build"], ["validate", "--lint", "--region", "us-east-1"])
    assert command[:4] == ["deploy", "--config-env", "prod", "--no-confirm-changeset"]
    assert started(command) == {
        "Stage=prod",
        "SiteUrl=https://accounts.example.com",
        "SiteDomain=accounts.example.com",
        f"CertificateArn={CERTIFICATE}",
        "MailFrom=accounts@example.com",
        "SupportUrl=https://example.com/help",
        "AlarmEmail=alarms@example.com",
        "MonthlyBudget=100",
    }
    assert protected == {"StackName": "comfy-accounts", "EnableTerminationProtection": True}
    assert created == ("budget", "100")
    assert outputs["Of"] == "{'StackName': 'comfy-accounts'}"


def test_values_with_spaces_are_kept_whole_and_removed_ones_are_removed(path: Path) -> None:
    """An origin or a client that is no longer allowed must not remain."""
    program = "desktop|Comfy Desktop|http://127.0.0.1/callback http://[::1]/callback"
    given = f'SiteName = "My accounts"\nAllowedOrigins = ""\nOAuthClients = "{program}"'
    path.write_text(path.read_text().replace("MonthlyBudget = 100", given))
    account = Account()
    deploy.deploy(samconfig.read(path, "prod"), account, account.run, person(ANSWERS))

    assert {"SiteName=My accounts", "AllowedOrigins=", f"OAuthClients={program}"} <= started(account.did[2])


def test_sam_cli_reads_what_the_profile_says(path: Path) -> None:
    """For each parameter of the template, read by SAM CLI itself, which needs no AWS for that."""
    if not sam.is_installed():
        missing("SAM CLI is not installed (make .venv-sam/.installed)")
    values = dict(zip(template()["Parameters"], cycle(["a b", "", "a=b, c", "a|b c;d", "it's"]), strict=False))
    profile = replace(samconfig.read(path, "prod"), overrides=values)
    command = deploy._command(profile, {"FirewallSecretDigests": "x"})
    program = [
        str(ROOT / ".venv-sam" / "bin" / "python"),
        "-c",
        _READ,
        *command[1:],
        "--template-file",
        "template.yaml",
    ]
    done = subprocess.run(program, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr

    assert json.loads(done.stdout.splitlines()[-1]) == {**values, "FirewallSecretDigests": "x"}


def test_a_second_deployment_asks_nothing(path: Path) -> None:
    """The answers are in the file."""
    account = Account()
    filled = samconfig.read(path, "prod").filled_in(ANSWERS)
    deploy.deploy(filled, account, account.run, None)

    assert len(account.did) == 5


def test_without_a_terminal_missing_answers_are_named_and_nothing_starts(path: Path) -> None:
    """In CI a question would wait forever."""
    account = Account()
    with pytest.raises(
        CannotDeploy, match="no value for: SiteDomain, CertificateArn, MailFrom, SupportUrl, AlarmEmail"
    ):
        deploy.deploy(samconfig.read(path, "prod"), account, account.run, None)
    assert account.did == []


def test_missing_prerequisites_in_aws_stop_it_before_anything_is_built(path: Path) -> None:
    """All are reported at once."""
    account = Account(certificate=None)
    with pytest.raises(CannotDeploy, match=r"missing:\n  - CertificateArn: ACM cannot describe it"):
        deploy.deploy(samconfig.read(path, "prod"), account, account.run, person(ANSWERS))
    assert account.did == []


def test_credentials_are_checked_before_anything_is_asked(path: Path) -> None:
    account = Account(credentials=False)
    with pytest.raises(CannotDeploy, match="AWS credentials: none that work"):
        deploy.deploy(samconfig.read(path, "prod"), account, account.run, person({}))


@pytest.mark.parametrize(
    ("status", "helps"),
    [
        ("CREATE_FAILED", "delete-stack"),
        ("ROLLBACK_COMPLETE", "delete-stack"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("REVIEW_IN_PROGRESS", "delete-stack"),
        ("DELETE_FAILED", "delete-stack"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("CREATE_IN_PROGRESS", "wait stack-create-complete"),
        ("UPDATE_IN_PROGRESS", "wait stack-update-complete"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait stack-update-complete"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait stack-rollback-complete"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "wait stack-rollback-complete"),
        ("ROLLBACK_IN_PROGRESS", "wait stack-create-complete"),
        ("IMPORT_IN_PROGRESS", "wait stack-import-complete"),
        ("IMPORT_ROLLBACK_IN_PROGRESS", "wait stack-import-complete"),
        ("IMPORT_ROLLBACK_FAILED", "describe-stack-events"),
        ("DELETE_IN_PROGRESS", "wait stack-delete-complete"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_told_with_the_command_that_helps(
    path: Path, status: str, helps: str
) -> None:
    """Before questions and before the build: CloudFormation would refuse after minutes."""
    account = Account(is_there=True, status=status)
    with pytest.raises(CannotDeploy) as refused:
        deploy.deploy(samconfig.read(path, "prod"), account, account.run, person({}))

    command = f"aws cloudformation {helps} --stack-name comfy-accounts --region us-east-1"
    assert str(refused.value).startswith(f"the stack comfy-accounts is {status}: ")
    assert str(refused.value).endswith(f":\n    {command}")
    assert account.did == []


# What a status ends in, where CloudFormation's names do not say so.
_ENDS = {
    "CREATE_IN_PROGRESS": {"CREATE_COMPLETE", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"},
    "ROLLBACK_IN_PROGRESS": {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"},
    "DELETE_IN_PROGRESS": {"DELETE_COMPLETE", "DELETE_FAILED"},
    "UPDATE_IN_PROGRESS": {"UPDATE_COMPLETE", "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"},
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": {"UPDATE_COMPLETE"},
    "UPDATE_ROLLBACK_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"},
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": {"UPDATE_ROLLBACK_COMPLETE"},
    "IMPORT_IN_PROGRESS": {"IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED"},
    "IMPORT_ROLLBACK_IN_PROGRESS": {"IMPORT_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_FAILED"},
}
_AT_REST = {
    *("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"),
    *("IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE", "DELETE_COMPLETE"),
}


def test_every_status_of_cloudformation_is_known(path: Path) -> None:
    """Those that botocore lists: a stack can be deployed, or a command helps. A wait ends at what follows."""
    session, profile = botocore.session.get_session(), samconfig.read(path, "prod")
    statuses = session.get_service_model("cloudformation").shape_for("StackStatus").enum
    waiters = session.get_waiter_model("cloudformation")
    said = {status: stack_state.problem(profile, status) for status in statuses}

    assert {status for status, problem in said.items() if problem is None} == _AT_REST
    assert {it for it in statuses if it.endswith("_IN_PROGRESS")} == set(_ENDS) | {"REVIEW_IN_PROGRESS"}
    for status, ends in _ENDS.items():
        (waiter,) = re.findall(r"aws cloudformation wait ([a-z-]+)", str(said[status]))
        found = waiters.get_waiter("".join(word.capitalize() for word in waiter.split("-"))).acceptors
        assert ends <= {it.expected for it in found}, status


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_at_rest_is_deployed(path: Path, status: str) -> None:
    account = Account(is_there=True, status=status)
    deploy.deploy(samconfig.read(path, "prod").filled_in(ANSWERS), account, account.run, None)

    assert account.did[2][0] == "deploy"


@pytest.mark.parametrize("stop", [EOFError, KeyboardInterrupt])
def test_stopping_at_a_question_keeps_the_answers(path: Path, stop: type[BaseException]) -> None:
    """Ctrl-D or Ctrl-C."""
    account = Account()

    def ask(question: str) -> str:
        if question.endswith("MailFrom = "):
            raise stop
        return person(ANSWERS)(question)

    with pytest.raises(CannotDeploy, match=r"samconfig\.toml keeps your 2 answers"):
        deploy.deploy(samconfig.read(path, "prod"), account, account.run, ask)
    assert account.did == []
    assert samconfig.read(path, "prod").open_questions == ["MailFrom", "SupportUrl", "AlarmEmail"]


@pytest.mark.parametrize("stop", [EOFError, KeyboardInterrupt])
def test_stopping_at_the_first_question_changes_nothing(
    path: Path, capsys: pytest.CaptureFixture[str], stop: type[BaseException]
) -> None:
    """The message is on a line of its own."""
    before, account = path.read_bytes(), Account()
    with pytest.raises(CannotDeploy, match=r"^stopped before anything was deployed\.$"):
        deploy.deploy(samconfig.read(path, "prod"), account, account.run, Mock(side_effect=stop))
    assert (path.read_bytes(), account.did, capsys.readouterr().out) == (before, [], "\n")


def test_an_optional_value_may_be_left_empty(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The question says so. A warning without a recipient is turned off, because CloudFormation refuses it."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "" if question.endswith("AlarmEmail = ") else person(ANSWERS)(question)

    account = Account()
    deploy.deploy(samconfig.read(path, "prod"), account, account.run, ask)
    assert {"AlarmEmail=", "MonthlyBudget=0"} <= started(account.did[2])
    assert account.budget == {}
    assert "MonthlyBudget is now 0: without AlarmEmail or AlarmTopicArn" in capsys.readouterr().out
    assert [it.partition(":")[0] for it in asked if "Leave it empty for none." in it] == [
        "SiteDomain",
        "CertificateArn",
        "AlarmEmail",
    ]


def test_a_topic_is_a_recipient_of_the_warning(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:alarms"
    path.write_text(path.read_text().replace("MonthlyBudget = 100", f'MonthlyBudget = 100\nAlarmTopicArn = "{topic}"'))
    account = Account()
    deploy.deploy(samconfig.read(path, "prod"), account, account.run, person(ANSWERS | {"AlarmEmail": ""}))

    assert {"AlarmEmail=", "MonthlyBudget=100"} <= started(account.did[2])
    assert "MonthlyBudget" not in capsys.readouterr().out


def test_without_a_domain_in_production_the_site_has_the_address_of_api_gateway(path: Path) -> None:
    """Nothing is asked about its certificate."""
    answers = {name: answer for name, answer in ANSWERS.items() if name != "CertificateArn"} | {"SiteDomain": ""}
    account = Account()
    deploy.deploy(samconfig.read(path, "prod"), account, account.run, person(answers))

    assert {f"SiteUrl={SITE}", "SiteDomain=", "CertificateArn="} <= started(account.did[3])
    assert samconfig.read(path, "prod").open_questions == []


def test_a_refused_answer_is_explained_in_words(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = iter(["", "not an address", "accounts@example.com", "https://example.com/help"])
    account = Account()
    deploy.deploy(samconfig.read(path, "dev"), account, account.run, lambda _: next(said))

    assert capsys.readouterr().out.splitlines()[:2] == [
        "MailFrom needs a value.",
        "MailFrom must be an email address, such as accounts@example.com.",
    ]


def test_every_pattern_is_explained_in_words() -> None:
    """CloudFormation and `make deploy` print the explanation, not the pattern."""
    explained = {name: it.get("ConstraintDescription", "") for name, it in PATTERNS.items()}
    assert [name for name, words in explained.items() if not words.startswith("must be ")] == []


def test_an_environment_beyond_lambdas_limit_stops_it(path: Path) -> None:
    """Lambda would refuse it after the build and half of the deployment."""
    origins = ",".join(f"https://app{i}.example.com" for i in range(100))
    path.write_text(path.read_text().replace("MonthlyBudget = 100", f'AllowedOrigins = "{origins}"'))
    account = Account()
    with pytest.raises(CannotDeploy, match=r"environment variables: they take up to [0-9]+ bytes"):
        deploy.deploy(samconfig.read(path, "prod").filled_in(ANSWERS), account, account.run, None)
    assert account.did == []


def test_the_environment_is_measured_to_the_byte(path: Path) -> None:
    """The most that fits, and one more."""
    profile = samconfig.read(path, "prod").filled_in(ANSWERS)

    def problem(characters: int) -> str | None:
        longer = replace(profile, overrides={**profile.overrides, "SiteName": "x" * characters})
        return environment_size.problem(template(), longer, {})

    fits = next(n for n in range(4096) if problem(n + 1))
    assert problem(fits) is None
    assert "take up to 4097 bytes" in str(problem(fits + 1))


def test_the_budget_follows_the_parameters(path: Path) -> None:
    """Created, kept as it is, changed, and deleted."""
    account = Account()

    def deployed(limit: int, **more: str) -> list[Any]:
        account.did.clear()
        profile = samconfig.read(path, "prod").filled_in(ANSWERS | {"MonthlyBudget": str(limit)} | more)
        deploy.deploy(profile, account, account.run, None)
        return account.did[4:]

    assert deployed(100) == [("budget", "100")]
    assert deployed(100) == []
    assert deployed(250) == ["no budget", ("budget", "250")]
    assert deployed(250, AlarmEmail="other@example.com") == ["no budget", ("budget", "250")]
    assert deployed(0) == ["no budget"]
    assert deployed(0) == []


def test_the_budget_warns_the_recipients_of_alarms(path: Path) -> None:
    """At 80 % of what was spent, and when more than all of it is forecast."""
    account, topic = Account(), "arn:aws:sns:us-east-1:123456789012:alarms"
    profile = samconfig.read(path, "prod").filled_in(ANSWERS | {"AlarmTopicArn": topic})
    deploy.deploy(profile, account, account.run, None)

    told = account.budget["NotificationsWithSubscribers"]
    assert [(it["Notification"]["NotificationType"], it["Notification"]["Threshold"]) for it in told] == [
        ("ACTUAL", 80.0),
        ("FORECASTED", 100.0),
    ]
    both = [
        {"SubscriptionType": "EMAIL", "Address": "alarms@example.com"},
        {"SubscriptionType": "SNS", "Address": topic},
    ]
    assert [it["Subscribers"] for it in told] == [both, both]
    assert account.budget["Budget"]["BudgetName"] == BUDGET


def test_an_invalid_answer_is_asked_again(path: Path) -> None:
    """By the template's own pattern."""
    said = iter(["", "not an address", "accounts@example.com", "https://example.com/help"])
    account = Account()
    deploy.deploy(samconfig.read(path, "dev"), account, account.run, lambda _: next(said))

    assert next(said, None) is None
    assert {"MailFrom=accounts@example.com", "SupportUrl=https://example.com/help"} <= started(account.did[-1])


def test_without_a_domain_it_deploys_twice_and_remembers_the_address(path: Path) -> None:
    """API Gateway assigns it at the first deployment; no link or origin check ever uses the placeholder."""
    account = Account()
    answers = {"MailFrom": "accounts@example.com", "SupportUrl": "https://example.com/help"}
    deploy.deploy(samconfig.read(path, "dev"), account, account.run, person(answers))

    first, second = account.did[2:]
    assert "SiteUrl=https://not-yet.invalid" in started(first)
    assert f"SiteUrl={SITE}" in started(second)
    assert samconfig.read(path, "dev").overrides["SiteUrl"] == SITE
    deploy.deploy(samconfig.read(path, "dev"), account, account.run, None)
    assert len(account.did) == 4 + 3


def test_an_existing_site_keeps_its_address(path: Path) -> None:
    """Also when only the file has lost it, for instance in another checkout."""
    account = Account(is_there=True)
    answers = {"MailFrom": "accounts@example.com", "SupportUrl": "https://example.com/help"}
    deploy.deploy(samconfig.read(path, "dev"), account, account.run, person(answers))

    (command,) = account.did[2:]
    assert f"SiteUrl={SITE}" in started(command)


def test_with_snapstart_the_build_is_published_before_it_is_deployed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all parameters: a changed one is a new version."""
    account = Account()
    path.write_text(path.read_text().replace('Stage = "prod"', 'Stage = "prod"\nSnapStart = "on"'))

    def publish(_: Path, given: dict[str, str]) -> None:
        return account.did.append(given["SnapStart"])

    monkeypatch.setattr(snapshots, "publish", publish)
    deploy.deploy(samconfig.read(path, "prod").filled_in(ANSWERS), account, account.run, None)

    build, validate, published, command = account.did[:4]
    assert (build, validate, published) == (["build"], ["validate", "--lint", "--region", "us-east-1"], "on")
    assert "SnapStart=on" in started(command)


def firewalled(path: Path) -> samconfig.Profile:
    """Production behind a firewall."""
    path.write_text(path.read_text().replace('Stage = "prod"', 'Stage = "prod"\nFirewall = "on"'))
    return samconfig.read(path, "prod").filled_in(ANSWERS)


def test_the_firewalls_secret_is_created_once_and_only_its_digest_goes_to_the_functions(path: Path) -> None:
    """Random, and in no command line."""
    account, profile = Account(), firewalled(path)
    deploy.deploy(profile, account, account.run, None)
    deploy.deploy(profile, account, account.run, None)

    secret = account.versions["AWSCURRENT"]
    assert len(secret) == 48
    assert account.did.count("comfy-accounts/firewall") == 1
    command = account.did[3]
    assert {"FirewallSecretArn=arn:secret", f"FirewallSecretDigests={secrets.digest(secret)}"} <= started(command)
    assert secret not in " ".join(command)


def test_during_a_change_of_the_firewalls_secret_both_work(path: Path) -> None:
    """CloudFront needs minutes to distribute the new one."""
    account = Account(versions={"AWSCURRENT": "new", "AWSPREVIOUS": "old"})

    assert deploy.firewall_secret(firewalled(path), account) == {
        "FirewallSecretArn": "arn:secret",
        "FirewallSecretDigests": f"{secrets.digest('new')},{secrets.digest('old')}",
    }


def test_data_and_keys_are_kept_after_removing(path: Path) -> None:
    """Every table, the keys that encrypt them, encrypt second factors and sign tokens, and the pepper."""
    tables = [name for name, it in template()["Resources"].items() if it["Type"] == "AWS::DynamoDB::Table"]
    kept = undeploy.what_stays(template(), firewalled(path))

    assert sorted(kept) == sorted(
        [
            *(f"{name} (DynamoDB::Table)" for name in tables),
            *(f"{name} (KMS::Key)" for name in ("DataKey", "SecondFactorKey", "SigningKeyA", "SigningKeyB")),
            "PepperSecret (SecretsManager::Secret)",
            "comfy-accounts/firewall (SecretsManager::Secret)",
        ]
    )


@pytest.mark.parametrize("confirmed", ["", "yes", "comfy-accounts-dev"])
def test_removal_needs_the_stacks_name(path: Path, confirmed: str) -> None:
    """The name of another stack is not accepted."""
    account = Account()
    with pytest.raises(CannotRemove, match="CONFIRM=comfy-accounts"):
        undeploy.remove(samconfig.read(path, "prod"), account, confirmed)
    assert account.did == []


def test_a_protected_stack_is_not_removed(path: Path) -> None:
    """The message says how to remove the protection."""
    account = Account(protected=True, is_there=True)
    with pytest.raises(CannotRemove, match="the stack is protected"):
        undeploy.remove(samconfig.read(path, "prod"), account, "comfy-accounts")
    assert account.did == []


def test_a_stack_is_removed_by_its_name(path: Path) -> None:
    """And it waits until that is done."""
    account = Account(is_there=True)
    undeploy.remove(samconfig.read(path, "dev"), account, "comfy-accounts-dev")

    assert account.did == [{"StackName": "comfy-accounts-dev"}, "stack_delete_complete"]


def test_a_deletion_that_fails_is_reported_with_the_command_that_helps(path: Path) -> None:
    account = Account(is_there=True, stuck="DELETE_FAILED")
    with pytest.raises(CannotRemove) as failed:
        undeploy.remove(samconfig.read(path, "dev"), account, "comfy-accounts-dev")

    command = "aws cloudformation delete-stack --stack-name comfy-accounts-dev --region us-east-1"
    assert str(failed.value).startswith("the stack comfy-accounts-dev is DELETE_FAILED: ")
    assert str(failed.value).endswith(f":\n    {command}")


def test_removing_says_first_what_stays(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And only if something is removed."""
    account = Account(is_there=True)
    undeploy.remove(samconfig.read(path, "dev"), account, "comfy-accounts-dev")

    said = capsys.readouterr().out.splitlines()
    assert said[0] == (
        "Removing the stack comfy-accounts-dev in us-east-1. When it is removed, this stays, and can only be deleted by"
        " hand:"
    )
    assert "  - UsersTable (DynamoDB::Table)" in said


@pytest.mark.parametrize(
    ("account", "confirmed", "reason"),
    [
        (Account(is_there=True), "", "nothing was removed. To confirm, set CONFIRM=comfy-accounts-dev"),
        (Account(is_there=True, credentials=False), "comfy-accounts-dev", "AWS credentials: none that work"),
        (Account(), "comfy-accounts-dev", "there is no stack comfy-accounts-dev"),
        (Account(is_there=True, protected=True), "comfy-accounts-dev", "the stack is protected"),
    ],
)
def test_what_is_not_removed_is_not_announced(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    account: Account,
    confirmed: str,
    reason: str,
) -> None:
    """The refusal is all that is said; without a confirmation it lists what would stay."""
    session = Mock(client=account)
    monkeypatch.setattr("boto3.session.Session", lambda **_where: session)
    monkeypatch.setenv("CONFIRM", confirmed)
    monkeypatch.setenv("PROFILE", "dev")

    assert undeploy.main(path) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"make undeploy: {reason}")
    assert ("UsersTable (DynamoDB::Table)" in said.err) == (not confirmed)
    assert account.did == []


def test_a_removal_can_be_stopped(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C while it waits."""
    monkeypatch.setattr(undeploy, "remove", Mock(side_effect=KeyboardInterrupt))
    monkeypatch.setenv("PROFILE", "dev")

    assert undeploy.main(path) == 130
    assert capsys.readouterr().err == (
        "\nmake undeploy: stopped. CloudFormation finishes a deletion that it has begun.\n"
    )


def test_the_budget_is_removed_with_its_stack(path: Path) -> None:
    account = Account()
    deploy.deploy(samconfig.read(path, "prod").filled_in(ANSWERS), account, account.run, None)
    undeploy.remove(samconfig.read(path, "prod"), account, "comfy-accounts")

    assert account.did[-1] == "no budget"


def test_there_may_be_nothing_to_remove(path: Path) -> None:
    account = Account()
    with pytest.raises(CannotRemove, match="there is no stack comfy-accounts-dev in us-east-1"):
        undeploy.remove(samconfig.read(path, "dev"), account, "comfy-accounts-dev")
    assert account.did == []


@pytest.mark.parametrize("module", ["scripts.deploy", "scripts.undeploy"])
def test_deploying_to_aws_imports_nothing_of_the_local_cloud(module: str) -> None:
    """Checked in a process of its own, because the tests import `local` themselves."""
    look = f"import sys, {module}; print([name for name in sys.modules if name.partition('.')[0] == 'local'])"
    paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'layers' / 'domain'}"}
    done = subprocess.run([sys.executable, "-c", look], env=paths, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
