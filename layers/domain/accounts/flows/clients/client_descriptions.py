"""Looks up the document that describes a client: a copy while it is fresh, or fetched within limits.

Only for owners who are logged in, or who have just answered: strangers cannot make the service send requests. Errors
are not cached (draft-ietf-oauth-client-id-metadata-document 5.2); the limits bound what a failing document costs.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from accounts import secrets
from accounts.errors import ClientChanged, ClientDocumentRefused, InvalidGrant
from accounts.limits import (
    CLIENT_DOCUMENT_REFETCHES_PER_MINUTE,
    CLIENT_DOCUMENTS_PER_ACCOUNT_PER_MINUTE,
    CLIENT_DOCUMENTS_PER_ADDRESS_PER_MINUTE,
    CLIENT_DOCUMENTS_PER_HOST_PER_MINUTE,
)
from accounts.model import client_documents, clients, throttles
from accounts.model.audit import Caller
from accounts.model.client_documents import Document, Documents, Fetcher
from accounts.model.clients import Client
from accounts.model.throttles import Increment, Throttles

_MINUTE = timedelta(minutes=1)


class ClientDescriptions(Struct, frozen=True):
    documents: Documents
    fetcher: Fetcher
    throttles: Throttles

    def of(self, client: Client, grant: str, user_id: str, caller: Caller, now: datetime) -> Client:
        """The client as its document describes it, if that lists ``grant``; a configured client as it is.

        ``user_id`` is the account for which the document is looked up. Raises ClientDocumentRefused, TooManyAttempts,
        Unavailable.
        """
        if not client.host:
            return client
        found = self._described(client, user_id, caller, now)
        if grant not in found.grants:
            raise client_documents.refused("grant")
        return found

    def check_unchanged(
        self, client: Client, fingerprint: str, grant: str, user_id: str, caller: Caller, now: datetime
    ) -> None:
        """Check that the document is still the one that the owner saw.

        Raises InvalidGrant, TooManyAttempts, Unavailable.
        """
        try:
            is_same = self.of(client, grant, user_id, caller, now).fingerprint == fingerprint
        except ClientDocumentRefused as error:
            raise InvalidGrant(error.message) from error
        if not is_same:
            raise InvalidGrant(ClientChanged.default_message)

    def _described(self, client: Client, user_id: str, caller: Caller, now: datetime) -> Client:
        copy = self.documents.get(client.client_id)
        if copy is not None and now < copy.fresh_until:
            return clients.described(copy)
        self._count(client, copy, user_id, caller, now)
        document = self.fetcher.fetch(client.client_id).document(client.client_id, now)
        found = clients.described(document)
        self.documents.keep(document)
        return found

    def _count(self, client: Client, copy: Document | None, user_id: str, caller: Caller, now: datetime) -> None:
        """Count the fetch by account, by source, and by host, or by document when that was seen before."""
        by_target = (
            (secrets.digest(client.client_id), CLIENT_DOCUMENT_REFETCHES_PER_MINUTE)
            if copy
            else (client.host, CLIENT_DOCUMENTS_PER_HOST_PER_MINUTE)
        )
        throttles.take(
            self.throttles,
            _window(user_id, CLIENT_DOCUMENTS_PER_ACCOUNT_PER_MINUTE, now),
            _window(caller.source, CLIENT_DOCUMENTS_PER_ADDRESS_PER_MINUTE, now),
            _window(*by_target, now),
            now=now,
        )


def _window(subject: str, limit: int, now: datetime) -> Increment:
    return throttles.window("client-document", subject, limit=limit, per=_MINUTE, now=now)
