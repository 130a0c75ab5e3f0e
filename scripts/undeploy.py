"""Remove a stack from AWS, after saying what stays. `make undeploy PROFILE=dev` runs it.

People's data and the keys that it is encrypted with outlive the stack: they are deleted by hand or not at all.
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
    """What is in the way, for a person."""


def what_stays(template: Mapping[str, Any], profile: Profile) -> list[str]:
    """What CloudFormation keeps, each with its kind, and what it never made."""
    kept = {
        name: it for name, it in template["Resources"].items() if str(it.get("DeletionPolicy")).startswith("Retain")
    }
    firewall = [f"{profile.stack}/firewall (SecretsManager::Secret)"] if profile.has_firewall else []
    return [f"{name} ({resource['Type'].removeprefix('AWS::')})" for name, resource in kept.items()] + firewall


def remove(profile: Profile, cloudformation: Any, confirmed: str) -> None:  # noqa: ANN401 - boto3 makes its clients
    """Delete the stack and wait; raises CannotRemove unless its name was given, and while it is protected."""
    if confirmed != profile.stack:
        raise CannotRemove(f"nothing was removed. To do it, say CONFIRM={profile.stack}")
    described = cloudformation.describe_stacks(StackName=profile.stack)["Stacks"][0]
    if described.get("EnableTerminationProtection"):
        lift = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        there = f"--stack-name {profile.stack} --region {profile.region}"
        raise CannotRemove(f"the stack is protected. If you are sure: {lift} {there}")
    cloudformation.delete_stack(StackName=profile.stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=profile.stack)


def main(client: Callable[..., Any] = boto3.client) -> int:
    """Say what stays, and remove the rest."""
    try:
        profile = samconfig.read(stacks.PROJECT / "samconfig.toml", os.environ.get("PROFILE") or "dev")
        print(
            f"Removing the stack {profile.stack} in {profile.region}. This stays, to be deleted by hand or not at all:"
        )
        for name in what_stays(stacks.read(stacks.PROJECT / "template.yaml"), profile):
            print(f"  - {name}")
        cloudformation = client("cloudformation", region_name=profile.region)
        remove(profile, cloudformation, os.environ.get("CONFIRM", ""))
    except (CannotRemove, NoSuchProfile, TemplateProblem, BotoCoreError, ClientError) as problem:
        print(f"make undeploy: {problem}", file=sys.stderr)
        return 1
    print("Removed. A new deployment under the same name makes new, empty tables.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
