"""What `make invoke` and `make start-api` do."""

import json
import os
import subprocess
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from accounts import deployment
from local.cloud import LocalCloud
from local.processes import port_is_taken
from scripts.sam_local import EVENTS_SITE, FOLDER, START_API_PORT, START_API_SITE, CannotRun, build, samples, settings
from scripts.sam_local.preparation import Preparation
from scripts.sam_local.running import Say, find


def functions() -> str:
    """Return the list of the functions with what each does."""
    described = build.descriptions()
    width = max(map(len, described))
    rows = (f"  {name:<{width}}  {described[name]}" for name in sorted(described))
    return "\n".join(["Run one function in Docker: make invoke FUNCTION=name", "", *rows])


def invoke(function: str, say: Say) -> int:
    """Run the function once with its sample; print its answer. Return 1 if the function failed."""
    known = samples.names()
    if function not in known:
        raise CannotRun(f"there is no function {function}; {_meant(function, known)}`make invoke` lists them")
    sam_local = find(LocalCloud.running, FOLDER / "invoke", say)
    sam_local.build(function)
    os.environ.update(environment(sam_local.cloud))
    event = write_event(sam_local.folder / "event.json", function, preparation(sam_local.cloud), say)
    arguments = [build.logical_id(function), "--event", str(event)]
    with sam_local.running("invoke", *arguments, site_url=EVENTS_SITE, stdout=subprocess.PIPE) as process:
        printed = process.stdout.read() if process.stdout else ""
    answer = answer_in(printed)
    print(f"\n{in_words(answer)}")
    return int(is_failure(answer))


def _meant(function: str, known: list[str]) -> str:
    """Suggest the function with the most similar name, or with this name in the template."""
    by_name = {build.logical_id(name): name for name in known} | {name: name for name in known}
    similar = get_close_matches(function, by_name, n=1)
    return f"did you mean {by_name[similar[0]]}? " if similar else ""


def start_api(say: Say) -> int:
    """Serve the site until SAM CLI or this process is stopped."""
    if port_is_taken(START_API_PORT):
        raise CannotRun(f"port {START_API_PORT} is in use. Stop what uses it, such as another `make start-api`.")
    sam_local = find(LocalCloud.running, FOLDER / "start-api", say)
    sam_local.build()
    cloud = sam_local.cloud
    say(f"Site: {START_API_SITE}. Each function takes seconds for its first request")
    say(f"Accounts, emails and their links are those of `make dev`: {cloud.site_url}. Ctrl-C stops")
    arguments, merged = serving(START_API_PORT), {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with sam_local.running("start-api", *arguments, site_url=START_API_SITE, **merged) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
        return process.wait()


def serving(port: int) -> list[str]:
    """Return the arguments of `sam local start-api`: each function keeps its container after its first request."""
    return ["--port", str(port), "--warm-containers", "LAZY"]


def environment(cloud: LocalCloud) -> dict[str, str]:
    """Return the environment in which this process runs the service's flows in that cloud."""
    return settings.of_cloud(cloud, EVENTS_SITE) | cloud.environment()


def preparation(cloud: LocalCloud) -> Preparation:
    """Return a new preparation for samples in this cloud, whose environment this process has."""
    secrets = cloud.client("secretsmanager")

    def secret(arn: str) -> str:
        return str(secrets.get_secret_value(SecretId=arn)["SecretString"])

    return Preparation(deployment.load(), lambda: datetime.now(UTC), secret)


def write_event(file: Path, function: str, prepared: Preparation, say: Say) -> Path:
    """Write the function's sample with prepared values; return the file."""
    needed = sorted(samples.placeholders(function))
    say(f"Preparing {', '.join(needed) or 'nothing: the sample needs none'}")
    file.write_text(json.dumps(samples.event(function, prepared.value), indent=2), encoding="utf-8")
    say(f"Event: {file}")
    return file


def answer_in(printed: str) -> Any:  # noqa: ANN401 - whatever the function returns
    """Return the answer that SAM CLI printed last; raises CannotRun."""
    lines = printed.strip().splitlines()
    try:
        return json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise CannotRun(f"SAM CLI printed no answer of the function. {printed}".rstrip()) from error


def in_words(answer: Any) -> str:  # noqa: ANN401
    """Return the answer as readable JSON, with its body parsed if that is JSON."""
    if isinstance(answer, dict) and isinstance(answer.get("body"), str):
        try:
            answer = answer | {"body": json.loads(answer["body"])}
        except ValueError:
            return json.dumps(answer, indent=2)
    return json.dumps(answer, indent=2)


def is_failure(answer: Any) -> bool:  # noqa: ANN401
    """Whether the function raised, or says that the fault is its own."""
    return isinstance(answer, dict) and ("errorType" in answer or answer.get("statusCode", 0) >= 500)
