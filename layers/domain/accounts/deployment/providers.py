"""Flows of Google and GitHub."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts.deployment.people import PeopleFlows

if TYPE_CHECKING:
    from accounts.aws.secrets import ProviderCredentialsSecret
    from accounts.flows.providers.identity_linking import IdentityLinking
    from accounts.flows.providers.identity_management import IdentityList, IdentityUnlinking, PasswordSetting
    from accounts.flows.providers.login_methods import LoginMethods
    from accounts.flows.providers.provider_login import ProviderArrival, ProviderDeparture
    from accounts.flows.providers.provider_verification import ProviderVerification
    from accounts.model.origins import Allowlist
    from accounts.model.providers import Providers
    from accounts.web.pages import Pages


class ProviderFlows(PeopleFlows):
    @cached_property
    def pages(self) -> Pages:
        """For refusals of a login with a provider, too."""
        from accounts.web.pages import Pages

        return Pages(self.settings)

    @cached_property
    def provider_credentials(self) -> ProviderCredentialsSecret:
        from accounts.aws.secrets import ProviderCredentialsSecret, Secret

        return ProviderCredentialsSecret(Secret(self.settings["OAUTH_PROVIDERS_SECRET"]))

    @cached_property
    def providers(self) -> Providers:
        from accounts.identity_providers.directory import ProviderDirectory

        return ProviderDirectory(self.settings, self.provider_credentials)

    @cached_property
    def allowlist(self) -> Allowlist:
        from accounts.model.origins import Allowlist

        return Allowlist(self.settings.site_url, self.settings.optional("ALLOWED_ORIGINS").split(","))

    @cached_property
    def login_methods(self) -> LoginMethods:
        from accounts.flows.providers.login_methods import LoginMethods

        return LoginMethods(self.settings.site_url, self.allowlist, self.provider_credentials)

    @cached_property
    def identity_linking(self) -> IdentityLinking:
        from accounts.flows.providers.identity_linking import IdentityLinking

        return IdentityLinking(
            self.login_opening,
            self.users,
            self.writing(self.identities, self.sessions, self.one_time_tokens, self.users, self.audit_events),
            self.outbox,
            self.notices,
        )

    @cached_property
    def provider_departure(self) -> ProviderDeparture:
        from accounts.flows.providers.provider_login import ProviderDeparture

        return ProviderDeparture(self.providers, self.allowlist, self.throttles, self.writing(self.one_time_tokens))

    @cached_property
    def provider_arrival(self) -> ProviderArrival:
        from accounts.flows.providers.provider_login import ProviderArrival

        return ProviderArrival(
            self.providers,
            self.one_time_tokens,
            self.identities,
            self.session_authentication,
            # A reset of the second factor also removes passkeys.
            self.writing(
                self.identities, self.sessions, self.one_time_tokens, self.users, self.passkeys, self.audit_events
            ),
            self.identity_linking,
        )

    @cached_property
    def provider_verification(self) -> ProviderVerification:
        from accounts.flows.providers.provider_verification import ProviderVerification

        return ProviderVerification(self.one_time_tokens, self.identities, self.throttles, self.identity_linking)

    @cached_property
    def identity_list(self) -> IdentityList:
        from accounts.flows.providers.identity_management import IdentityList

        return IdentityList(self.users, self.identities)

    @cached_property
    def identity_unlinking(self) -> IdentityUnlinking:
        from accounts.flows.providers.identity_management import IdentityUnlinking

        return IdentityUnlinking(
            self.users,
            self.identities,
            self.passkeys,
            self.writing(self.users, self.identities, self.passkeys, self.sessions, self.audit_events),
            self.notices,
        )

    @cached_property
    def password_setting(self) -> PasswordSetting:
        from accounts.flows.providers.identity_management import PasswordSetting

        return PasswordSetting(
            self.users,
            self.identities,
            self.hasher,
            self.policy,
            self.writing(self.sessions, self.users, self.identities, self.audit_events),
            self.notices,
        )
