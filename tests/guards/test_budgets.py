"""Budgets for cold starts and deployments, in imports and bytes; `make bench` measures the time."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError, EndpointVariantError
from botocore.loaders import Loader
from botocore.regions import EndpointResolver

from benchmarks import __main__ as benchmark
from benchmarks import layers, world
from benchmarks.stub import Stub, serving
from tests.conftest import missing
from tests.guards import interpreter, project
from tests.guards.interpreter import YARDSTICK

# Modules that each handler imports besides `import pynamodb.models`, which all but the last two cannot do without. A
# number that has to rise is a cold start that has become slower: say in the change what for.
BUDGET = {
    "account_delete": 109,
    "operator_account_disable": 105,
    "operator_account_enable": 103,
    "operator_account_inspect": 119,
    "operator_account_delete": 106,
    "operator_account_logout": 104,
    "operator_account_unlock": 104,
    "operator_factor_reset": 101,
    "account_export": 119,
    "account_open": 115,
    "account_show": 115,
    "account_update": 112,
    "workspace_show": 114,
    "activity_list": 105,
    "authorizer": 111,
    "email_change": 118,
    "email_change_confirm": 121,
    "email_resend": 118,
    "email_verify": 130,
    "factor_change": 132,
    "factor_login": 140,
    "factor_set_up": 128,
    "factor_show": 114,
    "identity_confirm": 128,
    "identity_list": 118,
    "identity_unlink": 119,
    "key_create": 121,
    "key_delete": 117,
    "key_expire": 93,
    "key_update": 119,
    "key_list": 118,
    "operator_key_revoke": 107,
    "key_report": 126,
    "key_verify": 116,
    "login": 136,
    "logout": 103,
    "mail_feedback": 101,
    "mailer": 288,
    "key_rotate": 118,
    "login_methods": 98,
    "oauth_callback": 456,
    "client_authorize": 169,
    "device_authorize": 153,
    "device_consent": 124,
    # GitHub's list of keys may be larger than a document.
    "client_document": 79,
    "client_metadata": 104,
    "client_revoke": 162,
    "oauth_start": 451,
    "client_token": 185,
    "passkey_create": 181,
    "passkey_list": 110,
    "passkey_login": 185,
    "passkey_reauthenticate": 183,
    "passkey_remove": 115,
    "passkey_rename": 111,
    "password_change": 123,
    "password_forgot": 118,
    "password_remove": 120,
    "password_reset": 128,
    "operator_password_revoke": 108,
    "password_set": 121,
    "reauthenticate": 134,
    "session_list": 107,
    "session_revoke": 103,
    "session_revoke_all": 103,
    "session_show": 105,
    "signup": 122,
    "fallback": 99,
    "pages": 97,
}
# Modules of data that every handler imports: not counted.
EVERYWHERE = {"accounts.events", "accounts.languages"}
# Packages that are slow to import, and the functions that need them.
SLOW_IMPORTS = (
    "altcha",
    "authlib",
    "aws_xray_sdk",
    "boto3",
    "cryptography",
    "fido2",
    "jinja2",
    "joserfc",
    "pydantic",
    "pyotp",
    "requests",
    "s3transfer",
    "segno",
)
ALLOWED = {
    "mailer": {"boto3", "jinja2", "s3transfer"},  # Powertools' idempotency needs boto3; emails have templates
    "client_authorize": {"authlib"},
    "device_authorize": {"authlib"},
    "client_token": {"authlib"},
    "client_revoke": {"authlib"},
    "oauth_callback": {"authlib", "cryptography", "joserfc", "requests"},
    "oauth_start": {"authlib", "cryptography", "joserfc", "requests"},
    # The image of a setup is made by segno, which is imported when it is asked for.
    "factor_change": {"pyotp"},
    "factor_login": {"pyotp"},
    "factor_set_up": {"pyotp"},
    "passkey_create": {"cryptography", "fido2"},
    "passkey_login": {"cryptography", "fido2"},
    "passkey_reauthenticate": {"cryptography", "fido2"},
}
WITHOUT_TABLES = ("client_document", "fallback", "pages")
# The domain layer is code, its bytecode, pages, emails and the OpenAPI document, and 0.09 MB of common passwords. It
# grows with the product: the second factor took it past 1.15 MB, and limits of API keys in twelve languages past 1.5,
# and their scopes, the reset of a lost factor and the account menu past 1.6.
LAYER_MB, DOMAIN_MB, FUNCTION_MB, UNZIPPED_MB = 10.0, 1.7, 0.02, 250.0
SERVICES = {"dynamodb", "kms", "lambda", "secretsmanager", "sesv2", "sqs", "sts"}
# What policies call differently, and what Lambda itself calls with the role of a function.
OPERATIONS = {"dynamodb:ConditionCheckItem": "dynamodb:TransactWriteItems", "lambda:InvokeFunction": "lambda:Invoke"}
OF_LAMBDA = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
_NO_NETWORK = ("NewConnectionError", "NameResolutionError", "ConnectTimeout", "ProxyError", "Network is unreachable")


def built(build: Callable[[], Path]) -> Path:
    """The layer. Skips the test only if no package index can be reached."""
    try:
        return build()
    except subprocess.CalledProcessError as error:
        if any(sign in error.stderr for sign in _NO_NETWORK):
            missing("the dependencies layer cannot be built: pip reaches no package index")
        raise AssertionError(error.stderr) from error


@pytest.fixture(scope="session")
def here() -> Path:
    """The dependencies layer for this machine's processor."""
    return built(lambda: layers.dependencies("PLATFORM="))


@pytest.fixture(scope="session")
def arm64() -> Path:
    """The dependencies layer as it is deployed."""
    return built(layers.dependencies)


@pytest.fixture(scope="session")
def domain() -> Path:
    """The domain layer."""
    return layers.domain()


def test_every_function_has_a_budget() -> None:
    assert sorted(BUDGET) == sorted(project.FOLDERS)


@pytest.mark.parametrize("function", BUDGET)
def test_a_handler_imports_no_more_than_its_budget(function: str) -> None:
    """Counted with the packages of the test environment."""
    added = interpreter.imported(layers.installed().paths)[function]
    assert len(added - EVERYWHERE) <= BUDGET[function], sorted(added)


@pytest.mark.parametrize("function", BUDGET)
def test_a_handler_imports_no_slow_package_that_it_does_not_need(function: str) -> None:
    """Exceptions are listed in ALLOWED."""
    modules = interpreter.imported(layers.installed().paths)
    assert {name for name in SLOW_IMPORTS if name in modules[function] | modules[""]} == ALLOWED.get(function, set())


def test_functions_without_tables_import_none() -> None:
    """They start twice as fast."""
    modules = interpreter.imported(layers.installed().paths, WITHOUT_TABLES, "sys")
    assert {
        name for name in WITHOUT_TABLES if "pynamodb" in modules[name] or "botocore.client" in modules[name]
    } == set()


def test_the_yardstick_is_stable() -> None:
    """Budgets do not count its imports, so a larger pynamodb or botocore would go unnoticed."""
    assert len(interpreter.imported(layers.installed().paths)[""]) <= 350, YARDSTICK


def test_every_handler_can_be_imported_from_the_built_layers(here: Path, domain: Path) -> None:
    """Each creates its clients with the deployed botocore and nothing else on the path."""
    found = interpreter.imported((str(domain / "python"), str(here / "python")))
    assert set(found) - {""} == set(project.FOLDERS)


def test_the_deployed_dependencies_are_small(arm64: Path, domain: Path) -> None:
    """Zipped and unzipped; Lambda accepts 250 MB in total."""
    assert layers.zipped_bytes(arm64) < LAYER_MB * 1e6
    assert sum(path.stat().st_size for path in arm64.rglob("*") if path.is_file()) < UNZIPPED_MB * 1e6
    assert layers.zipped_bytes(domain) < DOMAIN_MB * 1e6


@pytest.mark.parametrize("function", project.FOLDERS)
def test_a_function_is_its_handler(function: str) -> None:
    """A few kilobytes; everything else is in the shared layers."""
    assert layers.zipped_bytes(project.ROOT / "functions" / function) < FUNCTION_MB * 1e6


def test_the_deployed_dependencies_are_for_lambda(arm64: Path) -> None:
    """Machine code for arm64 only, and all Python modules compiled."""
    native = [path.name for path in arm64.rglob("*.so")]
    assert native != []
    assert [path.name for path in arm64.rglob("*.so") if _machine(path) != "aarch64"] == []
    assert list(arm64.rglob("*.py")) == []
    assert len(list(arm64.rglob("*.pyc"))) > 500


def test_the_deployed_dependencies_have_no_unused_files(arm64: Path) -> None:
    """Of botocore's data only the services that the functions call, without documentation; no tests, no programs."""
    data = arm64 / "python" / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == SERVICES
    assert [path for path in data.rglob("service-2.json") if '"documentation":"' in path.read_text("utf-8")] == []
    surplus = {"tests", "bin", "__pycache__"}
    assert [path for path in arm64.rglob("*") if path.is_dir() and path.name in surplus] == []


def test_the_deployed_dependencies_have_the_operations_that_a_function_may_call(arm64: Path) -> None:
    """Those of the policies in the template, and no others: each takes time at every cold start."""
    allowed = {action for _, it in project.statements() for action in project.listed(it["Action"])} - OF_LAMBDA
    kept = {
        f"{path.parts[-3]}:{operation}"
        for path in (arm64 / "python" / "botocore" / "data").glob("*/*/service-2.json")
        for operation in json.loads(path.read_text("utf-8"))["operations"]
        if path.parts[-3] != "sts"
    }
    assert kept == {OPERATIONS.get(action, action).replace("ses:", "sesv2:") for action in allowed}


def test_trimming_keeps_what_a_client_reads(here: Path) -> None:
    """Operations, shapes and endpoints of each service."""
    data = here / "python" / "botocore" / "data"
    for service in sorted(SERVICES):
        (described,) = data.glob(f"{service}/*/service-2.json")
        model = json.loads(described.read_text("utf-8"))
        assert {"metadata", "operations", "shapes"} <= set(model)
        assert (described.parent / "endpoint-rule-set-1.json").exists()
    partitions = json.loads((data / "endpoints.json").read_text("utf-8"))["partitions"]
    assert set(partitions[0]["services"]) == (SERVICES - {"sesv2"}) | {"email"}


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_trimming_changes_no_endpoint(here: Path, service: str) -> None:
    """In every region, with and without FIPS and dual-stack addresses, by both of botocore's ways to find one."""
    data = here / "python" / "botocore" / "data"
    (trimmed,) = data.glob(f"{service}/*/endpoint-rule-set-1.json")
    kept, whole = json.loads((data / "endpoints.json").read_text("utf-8")), Loader().load_data("endpoints")
    # One that botocore does not know yet, too.
    regions = [*(name for partition in whole["partitions"] for name in partition["regions"]), "eu-north-9"]
    called = {"sesv2": "email"}.get(service, service)

    assert len(regions) > 35
    assert _by_rules(json.loads(trimmed.read_text("utf-8")), _partitions(data), regions) == _by_rules(
        Loader().load_service_model(service, "endpoint-rule-set-1"), Loader().load_data("partitions"), regions
    )
    assert _by_table(kept, called, regions) == _by_table(whole, called, regions)


def test_no_operation_sets_what_the_endpoint_rules_were_trimmed_by(here: Path) -> None:
    """An operation that does would get the address of another one."""
    for described in (here / "python" / "botocore" / "data").glob("*/*/service-2.json"):
        assert "IsSearchOperation" not in described.read_text("utf-8")


def _partitions(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / "partitions.json").read_text("utf-8"))
    return found


def _by_rules(rules: dict[str, Any], partitions: dict[str, Any], regions: list[str]) -> dict[Any, Any]:
    """As a client of ``aws_session`` asks."""
    provider = EndpointProvider(rules, partitions)
    asked = {"ResourceArn": "UsersTable", "AccountIdEndpointMode": "disabled", "AccountId": "123456789012"}
    return _addresses(
        regions,
        lambda region, fips, dual_stack: repr(
            provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack, **asked)
        ),
    )


def _by_table(endpoints: dict[str, Any], service: str, regions: list[str]) -> dict[Any, Any]:
    resolver = EndpointResolver(endpoints)
    return _addresses(
        regions,
        lambda region, fips, dual_stack: resolver.construct_endpoint(
            service, region, use_fips_endpoint=fips, use_dualstack_endpoint=dual_stack
        ),
    )


def _addresses(regions: list[str], find: Callable[[str, bool, bool], object]) -> dict[Any, Any]:
    """What is found for each region and way to call it; the error, where there is no address."""
    found: dict[Any, Any] = {}
    for asked in itertools.product(regions, (False, True), (False, True)):
        try:
            found[asked] = find(*asked)
        except (EndpointProviderError, EndpointVariantError) as error:
            found[asked] = str(error)
    return found


def test_the_domain_layer_is_compiled(domain: Path) -> None:
    """With sources for tracebacks, and bytecode, so that a cold start does not compile."""
    sources = {path.relative_to(domain) for path in domain.rglob("*.py")}
    compiled = {path.relative_to(domain) for path in domain.rglob("*.pyc")}
    assert {path.parent / "__pycache__" / f"{path.stem}.cpython-313.pyc" for path in sources} == compiled
    assert (domain / "python" / "accounts" / "model" / "common_passwords.txt").exists()


def test_the_benchmark_still_measures() -> None:
    """One function, once, with the packages of the test environment; its row has the number of calls to AWS."""
    command = [sys.executable, "-m", "benchmarks", "--installed", "--rounds", "1", "session_show"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=project.ROOT)
    assert done.returncode == 0, done.stderr
    # The session and its account.
    assert re.findall(r"^session_show +\d+ ms +\d+ ms +\d\.\d\d +(\d+) ", done.stdout, re.MULTILINE) == ["2"]


def test_the_benchmark_can_invoke_every_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark's data are complete: each function succeeds."""
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    asked = [*(name for name in project.FOLDERS if name not in benchmark.NOT_ASKED), *world.VARIANTS]
    with serving(Stub(world.tables(), world.SECRETS)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        events = {name: world.event(name) for name in asked}
        measured = interpreter.measured(layers.installed().paths, events, endpoint)

    assert list(measured) == asked
    assert [problem for name in asked if (problem := benchmark.problem(name, measured[name]))] == []


@pytest.mark.parametrize("layer", ["dependencies", "domain"])
def test_a_makefile_says_what_it_lacks(layer: str, tmp_path: Path) -> None:
    """Python 3.13, because functions cannot use bytecode of another version."""
    command = ["make", "-s", "-C", str(layers.LAYERS / layer), f"build-{layer.capitalize()}Layer", "PYTHON=/bin/false"]
    done = subprocess.run(
        [*command, f"ARTIFACTS_DIR={tmp_path}"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert done.returncode != 0
    assert "is not that: set PYTHON=" in done.stdout
    assert list(tmp_path.iterdir()) == []


def _machine(path: Path) -> str:
    """The field e_machine in the header of an ELF file: two bytes at 18."""
    return {183: "aarch64", 62: "x86_64"}.get(int.from_bytes(path.read_bytes()[18:20], "little"), "another")
