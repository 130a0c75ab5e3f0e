"""An account as an operator sees it: each field listed explicitly, so that no secret is included."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, to_builtins
from msgspec.structs import asdict

from accounts.flows.operators.account_inspection import Inspection
from accounts.flows.people.activity import Entry
from accounts.limits import FAILURES_THAT_DISABLE_PASSWORD
from accounts.model import identities
from accounts.model.attempts import wait_after
from accounts.model.identities import EMAIL, revoked_hash
from accounts.model.throttles import Counter
from accounts.model.users import Status
from accounts.web import key_presenters, presenters, second_factors
from accounts.web.identity_presenters import Identity, identity
from accounts.web.key_presenters import APIKey
from accounts.web.passkey_presenters import Passkey, passkey
from accounts.web.presenters import Activity, Customer, MailProblem, Session
from accounts.web.second_factors import SecondFactor
from accounts.web.timestamps import Timestamp, timestamp


class InspectedAccount(Customer):
    status: Status
    mail_problem: MailProblem | None
    language: str


class InspectedIdentity(Identity):
    subject: str | None
    disabled: bool
    undeliverable: MailProblem | None
    password: Literal["none", "set", "revoked"]


class Failures(Struct):
    """Consecutive failures, when the next attempt is allowed, and whether the password is disabled.

    A disabled password needs a reset or an operator.
    """

    count: int = 0
    wait_until: Timestamp | None = None
    password_disabled: bool = False


class Inspected(Struct):
    account: InspectedAccount
    identities: list[InspectedIdentity]
    passkeys: list[Passkey]
    second_factor: SecondFactor
    sessions: list[Session]
    api_keys: list[APIKey]
    failures: Failures
    activity: list[Activity]


def document(found: Inspection) -> dict[str, Any]:
    """The account and everything that belongs to it, newest first."""
    user = found.user
    sessions = sorted(found.sessions, key=lambda entry: entry.last_seen_at, reverse=True)
    passkeys = sorted(found.passkeys, key=lambda entry: entry.created_at, reverse=True)
    inspected = Inspected(
        account=InspectedAccount(
            **asdict(presenters.customer(user)),
            status=user.status,
            mail_problem=user.mail_problem,
            language=user.language,
        ),
        identities=[_identity(entry) for entry in found.identities],
        passkeys=[passkey(entry) for entry in passkeys],
        second_factor=second_factors.shown(found.second_factor),
        sessions=[presenters.session(entry, current=False) for entry in sessions],
        api_keys=[key_presenters.api_key(entry) for entry in found.api_keys[::-1]],
        failures=_failures(found.failures),
        activity=[_activity(entry) for entry in found.activity],
    )
    shown: dict[str, Any] = to_builtins(inspected)
    return shown


def _identity(entry: identities.Identity) -> InspectedIdentity:
    return InspectedIdentity(
        **asdict(identity(entry)),
        subject=None if entry.provider == EMAIL else entry.key.partition("#")[2],
        disabled=entry.disabled,
        undeliverable=entry.undeliverable,
        password=_password(entry),
    )


def _password(entry: identities.Identity) -> Literal["none", "set", "revoked"]:
    if entry.password_hash is None:
        return "none"
    return "set" if revoked_hash(entry) is None else "revoked"


def _failures(counter: Counter | None) -> Failures:
    if counter is None:
        return Failures()
    return Failures(
        count=counter.count,
        wait_until=timestamp(counter.raised_at + wait_after(counter.count)),
        password_disabled=counter.count >= FAILURES_THAT_DISABLE_PASSWORD,
    )


def _activity(entry: Entry) -> Activity:
    """With details that are hidden from the owner: the operator, and the ids of sessions and keys."""
    shown = presenters.activity(entry)
    shown.detail = dict(entry.record.detail)
    return shown
