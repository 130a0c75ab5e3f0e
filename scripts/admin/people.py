"""Actions on one account, by direct invocation of the stack's functions for operators.

IAM decides who may invoke which function. The account is looked up first, and each action names it by its id, so that
it affects the account that was shown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from accounts import secrets
from accounts.model import api_keys, users
from scripts.admin import terminal
from scripts.place import CannotDo, Place

Json = dict[str, Any]
_NO_SHORTER_PREFIX = len(api_keys.PREFIX) + 1


class NotFound(CannotDo):
    """The stack has no such account, key or identity."""


@dataclass(frozen=True)
class Operator:
    """Acts on the stack at ``place``, under the caller's AWS identity."""

    place: Place

    @cached_property
    def name(self) -> str:
        """The caller's ARN, for the account's history."""
        arn: str = self.place.client("sts").get_caller_identity()["Arn"]
        return arn

    def find(self, name: str) -> Json:
        """Find an account by any of its names, with everything that belongs to it; raises CannotDo if there is none."""
        return self.invoke("OperatorAccountInspect", name=name)

    def act(self, function: str, account: Json, **more: str) -> Json:
        """Invoke ``function`` for that account."""
        return self.invoke(function, user_id=account["account"]["id"], **more)

    def invoke(self, function: str, **event: str) -> Json:
        """Invoke a function for operators; raises CannotDo when it fails."""
        payload = json.dumps(event | {"operator": self.name})
        deployed = self.place.deployed(f"{function}Function")
        answer = self.place.client("lambda").invoke(FunctionName=deployed, Payload=payload)
        said: Json = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise CannotDo(said.get("errorMessage") or "the function failed; its log says why")
        if "error" in said:
            raise (NotFound if said["error"] == "not_found" else CannotDo)(said["message"])
        return said


@dataclass(frozen=True)
class Act:
    """A subcommand: the function that it invokes, and its texts. ``final`` if it cannot be undone.

    ``needless`` is the status of an account in which there is nothing to do.
    """

    function: str
    says: str
    question: str
    done: str
    final: bool = False
    needless: str = ""

    def done_to(self, account: Json) -> str:
        """What was done to the account, which was found before."""
        status = account["account"]["status"]
        return f"Nothing was changed: the account is {status}." if status == self.needless else self.done


ACTS: Mapping[str, Act] = {
    "disable": Act(
        "OperatorAccountDisable",
        "disable an account and end its sessions and API keys",
        "Disable",
        "Disabled. Logins are refused; sessions and API keys have ended.",
        final=True,
    ),
    "enable": Act(
        "OperatorAccountEnable",
        "enable a disabled account",
        "Enable",
        "Enabled. The owner can log in again; ended sessions and API keys stay ended.",
        needless=users.ACTIVE,
    ),
    "unlock": Act(
        "OperatorAccountUnlock",
        "reset the count of failed logins, which delays the next one or disables the password",
        "Unlock",
        "Unlocked. The next login is not delayed.",
    ),
    "log-out": Act(
        "OperatorAccountLogout",
        "end all sessions of an account, in browsers and programs",
        "Log out",
        "Logged out everywhere. API keys and identities remain.",
    ),
    "revoke-password": Act(
        "OperatorPasswordRevoke",
        "disable a leaked password until it is reset",
        "Revoke the password of",
        "Revoked. The owner is logged out and notified by email, and must reset the password.",
        final=True,
    ),
    "delete": Act(
        "OperatorAccountDelete",
        "delete an account and everything that belongs to it",
        "Delete",
        "Deleted. Its audit records are kept for a year.",
        final=True,
    ),
}


def leaked_key(account: Json | None = None, prefix: str = "") -> tuple[str, str]:
    """The id of an API key, and its prefix: the account's only key with ``prefix``, or one from standard input.

    Never from an argument, which would be visible in the shell's history and the list of processes.
    """
    if account is None:
        text = _read_key()
        return secrets.digest(text), text[:16]
    found = [key for key in account["api_keys"] if key["key_prefix"].startswith(prefix)]
    if len(prefix) < _NO_SHORTER_PREFIX:
        raise CannotDo(f"{prefix} is the start of every key: give more of it, as `show` lists it")
    if len(found) != 1:
        raise CannotDo(f"{len(found)} keys of that account begin with {prefix}; `show` lists them")
    return found[0]["id"], found[0]["key_prefix"]


def _read_key() -> str:
    text = terminal.secret("Paste the key")
    if not api_keys.is_well_formed(text):
        raise CannotDo("that is not a whole API key: its length or checksum is wrong")
    return text


def refuse_keys_in(arguments: list[str]) -> None:
    """Raise CannotDo for a whole API key in the arguments, which are visible to others."""
    if any(api_keys.is_well_formed(argument) for argument in arguments):
        raise CannotDo(
            "never pass a whole API key as an argument, which others can read; pipe it in, or paste it "
            "when asked. Clear it from your shell's history"
        )
