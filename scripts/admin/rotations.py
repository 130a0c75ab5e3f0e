"""Rotates secrets and keys without downtime.

Functions cache secrets, and reload them when they meet an unknown value: a password under a new pepper, a service with
a new admin secret. So a rotation takes effect at once, and each function says how long the old value stays valid.
"""

import json
import secrets
import time
from collections.abc import Callable

from accounts.aws.secrets import LOOKED_FOR_SECONDS, OUTGOING
from accounts.model.providers import NAMES
from scripts.admin.vault import Vault
from scripts.place import CannotDo, Place
from scripts.stacks import parameters_of

_OTHER = {"A": "B", "B": "A"}
_BYTES = 48
_PATIENCE = {"Delay": 2, "MaxAttempts": 900}


def pepper(place: Place) -> str:
    """Add a pepper and hash new passwords with it; return a summary."""
    vault = Vault(place, "PepperSecret")
    text, version = vault.read()
    stored: dict[str, str] = json.loads(text)
    known = [int(name) for name in stored if name.isdecimal()]
    if stored.get("current") not in stored or not known:
        raise CannotDo(f"the secret {vault.arn} does not say which of its peppers is current; mend it first")
    added = str(max(known) + 1)
    vault.replace(json.dumps({**stored, added: secrets.token_urlsafe(_BYTES), "current": added}), instead_of=version)
    return (
        f"Passwords are hashed under pepper {added} from now on, old ones when their owners next log in. "
        f"The other {len(known)} stay, because hashes are under them."
    )


def admin_secret(place: Place, *, pause: Callable[[float], None] = time.sleep) -> str:
    """Add an admin secret; the old one stays valid until `finish_admin_secret`. Return a summary."""
    vault = Vault(place, "AdminSecret")
    _, version = vault.read()
    outgoing = vault.holder(OUTGOING)
    if outgoing not in (None, version):
        raise CannotDo("the last rotation is not finished: an older secret is still good; run --finish first")
    new = vault.prepare(secrets.token_urlsafe(_BYTES))
    if outgoing is None:
        vault.label(OUTGOING, version, None)
    # Wait until every function that cached the secret before the label existed has loaded it again.
    pause(LOOKED_FOR_SECONDS)
    vault.promote(new, instead_of=version)
    pause(LOOKED_FOR_SECONDS)
    return (
        "The new admin secret is good from now on, and so is the old one. Give your services the new one:\n"
        f"  {place.aws} secretsmanager get-secret-value --secret-id {vault.arn} --query SecretString --output text\n"
        "then end the old one: rotate admin-secret --finish"
    )


def finish_admin_secret(place: Place) -> str:
    """Invalidate the old admin secret; return a summary."""
    vault = Vault(place, "AdminSecret")
    outgoing = vault.holder(OUTGOING)
    if outgoing is None:
        raise CannotDo("no rotation is under way: one admin secret is good")
    vault.label(OUTGOING, None, outgoing)
    return "The old admin secret is refused within five minutes."


def replace_admin_secret(place: Place) -> str:
    """Replace a leaked admin secret and invalidate all others; return a summary."""
    vault = Vault(place, "AdminSecret")
    _, version = vault.read()
    if outgoing := vault.holder(OUTGOING):
        vault.label(OUTGOING, None, outgoing)
    vault.replace(secrets.token_urlsafe(_BYTES), instead_of=version)
    return (
        "The old admin secret is refused within five minutes, also to your own services. Give them the new one:\n"
        f"  {place.aws} secretsmanager get-secret-value --secret-id {vault.arn} --query SecretString --output text"
    )


def provider(place: Place, name: str, client_secret: str, client_id: str | None = None) -> str:
    """Store a client secret that the provider issued beside the old one; return a summary."""
    vault = Vault(place, "OAuthProvidersSecret")
    text, version = vault.read()
    stored: dict[str, dict[str, str]] = json.loads(text)
    entry = stored.get(name, {})
    known = client_id or entry.get("client_id")
    if name not in NAMES or not known:
        raise CannotDo(f"{name} is not configured: add --client-id")
    if not client_secret:
        raise CannotDo(f"no client secret was given; an empty one would disable {name}")
    changed = {**entry, "client_id": known, "client_secret": client_secret}
    vault.replace(json.dumps({**stored, name: changed}), instead_of=version)
    return f"Functions take it up within five minutes. Log in with {name} then, and delete the old client secret there."


def signing_key(place: Place, *, withdraw: bool = False) -> str:
    """Sign access tokens with the other key; ``withdraw`` invalidates those of the current one. Return a summary."""
    given = parameters_of(place.client("cloudformation"), place.stack)
    function = place.client("lambda").get_function_configuration(FunctionName=place.deployed("ClientTokenFunction"))
    variables: dict[str, str] = function["Environment"]["Variables"]
    now = variables["SIGN_WITH"]
    other, keys = _OTHER[now], place.client("kms")
    state = keys.describe_key(KeyId=variables[f"SIGNING_KEY_{other}"])["KeyMetadata"]["KeyState"]
    if state != "Enabled":
        raise CannotDo(f"key {other} is {state}: it cannot sign; see docs/runbook.md to replace it")
    if given.get("SnapStart") == "on":
        # Published versions do not see changed environment variables.
        raise CannotDo(f"with SnapStart, say SignWith={other} in the profile of samconfig.toml and `make deploy` it")
    _set_parameter(place, list(given), "SignWith", other)
    if not withdraw:
        return (
            f"Key {other} signs access tokens from now on. Those of key {now} are good until they expire, 15 minutes."
        )
    keys.disable_key(KeyId=variables[f"SIGNING_KEY_{now}"])
    return (
        f"Key {other} signs access tokens from now on, and key {now} is disabled. What it signed is believed here for "
        "five minutes at most, and for ten by services that check tokens themselves. Programs that are logged in get "
        "new tokens automatically."
    )


def _set_parameter(place: Place, names: list[str], name: str, value: str) -> None:
    """Change one parameter of the stack, and wait for the update."""
    stacks = place.client("cloudformation")
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in names if key != name]
    stacks.update_stack(
        StackName=place.stack,
        UsePreviousTemplate=True,
        Parameters=[*kept, {"ParameterKey": name, "ParameterValue": value}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stacks.get_waiter("stack_update_complete").wait(StackName=place.stack, WaiterConfig=_PATIENCE)
