"""The stack in the emulated AWS."""

from types import SimpleNamespace
from typing import Any

from local.stack import BUCKET, Stack


class Bucket:
    """The part of S3 that an upload needs."""

    meta = SimpleNamespace(endpoint_url="http://127.0.0.1:4566")

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}

    def put_object(self, **given: Any) -> None:
        assert given["Bucket"] == BUCKET
        self.stored[given["Key"]] = given["Body"]


def test_a_changed_nested_template_has_another_address() -> None:
    """CloudFormation updates a nested stack only if its TemplateURL, or another property, changes."""
    bucket = Bucket()
    stack = Stack(lambda _: bucket)

    before = stack.store_template({"Resources": {"A": 1}})
    again = stack.store_template({"Resources": {"A": 1}})
    after = stack.store_template({"Resources": {"A": 2}})

    assert before == again != after
    assert {f"{bucket.meta.endpoint_url}/{BUCKET}/{key}" for key in bucket.stored} == {before, after}
    assert bucket.stored[after.rpartition("/")[2]] == b'{"Resources": {"A": 2}}'
