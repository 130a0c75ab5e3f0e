"""The ``client_documents`` table: one item per document that describes a client, under its URL."""

from __future__ import annotations

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.models import Model

from accounts.dynamo.mapping import ItemMapping
from accounts.dynamo.tables import Table
from accounts.model.client_documents import Document


class ClientDocumentItem(Model):
    client_id = UnicodeAttribute(hash_key=True)
    text = UnicodeAttribute()
    fresh_until = UTCDateTimeAttribute()
    expires_at = TTLAttribute()


class ClientDocumentsTable(Table[Document]):
    """Copies of documents in DynamoDB."""

    model = ClientDocumentItem
    mapping = ItemMapping(Document, ClientDocumentItem)

    def get(self, client_id: str) -> Document | None:
        """The copy, or None. Raises Unavailable."""
        return self.find(client_id)

    def keep(self, document: Document) -> None:
        """Store the copy. A failure is reported and ignored."""
        actions = [
            ClientDocumentItem.text.set(document.text),
            ClientDocumentItem.fresh_until.set(document.fresh_until),
            ClientDocumentItem.expires_at.set(document.expires_at),
        ]
        self.try_write(self.update(document.client_id, actions))
