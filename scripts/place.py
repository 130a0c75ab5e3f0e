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

from local.cloud import LocalCloud, NotRunning
from local.processes import NotAPort
from local.stack import NAME
from scripts.stacks import outputs_of


class CannotDo(Exception):
    """Why the command cannot run, as a message for the operator."""


@dataclass(frozen=True)
class Place:
    """``client`` creates boto3 clients, ``stack`` is the stack's name, ``title`` describes the place."""

    client: Callable[[str], Any]
    stack: str
    title: str

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
        return Place(session.client, stack, f"the stack {stack} in {session.region_name}")
    try:
        cloud = LocalCloud.running()
    except NotAPort as problem:
        raise CannotDo(str(problem)) from problem
    except NotRunning as problem:
        raise CannotDo(f"{problem}; for a stack in AWS, say STACK=its-name") from problem
    return Place(cloud.client, NAME, f"the `make dev` on port {cloud.port}")
