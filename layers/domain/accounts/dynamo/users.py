"""The ``users`` table: one item per account, under ``user_id``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import and_

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.expressions.condition import Condition, size
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.models import Model

from accounts.dynamo import second_factors as factors
from accounts.dynamo.mapping import CountAttribute, FrozenSetAttribute, ItemMapping, MomentMapAttribute
from accounts.dynamo.tables import Operation, Table, Write
from accounts.limits import UNLINKED_PER_ACCOUNT
from accounts.model import held_keys, second_factors, users
from accounts.model.users import User
from accounts.transactions import Change


class UserItem(Model):
    user_id = UnicodeAttribute(hash_key=True)
    email = UnicodeAttribute()
    name = UnicodeAttribute()
    status = UnicodeAttribute()
    created_at = UTCDateTimeAttribute()
    updated_at = UTCDateTimeAttribute()
    sessions = MomentMapAttribute()
    api_keys = FrozenSetAttribute(null=True)
    identities = FrozenSetAttribute(null=True)
    unlinked = FrozenSetAttribute(null=True)
    passkeys = FrozenSetAttribute(null=True)
    mail_problem = UnicodeAttribute(null=True)
    secured_at = UTCDateTimeAttribute(null=True)
    totp = UnicodeAttribute(null=True)
    totp_step = CountAttribute(null=True)
    recovery_codes = FrozenSetAttribute(null=True)
    trusted_browsers = factors.TrustedMapAttribute(null=True)
    factor_streak = CountAttribute(null=True)
    factor_reset_at = UTCDateTimeAttribute(null=True)
    language = UnicodeAttribute(null=True)
    revision = CountAttribute()


class UsersTable(Table[User]):
    """Accounts in DynamoDB."""

    model = UserItem
    mapping = ItemMapping(User, UserItem)

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to an account is written."""
        return {
            users.Open: self._open,
            users.AddSession: self._hold_session,
            users.SwapSession: self._swap_session,
            users.DropSessions: self._let_go_sessions,
            users.DropAllSessions: self._let_go_all_sessions,
            users.DropOtherSessions: self._let_go_other_sessions,
            held_keys.AddKey: self._hold_key,
            held_keys.SwapKeys: self._swap_keys,
            held_keys.DropKey: self._let_go_key,
            held_keys.AddPasskey: self._hold_passkey,
            held_keys.DropPasskeys: self._let_go_passkeys,
            users.AddIdentity: self._hold_identity,
            users.Unlink: self._unlink,
            users.ChangeEmail: self._move_address,
            users.Rename: self._rename,
            users.ChooseLanguage: self._choose_language,
            users.NoteMailProblem: self._note_mail_problem,
            users.Disable: self._disable,
            users.Enable: self._enable,
            users.Close: self._close,
            second_factors.TurnOn: self._turn_on,
            second_factors.TurnOff: self._turn_off,
            second_factors.ReplaceRecoveryCodes: self._replace_codes,
            second_factors.EndTrust: self._end_trust,
            second_factors.SetReset: self._set_reset,
            second_factors.ResetSession: self._swap_session,
        }

    def get(self, user_id: str) -> User | None:
        """The account, read consistently; None when there is none. Raises Unavailable."""
        return self.find(user_id)

    def _open(self, change: users.Open) -> Operation:
        return self.put(change.user, UserItem.user_id.does_not_exist())

    def _hold_session(self, change: users.AddSession) -> Operation:
        actions: list[Action] = [_session(change.session).set(_seconds(change.ends_at))]
        condition = _is_active()
        if change.instead_of is None:
            condition &= size(UserItem.sessions) < change.at_most
        else:
            old = _session(change.instead_of)
            actions.append(old.remove())
            condition &= old.exists()
        condition &= factors.no_reset() if change.approval is None else _is_valid(change.approval)
        if change.gaining is not None:
            actions.append(_gained(change.gaining))
            condition &= _takes(change.gaining)
        if change.trust is not None:
            condition &= factors.has_room(change.trust)
        return self._change(change.user_id, [*actions, *_proven(change)], condition & factors.has_passed(change))

    def _swap_session(self, change: users.SwapSession) -> Operation:
        add = change.add
        gone = [_session(digest).remove() for digest in change.ended]
        actions: list[Action] = [_session(add.session).set(_seconds(add.ends_at)), *gone]
        unchanged = _is_active() & (UserItem.revision == change.revision)
        if isinstance(change, second_factors.ResetSession):
            reset = [UserItem.secured_at.set(change.now), *factors.reset()]
            return self._change(add.user_id, [*actions, *reset], unchanged)
        actions += [_gained(add.gaining)] if add.gaining else []
        actions += [factors.end_reset()] if change.ends_reset else []
        actions += [*_proven(add), *factors.end_trust(*change.untrusted)]
        return self._change(add.user_id, actions, unchanged & factors.has_passed(add))

    def _let_go_sessions(self, change: users.DropSessions) -> Operation:
        gone = [_session(digest) for digest in change.sessions]
        held = reduce(and_, (session.exists() for session in gone))
        return self._change(change.user_id, [session.remove() for session in gone], held)

    def _let_go_all_sessions(self, change: users.DropAllSessions) -> Operation:
        user = change.user
        gone = [*(_session(digest).remove() for digest in user.sessions), *factors.end_trust(*user.trusted_browsers)]
        return self._change(change.user.user_id, gone, UserItem.revision == change.user.revision)

    def _let_go_other_sessions(self, change: users.DropOtherSessions) -> Operation:
        user = change.user
        actions = _secured(user, change.keeping, change.now)
        return self._change(user.user_id, actions, UserItem.revision == user.revision)

    def _hold_key(self, change: held_keys.AddKey) -> Operation:
        room = UserItem.api_keys.does_not_exist() | (size(UserItem.api_keys) < change.at_most)
        condition = _is_active() & room
        if change.session is not None:
            condition &= _session(change.session).exists()
        if change.beside is not None:
            condition &= UserItem.api_keys.contains(change.beside)
        return self._change(change.user_id, [UserItem.api_keys.add({change.api_key})], condition)

    def _swap_keys(self, change: held_keys.SwapKeys) -> Operation:
        user = change.user
        held = set(user.api_keys - change.ended) | ({change.api_key} if change.api_key else set())
        keys = UserItem.api_keys.set(held) if held else UserItem.api_keys.remove()
        return self._change(user.user_id, [keys], _is_active() & (UserItem.revision == user.revision))

    def _let_go_key(self, change: held_keys.DropKey) -> Operation:
        held = UserItem.api_keys.contains(change.api_key)
        return self._change(change.user_id, [UserItem.api_keys.delete({change.api_key})], held)

    def _hold_passkey(self, change: held_keys.AddPasskey) -> Operation:
        room = UserItem.passkeys.does_not_exist() | (size(UserItem.passkeys) < change.at_most)
        condition = _is_active() & room & _session(change.session).exists()
        return self._change(change.user_id, [UserItem.passkeys.add({change.passkey})], condition)

    def _let_go_passkeys(self, change: held_keys.DropPasskeys) -> Operation:
        user = change.user
        actions = [UserItem.passkeys.delete(set(change.passkeys)), *_secured(user, change.keeping, change.now)]
        return self._change(user.user_id, actions, UserItem.revision == user.revision)

    def _hold_identity(self, change: users.AddIdentity) -> Operation:
        return self._change(change.user_id, [_gained(change)], _is_active() & _takes(change))

    def _unlink(self, change: users.Unlink) -> Operation:
        user = change.user
        gone: list[Action] = [
            UserItem.identities.delete({change.identity}),
            *_secured(user, change.keeping, change.now),
        ]
        remembered = [] if user.refuses(change.identity) else [UserItem.unlinked.add({change.identity})]
        if change.passkeys:
            gone.append(UserItem.passkeys.delete(set(change.passkeys)))
        return self._change(user.user_id, [*gone, *remembered], UserItem.revision == user.revision)

    def _move_address(self, change: users.ChangeEmail) -> Operation:
        user = change.user
        actions = [
            UserItem.email.set(change.email),
            UserItem.mail_problem.remove(),
            UserItem.updated_at.set(change.now),
            UserItem.identities.set({*user.identities - {change.lost}, change.gained}),
            *_secured(user, change.keeping, change.now),
        ]
        return self._change(user.user_id, actions, UserItem.revision == user.revision)

    def _rename(self, change: users.Rename) -> Operation:
        actions = [UserItem.name.set(change.name), UserItem.updated_at.set(change.now)]
        return self._change(change.user.user_id, actions, UserItem.revision == change.user.revision)

    def _choose_language(self, change: users.ChooseLanguage) -> Operation:
        return self._change(change.user_id, [UserItem.language.set(change.language)], _is_active())

    def _note_mail_problem(self, change: users.NoteMailProblem) -> Operation:
        field = UserItem.mail_problem
        noted = field.set(change.problem) if change.problem else field.remove()
        return self._change(change.user_id, [noted], UserItem.email == change.email)

    def _disable(self, change: users.Disable) -> Operation:
        user = change.user
        actions = [
            UserItem.status.set(users.DISABLED),
            UserItem.updated_at.set(change.now),
            UserItem.sessions.set({}),
            UserItem.api_keys.remove(),
            *factors.end_trust(*user.trusted_browsers),
            factors.end_reset(),
        ]
        return self._change(user.user_id, actions, UserItem.revision == user.revision)

    def _enable(self, change: users.Enable) -> Operation:
        actions = [UserItem.status.set(users.ACTIVE), UserItem.updated_at.set(change.now)]
        return self._change(change.user.user_id, actions, UserItem.revision == change.user.revision)

    def _close(self, change: users.Close) -> Operation:
        return self.delete(change.user.user_id, UserItem.revision == change.user.revision)

    def _turn_on(self, change: second_factors.TurnOn) -> Operation:
        ended = _secured_sessions(change.user, change.keeping, change.now)
        unchanged = UserItem.totp.does_not_exist() & (UserItem.revision == change.user.revision)
        return self._change(change.user.user_id, [*factors.turn_on(change), *ended], unchanged)

    def _turn_off(self, change: second_factors.TurnOff) -> Operation:
        actions = [*_secured_sessions(change.user, change.keeping, change.now), *factors.turn_off()]
        unchanged = factors.is_accepted(change.proof) & (UserItem.revision == change.user.revision)
        return self._change(change.user.user_id, actions, unchanged)

    def _replace_codes(self, change: second_factors.ReplaceRecoveryCodes) -> Operation:
        actions = factors.replace_codes(change)
        unchanged = factors.is_accepted(change.proof) & (UserItem.revision == change.user.revision)
        return self._change(change.user.user_id, actions, unchanged)

    def _end_trust(self, change: second_factors.EndTrust) -> Operation:
        return self._change(change.user_id, factors.end_trust(*change.browsers), factors.are_trusted(change.browsers))

    def _set_reset(self, change: second_factors.SetReset) -> Operation:
        action = UserItem.factor_reset_at.set(change.at) if change.at else factors.end_reset()
        return self._change(change.user.user_id, [action], _is_active() & (UserItem.revision == change.user.revision))

    def _change(self, user_id: str, actions: Sequence[Action], condition: Condition) -> Operation:
        return self.update(user_id, [*actions, UserItem.revision.add(1)], condition)


def _session(digest: str) -> Path:
    return Path(["sessions", digest])


def _proven(change: users.AddSession) -> list[Action]:
    return [*factors.use(change.proof), *factors.trust(change.trust)]


def _is_active() -> Condition:
    return UserItem.status == users.ACTIVE


def _gained(change: users.AddIdentity) -> Action:
    gained: Action = UserItem.identities.add({change.identity})
    return gained


def _takes(change: users.AddIdentity) -> Condition:
    """Whether there is room for the identity, and the owner asked for it or has not unlinked it."""
    room: Condition = UserItem.identities.does_not_exist() | (size(UserItem.identities) < change.at_most)
    room &= _accepts(change.identity) if change.session is None else _session(change.session).exists()
    return room


def _accepts(identity: str) -> Condition:
    """The opposite of ``User.refuses``."""
    other = (size(UserItem.unlinked) < UNLINKED_PER_ACCOUNT) & ~UserItem.unlinked.contains(identity)
    condition: Condition = UserItem.unlinked.does_not_exist() | other
    return condition


def _is_valid(approval: users.Approval) -> Condition:
    """Moments are written so that they sort as text."""
    condition: Condition = UserItem.secured_at.does_not_exist() | (UserItem.secured_at < approval.at)
    condition &= _session(approval.session).exists()
    return condition


def _secured(user: User, keeping: str, now: datetime) -> list[Action]:
    return [*_secured_sessions(user, keeping, now), *factors.end_trust(*user.trusted_browsers)]


def _secured_sessions(user: User, keeping: str, now: datetime) -> list[Action]:
    gone = (_session(digest).remove() for digest in user.sessions if digest != keeping)
    return [UserItem.secured_at.set(now), *gone]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
