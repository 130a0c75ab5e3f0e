"""Rename the account, and choose the language of its emails."""

from __future__ import annotations

from copy import replace
from datetime import datetime, timedelta

from msgspec import Struct

from accounts import languages, text
from accounts.errors import InvalidInput
from accounts.limits import PERSON_NAME_MAX_CHARACTERS, RENAMES_PER_ACCOUNT_PER_DAY
from accounts.model import identities, throttles, users
from accounts.model.audit import Caller, Record
from accounts.model.throttles import Throttles
from accounts.model.users import User, Users
from accounts.transactions import Transactions, retry_on_conflict

_NOTHING = "Send a name or a language."
_UNKNOWN_LANGUAGE = "This language isn't available. Available languages: {languages}."


class AccountRenaming(Struct, frozen=True):
    users: Users
    throttles: Throttles
    transactions: Transactions

    def change(self, user_id: str, name: str | None, language: str | None, caller: Caller, now: datetime) -> User:
        """Rename the account, choose its language, or both; raises InvalidInput or TooManyAttempts."""
        if language is not None:
            user = self.choose_language(user_id, language)
            return user if name is None else self.rename(user_id, name, caller, now)
        if name is None:
            raise InvalidInput(_NOTHING)
        return self.rename(user_id, name, caller, now)

    def choose_language(self, user_id: str, language: str) -> User:
        """Choose the language of emails, and return the account; raises InvalidInput."""
        chosen = languages.named(language)
        if chosen is None:
            raise InvalidInput(_UNKNOWN_LANGUAGE, languages=", ".join(languages.LANGUAGES))
        user = users.active(self.users, user_id)
        self.transactions.commit(users.ChooseLanguage(user_id, chosen))
        return replace(user, language=chosen, revision=user.revision + 1)

    def rename(self, user_id: str, name: str, caller: Caller, now: datetime) -> User:
        """Change the name, which may be empty, and return the account; raises InvalidInput or TooManyAttempts.

        Identities store the name too, because the response to a login is built from them.
        """
        chosen = text.line("name", name, at_most=PERSON_NAME_MAX_CHARACTERS)
        limit, day = RENAMES_PER_ACCOUNT_PER_DAY, timedelta(days=1)
        throttles.count(self.throttles, "rename", user_id, limit=limit, per=day, now=now)
        return retry_on_conflict(lambda: self._rename(user_id, chosen, caller, now))

    def _rename(self, user_id: str, name: str, caller: Caller, now: datetime) -> User:
        user = users.active(self.users, user_id)
        self.transactions.commit(
            users.Rename(user, name, now),
            *(identities.Rename(key, user_id, name, now) for key in user.identities),
            Record(user_id, "user_updated", now, caller),
        )
        return replace(user, name=name, updated_at=now, revision=user.revision + 1)
