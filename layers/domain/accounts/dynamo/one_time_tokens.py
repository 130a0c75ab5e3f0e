"""The ``one_time_tokens`` table: key ``<purpose>#<SHA-256 of the token>``."""

from __future__ import annotations

from collections.abc import Mapping

from pynamodb.attributes import MapAttribute, TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.models import Model

from accounts.dynamo.tables import Operation, Table, Write
from accounts.model import one_time_tokens
from accounts.model.one_time_tokens import NOBODY, OneTimeToken
from accounts.transactions import Change


class OneTimeTokenItem(Model):
    """As stored."""

    token = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute()
    issued_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
    data: MapAttribute[str, str] = MapAttribute(null=True)


class OneTimeTokensTable(Table[OneTimeTokenItem]):
    """One-time tokens in DynamoDB."""

    model = OneTimeTokenItem

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a token is written."""
        return {
            one_time_tokens.Issue: self._issue,
            one_time_tokens.Take: self._take,
            one_time_tokens.Consume: self._consume,
        }

    def get(self, key: str) -> OneTimeToken | None:
        """The token, read consistently; None when there is none. Raises Unavailable."""
        item = self.find(key)
        return None if item is None else _token(item)

    def _issue(self, change: one_time_tokens.Issue) -> Operation:
        return self.put(self._item(change.token), OneTimeTokenItem.token.does_not_exist())

    def _take(self, change: one_time_tokens.Take) -> Operation:
        return self.put(self._item(change.token), OneTimeTokenItem.subject.is_in(NOBODY, change.token.subject))

    def _item(self, token: OneTimeToken) -> OneTimeTokenItem:
        return self.bound(
            token.key,
            subject=token.subject,
            issued_at=token.issued_at,
            expires_at=token.expires_at,
            data=dict(token.data) or None,
        )

    def _consume(self, change: one_time_tokens.Consume) -> Operation:
        return self.delete(self.bound(change.key), OneTimeTokenItem.token.exists())


def _token(item: OneTimeTokenItem) -> OneTimeToken:
    purpose, _, digest = item.token.partition("#")
    data: dict[str, str] = item.data.as_dict() if item.data else {}
    return OneTimeToken(purpose, digest, item.subject, item.issued_at, item.expires_at, data)
