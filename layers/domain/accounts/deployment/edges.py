"""Tables, secrets, queues and configuration."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from accounts import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from accounts.aws.secrets import Secret
    from accounts.aws.signing import SigningKeys
    from accounts.dynamo.tables import Table
    from accounts.dynamo.transactions import DynamoTransactions
    from accounts.flows.people.authentication import (
        AdminAuthentication,
        Authentication,
        Authenticator,
        CredentialKind,
        SessionAuthentication,
    )
    from accounts.flows.people.key_lookup import KeyLookup
    from accounts.model.access_tokens import Reader
    from accounts.model.api_keys import ApiKey, ApiKeys
    from accounts.model.audit import AuditEvents, Caller
    from accounts.model.client_documents import Documents, Fetcher
    from accounts.model.identities import Identities
    from accounts.model.messages import Outbox
    from accounts.model.one_time_tokens import OneTimeTokens
    from accounts.model.passkeys import Authenticators, Passkeys
    from accounts.model.passwords import Policy
    from accounts.model.proofs import Proofs
    from accounts.model.resources import Resources
    from accounts.model.sessions import Lengths, Session, Sessions
    from accounts.model.source_limits import SourceLimits
    from accounts.model.throttles import Throttles
    from accounts.model.users import Users
    from accounts.settings import Settings
    from accounts.transactions import Transactions


class Edges:
    """What flows need. Tests replace these with fakes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def _writer(self) -> DynamoTransactions:
        from accounts.dynamo.transactions import DynamoTransactions

        return DynamoTransactions()

    def _table[T: Table[Any]](self, kind: Callable[[str], T], setting: str) -> T:
        table = kind(self.settings[setting])
        self._writer.include(table)
        return table

    @cached_property
    def users(self) -> Users:
        from accounts.dynamo.users import UsersTable

        return self._table(UsersTable, "USERS_TABLE")

    @cached_property
    def identities(self) -> Identities:
        from accounts.dynamo.identities import IdentitiesTable

        return self._table(IdentitiesTable, "IDENTITIES_TABLE")

    @cached_property
    def sessions(self) -> Sessions:
        from accounts.dynamo.sessions import SessionsTable

        return self._table(SessionsTable, "SESSIONS_TABLE")

    @cached_property
    def api_keys(self) -> ApiKeys:
        from accounts.dynamo.api_keys import ApiKeysTable

        return self._table(ApiKeysTable, "API_KEYS_TABLE")

    @cached_property
    def passkeys(self) -> Passkeys:
        from accounts.dynamo.passkeys import PasskeysTable

        return self._table(PasskeysTable, "PASSKEYS_TABLE")

    @cached_property
    def one_time_tokens(self) -> OneTimeTokens:
        from accounts.dynamo.one_time_tokens import OneTimeTokensTable

        return self._table(OneTimeTokensTable, "ONE_TIME_TOKENS_TABLE")

    @cached_property
    def throttles(self) -> Throttles:
        from accounts.dynamo.throttles import ThrottlesTable

        return ThrottlesTable(self.settings["THROTTLES_TABLE"])

    @cached_property
    def proofs(self) -> Proofs:
        """Reads its secret on first use: most requests need no proof."""
        from accounts.proof_of_work import AltchaProofs

        name = self.settings["PROOF_SECRET"]

        @cache
        def secret() -> Secret:
            from accounts.aws.secrets import Secret

            return Secret(name)

        return AltchaProofs(secret)

    @cached_property
    def source_limits(self) -> SourceLimits:
        from accounts.model.source_limits import SourceLimits

        return SourceLimits(self.throttles, self.proofs)

    @cached_property
    def audit_events(self) -> AuditEvents:
        from accounts.dynamo.audit_events import AuditEventsTable

        return self._table(AuditEventsTable, "AUDIT_EVENTS_TABLE")

    @cached_property
    def client_documents(self) -> Documents:
        from accounts.dynamo.client_documents import ClientDocumentsTable

        return ClientDocumentsTable(self.settings["CLIENT_DOCUMENTS_TABLE"])

    @cached_property
    def document_fetcher(self) -> Fetcher:
        from accounts.aws.documents import LambdaFetcher

        return LambdaFetcher(self.settings["CLIENT_DOCUMENT_FUNCTION"])

    def writing(self, *tables: object) -> Transactions:  # noqa: ARG002 - asking for a table makes it writable
        """Transactions over these tables. All callers share one writer, which knows every table that was created."""
        return self._writer

    def noting(self, *tables: object) -> Transactions:  # noqa: ARG002 - asking for a table makes it writable
        """Like ``writing``, for what must not fail a request: a failure is logged, and the flow succeeds."""
        from accounts.dynamo.transactions import BestEffortTransactions

        return BestEffortTransactions(self._writer, on_failure=telemetry.dependency_failed)

    @cached_property
    def authenticators(self) -> Authenticators:
        from accounts.webauthn import SiteAuthenticators

        return SiteAuthenticators(self.settings.site_url)

    @cached_property
    def signing_keys(self) -> SigningKeys:
        from accounts.aws import signing

        return signing.signing_keys(self.settings)

    @cached_property
    def access_tokens(self) -> Reader:
        """Of this service."""
        return self.tokens_for(self.settings.site_url)

    def tokens_for(self, *audiences: str) -> Reader:
        """Reads tokens for these audiences only."""
        from accounts.authorization_server.tokens import AccessTokens

        return AccessTokens(self.settings.site_url, self.signing_keys.public, audiences)

    @cached_property
    def outbox(self) -> Outbox:
        """For emails that a flow depends on; raises MailUnavailable."""
        from accounts.aws.outbox import SqsOutbox

        return SqsOutbox(self.settings["MAIL_QUEUE_URL"])

    @cached_property
    def notices(self) -> Outbox:
        """For notices of what has already happened: a failure is logged, and the flow succeeds."""
        from accounts.aws.outbox import BestEffortOutbox

        return BestEffortOutbox(self.settings["MAIL_QUEUE_URL"], on_failure=telemetry.dependency_failed)

    @cached_property
    def rare_outbox(self) -> Outbox:
        """Like ``outbox``, but connects on first use."""
        from accounts.aws.outbox import SqsOutbox

        return SqsOutbox(self.settings["MAIL_QUEUE_URL"], rarely=True)

    @cached_property
    def rare_notices(self) -> Outbox:
        """Like ``notices``, but connects on first use, for flows that rarely send one."""
        from accounts.aws.outbox import BestEffortOutbox

        queue = self.settings["MAIL_QUEUE_URL"]
        return BestEffortOutbox(queue, on_failure=telemetry.dependency_failed, rarely=True)

    @cached_property
    def hasty_outbox(self) -> Callable[[], Outbox]:
        """For notices beside a request that must not wait for them. Imports and connects when one is sent."""
        queue = self.settings["MAIL_QUEUE_URL"]

        @cache
        def outbox() -> Outbox:
            from accounts.aws.outbox import HastyOutbox

            return HastyOutbox(queue, rarely=True)

        return outbox

    @cached_property
    def lengths(self) -> Lengths:
        from accounts.model import sessions

        return sessions.lengths_of(self.settings)

    @cached_property
    def policy(self) -> Policy:
        from accounts.breach_lists import breach_list
        from accounts.model.passwords import Policy

        lookup = self.settings["BREACHED_PASSWORD_LOOKUP"]
        return Policy(
            self.settings.password_min_characters, breach_list(lookup, on_failure=telemetry.dependency_failed)
        )

    @cached_property
    def resources(self) -> Resources:
        from accounts.model import resources

        return resources.load(self.settings.site_url, self.settings.optional("OAUTH_RESOURCES"))

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
                return AccessTokenAuthentication(self.session_authentication.reads, tokens or self.access_tokens)
            case "api_key":
                from accounts.flows.people.key_lookup import KeyAuthentication

                return KeyAuthentication(self.key_lookup)
            case "admin_secret":
                return self.admin_authentication

    @cached_property
    def session_authentication(self) -> SessionAuthentication:
        from accounts.flows.people.authentication import NamingReads, SessionAuthentication

        return SessionAuthentication(NamingReads(self.sessions, self.session_and_key))

    def session_and_key(self, session: str, api_key: str) -> tuple[Session | None, ApiKey | None]:
        from accounts.dynamo.tables import find_both

        return find_both(cast("Table[Session]", self.sessions), session, cast("Table[ApiKey]", self.api_keys), api_key)

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
    def admin_authentication(self) -> AdminAuthentication:
        from accounts.aws.secrets import AdminSecret
        from accounts.flows.people.authentication import AdminAuthentication

        return AdminAuthentication(AdminSecret(self.settings["ADMIN_SECRET"]), self.throttles)
