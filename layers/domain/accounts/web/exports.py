"""The export of an account: all data about its owner in one document, without secrets."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from accounts.flows.people.account_export import Holdings
from accounts.model import audit, identities
from accounts.model.api_keys import ApiKey
from accounts.model.identities import EMAIL
from accounts.model.key_secrets import Listed
from accounts.model.second_factors import status
from accounts.model.users import Status
from accounts.web import key_presenters, presenters, second_factors
from accounts.web.identity_presenters import Identity, identity
from accounts.web.key_presenters import APIKey, OldSecret
from accounts.web.passkey_presenters import Passkey, passkey
from accounts.web.presenters import Customer, Event, MailProblem, Session
from accounts.web.second_factors import SecondFactor
from accounts.web.timestamps import Timestamp, timestamp

FILENAME = "comfy-account.json"


class ExportedAccount(Customer):
    status: Status
    mail_problem: MailProblem | None
    language: str


class ExportedIdentity(Identity):
    """With the provider's subject, and whether there is a password."""

    name: str
    subject: str | None
    verified: bool
    disabled: bool
    has_password: bool
    requested_email: str | None
    updated_at: Timestamp


class ExportedSecret(OldSecret):
    last_used_user_agent: str


class ExportedKey(APIKey):
    last_used_user_agent: str
    old_secret: ExportedSecret | None


class UnlinkedIdentity(Struct):
    provider: str
    subject: str


class ExportedEvent(Event):
    user_agent: str


class Export(Struct):
    """All data about the owner, without secrets. Includes raw user agents."""

    exported_at: Timestamp
    account: ExportedAccount
    identities: list[ExportedIdentity]
    passkeys: list[Passkey]
    second_factor: SecondFactor
    unlinked: list[UnlinkedIdentity]
    sessions: list[Session]
    api_keys: list[ExportedKey]
    activity: list[ExportedEvent]


def document(holdings: Holdings, now: datetime) -> Export:
    user, current = holdings.user, holdings.current.digest
    return Export(
        exported_at=timestamp(now),
        account=ExportedAccount(
            **asdict(presenters.customer(user)),
            status=user.status,
            mail_problem=user.mail_problem,
            language=user.language,
        ),
        identities=[_identity(entry) for entry in holdings.identities],
        passkeys=[passkey(entry) for entry in holdings.passkeys],
        second_factor=second_factors.shown(status(user, now)),
        unlinked=[_unlinked(key) for key in sorted(user.unlinked)],
        sessions=[presenters.session(entry, current=entry.digest == current) for entry in holdings.sessions],
        api_keys=[_api_key(entry) for entry in holdings.api_keys],
        activity=[_activity(record) for record in holdings.activity],
    )


def _identity(entry: identities.Identity) -> ExportedIdentity:
    return ExportedIdentity(
        **asdict(identity(entry)),
        name=entry.name,
        subject=None if entry.provider == EMAIL else entry.key.partition("#")[2],
        verified=entry.verified,
        disabled=entry.disabled,
        has_password=entry.password_hash is not None,
        requested_email=entry.wanted_email,
        updated_at=timestamp(entry.updated_at),
    )


def _api_key(listed: Listed) -> ExportedKey:
    known = asdict(key_presenters.api_key(listed)) | {"old_secret": _old_secret(listed.old) if listed.old else None}
    return ExportedKey(**known, last_used_user_agent=listed.key.last_used_agent)


def _old_secret(old: ApiKey) -> ExportedSecret:
    return ExportedSecret(**asdict(key_presenters.old_secret(old)), last_used_user_agent=old.last_used_agent)


def _unlinked(key: str) -> UnlinkedIdentity:
    provider, _, subject = key.partition("#")
    return UnlinkedIdentity(provider, subject)


def _activity(record: audit.Record) -> ExportedEvent:
    return ExportedEvent(**asdict(presenters.event(record)), user_agent=record.caller.user_agent)
