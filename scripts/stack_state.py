"""Whether a stack can be deployed in the state that it is in, and which command helps if not."""

from typing import Any

from botocore.exceptions import ClientError

from scripts import stacks
from scripts.samconfig import Profile
from scripts.stacks import Json

_DELETE = "aws cloudformation delete-stack"
_CREATION_FAILED = "its creation failed. Delete it, wait until it is gone, and deploy again", _DELETE
_HELP = {
    "CREATE_FAILED": _CREATION_FAILED,
    "ROLLBACK_COMPLETE": _CREATION_FAILED,
    "ROLLBACK_FAILED": _CREATION_FAILED,
    "REVIEW_IN_PROGRESS": ("a change set was never executed. Delete the empty stack, and deploy again", _DELETE),
    "ROLLBACK_IN_PROGRESS": (
        "its creation failed and is undone now. Wait until this command says that it failed, and deploy again",
        "aws cloudformation wait stack-create-complete",
    ),
    "IMPORT_ROLLBACK_FAILED": (
        "an import failed and could not be undone. Its events say why",
        "aws cloudformation describe-stack-events",
    ),
    "DELETE_FAILED": (
        "its deletion failed. Its events in the console say why. Delete it again",
        _DELETE,
    ),
    "UPDATE_ROLLBACK_FAILED": (
        "an update failed and could not be rolled back. Its events in the console say why. Roll it back",
        "aws cloudformation continue-update-rollback",
    ),
}
# Waiters that end, with success or failure, at each status that follows.
_WAIT_FOR = {
    "CREATE_IN_PROGRESS": "stack-create-complete",
    "DELETE_IN_PROGRESS": "stack-delete-complete",
    "IMPORT_IN_PROGRESS": "stack-import-complete",
    "IMPORT_ROLLBACK_IN_PROGRESS": "stack-import-complete",
    "UPDATE_IN_PROGRESS": "stack-update-complete",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "stack-update-complete",
    "UPDATE_ROLLBACK_IN_PROGRESS": "stack-rollback-complete",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "stack-rollback-complete",
}


def find(cloudformation: Any, name: str) -> Json | None:  # noqa: ANN401 - boto3 makes its clients at run time
    """The stack as CloudFormation describes it; None if there is none."""
    try:
        return stacks.described(cloudformation, name)
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def problem(profile: Profile, status: str) -> str | None:
    """Why CloudFormation cannot deploy a stack with this status, and the command that helps; None if it can."""
    if status in _HELP:
        reason, command = _HELP[status]
    elif status.endswith("_IN_PROGRESS"):
        reason, command = "something else changes it now. Wait, and deploy again", _wait(status)
    else:
        return None
    return (
        f"the stack {profile.stack} is {status}: {reason}:\n"
        f"    {command} --stack-name {profile.stack} --region {profile.region}"
    )


def _wait(status: str) -> str:
    return f"aws cloudformation wait {_WAIT_FOR.get(status, 'stack-update-complete')}"
