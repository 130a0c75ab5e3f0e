"""Flows of operators."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts.deployment.edges import Edges

if TYPE_CHECKING:
    from accounts.flows.operators.account_inspection import AccountInspection
    from accounts.flows.operators.account_status import AccountDisabling, AccountEnabling, AccountRemoval
    from accounts.flows.operators.factor_reset import FactorReset
    from accounts.flows.operators.operator_help import (
        AccountUnlocking,
        KeyRevocation,
        OperatorLogout,
        PasswordRevocation,
    )


class OperatorFlows(Edges):
    @cached_property
    def account_inspection(self) -> AccountInspection:
        from accounts.flows.operators.account_inspection import AccountInspection

        return AccountInspection(
            self.users,
            self.identities,
            self.passkeys,
            self.sessions,
            self.api_keys,
            self.audit_events,
            self.throttles,
        )

    @cached_property
    def account_disabling(self) -> AccountDisabling:
        from accounts.flows.operators.account_status import AccountDisabling

        return AccountDisabling(
            self.users,
            self.writing(self.users, self.sessions, self.api_keys, self.identities, self.audit_events),
        )

    @cached_property
    def account_enabling(self) -> AccountEnabling:
        from accounts.flows.operators.account_status import AccountEnabling

        return AccountEnabling(self.users, self.writing(self.users, self.identities, self.audit_events))

    @cached_property
    def account_removal(self) -> AccountRemoval:
        from accounts.flows.operators.account_status import AccountRemoval

        return AccountRemoval(
            self.users,
            self.writing(self.users, self.sessions, self.api_keys, self.identities, self.passkeys, self.audit_events),
        )

    @cached_property
    def account_unlocking(self) -> AccountUnlocking:
        from accounts.flows.operators.operator_help import AccountUnlocking

        return AccountUnlocking(self.users, self.identities, self.writing(self.identities, self.audit_events))

    @cached_property
    def operator_logout(self) -> OperatorLogout:
        from accounts.flows.operators.operator_help import OperatorLogout

        return OperatorLogout(self.users, self.writing(self.users, self.sessions, self.audit_events))

    @cached_property
    def key_revocation(self) -> KeyRevocation:
        from accounts.flows.operators.operator_help import KeyRevocation

        return KeyRevocation(
            self.users, self.api_keys, self.writing(self.api_keys, self.users, self.audit_events), self.notices
        )

    @cached_property
    def factor_reset(self) -> FactorReset:
        from accounts.flows.operators.factor_reset import FactorReset

        return FactorReset(self.users, self.writing(self.users, self.audit_events), self.outbox, self.notices)

    @cached_property
    def password_revocation(self) -> PasswordRevocation:
        from accounts.flows.operators.operator_help import PasswordRevocation

        return PasswordRevocation(
            self.users,
            self.identities,
            self.writing(self.users, self.identities, self.sessions, self.audit_events),
            self.notices,
        )
