"""Flows of email."""

# ruff: noqa: PLC0415 - each property imports what it creates

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from accounts.deployment.edges import Edges

if TYPE_CHECKING:
    from accounts.flows.mail.mail_feedback import MailFeedback, Suppressions
    from accounts.flows.mail.mailing import Mailing
    from accounts.flows.mail.mails import Postman


class MailFlows(Edges):
    @cached_property
    def suppressions(self) -> Suppressions:
        from accounts.aws.suppressions import SesSuppressions

        return SesSuppressions()

    @cached_property
    def postman(self) -> Postman:
        from accounts.model import brand
        from accounts.ses.postman import SesPostman

        sender, configuration = self.settings["MAIL_FROM"], self.settings["MAIL_CONFIGURATION_SET"]
        return SesPostman(sender, configuration, brand.of(self.settings))

    @cached_property
    def mailing(self) -> Mailing:
        from accounts.flows.mail.mailing import Mailing

        return Mailing(
            self.identities,
            self.users,
            self.one_time_tokens,
            self.throttles,
            self.writing(self.identities, self.one_time_tokens, self.audit_events),
            self.postman,
            self.settings.site_url,
        )

    @cached_property
    def mail_feedback(self) -> MailFeedback:
        from accounts.flows.mail.mail_feedback import MailFeedback

        writing = self.writing(self.users, self.identities, self.audit_events)
        return MailFeedback(self.identities, self.users, writing, self.suppressions)
