"""The subcommand `rotate`: its command line and its confirmations."""

import argparse

from accounts.model.providers import NAMES, TITLES
from scripts.admin import rotations, terminal
from scripts.admin.terminal import Commands, command, confirm
from scripts.place import Place


def add_to(commands: Commands) -> None:
    says = "replace a secret or key without downtime"
    rotate = commands.add_parser("rotate", help=says, description=says, allow_abbrev=False)
    whats = rotate.add_subparsers(required=True, metavar="what")
    command(whats, "pepper", "the pepper of password hashes; old hashes stay valid", _pepper)
    _add_admin_secret(whats)
    key = command(whats, "signing-key", "sign access tokens with the other of the two keys", _signing_key)
    key.add_argument("--withdraw", action="store_true", help="disable the current key and invalidate its tokens")
    key.add_argument("--yes", action="store_true", help="do not ask")
    for name in NAMES:
        says = f"the client secret that {TITLES[name]} issued beside the old one; read from standard input"
        provider = command(whats, name, says, _provider)
        provider.add_argument("--client-id", help="required for the first time or another application")
        provider.set_defaults(provider=name)


def _add_admin_secret(whats: Commands) -> None:
    secret = command(
        whats, "admin-secret", "the secret of other services; the old one stays valid until --finish", _admin
    )
    ways = secret.add_mutually_exclusive_group()
    ways.add_argument(
        "--finish", action="store_true", help="invalidate the old one, once all services have the new one"
    )
    ways.add_argument("--at-once", action="store_true", help="replace a leaked one and invalidate it now")
    secret.add_argument("--yes", action="store_true", help="do not ask")


def _pepper(_: argparse.Namespace, there: Place) -> None:
    print(rotations.pepper(there))


def _admin(asked: argparse.Namespace, there: Place) -> None:
    if asked.finish:
        confirm(f"Refuse the old admin secret from now on, on {there.title}", yes=asked.yes)
        print(rotations.finish_admin_secret(there))
    elif asked.at_once:
        confirm(f"Refuse every service until it has the new admin secret, on {there.title}", yes=asked.yes)
        print(rotations.replace_admin_secret(there))
    else:
        print(rotations.admin_secret(there))


def _signing_key(asked: argparse.Namespace, there: Place) -> None:
    if asked.withdraw:
        what = "Disable the key that signs now, and with it all tokens that it signed"
        confirm(f"{what}, on {there.title}", yes=asked.yes)
    print(rotations.signing_key(there, withdraw=asked.withdraw))


def _provider(asked: argparse.Namespace, there: Place) -> None:
    client_secret = terminal.secret(f"Paste the new client secret from {TITLES[asked.provider]}")
    print(rotations.provider(there, asked.provider, client_secret, asked.client_id))
