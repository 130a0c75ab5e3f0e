"""`sam local invoke`: every sample is answered in the environment that SAM CLI gives; in Docker, where that runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local import sam
from local.cloud import LocalCloud
from scripts import env_vars
from tests.cloudformation import ROOT, template
from tests.conftest import missing
from tests.guards.test_template import OPERATORS

# Like a container: nothing but the variables, the handler beside its layers, and the event.
_INVOKE = """
import importlib.util, json, sys
for name in sys.argv[1:]:
    spec = importlib.util.spec_from_file_location(name, "functions/" + name + "/handler.py")
    handler = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(handler)
    try:
        answer = handler.lambda_handler(json.load(open("events/" + name + ".json")), None)
    except Exception as error:
        answer = type(error).__name__
    print("ANSWER", json.dumps([name, answer]))
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
# The samples name sessions, links and states that do not exist here.
_REFUSED = {400, 401, 403, 404}
_DONE = {200, 202, 204, 303}
# These are not called over HTTP. The samples name accounts and credentials that do not exist here.
_OTHERS = {
    **dict.fromkeys(OPERATORS, "NotFound"),
    "authorizer": {"isAuthorized": False},
    "mailer": {"batchItemFailures": []},
    "mail_feedback": None,
}
FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/handler.py"))


@pytest.fixture(scope="module")
def written(cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files for `--env-vars`."""
    folder = tmp_path_factory.mktemp("env-vars")
    env_vars.write(cloud, folder)
    return folder


def of(written: Path, name: str) -> dict[str, str]:
    """The variables in a file."""
    found: dict[str, str] = json.loads((written / f"{name}.json").read_text())["Parameters"]
    return found


@pytest.mark.parametrize("name", env_vars.SITES)
def test_every_variable_of_the_template_has_a_value(cloud: LocalCloud, written: Path, name: str) -> None:
    """SAM CLI fills in nothing of itself: a reference to a table would be its name in the template."""
    found = of(written, name)

    assert set(found) == set(template()["Globals"]["Function"]["Environment"]["Variables"])
    assert found["USERS_TABLE"] == cloud.outputs["UsersTable"]
    assert (found["STAGE"], found["SITE_URL"]) == ("local", env_vars.SITES[name])


def test_sam_gives_every_container_what_the_file_says(written: Path) -> None:
    """As SAM CLI itself works it out, from the template and the file: it drops what the template does not name."""
    if not sam.is_installed():
        missing("SAM CLI is not installed (make .venv-sam/.installed)")
    command = [str(ROOT / ".venv-sam" / "bin" / "python"), "-c", _RESOLVE, str(written / "invoke.json")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    given: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])

    assert len(given) == len(FUNCTIONS)
    expected = of(written, "invoke")
    differing = {name for name, found in given.items() if {key: found.get(key) for key in expected} != expected}
    assert differing == set()


def test_every_sample_is_answered(written: Path) -> None:
    """By its handler, on the running local cloud, without a 5xx response."""
    environment = {
        **of(written, "invoke"),
        "AWS_ENDPOINT_URL": of(written, "invoke")["AWS_ENDPOINT_URL"].replace("host.docker.internal", "localhost"),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "sample",
        "PYTHONPATH": str(ROOT / "layers" / "domain"),
        "PATH": os.environ["PATH"],
        "NO_PROXY": "localhost,127.0.0.1",
    }
    command = [sys.executable, "-c", _INVOKE, *FUNCTIONS]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    lines = [line.removeprefix("ANSWER ") for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    answers: dict[str, Any] = dict(json.loads(line) for line in lines)

    assert sorted(answers) == FUNCTIONS
    assert {name: answers[name] for name in _OTHERS} == _OTHERS
    statuses = {name: answers[name]["statusCode"] for name in FUNCTIONS if name not in _OTHERS}
    assert {name: status for name, status in statuses.items() if status not in _REFUSED | _DONE} == {}
    assert (statuses["login"], statuses["pages"], statuses["signup"]) == (401, 200, 202)


def test_sam_runs_a_function_in_docker(cloud: LocalCloud, written: Path) -> None:
    """The real thing. CI has no Docker either, so the want of it fails nowhere."""
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "info"], check=False, capture_output=True).returncode:
        pytest.skip("Docker does not run here, and SAM CLI runs functions in it")
    if not sam.is_installed():
        missing("SAM CLI is not installed (make .venv-sam/.installed)")
    program = str(ROOT / ".venv-sam" / "bin" / "sam")
    environment = {**os.environ, **cloud.environment(), "SAM_CLI_TELEMETRY": "0"}
    event = ["--event", "events/login.json", "--env-vars", str(written / "invoke.json")]
    for command in (["build"], ["local", "invoke", "LoginFunction", *event, *env_vars.arguments()]):
        done = subprocess.run(
            [program, *command], check=False, capture_output=True, text=True, cwd=ROOT, env=environment
        )
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["statusCode"] == 401
