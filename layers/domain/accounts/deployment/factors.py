"""Flows of passkeys and the second factor."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts.deployment.people import PeopleFlows
from accounts.settings import OFF

if TYPE_CHECKING:
    from accounts.flows.factors.factor_check import FactorCheck
    from accounts.flows.factors.second_factor_management import (
        ResetCancellation,
        SecondFactorManagement,
        SecondFactorStatus,
        TrustRevocation,
    )
    from accounts.flows.factors.second_factor_setup import SecondFactorSetup
    from accounts.flows.factors.second_step import SecondStep
    from accounts.flows.passkeys.challenges import Challenges
    from accounts.flows.passkeys.passkey_creation import PasskeyCreation
    from accounts.flows.passkeys.passkey_login import PasskeyLogin
    from accounts.flows.passkeys.passkey_management import PasskeyList, PasskeyRemoval, PasskeyRenaming
    from accounts.model.second_factors import Totp, TotpSecrets


class FactorFlows(PeopleFlows):
    @cached_property
    def totp(self) -> Totp:
        from accounts.authenticator_apps import AuthenticatorApps

        return AuthenticatorApps()

    @cached_property
    def totp_secrets(self) -> TotpSecrets:
        from accounts.aws.totp_secrets import KmsTotpSecrets

        return KmsTotpSecrets(self.settings["SECOND_FACTOR_KEY"])

    @cached_property
    def _factor_check(self) -> FactorCheck:
        from accounts.flows.factors.factor_check import FactorCheck

        return FactorCheck(self.throttles, self.totp, self.totp_secrets)

    @cached_property
    def second_step(self) -> SecondStep:
        from accounts.flows.factors.second_step import SecondStep

        return SecondStep(
            self.one_time_tokens,
            self.identities,
            self._factor_check,
            self.browser_confirmation,
            self.resetting_opening,
            self.rare_notices,
        )

    @cached_property
    def second_factor_setup(self) -> SecondFactorSetup:
        from accounts.flows.factors.second_factor_setup import SecondFactorSetup

        return SecondFactorSetup(
            self.users,
            self.one_time_tokens,
            self.throttles,
            self.totp,
            self.totp_secrets,
            self.writing(self.one_time_tokens, self.users, self.sessions, self.audit_events),
            self.notices,
            self.settings.second_factor != OFF,
        )

    @cached_property
    def second_factor_status(self) -> SecondFactorStatus:
        from accounts.flows.factors.second_factor_management import SecondFactorStatus

        return SecondFactorStatus(self.users)

    @cached_property
    def trust_revocation(self) -> TrustRevocation:
        from accounts.flows.factors.second_factor_management import TrustRevocation

        return TrustRevocation(self.users, self.writing(self.users, self.audit_events))

    @cached_property
    def reset_cancellation(self) -> ResetCancellation:
        from accounts.flows.factors.second_factor_management import ResetCancellation

        return ResetCancellation(self.users, self.writing(self.users, self.audit_events), self.notices)

    @cached_property
    def second_factor_management(self) -> SecondFactorManagement:
        from accounts.flows.factors.second_factor_management import SecondFactorManagement

        return SecondFactorManagement(
            self.users, self._factor_check, self.writing(self.users, self.sessions, self.audit_events), self.notices
        )

    @cached_property
    def _challenges(self) -> Challenges:
        from accounts.flows.passkeys.challenges import Challenges

        tokens = self.one_time_tokens
        return Challenges(tokens, self.throttles, self.writing(tokens), self.authenticators)

    @cached_property
    def passkey_creation(self) -> PasskeyCreation:
        from accounts.flows.passkeys.passkey_creation import PasskeyCreation

        return PasskeyCreation(
            self.users,
            self._challenges,
            self.authenticators,
            self.throttles,
            self.writing(self.one_time_tokens, self.passkeys, self.users, self.audit_events),
            self.notices,
        )

    @cached_property
    def passkey_login(self) -> PasskeyLogin:
        from accounts.flows.passkeys.passkey_login import PasskeyLogin

        return PasskeyLogin(
            self._challenges,
            self.authenticators,
            self.passkeys,
            self.users,
            self.identities,
            self.throttles,
            self.login_opening,
            self.writing(self.one_time_tokens, self.audit_events),
            self.rare_notices,
        )

    @cached_property
    def passkey_list(self) -> PasskeyList:
        from accounts.flows.passkeys.passkey_management import PasskeyList

        return PasskeyList(self.passkeys)

    @cached_property
    def passkey_renaming(self) -> PasskeyRenaming:
        from accounts.flows.passkeys.passkey_management import PasskeyRenaming

        return PasskeyRenaming(self.users, self.writing(self.passkeys))

    @cached_property
    def passkey_removal(self) -> PasskeyRemoval:
        from accounts.flows.passkeys.passkey_management import PasskeyRemoval

        return PasskeyRemoval(
            self.users,
            self.identities,
            self.passkeys,
            self.writing(self.passkeys, self.users, self.identities, self.sessions, self.audit_events),
            self.notices,
        )
