"""Keys that leaked together: finds them in any text, such as a log or a page, and revokes each."""

import argparse
import re
import sys
from pathlib import Path

from accounts import secrets
from accounts.model import api_keys, leak_reports
from scripts.admin import report
from scripts.admin.people import Json, NotFound, Operator
from scripts.admin.terminal import Commands, command, confirm
from scripts.place import CannotDo, Place

_KEY = re.compile(api_keys.PATTERN)


def add_to(commands: Commands) -> None:
    one = command(commands, "leaked", "revoke every API key in a text that leaked, and tell its owner", _leaked)
    one.add_argument("file", nargs="?", help="the text; without it, standard input is read to its end")
    one.add_argument("--url", default="", help="the https address where it was found, for the email to the owner")
    one.add_argument("--yes", action="store_true", help="do not ask")


def _leaked(asked: argparse.Namespace, there: Place) -> None:
    if asked.url and not leak_reports.shown_url(asked.url):
        raise CannotDo(f"{asked.url} is not an https address that the email can show")
    keys = _keys_in(_text(asked.file))
    if not keys:
        raise CannotDo("the text has no whole API key")
    operator = Operator(there)
    held = {key_id: account for key_id in keys if (account := _owner(operator, key_id)) is not None}
    print(f"{len(keys)} API keys in the text; {len(held)} of them exist here")
    for key_id, account in held.items():
        print(f"  {keys[key_id]}  {report.title(account)}")
    if held:
        confirm(f"Revoke {len(held)} API keys, on {there.title}", yes=asked.yes)
        for key_id, account in held.items():
            operator.act("OperatorKeyRevoke", account, api_key=key_id, leaked="yes", url=asked.url)
            print(f"Revoked {keys[key_id]}. Its owner is notified by email.")


def _owner(operator: Operator, key_id: str) -> Json | None:
    try:
        return operator.find(key_id)
    except NotFound:
        return None


def _keys_in(text: str) -> dict[str, str]:
    """The start of each whole key, by its id."""
    whole = filter(api_keys.is_well_formed, _KEY.findall(text))
    return {secrets.digest(key): key[: api_keys.SHOWN_CHARACTERS] for key in whole}


def _text(file: str | None) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace") if file else sys.stdin.read()
    except OSError as problem:
        raise CannotDo(f"{file} cannot be read: {problem.strerror}") from problem
