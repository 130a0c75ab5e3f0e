"""Help owners and rotate secrets, on the running `make dev` or, with STACK=comfy-accounts, on that stack in AWS."""

import argparse
import json
import sys

from botocore.exceptions import BotoCoreError, ClientError

from accounts.secrets import is_digest
from scripts import place
from scripts.admin import leaking, refilling, report, resetting, rotating
from scripts.admin.people import ACTS, Json, Operator, leaked_key, refuse_keys_in
from scripts.admin.terminal import command, confirm
from scripts.place import CannotDo, Place

_WHO = "an address, an account id, google:<id>, github:<id>, or the id of an API key"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    whole = argparse.ArgumentParser("make admin", description=__doc__, allow_abbrev=False)
    commands = whole.add_subparsers(required=True, metavar="command")
    show = command(commands, "show", "find an account and show what it holds", _show)
    show.add_argument("who", nargs="?", help=f"{_WHO}; without it, an API key is read from standard input")
    show.add_argument("--json", action="store_true", help="everything, for programs")
    for name, act in ACTS.items():
        one = command(commands, name, act.says, _act)
        one.add_argument("who", help=_WHO)
        one.add_argument("--yes", action="store_true", help="do not ask")
        one.set_defaults(act=act)
    key = command(
        commands, "revoke-key", "revoke an API key; without arguments it is read from standard input", _revoke
    )
    key.add_argument("who", nargs="?", help=_WHO)
    key.add_argument("prefix", nargs="?", help="the start of the key, as `show` lists it")
    key.add_argument("--yes", action="store_true", help="do not ask")
    resetting.add_to(commands, _WHO)
    leaking.add_to(commands)
    rotating.add_to(commands)
    refilling.add_to(commands)
    return whole


def _show(asked: argparse.Namespace, there: Place) -> None:
    found = Operator(there).find(asked.who or leaked_key()[0])
    print(json.dumps(found, indent=2) if asked.json else "\n".join(report.lines(found)))


def _act(asked: argparse.Namespace, there: Place) -> None:
    operator, act = Operator(there), asked.act
    found = operator.find(asked.who)
    if act.final:
        confirm(f"{act.question} {_all_of(found)}, on {there.title}", yes=asked.yes)
    operator.act(act.function, found)
    print(f"{report.title(found)}\n{act.done_to(found)}")


def _revoke(asked: argparse.Namespace, there: Place) -> None:
    operator = Operator(there)
    is_id = bool(asked.who) and not asked.prefix and is_digest(asked.who)
    if asked.who and not asked.prefix and not is_id:
        raise CannotDo("give the start of the key, too, as `show` lists it. A whole key is read from standard input")
    account = operator.find(asked.who) if asked.who else None
    key_id, called = (asked.who, asked.who) if is_id else leaked_key(account, asked.prefix or "")
    found = account or operator.find(key_id)
    confirm(f"Revoke the key {called} of {report.title(found)}, on {there.title}", yes=asked.yes)
    operator.act("OperatorKeyRevoke", found, api_key=key_id)
    print(f"{report.title(found)}\nRevoked the key {called}. It no longer works, and its owner is notified by email.")


def _all_of(found: Json) -> str:
    return f"{report.title(found)}, with {len(found['sessions'])} sessions and {len(found['api_keys'])} API keys"


def main(arguments: list[str]) -> int:
    try:
        refuse_keys_in(arguments)
        asked = parser().parse_args(arguments)
        there = place.find()
        print(f"On {there.title}", file=sys.stderr)
        asked.does(asked, there)
    except (CannotDo, ClientError, BotoCoreError) as problem:
        print(f"make admin: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake admin: stopped before it was finished", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["--help"]))
