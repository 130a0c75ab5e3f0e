"""Documents match the code: error codes, routes, limits, commands, parameters, settings."""

import json
import re
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest

from accounts import errors, limits
from accounts.web.responses import status_of
from accounts.web.routes import ROUTES
from tests.cloudformation import template
from tests.guards import project, shell
from tests.guards.project import ROOT, found

API = ROOT / "docs" / "api.md"
DEPLOY = ROOT / "docs" / "deploy.md"
MAKEFILE = ROOT / "Makefile"
TARGETS = found(r"^([a-z][a-z-]*):", MAKEFILE)
# Set by Lambda, or read by a library.
_READ_BY_OTHERS = {
    "AWS_ENDPOINT_URL",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_LOGGER_LOG_EVENT",
    "POWERTOOLS_SERVICE_NAME",
}
# Read under names from a table.
_READ_BY_NAME = {"GOOGLE_ENDPOINT", "GITHUB_ENDPOINT"}


def _kinds(kind: type[errors.AccountsError]) -> list[type[errors.AccountsError]]:
    return [kind, *(lower for below in kind.__subclasses__() for lower in _kinds(below))]


# Without subclasses that a test defined.
KINDS = [kind for kind in _kinds(errors.AccountsError) if kind.__module__ == errors.__name__]
# Never sent: Refusal is abstract, and ConfigurationError stops the function at start.
_INNER = (errors.Refusal, errors.ConfigurationError)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_code_is_in_the_reference_with_its_status(kind: type[errors.AccountsError]) -> None:
    """Add a row to the table in docs/api.md: | `code` | status | when |."""
    if kind in _INNER:
        assert kind.code in {"internal_error", "configuration_error"}
        return
    status = status_of(kind.__new__(kind))
    assert re.search(rf"^\| `{kind.code}` \| {status} \| \S", API.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_reference_has_no_code_that_does_not_exist() -> None:
    """Rows with a three-digit status are codes."""
    assert found(r"^\| `([a-z_]+)` \| \d{3} \|", API) <= {kind.code for kind in KINDS}


def test_the_tree_of_errors_is_complete() -> None:
    """Add the class to the docstring of ``accounts.errors``."""
    drawing = (errors.__doc__ or "").partition("::")[2]
    drawn = re.findall(r"(?:├──|└──) (\w+)", drawing)
    assert sorted(drawn) == sorted(kind.__name__ for kind in KINDS if kind is not errors.AccountsError)


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in KINDS if "code" in vars(kind)]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize("path", project.DOCUMENTS, ids=project.relative)
def test_every_command_in_a_document_exists(path: Path) -> None:
    """`make something`, in a code span or a block, is a target of the Makefile."""
    named = found(r"(?:^ *|`)(?:[A-Z]+=\S+ )*make ([a-z-]+)(?= |`|$)", path)
    assert named - TARGETS == set()


@pytest.mark.parametrize("path", project.DOCUMENTS, ids=project.relative)
def test_a_value_that_begins_with_a_dash_is_no_option(path: Path) -> None:
    """Rotated secrets may begin with one, so a command joins them to their option with "="."""
    assert re.findall(r'--secret-string[ \\\n]+"\$', path.read_text(encoding="utf-8")) == []


def test_make_help_explains_every_command() -> None:
    """Write the explanation after ``##``, behind the target."""
    phony = next(iter(found(r"^\.PHONY: (.+)$", MAKEFILE))).split()
    explained = found(r"^([a-z][a-z-]*):.*## \S", MAKEFILE)
    assert sorted(explained) == sorted(phony)


_FOR_CLIENTS = {f"{it.method} {it.path}": it for it in ROUTES if it.function not in {"pages", "fallback"}}


def test_the_authorizers_snippet_is_part_of_the_example_that_a_test_deploys() -> None:
    text = (ROOT / "docs" / "integrating.md").read_text()
    (snippet,) = (it for it in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "DefaultAuthorizer" in it)

    assert textwrap.indent(snippet, " " * 6) in (ROOT / "examples" / "service" / "template.yaml").read_text()


def test_the_reference_has_every_route_and_no_other() -> None:
    """Method and path, in a code span of the table's first column; pages are not for clients."""
    first = found(r"^\| (`[A-Z]+ /[^|]+) \|", API)
    shown = {route for column in first for route in re.findall(r"`([A-Z]+ [^`? ]+)", column)}
    assert shown == set(_FOR_CLIENTS)


def test_the_reference_has_the_credentials_that_the_endpoint_accepts() -> None:
    """In the third column of docs/api.md: one for all routes of the row, or one for each, between dots."""
    shown = {}
    for routes, credentials in re.findall(
        r"^\| (`[A-Z]+ /[^|]+) \| [^|]+ \| ([^|]+) \|$", API.read_text("utf-8"), re.MULTILINE
    ):
        names, kinds = re.findall(r"`([A-Z]+ [^`? ]+)", routes), credentials.split(" · ")
        shown |= dict(zip(names, kinds if len(kinds) > 1 else kinds * len(names), strict=True))
    assert shown.keys() == _FOR_CLIENTS.keys()
    wrong = {name: it for name, it in shown.items() if it.removesuffix(", emailed token") not in _accepted(name)}
    assert wrong == {}


def _accepted(name: str) -> set[str]:
    """What docs/api.md may say of the route. Where no credential is accepted, something else in the request is one."""
    route = _FOR_CLIENTS[name]
    if not route.credentials:
        return {
            "none",
            "emailed token",
            "emailed token, same browser",
            "PKCE S256",
            "refresh or access token",
            "signature",
        }
    kinds = [it for it in ("session", "access_token", "api_key", "admin_secret") if it in route.credentials]
    *others, last = [it.replace("_", " ").replace("api", "API") for it in kinds]
    accepted = f"{', '.join(others)} or {last}" if others else last
    return {f"{'fresh ' if route.fresh else ''}{accepted}{', optional' if route.optional else ''}"}


def test_the_reference_has_the_limits_that_the_code_keeps() -> None:
    """Each row of the table in docs/api.md, with the numbers of ``accounts.limits``."""
    section = API.read_text(encoding="utf-8").partition("\n## Limits\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (\w[^|]*[^| ]) +\| ([^|]*\d[^|]*[^| ]) +\|$", section, re.MULTILINE))
    assert {what: [int(it) for it in re.findall(r"\d+", limit)] for what, limit in rows.items()} == _LIMITS


_HOUR, _MINUTE, _DAY, _SECOND = (timedelta(**{unit: 1}) for unit in ("hours", "minutes", "days", "seconds"))
_LIMITS = {
    "password": [limits.PASSWORD_MIN_CHARACTERS, limits.PASSWORD_MAX_CHARACTERS],
    "API keys, sessions, identities, passkeys of an account": [
        limits.API_KEYS_PER_ACCOUNT,
        limits.SESSIONS_PER_ACCOUNT,
        limits.IDENTITIES_PER_ACCOUNT,
        limits.PASSKEYS_PER_ACCOUNT,
    ],
    "old secret of a rotated API key": [
        limits.KEY_OVERLAP_DAYS,
        limits.KEY_SECRETS_PER_ACCOUNT,
        limits.API_KEYS_PER_ACCOUNT,
    ],
    "networks of an API key": [limits.KEY_NETWORKS_MAX],
    "networks that an API key was used from": [
        limits.SEEN_NETWORKS_PER_KEY,
        limits.SEEN_NETWORK_IPV4_BITS,
        limits.SEEN_NETWORK_IPV6_BITS,
        limits.NEW_NETWORKS_RECORDED_PER_ACCOUNT_PER_DAY,
        limits.NEW_NETWORK_NOTICES_PER_ACCOUNT_PER_DAY,
    ],
    "expiry date of an API key": [limits.API_KEY_LIFETIME // _DAY, limits.EXPIRED_KEY_LISTED // _DAY],
    "unlinked identities that an account remembers": [limits.UNLINKED_PER_ACCOUNT],
    "name of a passkey; its credential id": [limits.PASSKEY_NAME_MAX_CHARACTERS, limits.CREDENTIAL_ID_MAX_BYTES],
    "challenge for a passkey": [limits.PASSKEY_CHALLENGE_LIFETIME // _MINUTE],
    "code of an app; steps of drift either way; recovery codes": [
        limits.TOTP_STEP // _SECOND,
        limits.TOTP_DRIFT_STEPS,
        limits.RECOVERY_CODES,
    ],
    "wrong codes in a row": [limits.FAILURES_THAT_DISABLE_PASSWORD],
    "login that waits for its second factor; setup of one": [
        limits.PENDING_LOGIN_LIFETIME // _MINUTE,
        limits.SECOND_FACTOR_SETUP_LIFETIME // _MINUTE,
    ],
    "login in a new browser that waits for an emailed code": [
        limits.LOGIN_CODE_LIFETIME // _MINUTE,
        limits.LOGIN_CODE_TRIES,
    ],
    "emails with such a code, to one account": [
        limits.LOGIN_CODES_PER_SOURCE_PER_HOUR,
        limits.LOGIN_CODES_PER_SOURCE_PER_DAY,
        limits.LOGIN_CODES_PER_HOUR,
        limits.LOGIN_CODES_PER_DAY,
    ],
    "browsers that are not asked for a code": [
        limits.TRUSTED_BROWSERS_PER_ACCOUNT,
        limits.TRUSTED_BROWSER_KEPT // _DAY,
    ],
    "steps that change a second factor": [limits.SECOND_FACTOR_CHANGES_PER_ACCOUNT_PER_DAY],
    "session": [limits.SESSION_LIFETIME // _HOUR, limits.SESSION_IDLE // _HOUR],
    'session with "remember me", or of a program': [
        limits.REMEMBERED_SESSION_LIFETIME // _DAY,
        limits.REMEMBERED_SESSION_IDLE // _DAY,
    ],
    "name of a person, of an API key; description of a key": [
        limits.PERSON_NAME_MAX_CHARACTERS,
        limits.KEY_NAME_MAX_CHARACTERS,
        limits.KEY_DESCRIPTION_MAX_CHARACTERS,
        limits.BODY_MAX_BYTES // 1024,
    ],
    "email address": [limits.EMAIL_MAX_CHARACTERS, limits.EMAIL_LOCAL_MAX_CHARACTERS],
    "access token": [limits.ACCESS_TOKEN_LIFETIME // _MINUTE],
    "authorization code, device code": [
        limits.AUTHORIZATION_CODE_LIFETIME // _SECOND,
        limits.DEVICE_CODE_LIFETIME // _MINUTE,
    ],
    "state of an authorization request": [limits.STATE_MAX_CHARACTERS, limits.URL_MAX_CHARACTERS],
    "link that confirms an account, resets a password, changes an address": [
        limits.VERIFICATION_LIFETIME // _HOUR,
        limits.PASSWORD_RESET_LIFETIME // _MINUTE,
        limits.EMAIL_CHANGE_LIFETIME // _HOUR,
    ],
    "wrong passwords in a row": [
        limits.FREE_FAILURES,
        limits.FIRST_WAIT // _SECOND,
        limits.LONGEST_WAIT // _HOUR,
        limits.FAILURES_THAT_DISABLE_PASSWORD,
    ],
    "emails with a confirmation link, to one address": [
        limits.SIGNUP_MAILS_PER_SOURCE,
        limits.SIGNUP_MAILS_WINDOW // _HOUR,
        limits.SIGNUP_MAILS_PER_RECIPIENT,
        limits.SIGNUP_MAILS_WINDOW // _HOUR,
    ],
    "emails with a reset link, to one address": [
        limits.RESET_MAILS_PER_HOUR,
        limits.RESET_MAILS_PER_DAY,
        limits.RESET_MAILS_PER_RECIPIENT,
        limits.RESET_MAILS_WINDOW // _MINUTE,
    ],
    "device codes that an account may try": [limits.USER_CODES_PER_ACCOUNT_PER_HOUR],
    "refreshes of one program": [limits.REFRESHES_PER_SESSION_PER_MINUTE],
    "access tokens for all programs of an account": [limits.SIGNATURES_PER_ACCOUNT_PER_MINUTE],
    "document that describes a client": [
        limits.CLIENT_DOCUMENT_MAX_BYTES // 1024,
        int(limits.CLIENT_DOCUMENT_TOTAL_SECONDS),
        limits.CLIENT_ID_MAX_CHARACTERS,
        limits.CLIENT_DOCUMENT_FRESH_AT_LEAST // _MINUTE,
        limits.CLIENT_DOCUMENT_FRESH_AT_MOST // _DAY,
        limits.CLIENT_DOCUMENT_FRESH // _MINUTE,
    ],
    "documents that are fetched for an account; new ones from a host; a known one again": [
        limits.CLIENT_DOCUMENTS_PER_ACCOUNT_PER_MINUTE,
        limits.CLIENT_DOCUMENTS_PER_HOST_PER_MINUTE,
        limits.CLIENT_DOCUMENT_REFETCHES_PER_MINUTE,
    ],
    "activity shown; records read and exported, or of each kind": [
        limits.ACTIVITY_SHOWN,
        limits.ACTIVITY_READ,
        limits.ACTIVITY_READ_OF_ONE_KIND,
    ],
    "changes of name or password, started links of a provider, new API keys and rotations, changes of keys, answers to "
    "programs": [
        limits.RENAMES_PER_ACCOUNT_PER_DAY,
        limits.PASSWORD_CHANGES_PER_ACCOUNT_PER_DAY,
        limits.LINKS_STARTED_PER_ACCOUNT_PER_DAY,
        limits.API_KEYS_CREATED_PER_ACCOUNT_PER_DAY,
        limits.API_KEY_CHANGES_PER_ACCOUNT_PER_DAY,
        limits.CONSENTS_PER_ACCOUNT_PER_DAY,
    ],
}


# The limits by source: free, and with a proof of work.
_BY_SOURCE = {
    "failed logins, and logins in progress": [
        [limits.ADDRESS_FAILURES_PER_MINUTE, limits.ADDRESS_FAILURES_PER_HOUR],
        [limits.ADDRESS_FAILURES_PER_HOUR_WITH_PROOF],
    ],
    "sign-ups and requests for an email, together": [
        [limits.SIGNUPS_PER_ADDRESS_PER_MINUTE, limits.SIGNUPS_PER_ADDRESS_PER_HOUR],
        [limits.SIGNUPS_PER_ADDRESS_PER_HOUR_WITH_PROOF],
    ],
    "emailed links that are used": [[limits.CONFIRMATIONS_PER_ADDRESS_PER_MINUTE], []],
    "logins with a provider that are started": [[limits.OAUTH_STARTS_PER_ADDRESS_PER_MINUTE], []],
    "device codes that are requested": [[limits.DEVICE_CODES_PER_ADDRESS_PER_MINUTE], []],
    "device codes that are entered": [[limits.USER_CODES_PER_ADDRESS_PER_MINUTE], []],
    "questions of programs without a session": [[limits.CONSENT_QUESTIONS_PER_MINUTE], []],
    "documents of clients that are fetched": [[limits.CLIENT_DOCUMENTS_PER_ADDRESS_PER_MINUTE], []],
    "codes of a second factor or an email, in unknown browsers": [[limits.SECOND_STEPS_PER_ADDRESS_PER_MINUTE], []],
    "API keys that do not exist": [[limits.BAD_KEYS_PER_ADDRESS_PER_MINUTE], []],
    "codes and refresh tokens that do not exist": [[limits.BAD_GRANTS_PER_ADDRESS_PER_MINUTE], []],
    "reports of leaked keys": [[limits.LEAK_REPORTS_PER_ADDRESS_PER_MINUTE], []],
    "wrong admin secrets": [[limits.BAD_ADMIN_SECRETS_PER_ADDRESS_PER_MINUTE], []],
}


def test_the_reference_has_the_limits_by_source() -> None:
    """All of them, with the numbers of ``accounts.limits``."""
    section = API.read_text(encoding="utf-8").partition("\n## Limits by source\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    shown = {row[0]: [[int(it) for it in re.findall(r"\d+", cell)] for cell in row[1:3]] for row in rows[2:]}
    by_address = {value for name, value in vars(limits).items() if "_PER_ADDRESS_" in name}

    assert shown == _BY_SOURCE
    assert by_address <= {number for row in _BY_SOURCE.values() for cell in row for number in cell}


def test_what_the_architecture_names_exists() -> None:
    """`module.name` is a name in a module of the package; `folder/` and `folder/file` are in the project."""
    spans = shell.spans(ROOT / "ARCHITECTURE.md")
    names = [it.rpartition(".") for it in spans if re.fullmatch(r"(?:[a-z_]+\.)+[A-Za-z_]+", it)]
    paths = [it for it in spans if re.fullmatch(r"[\w.-]+/[\w./-]*", it)]
    assert [f"{module}.{name}" for module, _, name in names if not _is_there(module, name)] == []
    assert [it for it in paths if not any((root / it).exists() for root in (ROOT, project.PACKAGE, _FLOWS))] == []


_FLOWS = project.PACKAGE / "flows"


def _is_there(module: str, name: str) -> bool:
    """Whether a module with that ending defines the name, or is a package that has a module of that name."""
    tail = module.removeprefix("accounts.").replace(".", "/")
    if (ROOT / f"{module}.{name}").is_file() or (project.PACKAGE / tail / f"{name}.py").is_file():
        return True
    if module == "accounts":
        return (project.PACKAGE / name / "__init__.py").is_file()
    files = [path for path in project.MODULES if path.with_suffix("").as_posix().endswith(f"/{tail}")]
    return any(re.search(rf"^ *(?:def|class) {name}\b", path.read_text("utf-8"), re.MULTILINE) for path in files)


def test_every_decision_is_in_the_index() -> None:
    """Number the record, and add its row to docs/decisions/README.md."""
    folder = ROOT / "docs" / "decisions"
    records = sorted(path for path in folder.glob("*.md") if path.name != "README.md")
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    index = (folder / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \| (\S+) \|$", index, re.MULTILINE)
    heads = [re.match(r"# (\d{4})\. (.+)\n\n(\S+) · ", path.read_text("utf-8")) for path in records]
    assert rows == [(it[1], path.name, it[2], it[3]) for path, it in zip(records, heads, strict=True) if it]


def test_every_decision_has_its_three_parts() -> None:
    """Context, decision, consequence; 0001 shows the form."""
    found_parts = {
        path.name: re.findall(r"^\*\*(\w+)\.\*\* \S", path.read_text("utf-8"), re.MULTILINE)
        for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")
    }
    assert {name: it for name, it in found_parts.items() if it != ["Context", "Decision", "Consequence"]} == {}


@pytest.mark.parametrize(("name", "lines"), [("README.md", 150), ("ARCHITECTURE.md", 120)])
def test_the_first_documents_are_short(name: str, lines: int) -> None:
    """Move reference to docs/ and link to it."""
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= lines


def test_the_picture_of_the_pages_is_small() -> None:
    """`make screenshots` writes it."""
    assert (ROOT / "docs" / "pages.png").stat().st_size < 150_000


def test_every_parameter_of_the_template_is_described() -> None:
    """In the template; the console shows it."""
    assert [name for name, it in template()["Parameters"].items() if len(it.get("Description", "")) < 20] == []


def test_the_table_of_parameters_has_every_parameter_with_its_default() -> None:
    """In docs/deploy.md, and no others."""
    rows = re.findall(r"^\| (`[A-Z]\w+`(?:, `\w+`)*) \| (none|`[^`]*`) \| \S", DEPLOY.read_text("utf-8"), re.MULTILINE)
    shown = {name: default.strip("`") for names, default in rows for name in re.findall(r"\w+", names)}
    declared = {name: str(it.get("Default", "")) or "none" for name, it in template()["Parameters"].items()}
    assert shown == declared


def test_a_topic_of_ones_own_lets_all_senders_of_the_stack_publish() -> None:
    """The statement in docs/deploy.md can be pasted. Budgets publishes the warning of `MonthlyBudget`."""
    section = DEPLOY.read_text("utf-8").partition("\n## An alarm topic of your own\n")[2].partition("\n## ")[0]
    statement = json.loads("".join(re.findall(r"^ {4}.+\n", section, re.MULTILINE)))

    assert statement["Principal"] == {"Service": ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]}
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
    assert re.fullmatch(template()["Parameters"]["AlarmTopicArn"]["AllowedPattern"], statement["Resource"])
    account = statement["Resource"].split(":")[4]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": account}}
    (row,) = re.findall(r"^\| `AlarmTopicArn` .+$", DEPLOY.read_text("utf-8"), re.MULTILINE)
    assert all(f"`{service}`" in row for service in statement["Principal"]["Service"])
    assert "(#an-alarm-topic-of-your-own)" in row


def test_the_template_sets_exactly_the_settings_that_are_read() -> None:
    read = found(
        r'(?:(?i:settings)(?:\.optional\(|\[|, )|_table\(\w+, )"([A-Z_]+)"', *project.MODULES, *project.HANDLERS
    )
    loaded = found(r'(?:environ\.get|self\.number)\("([A-Z_]+)"', *project.MODULES)
    variables = set(template()["Globals"]["Function"]["Environment"]["Variables"])
    assert (read | loaded | _READ_BY_OTHERS | _READ_BY_NAME) == variables


def test_only_the_settings_read_the_environment() -> None:
    """So that every setting is checked at start."""
    reading = [path for path in (*project.MODULES, *project.HANDLERS) if "os" in project.imported(path)]
    assert [project.relative(path) for path in reading] == ["layers/domain/accounts/settings.py"]
