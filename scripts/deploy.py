"""Build the service and deploy it into AWS with a profile of samconfig.toml. `make deploy PROFILE=prod` runs it.

The first run asks for the values that samconfig.toml leaves open and writes the answers there. Without a terminal, or
with CI set, it lists them and stops. Credentials come from the environment, as for every AWS program.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from accounts import secrets
from scripts import budget, deploy_checks, environment_size, sam_cli, samconfig, snapshots, stack_state, stacks
from scripts.aws import Client
from scripts.samconfig import NoSuchProfile, Profile
from scripts.stacks import PROJECT, TemplateProblem, outputs_of

# Until the first deployment tells the address that API Gateway assigns.
_NOT_YET = "https://not-yet.invalid"
_BUILT = PROJECT / ".aws-sam" / "build" / "template.yaml"
_SHOWN = ("SiteUrl", "SiteTarget", "AuthorizerFunctionArn", "OAuthProvidersSecretArn", "DashboardUrl")
_GOES_ON = "CloudFormation finishes an update that it has begun; its console shows the progress."
Run = Callable[[list[str]], None]
Ask = Callable[[str], str]


class CannotDeploy(Exception):
    """Why the deployment cannot start or failed, as a message for the person who runs it."""


def deploy(profile: Profile, client: Client, run: Run, ask: Ask | None) -> Mapping[str, str]:
    """Check, build and deploy; return the stack's outputs. ``ask`` is None without a terminal."""
    template = stacks.read(PROJECT / "template.yaml")
    existing = _existing(profile, client)
    before = stacks.parameters_in(existing) if existing else {}
    profile = complete(profile, template["Parameters"], ask)
    _check(profile, client, template, before)
    extra = firewall_secret(profile, client) if profile.has_firewall else {}
    run(["build"])
    run(["validate", "--lint", "--region", profile.region])
    if profile.overrides.get("SnapStart") == "on":
        snapshots.publish(_BUILT, dict(profile.overrides) | extra)
    profile = _with_address(profile, client, run)
    run(_command(profile, extra))
    cloudformation = client("cloudformation")
    if profile.overrides.get("Stage") == "prod":
        cloudformation.update_termination_protection(StackName=profile.stack, EnableTerminationProtection=True)
    deployed = stacks.described(cloudformation, profile.stack)
    budget.keep(profile, client, before, stacks.parameters_in(deployed))
    return stacks.outputs_in(deployed)


def _existing(profile: Profile, client: Client) -> Mapping[str, Any] | None:
    """The stack, if it exists and can be deployed; raises CannotDeploy."""
    problem = deploy_checks.credentials(client, profile.region)
    if problem:
        raise CannotDeploy(problem)
    found = stack_state.find(client("cloudformation"), profile.stack)
    problem = stack_state.problem(profile, found["StackStatus"]) if found else None
    if problem:
        raise CannotDeploy(problem)
    return found


def _check(profile: Profile, client: Client, template: Mapping[str, Any], before: Mapping[str, str]) -> None:
    """Print notes; raises CannotDeploy with everything that is missing. ``before`` are the stack's parameters."""
    findings = deploy_checks.look(client, profile.region, profile.overrides, hashing=_hashing(template), before=before)
    too_large = environment_size.problem(template, profile, before)
    for note in findings.notes:
        print(f"Note: {note}")
    missing = [*findings.missing, *([too_large] if too_large else [])]
    if missing:
        raise CannotDeploy("\n".join(["missing:", *(f"  - {it}" for it in missing)]))


def complete(profile: Profile, declared: Mapping[str, Any], ask: Ask | None) -> Profile:
    """Ask for the open values, check each answer like CloudFormation, and write it to the profile at once."""
    if profile.open_questions and ask is None:
        names = ", ".join(profile.open_questions)
        raise CannotDeploy(f"samconfig.toml, profile {profile.name}, has no value for: {names}. Fill them in.")
    before, answers = profile, 0
    try:
        while ask and profile.open_questions:
            name = profile.open_questions[0]
            profile = profile.filled_in({name: _answer(name, declared[name], ask)})
            answers += 1
    except (EOFError, KeyboardInterrupt) as stopped:
        print()
        kept = f" samconfig.toml keeps your {answers} answer{'' if answers == 1 else 's'}." if answers else ""
        raise CannotDeploy(f"stopped before anything was deployed.{kept}") from stopped
    if budget.is_wanted(before.overrides) and not budget.is_wanted(profile.overrides):
        print("MonthlyBudget is now 0: without AlarmEmail or AlarmTopicArn, its warning has no recipient.")
    return profile


def _answer(name: str, parameter: Mapping[str, Any], ask: Ask) -> str:
    """An answer that CloudFormation accepts. An empty one only if the parameter has a default."""
    empty = " Leave it empty for none." if parameter.get("Default") == "" else ""
    while True:
        answer = ask(f"{name}: {parameter['Description']}{empty}\n{name} = ").strip()
        if re.search(parameter.get("AllowedPattern", ""), answer) and (answer or empty):
            return answer
        print(f"{name} {parameter['ConstraintDescription'] if answer else 'needs a value'}.")


def firewall_secret(profile: Profile, client: Client) -> dict[str, str]:
    """The parameters of the secret that CloudFront sends. Created on first use; functions receive only its digest."""
    manager, name = client("secretsmanager"), f"{profile.stack}/firewall"
    try:
        manager.describe_secret(SecretId=name)
    except manager.exceptions.ResourceNotFoundException:
        manager.create_secret(
            Name=name, SecretString=secrets.random_base62(48), Description="Authenticates CloudFront to the API"
        )
    current = manager.get_secret_value(SecretId=name)
    digests = [secrets.digest(current["SecretString"])]
    # The previous one stays valid while the new one reaches all of CloudFront.
    try:
        before = manager.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")
        digests.append(secrets.digest(before["SecretString"]))
    except manager.exceptions.ResourceNotFoundException:
        pass
    return {"FirewallSecretArn": current["ARN"], "FirewallSecretDigests": ",".join(digests)}


def _with_address(profile: Profile, client: Client, run: Run) -> Profile:
    """If the profile needs the address that API Gateway assigns, deploy once to get it."""
    if not profile.waits_for_address:
        return profile
    api = _api_of(profile, client)
    if api is None:
        print("Deploying twice: the first deployment gets the site's address from API Gateway.", flush=True)
        run(_command(profile, {"SiteUrl": _NOT_YET}))
        api = outputs_of(client("cloudformation"), profile.stack)["HttpApiId"]
    return profile.filled_in({"SiteUrl": f"https://{api}.execute-api.{profile.region}.amazonaws.com"})


def _api_of(profile: Profile, client: Client) -> str | None:
    """The API's id, if the stack exists: a site in use must never have the temporary address."""
    found = stack_state.find(client("cloudformation"), profile.stack)
    return stacks.outputs_in(found).get("HttpApiId") if found else None


def _command(profile: Profile, extra: Mapping[str, str]) -> list[str]:
    # In a file: on the command line SAM CLI splits values at spaces and accepts no empty ones.
    path = profile.path.parent / ".aws-sam" / "parameters.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**profile.overrides, **extra}), encoding="utf-8")  # JSON is YAML
    given = ["--parameter-overrides", f"file://{path}"]
    return ["deploy", "--config-env", profile.name, "--no-confirm-changeset", *given]


def _hashing(template: Mapping[str, Any]) -> int:
    functions = [it["Properties"] for it in template["Resources"].values() if it["Type"].endswith("::Function")]
    return sum("ReservedConcurrentExecutions" in it for it in functions)


def sam(arguments: list[str]) -> None:
    """Run the project's SAM CLI with its Python 3.13 on the PATH; raises CannotDeploy if it fails."""
    command = [str(sam_cli.PROGRAM), *arguments]
    done = subprocess.run(command, cwd=PROJECT, env=sam_cli.environment(), check=False)  # noqa: S603 - the project's own
    if done.returncode:
        raise CannotDeploy(f"sam {arguments[0]} failed; see its output above")


def main(path: Path = PROJECT / "samconfig.toml") -> int:
    is_unattended = bool(os.environ.get("CI")) or not sys.stdin.isatty()
    try:
        profile = samconfig.read(path, os.environ.get("PROFILE") or "dev")
        print(f"Deploying the profile {profile.name}: the stack {profile.stack} in {profile.region}")
        session = boto3.session.Session(region_name=profile.region)
        outputs = deploy(profile, session.client, sam, None if is_unattended else input)
    except (CannotDeploy, NoSuchProfile, TemplateProblem, ValueError, BotoCoreError, ClientError) as problem:
        print(f"make deploy: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nmake deploy: stopped. {_GOES_ON}", file=sys.stderr)
        return 130
    print("\nDeployed.")
    for name in _SHOWN:
        if name in outputs:
            print(f"  {name:<24} {outputs[name]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
