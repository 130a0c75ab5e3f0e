"""Flows of people: sign-up, login, passwords, passkeys, email addresses, sessions, the account."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from copy import replace
from functools import cached_property
from typing import TYPE_CHECKING

from accounts.deployment.edges import Edges
from accounts.settings import REQUIRED

if TYPE_CHECKING:
    from accounts.flows.people.account import AccountLookup
    from accounts.flows.people.account_closing import AccountClosing
    from accounts.flows.people.account_export import AccountExport
    from accounts.flows.people.account_renaming import AccountRenaming
    from accounts.flows.people.activity import ActivityList
    from accounts.flows.people.browser_confirmation import BrowserConfirmation
    from accounts.flows.people.email_change import EmailChange, EmailChangeRequest
    from accounts.flows.people.email_verification import EmailVerification
    from accounts.flows.people.login import Login
    from accounts.flows.people.logout import Logout, LogoutEverywhere, SessionList, SessionRevocation
    from accounts.flows.people.password_change import PasswordChange
    from accounts.flows.people.password_removal import PasswordRemoval
    from accounts.flows.people.password_reset import PasswordForgotten, PasswordReset
    from accounts.flows.people.reauthentication import Reauthentication
    from accounts.flows.people.session_opening import SessionOpening
    from accounts.flows.people.signup import Resend, Signup
    from accounts.model.passwords import PasswordHasher
    from accounts.model.source_limits import SourceLimits


class PeopleFlows(Edges):
    @cached_property
    def hasher(self) -> PasswordHasher:
        from accounts.aws.secrets import PepperSecret, Secret
        from accounts.model.passwords import BcryptHasher

        return BcryptHasher(PepperSecret(Secret(self.settings["PEPPER_SECRET"])))

    @cached_property
    def session_opening(self) -> SessionOpening:
        from accounts.flows.people.session_opening import SessionOpening

        return SessionOpening(
            self.users,
            self.sessions,
            self.writing(self.users, self.sessions, self.one_time_tokens, self.audit_events),
            self.noting(self.users, self.sessions, self.audit_events),
            self.lengths,
            self.settings.second_factor == REQUIRED,
        )

    @cached_property
    def login_opening(self) -> SessionOpening:
        return replace(self.session_opening, notices=self.rare_notices)

    @cached_property
    def resetting_opening(self) -> SessionOpening:
        """For logins, not re-authentication: a reset of the second factor that is due also removes passkeys."""
        return replace(self.login_opening, transactions=self.writing(self.passkeys))

    @cached_property
    def signup(self) -> Signup:
        from accounts.flows.people.signup import Signup

        return Signup(self.source_limits, self.hasher, self.policy, self.writing(self.one_time_tokens), self.outbox)

    @cached_property
    def resend(self) -> Resend:
        from accounts.flows.people.signup import Resend

        return Resend(self.source_limits, self.outbox)

    @cached_property
    def email_verification(self) -> EmailVerification:
        from accounts.flows.people.email_verification import EmailVerification

        return EmailVerification(
            self.one_time_tokens, self.identities, self.throttles, self.hasher, self.session_opening
        )

    @cached_property
    def browser_confirmation(self) -> BrowserConfirmation:
        from accounts.flows.people.browser_confirmation import BrowserConfirmation

        tokens, writing = self.one_time_tokens, self.writing(self.one_time_tokens, self.identities)
        return BrowserConfirmation(self.users, tokens, self.throttles, writing, self.rare_outbox)

    @cached_property
    def login(self) -> Login:
        confirmation = self.browser_confirmation if self.settings.confirms_new_browsers else None
        return replace(self._login(self.source_limits, self.resetting_opening), confirmation=confirmation)

    def _login(self, sources: SourceLimits | None, opening: SessionOpening) -> Login:
        from accounts.flows.people.login import Login

        return Login(self.identities, self.throttles, sources, self.hasher, opening, self.rare_notices)

    @cached_property
    def reauthentication(self) -> Reauthentication:
        from accounts.flows.people.reauthentication import Reauthentication

        # Without a code: the owner is logged in already.
        return Reauthentication(self.users, self.identities, self._login(None, self.login_opening))

    @cached_property
    def logout(self) -> Logout:
        from accounts.flows.people.logout import Logout

        return Logout(self.writing(self.sessions, self.users, self.audit_events))

    @cached_property
    def session_list(self) -> SessionList:
        from accounts.flows.people.logout import SessionList

        return SessionList(self.sessions)

    @cached_property
    def session_revocation(self) -> SessionRevocation:
        from accounts.flows.people.logout import SessionRevocation

        return SessionRevocation(self.sessions, self.writing(self.sessions, self.users, self.audit_events))

    @cached_property
    def logout_everywhere(self) -> LogoutEverywhere:
        from accounts.flows.people.logout import LogoutEverywhere

        return LogoutEverywhere(self.users, self.writing(self.sessions, self.users, self.audit_events))

    @cached_property
    def account_lookup(self) -> AccountLookup:
        from accounts.flows.people.account import AccountLookup

        return AccountLookup(self.users)

    @cached_property
    def account_renaming(self) -> AccountRenaming:
        from accounts.flows.people.account_renaming import AccountRenaming

        return AccountRenaming(self.users, self.throttles, self.writing(self.users, self.identities, self.audit_events))

    @cached_property
    def account_closing(self) -> AccountClosing:
        from accounts.flows.people.account_closing import AccountClosing

        return AccountClosing(
            self.users,
            self.writing(self.sessions, self.api_keys, self.identities, self.passkeys, self.users, self.audit_events),
        )

    @cached_property
    def account_export(self) -> AccountExport:
        from accounts.flows.people.account_export import AccountExport

        return AccountExport(
            self.users, self.identities, self.passkeys, self.api_keys, self.sessions, self.audit_events
        )

    @cached_property
    def activity(self) -> ActivityList:
        from accounts.flows.people.activity import ActivityList

        return ActivityList(self.audit_events)

    @cached_property
    def password_forgotten(self) -> PasswordForgotten:
        from accounts.flows.people.password_reset import PasswordForgotten

        return PasswordForgotten(self.source_limits, self.outbox)

    @cached_property
    def password_reset(self) -> PasswordReset:
        from accounts.flows.people.password_reset import PasswordReset

        return PasswordReset(
            self.one_time_tokens,
            self.identities,
            self.users,
            self.throttles,
            self.hasher,
            self.policy,
            self.writing(self.one_time_tokens, self.identities, self.users, self.sessions, self.audit_events),
            self.notices,
        )

    @cached_property
    def password_change(self) -> PasswordChange:
        from accounts.flows.people.password_change import PasswordChange

        return PasswordChange(
            self.users,
            self.identities,
            self.throttles,
            self.hasher,
            self.policy,
            self.writing(self.identities, self.users, self.sessions, self.audit_events),
            self.notices,
        )

    @cached_property
    def password_removal(self) -> PasswordRemoval:
        from accounts.flows.people.password_removal import PasswordRemoval

        return PasswordRemoval(
            self.users,
            self.identities,
            self.writing(self.identities, self.users, self.sessions, self.audit_events),
            self.notices,
        )

    @cached_property
    def email_change_request(self) -> EmailChangeRequest:
        from accounts.flows.people.email_change import EmailChangeRequest

        return EmailChangeRequest(
            self.users,
            self.identities,
            self.throttles,
            self.writing(self.identities, self.audit_events),
            self.outbox,
        )

    @cached_property
    def email_change(self) -> EmailChange:
        from accounts.flows.people.email_change import EmailChange

        return EmailChange(
            self.one_time_tokens,
            self.identities,
            self.users,
            self.throttles,
            self.writing(self.one_time_tokens, self.identities, self.users, self.sessions, self.audit_events),
            self.notices,
        )
