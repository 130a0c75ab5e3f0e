"""The commands in the documents are valid: readers paste them, possibly during an incident."""

import io
import re
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.session import get_session

from accounts.events import EVENTS
from scripts.admin.__main__ import parser
from tests.cloudformation import template
from tests.guards import project, shell
from tests.guards.project import ROOT, found
from tests.guards.shell import Command

RUNBOOK = ROOT / "docs" / "runbook.md"
SESSION = get_session()
# Global options of the AWS CLI.
_OF_THE_PROGRAM = {"query", "output", "region", "profile", "cli-binary-format"}
# Commands of the AWS CLI that are not operations of a service.
_NOT_OF_A_SERVICE = {("sso", "login")}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def _named(program: str) -> list[tuple[str, Command]]:
    return [(project.relative(path), it) for path in project.DOCUMENTS for it in shell.commands(path, program)]


AWS = [(path, it) for path, it in _named("aws") if it.words[1:3] not in _NOT_OF_A_SERVICE]
MAKE = _named("make")


def test_commands_are_found() -> None:
    """In blocks, sentences, tables and substitutions. Otherwise the tests below would check nothing."""
    assert len({it.words for _, it in AWS}) > 20
    assert len({it.words for _, it in MAKE}) > 20
    assert any(it.words[1:3] == ("cloudformation", "describe-stack-resource") for _, it in AWS)


@pytest.mark.parametrize(("path", "command"), AWS, ids=str)
def test_calls_of_aws_are_valid(path: str, command: Command) -> None:
    """Operation, option names and, for a whole command, the required parameters."""
    problem = problem_with(command)

    assert problem == "", f"{path}: {problem}"


def problem_with(command: Command) -> str:
    """The error that the AWS CLI would report, or an empty text."""
    _, service, operation, *rest = (*command.words, "", "")
    try:
        model = SESSION.get_service_model(service)
    except UnknownServiceError:
        return f"no service {service}"
    if operation == "wait":
        waiters = SESSION.get_waiter_model(service).waiter_names
        operation = next(
            (xform_name(_of_waiter(service, it), "-") for it in waiters if xform_name(it, "-") == rest[0]), ""
        )
    names = {xform_name(it, "-"): it for it in model.operation_names}
    if operation not in names:
        return f"{service} has no {operation}"
    shape = model.operation_model(names[operation]).input_shape
    members = {xform_name(it, "-"): member.type_name for it, member in shape.members.items()} if shape else {}
    switches = {f"no-{name}" for name, kind in members.items() if kind == "boolean"}
    given = {word[2:].partition("=")[0] for word in rest if word.startswith("--")}
    unknown = given - set(members) - switches - _OF_THE_PROGRAM
    needed = {xform_name(it, "-") for it in shape.required_members} if shape and command.whole else set()
    return ", ".join(
        [*(f"unknown --{it}" for it in sorted(unknown)), *(f"missing --{it}" for it in sorted(needed - given))]
    )


def _of_waiter(service: str, waiter: str) -> str:
    operation: str = SESSION.get_waiter_model(service).get_waiter(waiter).operation
    return operation


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("aws dynamodb query --table-name x --no-scan-index-forward", ""),
        ("aws dynamodb query --table-name=x", ""),
        ("aws dynamodb query --tables=x", "unknown --tables, missing --table-name"),
        ("aws dynamodb query --no-scan-index-forward", "missing --table-name"),
        ("aws dynamodb query --table-name x --no-limit", "unknown --no-limit"),
        ("aws dynamodb wait table-exists --table-name x", ""),
        ("aws dynamodb wait table-there --table-name x", "dynamodb has no "),
        ("aws dynamodb restore --table-name x", "dynamodb has no restore"),
        ("aws dynamo query", "no service dynamo"),
    ],
)
def test_invalid_calls_of_aws_are_found(line: str, problem: str) -> None:
    assert problem_with(Command(tuple(line.split()), whole=True)) == problem


def test_no_block_to_be_pasted_has_a_comment() -> None:
    """Move the comment into the sentence above the block: zsh would pass it to the command as arguments."""
    found = {
        project.relative(path): [
            line for block in shell.pasted(path.read_text("utf-8")) for line in shell.comments(block)
        ]
        for path in project.DOCUMENTS
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_no_block_to_be_pasted_uses_a_placeholder_that_it_sets() -> None:
    """End the block after `name=paste-...`, so that the value is replaced before a command uses it."""
    found = {
        project.relative(path): [it for it in shell.pasted(path.read_text("utf-8")) if shell.runs_a_placeholder(it)]
        for path in project.DOCUMENTS
    }
    assert {path: blocks for path, blocks in found.items() if blocks} == {}


def test_comments_and_placeholders_are_found() -> None:
    text = "```sh\nmake dev # here\n```\n\n    # there\n    #too\n    make dev\n\n```yaml\na: b # allowed\n```\n"
    allowed = 'aws x --names \'{"#event": 1}\' https://a.example/#b "$#"\n'

    assert [it for block in shell.pasted(text) for it in shell.comments(block)] == [
        "make dev # here",
        "    # there",
        "    #too",
    ]
    assert shell.comments(allowed) == []
    assert shell.runs_a_placeholder("key=paste-it\ncurl $key\n")
    assert not shell.runs_a_placeholder("curl $site\nkey=paste-it\nother=paste-it-too moment=2026-01-05\n")


@pytest.mark.parametrize(("path", "command"), MAKE, ids=str)
def test_calls_of_make_are_valid(path: str, command: Command) -> None:
    """Target, setting names, and the subcommand of `make admin`."""
    target, settings = command.words[1], dict(it.split("=", 1) for it in command.words[2:] if "=" in it)

    assert re.search(rf"^{re.escape(target)}:", MAKEFILE, re.MULTILINE), path
    assert settings.keys() - _SETTINGS == set()
    if target == "admin" and "DO" in settings:
        assert is_accepted(settings["DO"]), path


_SETTINGS = set(re.findall(r"\$[({]?(?:value )?([A-Z]+)[)}]?", MAKEFILE)) | found(
    r'environ(?:\.get\(|\[)"([A-Z]+)"', *(ROOT / "scripts").rglob("*.py"), *(ROOT / "local").glob("*.py")
)


def is_accepted(words: str) -> bool:
    """Whether `make admin` accepts these arguments."""
    try:
        with redirect_stderr(io.StringIO()):
            parser().parse_args(words.split())
    except SystemExit:
        return False
    return True


def test_invalid_subcommands_are_found() -> None:
    assert [is_accepted(it) for it in ("show ann", "shwo ann", "rotate", "rotate pepper --finish")] == [
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize("path", project.DOCUMENTS, ids=project.relative)
def test_named_resources_are_in_the_template(path: Path) -> None:
    """Tables, secrets, keys, queues, log groups and alarms, in inline code and commands."""
    code = " ".join(shell.blocks(path) + shell.spans(path))
    kinds = "Table|Secret|Queue|Key|LogGroup|ConfigurationSet|Alarm|Function"
    named = set(re.findall(rf"(?<![\w$:-])(?:[A-Z][a-z0-9]+)+(?:{kinds})[AB]?\b", code))
    named |= found(r"\$\(name ([A-Za-z]+)\)", path)
    assert named - set(template()["Resources"]) == set()


def test_every_subcommand_of_operators_is_in_the_runbook() -> None:
    """Operators look there during an incident."""
    verbs = {
        command.words[2].removeprefix("DO=").split()[0]
        for command in shell.commands(RUNBOOK, "make")
        if len(command.words) > 2
    }
    said = parser().format_help().partition("command\n")[2]
    assert set(re.findall(r"^    ([a-z-]+) ", said, re.MULTILINE)) - verbs == set()


def test_the_runbook_lists_what_a_restore_would_undo() -> None:
    """The runbook's scan has each audit event, except those whose effect a restored table cannot undo."""
    gives_nothing_back = {
        *("authn_login_success", "authn_login_unlock", "session_revoked", "session_revoked_all", "authn_token_reuse"),
        *("user_created", "email_verified", "authn_identity_linked", "authn_token_created", "authn_token_updated"),
        "authn_token_new_network",
        # An expired key does not work again; its time is compared.
        "authn_token_expired",
        *("authn_passkey_created", "authn_passkey_copied"),
        *("user_updated", "user_enabled", "mail_bounced", "mail_complained", "mail_wanted"),
        *("authn_login_fail_max", "authn_login_lock"),
        # The link of a cancelled change works for an hour at most, and only in a session of its owner.
        *("user_email_change_requested", "user_email_change_cancelled"),
        # Refilling a table drops requested resets and the trust in browsers.
        *("authn_second_factor_reset_cancelled", "authn_browser_trust_ended"),
    }
    [scan] = re.findall(r"aws dynamodb scan .*?```", RUNBOOK.read_text(encoding="utf-8"), re.DOTALL)
    asked, given = (set(re.findall(pattern, scan)) for pattern in (r":\w+(?=[,)])", r'"(:\w+)": \{"S"'))
    looked_for = set(re.findall(r'\{"S": "([a-z_]+)"\}', scan))

    assert asked | {":since"} == given
    assert looked_for == {name for name, event in EVENTS.items() if event.kept} - gives_nothing_back


@pytest.mark.parametrize("path", project.DOCUMENTS, ids=project.relative)
def test_links_are_valid(path: Path) -> None:
    """To an existing file and heading."""
    for target in found(r"\]\((?!https?:|mailto:)([^)\s]+)\)", path):
        file, _, heading = target.partition("#")
        document = (path.parent / file).resolve() if file else path
        assert document.exists(), target
        if heading:
            lines = found(r"^#+ (.+)$", document)
            assert heading in {re.sub(r"[^\w -]", "", it.lower()).replace(" ", "-") for it in lines}, target
