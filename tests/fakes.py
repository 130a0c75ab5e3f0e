"""One in-memory world that keeps the stores' promises, as the contract tests prove."""

from collections.abc import Callable, Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from msgspec.structs import asdict

from accounts.errors import Unavailable
from accounts.flows.mail.mails import Mail
from accounts.limits import PROOF_LIFETIME
from accounts.model import (
    api_keys,
    audit,
    client_documents,
    held_keys,
    identities,
    one_time_tokens,
    passkeys,
    second_factors,
    sessions,
    users,
)
from accounts.model.access_tokens import AccessToken
from accounts.model.api_keys import ApiKey
from accounts.model.client_documents import Document, Fetched
from accounts.model.factor_proofs import FactorProof, RecoveryCode, TotpCode
from accounts.model.identities import Identity
from accounts.model.messages import Message
from accounts.model.one_time_tokens import OneTimeToken
from accounts.model.passkeys import Passkey
from accounts.model.passwords import Verdict
from accounts.model.proofs import Proof, Purpose
from accounts.model.sessions import Session
from accounts.model.throttles import Count, Counter, Increment, LimitReached
from accounts.model.users import MailProblem, User
from accounts.transactions import Change, Conflict, Transactions


@dataclass
class World:
    """All tables, one lock, and the transactions across them. ``down`` makes everything raise Unavailable.

    ``parts`` are the shorter windows of counters, and ``ignored`` the failures that were reported and ignored.
    """

    users: dict[str, User] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    passkeys: dict[str, Passkey] = field(default_factory=dict)
    api_keys: dict[str, ApiKey] = field(default_factory=dict)
    tokens: dict[str, OneTimeToken] = field(default_factory=dict)
    counters: dict[str, Counter] = field(default_factory=dict)
    parts: dict[tuple[str, str], int] = field(default_factory=dict)
    ignored: list[Unavailable] = field(default_factory=list)
    records: list[audit.Record] = field(default_factory=list)
    documents: dict[str, Document] = field(default_factory=dict)
    down: bool = False
    reads: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def commit(self, *changes: Change) -> None:
        self.check()
        with self.lock:
            refused = [change for change in changes if not _CONDITIONS[type(change)](self, change)]
            if refused:
                raise Conflict(*refused, found=[self._found(change) for change in refused])
            for change in changes:
                _EFFECTS[type(change)](self, change)

    def _found(self, change: Change) -> User | None:
        """The stored account of a refusal, as DynamoDB returns it."""
        return self.users.get(change.user_id) if isinstance(change, users.AddSession) else None

    def take(self, increment: Increment, now: datetime) -> int:
        self.check()
        with self.lock:
            key, counter, part = increment.key, self.counters.get(increment.key), increment.within
            counted = self.parts.get((key, part.name), 0) if part and counter else 0
            if not _is_open(increment, counter):
                raise LimitReached(increment, counter or Counter(0, now))
            if part and counted >= part.limit:
                raise LimitReached(increment, counter or Counter(0, now), part.ends_at)
            self.counters[key] = Counter((counter.count if counter else 0) + 1, now)
            if part:
                self.parts[key, part.name] = counted + 1
            return self.counters[key].count

    def give_back(self, *increments: Increment) -> None:
        for increment in increments:
            if not self._is_ignored():
                self._lower(increment)

    def _lower(self, increment: Increment) -> None:
        key, part = increment.key, increment.within
        with self.lock:
            counter = self.counters.get(key)
            if counter and counter.count > 0:
                self.counters[key] = Counter(counter.count - 1, counter.raised_at)
                if part:
                    self.parts[key, part.name] -= 1

    def _is_ignored(self) -> bool:
        """Whether a write that may fail fails; the failure is noted."""
        if self.down:
            self.ignored.append(Unavailable())
        return self.down

    def get(self, key: str) -> Counter | None:
        self.check()
        return self.counters.get(key)

    def check(self) -> None:
        """Raise Unavailable, as when DynamoDB is down."""
        if self.down:
            raise Unavailable

    def user(self, user_id: str, **changes: Any) -> None:
        """Change an account and raise its revision."""
        old = self.users[user_id]
        self.users[user_id] = replace(old, **changes, revision=old.revision + 1)

    def change_identity(self, key: str, **changes: Any) -> None:
        """Change an identity and raise its version."""
        old = self.identities[key]
        self.identities[key] = replace(old, **changes, version=old.version + 1)


def _is_open(increment: Increment, counter: Counter | None) -> bool:
    if increment.expected is not None:
        return counter is not None and counter.count == increment.expected
    if counter is None:
        return True
    return (
        counter.count < increment.limit if increment.quiet_since is None else counter.raised_at <= increment.quiet_since
    )


def _active(world: World, user_id: str) -> bool:
    return user_id in world.users and world.users[user_id].status == users.ACTIVE


def _unchanged(world: World, user: User) -> bool:
    return user.user_id in world.users and world.users[user.user_id].revision == user.revision


def _same_identity(world: World, read: Identity) -> bool:
    stored = world.identities.get(read.key)
    return stored is not None and (stored.version, stored.user_id) == (read.version, read.user_id)


def _holds_key(world: World, change: api_keys.Remove) -> bool:
    key = world.api_keys.get(change.digest)
    return key is not None and key.user_id == change.user_id and (key.is_alone or not change.alone)


def _same_key(world: World, read: ApiKey) -> bool:
    stored = world.api_keys.get(read.digest)
    return stored is not None and _unused(stored) == _unused(read)


def _unused(key: ApiKey) -> ApiKey:
    return replace(
        key, last_used_at=None, last_used_source="", last_used_agent="", seen_networks="", new_network_at=None
    )


def _secured_before(identity: Identity, moment: datetime) -> bool:
    return identity.secured_at is None or identity.secured_at < moment


_CONDITIONS: dict[type[Change], Callable[[World, Any], bool]] = {
    users.Open: lambda w, c: c.user.user_id not in w.users,
    users.AddSession: lambda w, c: (
        _active(w, c.user_id)
        and (
            len(w.users[c.user_id].sessions) < c.at_most
            if c.instead_of is None
            else c.instead_of in w.users[c.user_id].sessions
        )
        and (
            w.users[c.user_id].factor_reset_at is None
            if c.approval is None
            else c.approval.is_valid(w.users[c.user_id])
        )
        and (c.gaining is None or _CONDITIONS[users.AddIdentity](w, c.gaining))
        and second_factors.has_passed(c, w.users[c.user_id])
        and not second_factors.making_room(w.users[c.user_id], c.trust, datetime.max.replace(tzinfo=UTC))
    ),
    users.SwapSession: lambda w, c: (
        _active(w, c.add.user_id)
        and w.users[c.add.user_id].revision == c.revision
        and second_factors.has_passed(c.add, w.users[c.add.user_id])
    ),
    second_factors.ResetSession: lambda w, c: (
        _active(w, c.add.user_id) and w.users[c.add.user_id].revision == c.revision
    ),
    second_factors.SetReset: lambda w, c: _active(w, c.user.user_id) and _unchanged(w, c.user),
    second_factors.TurnOn: lambda w, c: _unchanged(w, c.user) and not w.users[c.user.user_id].totp,
    second_factors.TurnOff: lambda w, c: (
        _unchanged(w, c.user) and second_factors.is_accepted(c.proof, w.users[c.user.user_id])
    ),
    second_factors.ReplaceRecoveryCodes: lambda w, c: (
        _unchanged(w, c.user) and second_factors.is_accepted(c.proof, w.users[c.user.user_id])
    ),
    second_factors.EndTrust: lambda w, c: (
        c.user_id in w.users and c.browsers <= w.users[c.user_id].trusted_browsers.keys()
    ),
    users.DropSessions: lambda w, c: c.user_id in w.users and c.sessions <= w.users[c.user_id].sessions.keys(),
    users.DropAllSessions: lambda w, c: _unchanged(w, c.user),
    users.DropOtherSessions: lambda w, c: _unchanged(w, c.user),
    held_keys.AddKey: lambda w, c: (
        _active(w, c.user_id)
        and len(w.users[c.user_id].api_keys) < c.at_most
        and (c.session is None or c.session in w.users[c.user_id].sessions)
        and (c.beside is None or c.beside in w.users[c.user_id].api_keys)
    ),
    held_keys.SwapKeys: lambda w, c: _active(w, c.user.user_id) and _unchanged(w, c.user),
    held_keys.DropKey: lambda w, c: c.user_id in w.users and c.api_key in w.users[c.user_id].api_keys,
    users.AddIdentity: lambda w, c: (
        _active(w, c.user_id)
        and len(w.users[c.user_id].identities) < c.at_most
        and (
            not w.users[c.user_id].refuses(c.identity)
            if c.session is None
            else c.session in w.users[c.user_id].sessions
        )
    ),
    held_keys.AddPasskey: lambda w, c: (
        _active(w, c.user_id)
        and len(w.users[c.user_id].passkeys) < c.at_most
        and c.session in w.users[c.user_id].sessions
    ),
    held_keys.DropPasskeys: lambda w, c: _unchanged(w, c.user),
    passkeys.Add: lambda w, c: c.passkey.credential_id not in w.passkeys,
    passkeys.Use: lambda w, c: (
        c.passkey.credential_id in w.passkeys
        and w.passkeys[c.passkey.credential_id].user_id == c.passkey.user_id
        and w.passkeys[c.passkey.credential_id].sign_count == c.passkey.sign_count
    ),
    passkeys.Rename: lambda w, c: c.credential_id in w.passkeys and w.passkeys[c.credential_id].user_id == c.user_id,
    passkeys.Remove: lambda w, c: c.credential_id not in w.passkeys or w.passkeys[c.credential_id].user_id == c.user_id,
    users.Unlink: lambda w, c: _unchanged(w, c.user),
    users.ChangeEmail: lambda w, c: _unchanged(w, c.user),
    users.Rename: lambda w, c: _unchanged(w, c.user),
    users.ChooseLanguage: lambda w, c: _active(w, c.user_id),
    users.NoteMailProblem: lambda w, c: c.user_id in w.users and w.users[c.user_id].email == c.email,
    users.Disable: lambda w, c: _unchanged(w, c.user),
    users.Enable: lambda w, c: _unchanged(w, c.user),
    users.Close: lambda w, c: _unchanged(w, c.user),
    identities.Signup: lambda w, c: c.identity.key not in w.identities or not w.identities[c.identity.key].verified,
    identities.Claim: lambda w, c: c.identity.key not in w.identities or not w.identities[c.identity.key].verified,
    identities.StillVerified: lambda w, c: (
        c.key in w.identities
        and w.identities[c.key].verified
        and w.identities[c.key].user_id == c.user_id
        and (c.asked_at is None or _secured_before(w.identities[c.key], c.asked_at))
    ),
    identities.Replace: lambda w, c: _same_identity(w, c.identity),
    identities.Rename: lambda w, c: c.key in w.identities and w.identities[c.key].user_id == c.user_id,
    identities.Remove: lambda w, c: c.key in w.identities and w.identities[c.key].user_id == c.user_id,
    identities.RemoveUnchanged: lambda w, c: _same_identity(w, c.identity),
    identities.DisableLogin: lambda w, c: c.key in w.identities and w.identities[c.key].user_id == c.user_id,
    identities.EnableLogin: lambda w, c: c.key in w.identities and w.identities[c.key].user_id == c.user_id,
    sessions.Start: lambda w, c: c.session.digest not in w.sessions,
    sessions.End: lambda _w, _c: True,
    sessions.Enrol: lambda w, c: c.digest in w.sessions,
    sessions.Rotate: lambda w, c: (
        c.session.digest in w.sessions and w.sessions[c.session.digest].refresh == c.session.refresh
    ),
    api_keys.Add: lambda w, c: c.api_key.digest not in w.api_keys,
    api_keys.Remove: _holds_key,
    api_keys.SetDue: lambda w, c: c.key.digest in w.api_keys and w.api_keys[c.key.digest].due_at == c.key.due_at,
    api_keys.Amend: lambda w, c: _same_key(w, c.key),
    api_keys.Replace: lambda w, c: _same_key(w, c.key),
    api_keys.End: lambda w, c: c.digest not in w.api_keys or w.api_keys[c.digest].user_id == c.user_id,
    one_time_tokens.Issue: lambda w, c: c.token.key not in w.tokens,
    one_time_tokens.Take: lambda w, c: (
        c.token.key in w.tokens and w.tokens[c.token.key].subject in {one_time_tokens.UNCLAIMED, c.token.subject}
    ),
    one_time_tokens.Save: lambda _w, _c: True,
    one_time_tokens.Consume: lambda w, c: c.key in w.tokens,
    one_time_tokens.Discard: lambda _w, _c: True,
    Count: lambda w, c: _is_open(c.increment, w.counters.get(c.increment.key)),
    audit.Record: lambda w, c: all((r.user_id, r.event_id) != (c.user_id, c.event_id) for r in w.records),
}


def _raise(world: World, change: Count) -> None:
    counter = world.counters.get(change.increment.key)
    world.counters[change.increment.key] = Counter((counter.count if counter else 0) + 1, change.now)


def _without(mapping: Any, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def _add_session(world: World, change: users.AddSession) -> None:
    _hold_session(world, change, (change.instead_of,))


def _swap_session(world: World, change: users.SwapSession) -> None:
    _hold_session(world, change.add, change.ended, change.untrusted)
    if change.ends_reset:
        world.users[change.add.user_id] = replace(world.users[change.add.user_id], factor_reset_at=None)


def _reset_session(world: World, change: second_factors.ResetSession) -> None:
    add, user = change.add, world.users[change.add.user_id]
    held = {**_without(user.sessions, *change.ended), add.session: add.ends_at}
    fields = {**_NO_FACTOR, "passkeys": frozenset(), "factor_streak": user.factor_streak + 1}
    world.user(add.user_id, sessions=held, secured_at=change.now, trusted_browsers={}, **fields)


def _hold_session(
    world: World, change: users.AddSession, ended: tuple[str | None, ...], untrusted: tuple[str, ...] = ()
) -> None:
    user = world.users[change.user_id]
    gained = {change.gaining.identity} if change.gaining else set()
    held = {**_without(user.sessions, *(it for it in ended if it)), change.session: change.ends_at}
    trusted = _without(user.trusted_browsers, *untrusted)
    if change.trust:
        trusted[change.trust.browser] = change.trust.given
    used = _used(user, change.proof)
    world.user(change.user_id, sessions=held, identities=user.identities | gained, trusted_browsers=trusted, **used)


def _used(user: User, proof: FactorProof | None) -> dict[str, Any]:
    match proof:
        case TotpCode(step=step):
            return {"totp_step": step, "factor_streak": user.factor_streak + 1}
        case RecoveryCode(digest=digest):
            return {"recovery_codes": user.recovery_codes - {digest}, "factor_streak": user.factor_streak + 1}
    return {}


def _kept(user: User, keeping: str) -> dict[str, Any]:
    """What stays when all sessions except one end."""
    return {"sessions": {k: v for k, v in user.sessions.items() if k == keeping}, "trusted_browsers": {}}


_NO_FACTOR = {"totp": "", "totp_step": 0, "recovery_codes": frozenset[str](), "factor_reset_at": None}


def _turn_on(world: World, change: second_factors.TurnOn) -> None:
    user = change.user
    fields = {"totp": change.totp, "totp_step": change.step, "recovery_codes": change.recovery_codes}
    fields |= {"factor_streak": user.factor_streak + 1, "factor_reset_at": None}
    world.user(user.user_id, **_kept(user, change.keeping), secured_at=change.now, **fields)


def _turn_off(world: World, change: second_factors.TurnOff) -> None:
    user = change.user
    world.user(user.user_id, **_kept(user, change.keeping), secured_at=change.now, **_NO_FACTOR)


def _replace_codes(world: World, change: second_factors.ReplaceRecoveryCodes) -> None:
    user = change.user
    used = {} if isinstance(change.proof, RecoveryCode) else _used(user, change.proof)
    world.user(user.user_id, **used | {"recovery_codes": change.recovery_codes, "factor_reset_at": None})


def _rotate(world: World, change: sessions.Rotate) -> None:
    stored = world.sessions[change.session.digest]
    world.sessions[stored.digest] = replace(
        stored,
        refresh=change.refresh,
        refresh_previous=stored.refresh,
        refresh_salt=change.salt,
        refreshed_at=change.now,
        last_seen_at=change.now,
    )


def _drop_others(world: World, change: users.DropOtherSessions) -> None:
    world.user(change.user.user_id, **_kept(change.user, change.keeping), secured_at=change.now)


def _unlink(world: World, change: users.Unlink) -> None:
    user = change.user
    unlinked = user.unlinked if user.refuses(change.identity) else user.unlinked | {change.identity}
    kept = _kept(user, change.keeping)
    held, left = user.identities - {change.identity}, user.passkeys - change.passkeys
    world.user(user.user_id, identities=held, passkeys=left, unlinked=unlinked, **kept, secured_at=change.now)


def _drop_passkeys(world: World, change: held_keys.DropPasskeys) -> None:
    user = change.user
    kept = _kept(user, change.keeping)
    world.user(user.user_id, passkeys=user.passkeys - change.passkeys, **kept, secured_at=change.now)


def _use_passkey(world: World, change: passkeys.Use) -> None:
    signed = change.signed
    world.passkeys[change.passkey.credential_id] = replace(
        world.passkeys[change.passkey.credential_id],
        sign_count=signed.sign_count,
        backed_up=signed.backed_up,
        last_used_at=change.now,
    )


def _change_email(world: World, change: users.ChangeEmail) -> None:
    held = {*change.user.identities - {change.lost}, change.gained}
    kept = _kept(change.user, change.keeping)
    fields = {"email": change.email, "mail_problem": None, "updated_at": change.now, "secured_at": change.now}
    world.user(change.user.user_id, **fields, identities=frozenset(held), **kept)


def _amend(world: World, change: api_keys.Amend) -> None:
    changed = {field: text for field, text in asdict(change.to).items() if text is not None}
    digest = change.key.digest
    world.api_keys[digest] = replace(world.api_keys[digest], **changed)


def _replace_key(world: World, change: api_keys.Replace) -> None:
    if change.ends_at is None:
        del world.api_keys[change.key.digest]
    else:
        key = world.api_keys[change.key.digest]
        world.api_keys[key.digest] = replace(key, ends_at=change.ends_at, due_at=None)


_EFFECTS: dict[type[Change], Callable[[World, Any], Any]] = {
    users.Open: lambda w, c: w.users.update({c.user.user_id: c.user}),
    users.AddSession: _add_session,
    users.SwapSession: _swap_session,
    users.DropSessions: lambda w, c: w.user(c.user_id, sessions=_without(w.users[c.user_id].sessions, *c.sessions)),
    users.DropAllSessions: lambda w, c: w.user(c.user.user_id, **_kept(c.user, "")),
    users.DropOtherSessions: _drop_others,
    held_keys.AddKey: lambda w, c: w.user(c.user_id, api_keys=w.users[c.user_id].api_keys | {c.api_key}),
    held_keys.SwapKeys: lambda w, c: w.user(
        c.user.user_id, api_keys=c.user.api_keys - c.ended | ({c.api_key} if c.api_key else set())
    ),
    held_keys.DropKey: lambda w, c: w.user(c.user_id, api_keys=w.users[c.user_id].api_keys - {c.api_key}),
    users.AddIdentity: lambda w, c: w.user(c.user_id, identities=w.users[c.user_id].identities | {c.identity}),
    held_keys.AddPasskey: lambda w, c: w.user(c.user_id, passkeys=w.users[c.user_id].passkeys | {c.passkey}),
    held_keys.DropPasskeys: _drop_passkeys,
    passkeys.Add: lambda w, c: w.passkeys.update({c.passkey.credential_id: c.passkey}),
    passkeys.Use: _use_passkey,
    passkeys.Rename: lambda w, c: w.passkeys.update(
        {c.credential_id: replace(w.passkeys[c.credential_id], name=c.name)}
    ),
    passkeys.Remove: lambda w, c: w.passkeys.pop(c.credential_id, None),
    users.Unlink: _unlink,
    users.ChangeEmail: _change_email,
    users.Rename: lambda w, c: w.user(c.user.user_id, name=c.name, updated_at=c.now),
    users.ChooseLanguage: lambda w, c: w.user(c.user_id, language=c.language),
    users.NoteMailProblem: lambda w, c: w.user(c.user_id, mail_problem=c.problem),
    users.Disable: lambda w, c: w.user(
        c.user.user_id,
        status=users.DISABLED,
        updated_at=c.now,
        **_kept(c.user, ""),
        api_keys=frozenset(),
        factor_reset_at=None,
    ),
    users.Enable: lambda w, c: w.user(c.user.user_id, status=users.ACTIVE, updated_at=c.now),
    users.Close: lambda w, c: w.users.pop(c.user.user_id),
    second_factors.ResetSession: _reset_session,
    second_factors.SetReset: lambda w, c: w.user(c.user.user_id, factor_reset_at=c.at),
    second_factors.TurnOn: _turn_on,
    second_factors.TurnOff: _turn_off,
    second_factors.ReplaceRecoveryCodes: _replace_codes,
    second_factors.EndTrust: lambda w, c: w.user(
        c.user_id, trusted_browsers=_without(w.users[c.user_id].trusted_browsers, *c.browsers)
    ),
    identities.Signup: lambda w, c: w.identities.update({c.identity.key: replace(c.identity, version=0)}),
    identities.Claim: lambda w, c: w.identities.update({c.identity.key: replace(c.identity, version=0)}),
    identities.StillVerified: lambda _w, _c: None,
    identities.Replace: lambda w, c: w.identities.update(
        {c.identity.key: replace(c.identity, version=c.identity.version + 1)}
    ),
    identities.Rename: lambda w, c: w.change_identity(c.key, name=c.name, updated_at=c.now),
    identities.Remove: lambda w, c: w.identities.pop(c.key),
    identities.RemoveUnchanged: lambda w, c: w.identities.pop(c.identity.key),
    identities.DisableLogin: lambda w, c: w.change_identity(c.key, disabled=True),
    identities.EnableLogin: lambda w, c: w.change_identity(c.key, disabled=False),
    sessions.Start: lambda w, c: w.sessions.update({c.session.digest: c.session}),
    sessions.End: lambda w, c: w.sessions.pop(c.digest, None),
    sessions.Enrol: lambda w, c: w.sessions.update({c.digest: replace(w.sessions[c.digest], enrolling=False)}),
    sessions.Rotate: _rotate,
    api_keys.Add: lambda w, c: w.api_keys.update({c.api_key.digest: c.api_key}),
    api_keys.Remove: lambda w, c: w.api_keys.pop(c.digest),
    api_keys.Amend: _amend,
    api_keys.Replace: _replace_key,
    api_keys.SetDue: lambda w, c: w.api_keys.update({c.key.digest: replace(w.api_keys[c.key.digest], due_at=c.due_at)}),
    api_keys.End: lambda w, c: w.api_keys.pop(c.digest, None),
    one_time_tokens.Issue: lambda w, c: w.tokens.update({c.token.key: c.token}),
    one_time_tokens.Take: lambda w, c: w.tokens.update({c.token.key: c.token}),
    one_time_tokens.Save: lambda w, c: w.tokens.update({c.token.key: c.token}),
    one_time_tokens.Consume: lambda w, c: w.tokens.pop(c.key),
    one_time_tokens.Discard: lambda w, c: w.tokens.pop(c.key, None),
    Count: _raise,
    audit.Record: lambda w, c: w.records.append(c),
}


class _Store:
    """Reads one of the world's tables."""

    table: str

    def __init__(self, world: World) -> None:
        self.world = world

    def get(self, key: str) -> Any:
        self.world.check()
        self.world.reads.append(f"{self.table}:{key}")
        return getattr(self.world, self.table).get(key)

    def of_user(self, user_id: str) -> list[Any]:
        self.world.check()
        return [entry for entry in getattr(self.world, self.table).values() if entry.user_id == user_id]


class FakeUsers(_Store):
    table = "users"


class FakeIdentities(_Store):
    table = "identities"


class FakeTokens(_Store):
    table = "tokens"


class FakePasskeys(_Store):
    table = "passkeys"


class FakeSessions(_Store):
    table = "sessions"

    def touch(self, digest: str, now: datetime) -> None:
        if digest in self.world.sessions:
            self.world.sessions[digest] = replace(self.world.sessions[digest], last_seen_at=now)


class FakeApiKeys(_Store):
    table = "api_keys"

    def touch(
        self, digest: str, caller: audit.Caller, now: datetime, seen: str = "", new_network_at: datetime | None = None
    ) -> None:
        if digest in self.world.api_keys:
            used = {"last_used_at": now, "last_used_source": caller.source, "last_used_agent": caller.user_agent}
            used |= {"seen_networks": seen} if seen else {}
            used |= {"new_network_at": new_network_at} if new_network_at else {}
            self.world.api_keys[digest] = replace(self.world.api_keys[digest], **used)

    def due(self, now: datetime, at_most: int) -> list[str]:
        self.world.check()
        found = ((key.due_at, key.digest) for key in self.world.api_keys.values() if key.due_at and key.due_at <= now)
        return [digest for _, digest in sorted(found)][:at_most]


@dataclass
class FakeAuditEvents:
    world: World
    _ids: dict[int, tuple[audit.Record, str]] = field(default_factory=dict)

    def some(self, user_id: str, at_most: int) -> list[audit.Record]:
        return self._sorted(user_id)[:at_most]

    def latest(self, user_id: str, begins_with: str, at_most: int) -> list[audit.Record]:
        return self._sorted(user_id, begins_with)[::-1][:at_most]

    def _sorted(self, user_id: str, begins_with: str = "") -> list[audit.Record]:
        self.world.check()
        theirs = (it for it in self.world.records if it.user_id == user_id and self._id(it).startswith(begins_with))
        return sorted(theirs, key=self._id)

    def _id(self, record: audit.Record) -> str:
        """Kept, because tests with thousands of records read them once for each kind."""
        if id(record) not in self._ids:
            self._ids[id(record)] = record, record.event_id
        return self._ids[id(record)][1]


@dataclass
class FakeNotes:
    """Transactions whose failures are ignored, and noted."""

    transactions: Transactions
    ignored: list[Unavailable]

    def commit(self, *changes: Change) -> None:
        try:
            self.transactions.commit(*changes)
        except Unavailable as error:
            self.ignored.append(error)


@dataclass
class FakeAccessTokens:
    """Access tokens with claims set by the test."""

    said: dict[str, AccessToken] = field(default_factory=dict)

    def read(self, text: str, now: datetime) -> AccessToken | None:
        """The claims that the test has set. The real class is tested for expiry."""
        assert now.tzinfo is not None
        return self.said.get(text)


@dataclass
class FakeProofs:
    """``solution`` solves a challenge without work. ``issued`` are the challenges."""

    issued: list[Mapping[str, Any]] = field(default_factory=list)

    def challenge(self, purpose: Purpose, source: str, now: datetime) -> Mapping[str, Any]:
        made = {"for": purpose, "source": source, "until": (now + PROOF_LIFETIME).isoformat(), "id": len(self.issued)}
        self.issued.append(made)
        return made

    def check(self, text: str, purpose: Purpose, source: str, now: datetime) -> Proof | None:
        solved = next((it for it in self.issued if self.solution(it) == text), None)
        if solved is None or (solved["for"], solved["source"]) != (purpose, source):
            return None
        expires_at = datetime.fromisoformat(solved["until"])
        return Proof(str(solved["id"]), expires_at) if now < expires_at else None

    @staticmethod
    def solution(challenge: Mapping[str, Any]) -> str:
        return f"solved {challenge['id']}"


class FakeDocuments(_Store):
    table = "documents"

    def keep(self, document: Document) -> None:
        if self.world.down:
            self.world.ignored.append(Unavailable())
        else:
            self.world.documents[document.client_id] = document


@dataclass
class FakeFetcher:
    """Hosts on the internet: documents by URL, or the error of a fetch. ``fetched`` are the URLs asked for."""

    internet: dict[str, Fetched | Exception] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> Fetched:
        self.fetched.append(url)
        found = self.internet.get(url) or client_documents.refused("unreachable")
        if isinstance(found, Exception):
            raise found
        return found


class FakeTotpSecrets:
    """Seals without encryption, for one account each."""

    def seal(self, secret: str, user_id: str) -> str:
        return f"sealed for {user_id}: {secret}"

    def unseal(self, sealed: str, user_id: str) -> str:
        before = f"sealed for {user_id}: "
        if not sealed.startswith(before):
            raise Unavailable
        return sealed.removeprefix(before)


@dataclass
class FakeSigner:
    signed: list[Mapping[str, Any]] = field(default_factory=list)
    down: bool = False

    def sign(self, claims: Mapping[str, Any]) -> str:
        if self.down:
            raise Unavailable
        self.signed.append(claims)
        return f"signed.for.{claims['sid']}"


@dataclass
class FakeHasher:
    """Hashes without cost. ``calls`` is how often bcrypt would have run."""

    calls: int = 0
    outdated: bool = False

    def hash(self, password: str) -> str:
        self.calls += 1
        return f"fake:{password}"

    def verify(self, password: str, stored: str | None) -> Verdict:
        self.calls += 1
        matches = stored == f"fake:{password}"
        return Verdict(matches=matches, outdated=matches and self.outdated)


@dataclass
class FakeOutbox:
    """Collects messages; ``down`` makes it raise Unavailable."""

    messages: list[Message] = field(default_factory=list)
    down: bool = False

    def put(self, message: Message) -> None:
        if self.down:
            raise Unavailable
        self.messages.append(message)


@dataclass
class FakePostman:
    """Collects emails; ``down`` makes it raise Unavailable."""

    mails: list[Mail] = field(default_factory=list)
    down: bool = False

    def send(self, mail: Mail) -> None:
        if self.down:
            raise Unavailable
        self.mails.append(mail)


@dataclass
class FakeSuppressions:
    """SES's list of addresses, with the reason of each; ``down`` makes it raise Unavailable."""

    listed: dict[str, MailProblem] = field(default_factory=dict)
    down: bool = False

    def remove_complaint(self, address: str) -> None:
        if self.down:
            raise Unavailable
        if self.listed.get(address) == identities.COMPLAINT:
            del self.listed[address]


@dataclass
class FakeBreaches:
    """A list of leaked passwords."""

    leaked: frozenset[str] = frozenset()

    def contains(self, password: str) -> bool:
        return password in self.leaked
