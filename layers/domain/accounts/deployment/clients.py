"""Flows of clients and devices, and the endpoints of the authorization server."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts.deployment.people import PeopleFlows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.authorization_server.authorization import AuthorizationEndpoint
    from accounts.authorization_server.device import DeviceEndpoint
    from accounts.authorization_server.revocation import RevocationEndpoint
    from accounts.authorization_server.token import TokenEndpoint
    from accounts.document_fetching import DocumentFetching
    from accounts.flows.clients.client_consent import ClientConsent
    from accounts.flows.clients.client_descriptions import ClientDescriptions
    from accounts.flows.clients.client_login import ClientLogin
    from accounts.flows.clients.client_sessions import ClientSessions
    from accounts.flows.clients.device_authorization import DeviceAuthorization
    from accounts.flows.clients.device_consent import DeviceConsent
    from accounts.flows.clients.device_login import DeviceLogin
    from accounts.flows.clients.token_refresh import TokenRefresh
    from accounts.flows.clients.token_revocation import TokenRevocation
    from accounts.flows.people.authentication import CredentialKind
    from accounts.model.access_tokens import Signer
    from accounts.model.clients import Clients
    from accounts.web.authorizations import Guard


class ClientFlows(PeopleFlows):
    @cached_property
    def clients(self) -> Clients:
        from accounts.model import clients

        hosts = self.settings["CLIENT_METADATA_HOSTS"]
        return clients.load(self.settings.optional("OAUTH_CLIENTS"), hosts, self.settings.site_url)

    @cached_property
    def signer(self) -> Signer:
        return self.signing_keys

    def guards(self, kinds: frozenset[CredentialKind]) -> Mapping[str, Guard]:
        """What the authorizer guards, by audience, and under an empty text the configured one."""
        from accounts.web.authorizations import Guard

        known = self.resources
        configured = known.guarded(self.settings.optional("AUTHORIZER_AUDIENCE"))
        audiences = {known.audience(address): resource for address, resource in known.by_address.items()}
        found = {
            audience: Guard(self.authentication(kinds, self.tokens_for(audience)), resource)
            for audience, resource in audiences.items()
        }
        return found | {"": found[configured]}

    @cached_property
    def document_fetching(self) -> DocumentFetching:
        from accounts.document_fetching import DocumentFetching

        return DocumentFetching()

    @cached_property
    def client_descriptions(self) -> ClientDescriptions:
        from accounts.flows.clients.client_descriptions import ClientDescriptions

        return ClientDescriptions(self.client_documents, self.document_fetcher, self.throttles)

    @cached_property
    def client_consent(self) -> ClientConsent:
        from accounts.flows.clients.client_consent import ClientConsent

        return ClientConsent(self.users, self.throttles, self.writing(self.one_time_tokens), self.settings.site_url)

    @cached_property
    def client_sessions(self) -> ClientSessions:
        from accounts.flows.clients.client_sessions import ClientSessions

        return ClientSessions(
            self.session_opening, self.users, self.lengths, self.signer, self.throttles, self.settings.site_url
        )

    @cached_property
    def client_login(self) -> ClientLogin:
        from accounts.flows.clients.client_login import ClientLogin

        return ClientLogin(
            self.one_time_tokens,
            self.client_sessions,
            self.writing(self.users, self.sessions, self.one_time_tokens, self.audit_events),
            self.throttles,
            self.clients,
            self.client_descriptions,
            self.rare_notices,
        )

    @cached_property
    def token_refresh(self) -> TokenRefresh:
        from accounts.flows.clients.token_refresh import TokenRefresh

        return TokenRefresh(
            self.sessions,
            self.users,
            self.writing(self.users, self.sessions, self.audit_events),
            self.throttles,
            self.signer,
            self.settings.site_url,
        )

    @cached_property
    def token_revocation(self) -> TokenRevocation:
        from accounts.flows.clients.token_revocation import TokenRevocation

        return TokenRevocation(
            self.sessions,
            self.tokens_for(*self.resources.audiences),
            self.writing(self.sessions, self.users, self.audit_events),
        )

    @cached_property
    def device_authorization(self) -> DeviceAuthorization:
        from accounts.flows.clients.device_authorization import DeviceAuthorization

        return DeviceAuthorization(self.throttles, self.writing(self.one_time_tokens))

    @cached_property
    def device_consent(self) -> DeviceConsent:
        from accounts.flows.clients.device_consent import DeviceConsent

        return DeviceConsent(
            self.clients,
            self.client_descriptions,
            self.users,
            self.one_time_tokens,
            self.throttles,
            self.writing(self.one_time_tokens),
            self.resources,
        )

    @cached_property
    def device_login(self) -> DeviceLogin:
        from accounts.flows.clients.device_login import DeviceLogin

        return DeviceLogin(self.client_login, self.one_time_tokens, self.throttles)

    @cached_property
    def authorization_endpoint(self) -> AuthorizationEndpoint:
        from accounts.authorization_server.authorization import AuthorizationEndpoint

        return AuthorizationEndpoint(self.clients, self.client_descriptions, self.client_consent, self.resources)

    @cached_property
    def token_endpoint(self) -> TokenEndpoint:
        from accounts.authorization_server.token import GrantFlows, TokenEndpoint

        flows = GrantFlows(login=self.client_login, refresh=self.token_refresh, device=self.device_login)
        return TokenEndpoint(self.clients, flows, self.resources)

    @cached_property
    def revocation_endpoint(self) -> RevocationEndpoint:
        from accounts.authorization_server.revocation import RevocationEndpoint

        return RevocationEndpoint(self.clients, self.token_revocation)

    @cached_property
    def device_endpoint(self) -> DeviceEndpoint:
        from accounts.authorization_server.device import DeviceEndpoint

        return DeviceEndpoint(self.clients, self.device_authorization, self.resources)
