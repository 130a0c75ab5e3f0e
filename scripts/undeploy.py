"""List what stays, and delete the rest of a stack. `make undeploy PROFILE=dev` runs it.

Accounts and the keys that encrypt them outlive the stack. They can only be deleted by hand.
"""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts import samconfig, stacks
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


def remove(profile: Profile, cloudformation: Any, confirmed: str) -> None:  # noqa: ANN401 - boto3 makes its clients
    """Delete the stack and wait; raises CannotRemove if it is not confirmed by name, or protected."""
    if confirmed != profile.stack:
        raise CannotRemove(f"nothing was removed. To confirm, set CONFIRM={profile.stack}")
    described = cloudformation.describe_stacks(StackName=profile.stack)["Stacks"][0]
    if described.get("EnableTerminationProtection"):
        lift = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        there = f"--stack-name {profile.stack} --region {profile.region}"
        raise CannotRemove(f"the stack is protected. If you are sure: {lift} {there}")
    cloudformation.delete_stack(StackName=profile.stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=profile.stack)


def main(client: Callable[..., Any] = boto3.client) -> int:
    try:
        profile = samconfig.read(stacks.PROJECT / "samconfig.toml", os.environ.get("PROFILE") or "dev")
        print(f"Removing the stack {profile.stack} in {profile.region}. This stays, and can only be deleted by hand:")
        for name in what_stays(stacks.read(stacks.PROJECT / "template.yaml"), profile):
            print(f"  - {name}")
        cloudformation = client("cloudformation", region_name=profile.region)
        remove(profile, cloudformation, os.environ.get("CONFIRM", ""))
    except (CannotRemove, NoSuchProfile, TemplateProblem, BotoCoreError, ClientError) as problem:
        print(f"make undeploy: {problem}", file=sys.stderr)
        return 1
    print("Removed. A new deployment with the same name creates new, empty tables.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
