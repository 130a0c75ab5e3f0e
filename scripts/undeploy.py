"""List what stays, and delete the rest of a stack. `make undeploy PROFILE=dev` runs it.

Accounts and the keys that encrypt them outlive the stack. They can only be deleted by hand.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts import budget, samconfig, stack_state, stacks
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
    """Delete the stack and wait, then its budget; raises CannotRemove if it is not confirmed by name, or protected."""
    if confirmed != profile.stack:
        raise CannotRemove(f"nothing was removed. To confirm, set CONFIRM={profile.stack}")
    cloudformation = client("cloudformation")
    described = stack_state.find(cloudformation, profile.stack)
    if described is None:
        raise CannotRemove(f"there is no stack {profile.stack} in {profile.region}.")
    if described.get("EnableTerminationProtection"):
        lift = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        there = f"--stack-name {profile.stack} --region {profile.region}"
        raise CannotRemove(f"the stack is protected. If you are sure: {lift} {there}")
    cloudformation.delete_stack(StackName=profile.stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=profile.stack)
    if budget.is_wanted(stacks.parameters_in(described)):
        budget.remove(profile, client)


def main(path: Path = stacks.PROJECT / "samconfig.toml") -> int:
    try:
        profile = samconfig.read(path, os.environ.get("PROFILE") or "dev")
        print(f"The stack {profile.stack} in {profile.region}. When it is removed, this stays:")
        for name in what_stays(stacks.read(stacks.PROJECT / "template.yaml"), profile):
            print(f"  - {name}")
        print("It can only be deleted by hand.", flush=True)
        client = boto3.session.Session(region_name=profile.region).client
        remove(profile, client, os.environ.get("CONFIRM", ""))
    except (CannotRemove, NoSuchProfile, TemplateProblem, BotoCoreError, ClientError) as problem:
        print(f"make undeploy: {problem}", file=sys.stderr)
        return 1
    print("Removed. A new deployment with the same name creates new, empty tables.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
