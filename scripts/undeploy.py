"""List what stays, and delete the rest of a stack. `make undeploy PROFILE=dev` runs it.

Accounts and the keys that encrypt them outlive the stack. They can only be deleted by hand.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from scripts import budget, deploy_checks, samconfig, stack_state, stacks
from scripts.aws import Client
from scripts.samconfig import NoSuchProfile, Profile
from scripts.stacks import TemplateProblem


class CannotRemove(Exception):
    """Why the stack cannot be removed, as a message for the operator."""


def what_stays(template: Mapping[str, Any], profile: Profile) -> list[str]:
    """The resources that CloudFormation retains, with their types, and the secret that it did not create."""
    kept = {
        name: it for name, it in template["Resources"].items() if str(it.get("DeletionPolicy")).startswith("Retain")
    }
    firewall = [f"{profile.stack}/firewall (SecretsManager::Secret)"] if profile.has_firewall else []
    return [f"{name} ({resource['Type'].removeprefix('AWS::')})" for name, resource in kept.items()] + firewall


def remove(profile: Profile, client: Client, confirmed: str) -> None:
    """Say what stays, delete the stack and wait, then its budget; raises CannotRemove before it says anything."""
    described = _removable(profile, client, confirmed)
    print(f"Removing the stack {profile.stack} in {profile.region}. {_stays(profile)}", flush=True)
    cloudformation = client("cloudformation")
    cloudformation.delete_stack(StackName=profile.stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=profile.stack)
    except WaiterError as error:
        left = stack_state.find(cloudformation, profile.stack)
        problem = stack_state.problem(profile, left["StackStatus"]) if left else None
        raise CannotRemove(problem or str(error)) from error
    if budget.is_wanted(stacks.parameters_in(described)):
        budget.remove(profile, client)


def _removable(profile: Profile, client: Client, confirmed: str) -> Mapping[str, Any]:
    """The stack, if it is confirmed by name and not protected; raises CannotRemove."""
    if confirmed != profile.stack:
        raise CannotRemove(f"nothing was removed. To confirm, set CONFIRM={profile.stack}\n{_stays(profile)}")
    problem = deploy_checks.credentials(client, profile.region)
    if problem:
        raise CannotRemove(problem)
    described = stack_state.find(client("cloudformation"), profile.stack)
    if described is None:
        raise CannotRemove(f"there is no stack {profile.stack} in {profile.region}.")
    if described.get("EnableTerminationProtection"):
        lift = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        there = f"--stack-name {profile.stack} --region {profile.region}"
        raise CannotRemove(f"the stack is protected. If you are sure: {lift} {there}")
    return described


def _stays(profile: Profile) -> str:
    listed = (f"\n  - {name}" for name in what_stays(stacks.read(stacks.PROJECT / "template.yaml"), profile))
    return f"When it is removed, this stays, and can only be deleted by hand:{''.join(listed)}"


def main(path: Path = stacks.PROJECT / "samconfig.toml") -> int:
    try:
        profile = samconfig.read(path, os.environ.get("PROFILE") or "dev")
        client = boto3.session.Session(region_name=profile.region).client
        remove(profile, client, os.environ.get("CONFIRM", ""))
    except (CannotRemove, NoSuchProfile, TemplateProblem, BotoCoreError, ClientError) as problem:
        print(f"make undeploy: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake undeploy: stopped. CloudFormation finishes a deletion that it has begun.", file=sys.stderr)
        return 130
    print("Removed. A new deployment with the same name creates new, empty tables.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
