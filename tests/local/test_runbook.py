"""The runbook does what it says: each of its blocks is pasted from the document into a shell, in the document's order.

The AWS CLI is version 1, which PyPI has. An operator uses version 2; these commands are the same in both.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.cloud import LocalCloud
from local.processes import Child
from local.stack import NAME
from scripts import stacks
from scripts.admin import rotations
from scripts.place import Place
from tests.cloudformation import ROOT, template
from tests.conftest import missing
from tests.guards import shell
from tests.local.feedback import problem_of, publish, report
from tests.local.mail_queue import empty
from tests.local.person import Person, with_key
from tests.local.programs import logged_in, signer
from tests.local.terminal import Terminal
from tests.waiting import wait_for

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
PROCEDURES = shell.procedures(RUNBOOK)
START = "Before you start"
RESTORED = ("UsersTable", "IdentitiesTable", "PasskeysTable", "ApiKeysTable")
_LIST = re.compile(r"^.*These blocks do not work there:\n\n((?:- .+\n(?:  .+\n)*)+)", re.MULTILINE)
# How the blocks begin that the document says do not work on `make dev`.
EXCEPTIONS = tuple(re.findall(r"^- `([^`]+)`", _LIST.findall(RUNBOOK)[0], re.MULTILINE))


@dataclass
class Procedure:
    """The blocks of a section. Each method takes the next one; ``values`` replaces what a reader would replace."""

    terminal: Terminal
    blocks: list[str]

    def next(self, values: dict[str, str]) -> str:
        block = self.blocks.pop(0)
        for placeholder, value in values.items():
            assert placeholder in block
            block = block.replace(placeholder, value)
        return block

    def run(self, values: dict[str, str] | None = None, answers: tuple[str, ...] = ()) -> str:
        block = self.next(values or {})
        assert not block.startswith(EXCEPTIONS), block
        return self.terminal.run(block, *answers)

    def exception(self, values: dict[str, str] | None = None) -> str:
        """Run a block that does not work on `make dev`; the test checks that it does not."""
        block = self.next(values or {})
        assert block.startswith(EXCEPTIONS), block
        return self.terminal.attempt(block)


@pytest.fixture(scope="module")
def aws_cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the program `aws`."""
    python = ROOT / ".venv-sam" / "bin" / "python"
    if not python.with_name("aws").exists():
        missing("the AWS CLI: make .venv-sam/.installed")
    folder = tmp_path_factory.mktemp("aws")
    server = Child(
        "The AWS CLI",
        *("--", str(ROOT), str(python), "tests/local/aws_cli.py", str(folder)),
        log=folder / "log",
    )
    try:
        server.wait_until((folder / "aws").exists)
        yield folder
    finally:
        server.stop(politely=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder like the repository, in which a block may change the template."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for path in ROOT.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "template.yaml").unlink()
    (folder / "template.yaml").write_bytes((ROOT / "template.yaml").read_bytes())
    return folder


@pytest.fixture
def terminal(cloud: LocalCloud, aws_cli: Path, clone: Path) -> Iterator[Terminal]:
    """A shell that is prepared as the section "Before you start" says."""
    path = f"{aws_cli}:{os.environ['PATH']}"
    variables = {"PATH": path, "HOME": str(clone.parent), "NO_PROXY": "localhost,127.0.0.1"}
    with Terminal(clone, variables, clone.parent / "block") as opened:
        for block in PROCEDURES[START]:
            opened.run(re.sub(r"(AWS_ENDPOINT_URL=)\S+", rf"\g<1>{cloud.endpoint_url}", block))
        yield opened


@pytest.fixture
def procedure(terminal: Terminal, request: pytest.FixtureRequest) -> Iterator[Procedure]:
    """The section that the test names; the test must use all of its blocks."""
    found = Procedure(terminal, list(PROCEDURES[request.param]))
    yield found
    assert found.blocks == []


def section(heading: str) -> pytest.MarkDecorator:
    """The test follows this section of the runbook."""
    return pytest.mark.parametrize("procedure", [heading], indirect=True)


@pytest.fixture
def ann(cloud: LocalCloud) -> Person:
    """An owner who has just signed up."""
    return Person(cloud).join()


def account_of(person: Person) -> str:
    found: str = person.call("GET", "/customers/me").json()["id"]
    return found


def test_every_section_is_followed() -> None:
    """A new section needs a test; its blocks are counted by the fixture ``procedure``."""
    tests = [it for name, it in globals().items() if name.startswith("test_")]
    marks = [mark for test in tests for mark in getattr(test, "pytestmark", []) if mark.args[:1] == ("procedure",)]
    assert {mark.args[1][0] for mark in marks} == PROCEDURES.keys() - {START}


def test_every_exception_is_a_block() -> None:
    """The test of its section runs it and expects that it does not work."""
    blocks = [block for held in PROCEDURES.values() for block in held]
    assert EXCEPTIONS
    assert [it for it in EXCEPTIONS if not any(block.startswith(it) for block in blocks)] == []


def test_a_shell_is_prepared(cloud: LocalCloud, terminal: Terminal) -> None:
    """It finds resources by their names in the template, and no profile is left."""
    assert terminal.run("name UsersTable").strip() == cloud.outputs["UsersTable"]
    assert terminal.run('echo "$AWS_PROFILE"').strip() == ""


@pytest.fixture
def secrets(cloud: LocalCloud) -> Iterator[Place]:
    """The stack; afterwards, the providers' secret and the first signing key are used as before."""
    place, vault = Place(cloud.client, NAME, "the local cloud"), cloud.client("secretsmanager")
    arn = cloud.outputs["OAuthProvidersSecretArn"]
    before = vault.get_secret_value(SecretId=arn)["SecretString"]
    yield place
    vault.put_secret_value(SecretId=arn, SecretString=before)
    cloud.client("kms").enable_key(KeyId=place.deployed("SigningKeyA"))
    rotations.signing_key(place)


@pytest.mark.redeploys
@section("A key leaked")
def test_what_leaked_is_replaced(procedure: Procedure, ann: Person, secrets: Place, clone: Path) -> None:
    """API keys are refused, secrets are replaced, and the other key signs."""
    leaked, known = ann.make_key("leaked")["plaintext_key"], ann.make_key("known")
    listed = ann.make_key("listed")["plaintext_key"]
    (clone / "leaked.txt").write_text(f"COMFY_API_KEY={listed}\n")
    vault, signed = secrets.client("secretsmanager"), signer(logged_in(ann))

    def secret(name: str) -> str:
        text: str = vault.get_secret_value(SecretId=secrets.deployed(name))["SecretString"]
        return text

    admin_secret, google = secret("AdminSecret"), json.loads(secret("OAuthProvidersSecret"))["google"]
    assert leaked not in procedure.run(answers=(leaked, "yes"))
    procedure.run({"ann@example.com": ann.email, "comfyui-Ab12": known["key_prefix"]}, ("yes",))
    assert listed not in procedure.run(answers=("yes",))
    assert [with_key(ann, key) for key in (leaked, known["plaintext_key"], listed)] == [401] * 3

    assert secret("AdminSecret") not in procedure.run(answers=("yes",))
    assert secret("AdminSecret") != admin_secret
    procedure.run(answers=("a new client secret",))
    assert json.loads(secret("OAuthProvidersSecret"))["google"] == {**google, "client_secret": "a new client secret"}

    procedure.run(answers=("yes",))
    assert signer(logged_in(ann)) != signed
    keys = secrets.client("kms")
    states = [keys.describe_key(KeyId=secrets.deployed(f"SigningKey{key}"))["KeyMetadata"]["KeyState"] for key in "AB"]
    assert states == ["Disabled", "Enabled"]


@section('"I lost my phone"')
def test_a_lost_second_factor_is_reset_unless_it_is_cancelled(procedure: Procedure, ann: Person) -> None:
    ann.turn_on_two_steps()
    requested = procedure.run({"ann@example.com": ann.email})
    assert ("two-step  on" in requested, "Requested." in requested) == (True, True)
    assert "Cancelled." in procedure.run({"ann@example.com": ann.email})
    assert ann.wait_for_mail("Two-step login reset cancelled for your Comfy account")


@section("A flood of failed logins")
def test_the_log_cannot_be_queried_on_this_machine(procedure: Procedure, ann: Person) -> None:
    """As the document says. The guards of queries check what the query reads."""
    assert Person(ann.cloud, email=ann.email, password="not the right one at all").log_in().status_code == 401
    asked = json.loads(procedure.exception())["queryId"]

    assert json.loads(procedure.exception({"paste-the-query-id": asked}))["results"] == []


@section("Email does not arrive")
def test_email_arrives_again(procedure: Procedure, cloud: LocalCloud, ann: Person) -> None:
    """The kept email is sent, sending stops and starts, and the marks of a bounce are removed."""
    account = account_of(ann)
    assert json.loads(procedure.run())[:2] == [True, True]
    empty(cloud)
    kept = json.dumps({"kind": "api_key_created", "user_id": account, "detail": "kept"})
    cloud.client("sqs").send_message(QueueUrl=cloud.outputs["MailDeadLetterQueueUrl"], MessageBody=kept)
    assert "1 message moved back" in procedure.run()
    assert ann.wait_for_mail("An API key was created for your Comfy account")

    assert [sending(cloud, procedure.run()) for _ in range(2)] == [False, True]

    publish(cloud, report(ann.email))
    wait_for(lambda: problem_of(ann) == "bounce", "the mark of a bounce")
    procedure.run({"ann@example.com": ann.email, "paste-the-account-id": account})
    assert "Unknown SES v2 path" in procedure.exception()
    procedure.run()
    assert problem_of(ann) is None
    ann.call("POST", "/auth/password/forgot", {"email": ann.email})
    assert ann.wait_for_mail("Reset your Comfy password")


def sending(cloud: LocalCloud, _: str) -> Any:
    """Whether the configuration set may send, after a block."""
    mail = cloud.client("sesv2")
    (name,) = mail.list_configuration_sets()["ConfigurationSets"]
    return mail.get_configuration_set(ConfigurationSetName=name)["SendingOptions"]["SendingEnabled"]


@section("Rotate")
def test_a_signing_key_is_replaced_in_the_template(procedure: Procedure, clone: Path) -> None:
    """The new resource is like the old one, and nothing refers to the old one."""
    procedure.run()
    changed, before = stacks.read(clone / "template.yaml"), template()
    assert "SigningKeyA" not in json.dumps(changed, default=str)
    assert changed["Resources"]["SigningKeyC"] == before["Resources"]["SigningKeyA"]
    # Not run: it would build, and deploy into the AWS account of the developer if the endpoint were lost.
    assert procedure.blocks.pop(0).startswith(EXCEPTIONS)


@pytest.fixture
def tidy(cloud: LocalCloud) -> Iterator[None]:
    """Open the site and delete restored tables, also after a failure: other tests use the same cloud."""
    yield
    functions, database = cloud.client("lambda"), cloud.client("dynamodb")
    for name in cloud.function_names():
        functions.delete_function_concurrency(FunctionName=name)
    for table in database.list_tables()["TableNames"]:
        if table.startswith("restored-"):
            database.delete_table(TableName=table)


@pytest.mark.usefixtures("tidy")
@section("One account was deleted by mistake")
def test_a_deleted_account_comes_back(procedure: Procedure, ann: Person, terminal: Terminal) -> None:
    """With its password, passkeys and API keys, and alone: another account that was deleted stays deleted."""
    key, other, account = ann.make_key()["plaintext_key"], Person(ann.cloud).join(), account_of(ann)
    passkey = ann.add_passkey()
    procedure.run({"ann@example.com": ann.email})
    procedure.run()
    for who in (ann, other):
        terminal.run(f"make admin DO='delete {who.email} --yes'")
    assert (ann.log_in().status_code, with_key(ann, key)) == (401, 401)

    assert procedure.run().strip() == account
    copied = procedure.run()
    assert [f"{table}: 1 of 1 items written, 0 were there, 0 deleted." in copied for table in RESTORED] == [True] * 4
    assert f"<{ann.email}> ({account})" in procedure.run()
    assert (ann.log_in().status_code, with_key(ann, key), other.log_in().status_code) == (200, 200, 401)
    assert ann.log_in_with(passkey).status_code == 200

    procedure.run()
    assert "restored-" not in terminal.run("aws dynamodb list-tables")


@pytest.mark.usefixtures("tidy")
@section("Everything is wrong")
def test_everything_is_restored(procedure: Procedure, ann: Person, terminal: Terminal) -> None:
    """The site is closed and opened; all is as before but for sessions, and the scan lists what was revoked since."""
    site, made = ann.cloud, ann.make_key()
    key, key_id = made["plaintext_key"], made["id"]
    ann.add_passkey()
    terminal.run(f"moment=2026-01-05T11:55:00Z\n{PROCEDURES['One account was deleted by mistake'][1]}")
    assert ann.call("DELETE", f"/customers/api-keys/{key_id}").status_code in (200, 204)
    late = Person(site).join()

    procedure.run()
    closed = [site_answer(site, path) for path in ("/login", "/auth/session", "/openapi.json")]
    assert closed == [429] * 3
    assert f"<{ann.email}> (" in terminal.run(f"make admin DO='show {ann.email}'")
    copied = procedure.run(answers=("yes",) * 4)
    deleted = dict(re.findall(r"^(\w+): .* (\d+) deleted\.", copied, re.MULTILINE))
    assert deleted == {"UsersTable": "1", "IdentitiesTable": "1", "PasskeysTable": "0", "ApiKeysTable": "0"}
    procedure.run(answers=("yes",) * 2)
    revoked = json.loads(procedure.run())["Items"]
    procedure.run()

    assert site_answer(site, "/login") == 200
    assert key_id in str([it for it in revoked if it["event"]["S"] == "authn_token_revoked"])
    assert (ann.call("GET", "/auth/session").status_code, with_key(ann, key)) == (401, 200)
    assert (ann.log_in().status_code, late.log_in().status_code) == (200, 401)
    terminal.run(PROCEDURES["One account was deleted by mistake"][-1])


def site_answer(cloud: LocalCloud, path: str) -> int:
    return Person(cloud).call("GET", path).status_code


@pytest.fixture
def removed(cloud: LocalCloud, ann: Person) -> Iterator[tuple[str, str, str]]:
    """What a removed stack left: a secret with one more pepper, and a table with an account that is gone here."""
    place, vault, database = (
        Place(cloud.client, NAME, "the local cloud"),
        cloud.client("secretsmanager"),
        cloud.client("dynamodb"),
    )
    peppers = json.loads(vault.get_secret_value(SecretId=place.deployed("PepperSecret"))["SecretString"])
    text = json.dumps({**peppers, "90": "a pepper of the removed stack" * 2})
    old = vault.create_secret(Name="removed-PepperSecret-1", SecretString=text)["ARN"]
    table = "removed-UsersTable-1"
    database.restore_table_to_point_in_time(
        SourceTableName=cloud.outputs["UsersTable"], TargetTableName=table, UseLatestRestorableTime=True
    )
    database.delete_item(TableName=cloud.outputs["UsersTable"], Key={"user_id": {"S": account_of(ann)}})
    yield old, table, text
    vault.delete_secret(SecretId=old, ForceDeleteWithoutRecovery=True)
    database.delete_table(TableName=table)


@section("The stack was removed")
def test_a_removed_stack_is_replaced(
    procedure: Procedure, ann: Person, removed: tuple[str, str, str], cloud: LocalCloud
) -> None:
    """The new stack has the old peppers and accounts."""
    old, table, peppers = removed
    assert ann.log_in().status_code == 401
    assert old in procedure.run()
    procedure.run({"paste-the-arn-of-the-older-secret": old})
    procedure.run()
    arn = Place(cloud.client, NAME, "the local cloud").deployed("PepperSecret")
    assert cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == peppers

    assert table in procedure.run()
    assert "UsersTable: 1 of " in procedure.run({"paste-the-old-name": table})
    assert ann.log_in().status_code == 200


@pytest.fixture
def elsewhere(cloud: LocalCloud) -> Iterator[Any]:
    """A client of the other region's secrets, in a stack that holds only these."""
    secrets = ("PepperSecret", "AdminSecret", "OAuthProvidersSecret")
    holds = {name: {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "new"}} for name in secrets}
    stack, region = "comfy-accounts-eu", "eu-central-1"
    variables = cloud.environment()
    session = boto3.session.Session(variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], None, region)
    client = partial(session.client, endpoint_url=cloud.endpoint_url)
    formation = client("cloudformation")
    formation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": holds}))
    formation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    yield Place(client, stack, "the other region")
    formation.delete_stack(StackName=stack)


@section("Move to another region")
def test_secrets_move_to_another_region(procedure: Procedure, elsewhere: Place, cloud: LocalCloud) -> None:
    procedure.run()
    procedure.run()

    here = Place(cloud.client, NAME, "the local cloud")
    for name in ("PepperSecret", "AdminSecret", "OAuthProvidersSecret"):
        texts = [
            place.client("secretsmanager").get_secret_value(SecretId=place.deployed(name))["SecretString"]
            for place in (here, elsewhere)
        ]
        assert texts[0] == texts[1] != "new"
