"""How the second factor on an account's item is proven, trusted, turned on and turned off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from operator import and_

from pynamodb.attributes import Attribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.constants import MAP
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from accounts.dynamo.mapping import Item, ItemMapping, MomentAttribute
from accounts.model import second_factors
from accounts.model.factor_proofs import (
    FactorProof,
    RecoveryCode,
    TotpCode,
    Trust,
    Trusted,
    TrustedBrowser,
    UsedPasskey,
)
from accounts.model.users import AddSession

_totp, _step, _streak = Path("totp"), Path("totp_step"), Path("factor_streak")
_browsers, _reset = Path("trusted_browsers"), Path("factor_reset_at")
_codes = UnicodeSetAttribute(attr_name="recovery_codes")
_passkeys = UnicodeSetAttribute(attr_name="passkeys")


class TrustedItem(Model):
    """A value in the map of an account's item."""

    name = UnicodeAttribute()
    since = MomentAttribute()
    until = MomentAttribute()


TRUSTED = ItemMapping(Trusted, TrustedItem)


class TrustedMapAttribute(Attribute[Mapping[str, Trusted]]):
    """Trusted browsers by their digests."""

    attr_type = MAP

    def serialize(self, value: Mapping[str, Trusted]) -> Item:
        return {browser: {MAP: TRUSTED.item(held)} for browser, held in value.items()}

    def deserialize(self, value: Item) -> dict[str, Trusted]:
        return {browser: TRUSTED.noun(held[MAP]) for browser, held in value.items()}


def has_passed(add: AddSession) -> Condition:
    """The same as ``second_factors.has_passed``, in DynamoDB. An approval has a condition of its own."""
    if add.proof is None and add.approval is not None:
        return Path("user_id").exists()
    return _totp.does_not_exist() if add.proof is None else is_accepted(add.proof)


def no_reset() -> Condition:
    condition: Condition = _reset.does_not_exist()
    return condition


def is_accepted(proof: FactorProof) -> Condition:
    condition: Condition
    match proof:
        case TotpCode(totp=totp, step=step):
            condition = (_totp == totp) & (_step < step)
        case RecoveryCode(digest=digest):
            condition = _codes.contains(digest)
        case UsedPasskey(credential_id=credential_id):
            condition = _passkeys.contains(credential_id)
        case TrustedBrowser(browser=browser, at=at):
            condition = _totp.does_not_exist() | (_trusted(browser, "until") > _seconds(at))
    return condition


def use(proof: FactorProof | None) -> list[Action]:
    """Use the proof up, and begin a new streak."""
    match proof:
        case TotpCode(step=step):
            return [_step.set(step), _begin_streak()]
        case RecoveryCode(digest=digest):
            return [_codes.delete({digest}), _begin_streak()]
    return []


def has_room(trust: Trust) -> Condition:
    condition: Condition = _trusted(trust.browser).exists() | (size(_browsers) < trust.at_most)
    return condition


def trust(given: Trust | None) -> list[Action]:
    return [_trusted(given.browser).set({MAP: TRUSTED.item(given.given)})] if given else []


def are_trusted(browsers: frozenset[str]) -> Condition:
    return reduce(and_, (_trusted(browser).exists() for browser in browsers))


def end_trust(*browsers: str) -> list[Action]:
    return [_trusted(browser).remove() for browser in browsers]


def turn_on(change: second_factors.TurnOn) -> list[Action]:
    return [
        _totp.set(change.totp),
        _step.set(change.step),
        _codes.set(set(change.recovery_codes)),
        _browsers.set({}),
        _begin_streak(),
        end_reset(),
    ]


def turn_off() -> list[Action]:
    return [path.remove() for path in (_totp, _step, _codes, _browsers, _reset)]


def reset() -> list[Action]:
    return [*turn_off(), _passkeys.remove(), _begin_streak()]


def end_reset() -> Action:
    ended: Action = _reset.remove()
    return ended


def replace_codes(change: second_factors.ReplaceRecoveryCodes) -> list[Action]:
    """All codes are replaced, so a recovery code need not be used up."""
    used = [] if isinstance(change.proof, RecoveryCode) else use(change.proof)
    return [*used, _codes.set(set(change.recovery_codes)), end_reset()]


def _begin_streak() -> Action:
    begun: Action = _streak.add(1)
    return begun


def _trusted(*parts: str) -> Path:
    return Path(["trusted_browsers", *parts])


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
