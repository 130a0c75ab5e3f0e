"""Flows of API keys."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts import telemetry
from accounts.deployment.edges import Edges

if TYPE_CHECKING:
    from accounts.flows.keys.key_expiry import KeyExpiry
    from accounts.flows.keys.key_management import KeyCreation, KeyDeletion, KeyDescription, KeyList
    from accounts.flows.keys.key_rotation import KeyRotation
    from accounts.flows.keys.key_verification import KeyVerification
    from accounts.flows.keys.leak_reports import LeakReports
    from accounts.flows.keys.leaked_keys import LeakedKeys
    from accounts.flows.keys.scanner_keys import ScannerKeys
    from accounts.model.key_scopes import Offered
    from accounts.model.throttles import Throttles


class KeyFlows(Edges):
    @cached_property
    def offered_scopes(self) -> tuple[Offered, ...]:
        from accounts.model import key_scopes

        return key_scopes.offered(self.resources)

    @cached_property
    def counters(self) -> Throttles:
        """Like ``throttles``, for transactions that count."""
        from accounts.dynamo.throttles import ThrottlesTable

        return self._table(ThrottlesTable, "THROTTLES_TABLE")

    @cached_property
    def key_creation(self) -> KeyCreation:
        from accounts.flows.keys.key_management import KeyCreation

        return KeyCreation(
            self.users,
            self.api_keys,
            self.writing(self.api_keys, self.users, self.audit_events, self.counters),
            self.notices,
            tuple(each.name for each in self.offered_scopes),
        )

    @cached_property
    def key_list(self) -> KeyList:
        from accounts.flows.keys.key_management import KeyList

        return KeyList(self.api_keys)

    @cached_property
    def key_description(self) -> KeyDescription:
        from accounts.flows.keys.key_management import KeyDescription

        writing = self.writing(self.api_keys, self.audit_events, self.counters)
        scopes = tuple(each.name for each in self.offered_scopes)
        return KeyDescription(self.users, self.api_keys, writing, self.rare_notices, scopes)

    @cached_property
    def key_rotation(self) -> KeyRotation:
        from accounts.flows.keys.key_rotation import KeyRotation

        return KeyRotation(
            self.users,
            self.api_keys,
            self.writing(self.api_keys, self.users, self.audit_events, self.counters),
            self.notices,
        )

    @cached_property
    def key_deletion(self) -> KeyDeletion:
        from accounts.flows.keys.key_management import KeyDeletion

        writing = self.writing(self.api_keys, self.users, self.audit_events)
        return KeyDeletion(self.users, self.api_keys, writing, self.notices)

    @cached_property
    def key_expiry(self) -> KeyExpiry:
        from accounts.flows.keys.key_expiry import KeyExpiry

        return KeyExpiry(self.api_keys, self.writing(self.api_keys, self.audit_events), self.outbox)

    @cached_property
    def key_verification(self) -> KeyVerification:
        from accounts.flows.keys.key_verification import KeyVerification

        return KeyVerification(self.key_lookup, self.users)

    @cached_property
    def leaked_keys(self) -> LeakedKeys:
        from accounts.flows.keys.leaked_keys import LeakedKeys

        tables = (self.api_keys, self.users, self.one_time_tokens, self.audit_events)
        return LeakedKeys(
            self.users,
            self.api_keys,
            self.one_time_tokens,
            self.writing(*tables),
            self.noting(self.one_time_tokens),
            self.outbox,
            on_revoked=telemetry.key_leaked,
        )

    @cached_property
    def scanner_keys(self) -> ScannerKeys:
        from accounts.flows.keys.scanner_keys import ScannerKeys

        return ScannerKeys(
            self.client_documents, self.document_fetcher, self.throttles, on_failure=telemetry.dependency_failed
        )

    @cached_property
    def leak_reports(self) -> LeakReports:
        from accounts.flows.keys.leak_reports import LeakReports
        from accounts.report_signatures import is_signed

        return LeakReports(self.scanner_keys, is_signed, self.throttles, self.leaked_keys)
