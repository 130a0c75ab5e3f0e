"""The ``one_time_tokens`` table: one item per token, under ``<purpose>#<SHA-256 of the token>``."""

from __future__ import annotations

from collections.abc import Mapping

from pynamodb.attributes import TTLAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.models import Model

from accounts.dynamo.mapping import ItemMapping, Joined, TextMapAttribute
from accounts.dynamo.tables import Operation, Table, Write
from accounts.model import one_time_tokens
from accounts.model.one_time_tokens import UNCLAIMED, OneTimeToken
from accounts.transactions import Change


class OneTimeTokenItem(Model):
    token = UnicodeAttribute(hash_key=True)
    subject = UnicodeAttribute()
    issued_at = UTCDateTimeAttribute()
    expires_at = TTLAttribute()
    data = TextMapAttribute(null=True)


def _purpose_and_digest(token: str) -> tuple[str, str]:
    purpose, _, digest = token.partition("#")
    return purpose, digest


class OneTimeTokensTable(Table[OneTimeToken]):
    """One-time tokens in DynamoDB."""

    model = OneTimeTokenItem
    mapping = ItemMapping(
        OneTimeToken,
        OneTimeTokenItem,
        joined={"token": Joined("key", ("purpose", "digest"), _purpose_and_digest)},
    )

    @property
    def writes(self) -> Mapping[type[Change], Write]:
        """How each change to a token is written."""
        return {
            one_time_tokens.Issue: self._issue,
            one_time_tokens.Save: self._save,
            one_time_tokens.Take: self._take,
            one_time_tokens.Consume: self._consume,
            one_time_tokens.Discard: self._discard,
        }

    def get(self, key: str) -> OneTimeToken | None:
        """The token, read consistently; None when there is none. Raises Unavailable."""
        return self.find(key)

    def _issue(self, change: one_time_tokens.Issue) -> Operation:
        return self.put(change.token, OneTimeTokenItem.token.does_not_exist())

    def _save(self, change: one_time_tokens.Save) -> Operation:
        return self.put(change.token)

    def _take(self, change: one_time_tokens.Take) -> Operation:
        return self.put(change.token, OneTimeTokenItem.subject.is_in(UNCLAIMED, change.token.subject))

    def _consume(self, change: one_time_tokens.Consume) -> Operation:
        return self.delete(change.key, OneTimeTokenItem.token.exists())

    def _discard(self, change: one_time_tokens.Discard) -> Operation:
        return self.delete(change.key)
