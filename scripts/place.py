"""Where an operator's command runs: on the `make dev` on PORT, or on a stack in AWS.

With STACK=comfy-accounts it is that stack, in the AWS account and region of the environment. There is no fallback from
one to the other: a forgotten STACK must never lead to production, nor the reverse.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from local import running
from local.emulator import REGION
from local.processes import NotAPort
from local.running import NotRunning
from local.stack import NAME
from scripts.stacks import outputs_of


class CannotDo(Exception):
    """Why the command cannot run, as a message for the operator."""


@dataclass(frozen=True)
class Place:
    """``client`` creates boto3 clients, ``stack`` is the stack's name, ``title`` describes the place.

    ``aws`` is the AWS CLI with what it needs to act there, for commands that an operator is told to run.
    """

    client: Callable[[str], Any]
    stack: str
    title: str
    aws: str = "aws"

    @cached_property
    def outputs(self) -> dict[str, str]:
        return outputs_of(self.client("cloudformation"), self.stack)

    def deployed(self, name: str) -> str:
        """The physical id of the resource ``name``; raises CannotDo if the stack has none."""
        if name not in self.names:
            raise CannotDo(f"{self.title} has no {name}: it is another service or version")
        return self.names[name]

    @cached_property
    def names(self) -> dict[str, str]:
        """The physical id of each resource by its logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        listed = (resource for page in pages for resource in page["StackResourceSummaries"])
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}


def find() -> Place:
    """The place that the environment selects; raises CannotDo if nothing runs there."""
    stack = os.environ.get("STACK", "")
    if stack:
        session = boto3.session.Session()
        if session.region_name is None:
            raise CannotDo(f"which region is {stack} in? Say AWS_DEFAULT_REGION=its-region, or use a profile that does")
        return _stack(stack, session)
    try:
        aws = running.emulator()
    except NotAPort as problem:
        raise CannotDo(str(problem)) from problem
    except NotRunning as problem:
        raise CannotDo(f"{problem}; for a stack in AWS, say STACK=its-name") from problem
    cli = f"AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test aws --region {REGION} --endpoint-url {aws.endpoint_url}"
    return Place(aws.client, NAME, f"the `make dev` on port {aws.site_port}", cli)


def _stack(name: str, session: Any) -> Place:  # noqa: ANN401 - boto3 makes its clients at run time
    """A stack in AWS or, with AWS_ENDPOINT_URL, in an emulated AWS. The title tells them apart."""
    region, endpoint = session.region_name, os.environ.get("AWS_ENDPOINT_URL", "")
    if endpoint:
        title = f"the stack {name} in the emulated AWS at {endpoint}"
        return Place(session.client, name, title, f"aws --region {region} --endpoint-url {endpoint}")
    title = f"the stack {name} of AWS account {account_of(session)} in {region}"
    return Place(session.client, name, title, f"aws --region {region}")


def account_of(session: Any) -> str:  # noqa: ANN401
    """The id of the AWS account whose credentials these are."""
    return str(session.client("sts").get_caller_identity()["Account"])
