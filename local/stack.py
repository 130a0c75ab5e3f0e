"""The stack in the emulated AWS: upload its code, deploy its template, read its state."""

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.http_api import Json
from local.packages import Package
from scripts.stacks import outputs_of, parameters_of

NAME = "comfy-accounts"
BUCKET = "comfy-accounts-code"
_SETTLED = re.compile(r"_(COMPLETE|FAILED)$")
_BEYOND_REPAIR = {"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"}


class DeployFailed(Exception):
    """CloudFormation's reasons for a failed deployment."""


class Stack:
    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client

    @property
    def _cloudformation(self) -> Any:  # noqa: ANN401  # boto3 makes its client classes at run time
        return self._client("cloudformation")

    def store(self, packages: Mapping[str, Package]) -> None:
        """Upload the zips that the bucket lacks, and delete the others."""
        s3 = self._client("s3")
        s3.create_bucket(Bucket=BUCKET)
        listed = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        there = {item["Key"] for page in listed for item in page.get("Contents", [])}
        wanted = {package.key: package.body for package in packages.values()}
        for key in wanted.keys() - there:
            s3.put_object(Bucket=BUCKET, Key=key, Body=wanted[key])
        for key in there - wanted.keys():
            s3.delete_object(Bucket=BUCKET, Key=key)

    def store_template(self, template: Json) -> str:
        """Upload a nested stack's template; return its URL, which changes with its content."""
        body = json.dumps(template).encode()
        return self._put(f"{hashlib.sha256(body).hexdigest()}.json", body)

    def deploy(self, template: Json, parameters: Mapping[str, str]) -> bool:
        """Create or update the stack; return whether anything changed."""
        status = self.status()
        if status in _BEYOND_REPAIR:
            self._delete()
            status = None
        request = self._request(template, parameters)
        if status is None:
            self._cloudformation.create_stack(**request, OnFailure="ROLLBACK")
        elif not self._update(request):
            return False
        self._wait(good={"CREATE_COMPLETE", "UPDATE_COMPLETE"})
        return True

    def status(self) -> str | None:
        """Return the stack's status, or None when there is none."""
        try:
            described = self._cloudformation.describe_stacks(StackName=NAME)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        status: str | None = described[0]["StackStatus"] if described else None
        return None if status == "DELETE_COMPLETE" else status

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs."""
        return outputs_of(self._cloudformation, NAME)

    def parameters(self) -> dict[str, str]:
        """Return the stack's parameters, or none when there is no stack."""
        if self.status() is None:
            return {}
        return parameters_of(self._cloudformation, NAME)

    def names(self) -> dict[str, str]:
        """Return the logical id of each resource by its physical id."""
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
        resources = (resource for page in pages for resource in page["StackResourceSummaries"])
        return {resource["PhysicalResourceId"]: resource["LogicalResourceId"] for resource in resources}

    def put_secret(self, arn: str, value: Json) -> bool:
        """Set a secret's value; return whether it changed."""
        secrets = self._client("secretsmanager")
        text = json.dumps(value, sort_keys=True)
        if secrets.get_secret_value(SecretId=arn)["SecretString"] == text:
            return False
        secrets.put_secret_value(SecretId=arn, SecretString=text)
        return True

    def _request(self, template: Json, parameters: Mapping[str, str]) -> Json:
        # By URL: CloudFormation accepts 51,200 bytes in the request and 1 MB in S3.
        url = self._put("template.json", json.dumps(template).encode())
        declared = template.get("Parameters", {})
        return {
            "StackName": NAME,
            "TemplateURL": url,
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items() if key in declared
            ],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        }

    def _put(self, key: str, body: bytes) -> str:
        s3 = self._client("s3")
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"{s3.meta.endpoint_url}/{BUCKET}/{key}"

    def _update(self, request: Json) -> bool:
        try:
            self._cloudformation.update_stack(**request)
        except ClientError as error:
            if "No updates are to be performed" in str(error):
                return False
            raise DeployFailed(error.response["Error"]["Message"]) from error
        return True

    def _wait(self, *, good: set[str]) -> None:
        while True:
            status = self.status()
            if status is None or _SETTLED.search(status):
                break
            time.sleep(0.05)
        if status not in good:
            raise DeployFailed("\n".join([f"the stack is {status}", *self._reasons()]))

    def _delete(self) -> None:
        self._cloudformation.delete_stack(StackName=NAME)
        while self.status() not in (None, "DELETE_FAILED"):
            time.sleep(0.05)

    def _reasons(self) -> list[str]:
        """Return the failures, oldest first, without the cancellations that they caused."""
        events = self._cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
        return [
            f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason']}"
            for event in reversed(events)
            if event["ResourceStatus"].endswith("_FAILED")
            and "cancelled" not in event.get("ResourceStatusReason", "cancelled")
        ]
