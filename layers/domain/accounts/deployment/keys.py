"""Flows of API keys."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts.deployment.edges import Edges

if TYPE_CHECKING:
    from accounts.flows.keys.key_management import KeyCreation, KeyDeletion, KeyDescription, KeyList
    from accounts.flows.keys.key_verification import KeyVerification


class KeyFlows(Edges):
    @cached_property
    def key_creation(self) -> KeyCreation:
        from accounts.flows.keys.key_management import KeyCreation

        return KeyCreation(
            self.users,
            self.api_keys,
            self.throttles,
            self.writing(self.api_keys, self.users, self.audit_events),
            self.notices,
        )

    @cached_property
    def key_list(self) -> KeyList:
        from accounts.flows.keys.key_management import KeyList

        return KeyList(self.api_keys)

    @cached_property
    def key_description(self) -> KeyDescription:
        from accounts.flows.keys.key_management import KeyDescription

        return KeyDescription(self.writing(self.api_keys))

    @cached_property
    def key_deletion(self) -> KeyDeletion:
        from accounts.flows.keys.key_management import KeyDeletion

        return KeyDeletion(self.writing(self.api_keys, self.users, self.audit_events), self.notices)

    @cached_property
    def key_verification(self) -> KeyVerification:
        from accounts.flows.keys.key_verification import KeyVerification

        return KeyVerification(self.key_lookup, self.users)
