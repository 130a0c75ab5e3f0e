"""How callers are authenticated, by kind of credential."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts import telemetry
from accounts.deployment.edges import Edges

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.flows.people.authentication import (
        AdminAuthentication,
        Authentication,
        Authenticator,
        CredentialKind,
        SessionAuthentication,
    )
    from accounts.flows.people.key_lookup import KeyAuthentication, KeyLookup
    from accounts.model.access_tokens import Reader
    from accounts.model.api_keys import ApiKey
    from accounts.model.audit import Caller


class Authentications(Edges):
    def authentication(self, kinds: frozenset[CredentialKind], tokens: Reader | None = None) -> Authentication:
        """Accepts these kinds of credential, and no others. ``tokens`` reads access tokens for another service."""
        from accounts.flows.people.authentication import Authentication

        return Authentication({kind: self._authenticator(kind, tokens) for kind in kinds})

    def _authenticator(self, kind: CredentialKind, tokens: Reader | None) -> Authenticator:
        from accounts.flows.people.authentication import AccessTokenAuthentication

        match kind:
            case "session":
                return self.session_authentication
            case "access_token":
                return AccessTokenAuthentication(self.sessions, tokens or self.access_tokens)
            case "api_key":
                return self.key_authentication
            case "admin_secret":
                return self.admin_authentication

    @cached_property
    def session_authentication(self) -> SessionAuthentication:
        from accounts.flows.people.authentication import SessionAuthentication

        return SessionAuthentication(self.sessions)

    @cached_property
    def key_lookup(self) -> KeyLookup:
        from accounts.flows.people.key_lookup import KeyLookup

        outbox = self.hasty_outbox

        def notify(key: ApiKey, caller: Caller, now: datetime) -> bool:
            # Most keys come from a network that they remember.
            from accounts.flows.people.key_notices import notify_of_network

            return notify_of_network(outbox(), key, caller, now, on_failure=telemetry.dependency_failed)

        return KeyLookup(self.api_keys, self.throttles, notify)

    @cached_property
    def key_authentication(self) -> KeyAuthentication:
        from accounts.flows.people.key_lookup import KeyAuthentication

        return KeyAuthentication(self.key_lookup)

    @cached_property
    def admin_authentication(self) -> AdminAuthentication:
        from accounts.aws.secrets import AdminSecret
        from accounts.flows.people.authentication import AdminAuthentication

        return AdminAuthentication(AdminSecret(self.settings["ADMIN_SECRET"]), self.throttles)
