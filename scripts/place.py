"""Where a command of an operator acts: on the `make dev` that runs on PORT, or on a stack in AWS.

With STACK=comfy-accounts it is that stack, in the account and region that the environment's profile opens. It never
falls back from one to the other: whoever forgets to say STACK must not meet production, nor the reverse.
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
    """What is in the way, for a person."""


@dataclass(frozen=True)
class Place:
    """``client`` makes boto3 clients there, ``stack`` is the stack's name, ``title`` what to call the place."""

    client: Callable[[str], Any]
    stack: str
    title: str

    @cached_property
    def outputs(self) -> dict[str, str]:
        """What the template puts out."""
        return outputs_of(self.client("cloudformation"), self.stack)

    def deployed(self, name: str) -> str:
        """The deployed name of what the template calls ``name``; raises CannotDo when the stack has none."""
        if name not in self.names:
            raise CannotDo(f"{self.title} has no {name}: it is another service or version")
        return self.names[name]

    @cached_property
    def names(self) -> dict[str, str]:
        """The deployed name of each resource, by its name in the template."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.stack)
        listed = (resource for page in pages for resource in page["StackResourceSummaries"])
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}


def find() -> Place:
    """The place that the environment names; raises CannotDo when nothing runs there."""
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
