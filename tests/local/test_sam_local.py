"""`make invoke` and `make start-api`: every sample gets the expected answer; also in Docker, where it runs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config

from accounts.aws import clients
from accounts.dynamo import tables
from local import sam
from local.cloud import LocalCloud
from local.processes import free_port, port_is_taken, url_of
from scripts.sam_local import EVENTS_SITE, FOLDER, CannotRun, build, commands, docker, samples, settings
from scripts.sam_local.docker import DockerRefused
from scripts.sam_local.preparation import Preparation
from scripts.sam_local.running import SamLocal
from tests.cloudformation import ROOT, template
from tests.conftest import missing
from tests.waiting import wait_for

# Like a container: nothing but the variables, the handler beside its layers, and the event.
_INVOKE = """
import importlib.util, json, sys
for line in sys.stdin:
    name, event = json.loads(line)
    spec = importlib.util.spec_from_file_location(name, "functions/" + name + "/handler.py")
    handler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(handler)
    try:
        answer = handler.lambda_handler(event, None)
    except Exception as error:
        answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
    print("ANSWER", json.dumps(answer), flush=True)
"""
_RESOLVE = """
import json, sys
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.local.lambdafn.env_vars import EnvironmentVariables
values = json.load(open(sys.argv[1]))["Parameters"]
stacks, _ = SamLocalStackProvider.get_stacks("template.yaml")
print(json.dumps({
    it.name: EnvironmentVariables(
        it.name, variables=it.environment["Variables"], override_values=values
    ).resolve()
    for it in SamFunctionProvider(stacks).get_all()
}))
"""
FUNCTIONS = samples.names()
# These end what they use, or change what other samples refer to: each gets an account of its own.
_ENDING = {
    "account_delete",
    "email_change_confirm",
    "factor_change",
    "factor_login",
    "key_delete",
    "key_rotate",
    "logout",
    "mail_feedback",
    "operator_account_delete",
    "operator_account_disable",
    "operator_account_logout",
    "operator_key_revoke",
    "operator_password_revoke",
    "passkey_remove",
    "password_change",
    "password_remove",
    "password_reset",
    "reauthenticate",
    "session_revoke_all",
}
_STATUSES = {
    **dict.fromkeys(FUNCTIONS, 200),
    "account_delete": 204,
    "device_consent": 204,
    "email_change": 202,
    "email_resend": 202,
    "factor_change": 204,
    "factor_login": 204,
    "fallback": 204,
    "identity_unlink": 204,
    "key_create": 201,
    "key_delete": 204,
    "key_rotate": 201,
    "key_update": 204,
    "logout": 204,
    "oauth_callback": 303,
    "passkey_remove": 204,
    "passkey_rename": 204,
    "password_change": 204,
    "password_forgot": 202,
    "password_remove": 204,
    "password_reset": 204,
    "password_set": 204,
    "reauthenticate": 204,
    "session_revoke": 204,
    "session_revoke_all": 204,
    "signup": 202,
}
# These are not called over HTTP.
_OTHERS: dict[str, Any] = {
    "authorizer": {"isAuthorized": True},
    "client_document": {"problem": "not_public"},
    "key_expire": {},
    "mail_feedback": None,
    "mailer": {"batchItemFailures": []},
    "operator_account_delete": {"status": "deleted"},
    "operator_account_disable": {"status": "disabled"},
    "operator_account_enable": {"status": "active"},
    "operator_account_inspect": {"status": "active"},
    "operator_account_logout": {"sessions": 1},
    "operator_account_unlock": {},
    "operator_factor_reset": {"requested": True},
    "operator_key_revoke": {},
    "operator_password_revoke": {"password": "revoked"},
}
_EXPECTED = _STATUSES | _OTHERS
_TOLD = (
    "isAuthorized",
    "batchItemFailures",
    "problem",
    "status",
    "sessions",
    "password",
    "requested",
    "errorType",
    "errorMessage",
)


def outcome(answer: Any) -> Any:
    """The status of an HTTP response; of another answer, what it says."""
    if not isinstance(answer, dict):
        return answer
    if "statusCode" in answer:
        return answer["statusCode"]
    told = answer.get("account", answer)
    return {name: told[name] for name in _TOLD if name in told}


@pytest.fixture(scope="module")
def prepare(cloud: LocalCloud) -> Iterator[Callable[[], Preparation]]:
    """Start preparations. Until the end of the file, this process has the environment of the cloud's functions."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in commands.environment(cloud).items():
            patch.setenv(name, value)
        clients.client.cache_clear()
        tables.connection.cache_clear()
        yield lambda: commands.preparation(cloud)
    clients.client.cache_clear()
    tables.connection.cache_clear()


@pytest.fixture
def event(prepare: Callable[[], Preparation]) -> Callable[[str], dict[str, Any]]:
    """The sample of a function, filled in when it is asked for: codes last a minute."""
    shared = prepare()
    return lambda name: samples.event(name, (prepare() if name in _ENDING else shared).value)


def test_every_variable_of_the_template_has_a_value(cloud: LocalCloud) -> None:
    """SAM CLI resolves nothing: a reference to a table would be its name in the template."""
    found = settings.of_cloud(cloud, EVENTS_SITE)

    assert set(found) == set(template()["Globals"]["Function"]["Environment"]["Variables"])
    assert found["USERS_TABLE"] == cloud.outputs["UsersTable"]
    assert (found["STAGE"], found["SITE_URL"]) == ("local", EVENTS_SITE)


def test_sam_gives_every_container_what_the_file_says(cloud: LocalCloud, tmp_path: Path) -> None:
    """As SAM CLI itself works it out, from the template and the file: it drops what the template does not name."""
    if not sam.is_installed():
        missing("SAM CLI is not installed (make .venv-sam/.installed)")
    expected = settings.in_container(settings.of_cloud(cloud, EVENTS_SITE))
    settings.write(expected, tmp_path / "invoke.json")
    command = [str(ROOT / ".venv-sam" / "bin" / "python"), "-c", _RESOLVE, str(tmp_path / "invoke.json")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    given: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])

    assert len(given) == len(FUNCTIONS)
    differing = {name for name, found in given.items() if {key: found.get(key) for key in expected} != expected}
    assert differing == set()


def test_every_sample_is_answered(cloud: LocalCloud, event: Callable[[str], Any], tmp_path: Path) -> None:
    """By its handler, on the running local cloud, with the expected status."""
    environment = {
        **commands.environment(cloud),
        "AWS_LAMBDA_FUNCTION_NAME": "sample",
        "PYTHONPATH": str(ROOT / "layers" / "domain"),
        "PATH": os.environ["PATH"],
    }
    log = tmp_path / "stderr"
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", _INVOKE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            cwd=ROOT,
            env=environment,
        ) as process,
    ):
        answers = {name: outcome(_answered(process, name, event(name))) for name in FUNCTIONS}

    assert answers == _EXPECTED, log.read_text()


def _answered(process: subprocess.Popen[str], name: str, event: Any) -> Any:
    """The answer of a handler in another process."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{json.dumps([name, event])}\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith("ANSWER "):
            return json.loads(line.removeprefix("ANSWER "))
    return {"errorMessage": "the process has ended"}


@pytest.fixture(scope="module")
def sam_local(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> SamLocal:
    """All functions, built for Docker. CI has no Docker either, so its absence is never a failure."""
    try:
        found = docker.find()
    except CannotRun as problem:
        pytest.skip(f"Docker does not run here, and SAM CLI runs functions in it: {problem}")
    if not sam.is_installed():
        missing("SAM CLI is not installed (make .venv-sam/.installed)")
    if not found.has_image():
        try:
            found.ask("pull", found.image)
        except DockerRefused as problem:
            pytest.skip(f"Docker has no image {found.image}, and cannot pull it: {problem}")
    built = SamLocal(cloud, found, tmp_path_factory.mktemp("sam"), print)
    built.build()
    return built


def test_docker_answers_every_sample(sam_local: SamLocal, event: Callable[[str], Any], tmp_path: Path) -> None:
    """Each function in a container of its own, on the running local cloud. Prints what each took."""
    port, log = free_port(), tmp_path / "sam.log"
    with (
        log.open("w") as output,
        sam_local.running(
            "start-lambda", "--port", str(port), site_url=EVENTS_SITE, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        wait_for(lambda: port_is_taken(port) or process.poll() is not None, "SAM CLI listens")
        found = {name: _invoked(port, name, event(name)) for name in FUNCTIONS}

    for name, (answer, seconds) in found.items():
        sys.stdout.write(f"{name:<26} {outcome(answer)!s:<28} {seconds * 1000:6.0f} ms\n")
    assert {name: outcome(answer) for name, (answer, _) in found.items()} == _EXPECTED, log.read_text()[-20_000:]
    assert sam_local.docker.remove_containers(sam_local.folder) == 0


def _invoked(port: int, name: str, event: Any) -> tuple[Any, float]:
    """The answer of a function behind `sam local start-lambda`, and the seconds that it took."""
    config = Config(signature_version=UNSIGNED, read_timeout=120, retries={"total_max_attempts": 1}, proxies={})
    client = boto3.client("lambda", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", config=config)
    begun = time.monotonic()
    answer = client.invoke(FunctionName=build.logical_id(name), Payload=json.dumps(event))
    return json.loads(answer["Payload"].read() or "null"), time.monotonic() - begun


@pytest.mark.usefixtures("sam_local")
def test_make_invoke_prints_an_answer_and_leaves_nothing_behind(cloud: LocalCloud) -> None:
    """The command itself, on the ports of the local cloud."""
    command = ["make", "invoke", "FUNCTION=session_show"]
    ports = {"PORT": str(cloud.port), "AWS_PORT": str(cloud.aws_port)}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=os.environ | ports)

    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout[done.stdout.index("\n{") :])
    assert (answer["statusCode"], answer["body"]["session"]["method"]) == (200, "password")
    assert docker.find().remove_containers(FOLDER / "invoke") == 0


def test_make_start_api_serves_the_site_until_it_is_stopped(sam_local: SamLocal, tmp_path: Path) -> None:
    """With its own address in links and redirects; SIGTERM removes its containers, as Ctrl-C does."""
    port, log = free_port(), tmp_path / "sam.log"
    site = url_of(port)
    with (
        log.open("w") as output,
        sam_local.running(
            "start-api", *commands.serving(port), site_url=site, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        wait_for(lambda: port_is_taken(port) or process.poll() is not None, "SAM CLI listens")
        page = requests.get(f"{site}/login", timeout=120)
        metadata = requests.get(f"{site}/.well-known/oauth-authorization-server", timeout=120)

    assert (page.status_code, "<html" in page.text) == (200, True), log.read_text()[-20_000:]
    assert metadata.json()["issuer"] == site
    assert not port_is_taken(port)
    assert sam_local.docker.remove_containers(sam_local.folder) == 0
