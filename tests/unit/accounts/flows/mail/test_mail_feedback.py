"""A bounce or a complaint marks its address once; nothing else does."""

import json
from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from typing import Any

import pytest

from accounts.errors import Unavailable
from accounts.flows.mail.mail_feedback import KNOWN, UNKNOWN_ADDRESS, MailFeedback
from accounts.flows.mail.mailing import SENT, UNDELIVERABLE
from accounts.model import messages
from accounts.model.audit import NO_CALLER
from accounts.model.identities import BOUNCE, COMPLAINT, email_key
from accounts.model.users import MailProblem, User
from accounts.ses import feedback
from tests.unit.accounts.stage import (
    EMAIL,
    NEW_EMAIL,
    NOW,
    OWNER,
    Interleaved,
    Service,
    cookie,
    later,
)

TOPIC = "arn:aws:sns:us-east-1:123456789012:feedback"
Lines = Callable[[], list[dict[str, Any]]]


def of(service: Service) -> MailFeedback:
    return service.mail_feedback


def account(service: Service) -> User:
    """The only account."""
    (user,) = service.world.users.values()
    return user


def bounce(*named: str, to: tuple[str, ...] = (EMAIL,), kind: str = "Permanent") -> dict[str, Any]:
    """As SES publishes a bounce."""
    recipients = [{"emailAddress": address, "action": "failed", "status": "5.1.1"} for address in named or to]
    return {
        "eventType": "Bounce",
        "bounce": {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": recipients},
        "mail": {"destination": list(to), "messageId": "0100"},
    }


def complaint(kind: str | None = "abuse", *named: str, to: tuple[str, ...] = (EMAIL,)) -> dict[str, Any]:
    """As SES publishes a complaint."""
    given = {"complaintFeedbackType": kind} if kind else {}
    return {
        "eventType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": address} for address in named or to], **given},
        "mail": {"destination": list(to), "messageId": "0100"},
    }


def event(message: Any, *, topic: str = TOPIC, source: str = "aws:sns") -> dict[str, Any]:
    """As SNS invokes a function with it."""
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Records": [{"EventSource": source, "Sns": {"Type": "Notification", "TopicArn": topic, "Message": text}}]}


@dataclass
class Postbox:
    """A service with one account, and its log."""

    service: Service
    lines: Lines

    def take(self, message: Any, **sent: str) -> list[str]:
        """The events that are logged for a report."""
        feedback.take(event(message, **sent), TOPIC, of(self.service), NOW)
        return [line["event"] for line in self.lines()]


@pytest.fixture
def postbox(service: Service, logged: Lines) -> Postbox:
    service.person()
    return Postbox(service, logged)


@pytest.mark.parametrize(("problem", "audited"), [(BOUNCE, "mail_bounced"), (COMPLAINT, "mail_complained")])
def test_an_address_is_marked_with_its_account_and_its_history(service: Service, problem: str, audited: str) -> None:
    """In one transaction, which changes nothing else."""
    service.person()
    identity, user = service.identity(), account(service)

    assert of(service).mark(EMAIL, problem, later(hours=1)) == audited.removeprefix("mail_")

    assert service.identity() == replace(identity, undeliverable=problem, version=identity.version + 1)
    assert account(service) == replace(user, mail_problem=problem, revision=user.revision + 1)
    assert [(it.user_id, it.event, it.caller, it.detail) for it in service.world.records] == [
        (user.user_id, audited, NO_CALLER, {})
    ]


def test_a_repeated_report_changes_nothing(service: Service) -> None:
    """SNS delivers at least once, and several emails may bounce."""
    service.person()
    of(service).mark(EMAIL, BOUNCE, NOW)
    before = service.identity(), account(service), list(service.world.records)

    assert of(service).mark(EMAIL, BOUNCE, NOW) == KNOWN
    assert (service.identity(), account(service), service.world.records) == before


def test_an_unknown_address_is_only_counted(service: Service) -> None:
    assert of(service).mark("nobody@example.com", BOUNCE, NOW) == UNKNOWN_ADDRESS
    assert service.world.identities == {}


def test_an_unconfirmed_address_is_only_counted(service: Service) -> None:
    """SES's own suppression list covers it."""
    service.signed_up()
    assert of(service).mark(EMAIL, BOUNCE, NOW) == UNKNOWN_ADDRESS
    assert (service.world.identities, service.world.users, service.world.records) == ({}, {}, [])


def test_an_account_with_another_address_is_not_marked(service: Service) -> None:
    """Its emails go elsewhere."""
    user_id = service.person().session.user_id
    service.world.user(user_id, email="new@example.com")
    of(service).mark(EMAIL, BOUNCE, NOW)

    assert (service.identity().undeliverable, account(service).mail_problem, service.world.records) == (
        BOUNCE,
        None,
        [],
    )


def test_an_account_that_changes_concurrently_is_read_again(service: Service) -> None:
    """It gets another address: the old one is marked, the account is not."""
    user_id = service.person().session.user_id
    service.interposed = Interleaved(service.world, lambda: service.world.user(user_id, email="new@example.com"))
    of(service).mark(EMAIL, BOUNCE, NOW)

    assert (service.identity().undeliverable, account(service).mail_problem) == (BOUNCE, None)


def test_a_password_that_is_set_concurrently_is_kept(service: Service) -> None:
    """The mark does not overwrite the other change."""
    service.person()
    service.interposed = Interleaved(service.world, lambda: service.change_identity(password_hash="newer"))
    of(service).mark(EMAIL, COMPLAINT, NOW)

    assert (service.identity().undeliverable, service.identity().password_hash) == (COMPLAINT, "newer")


def test_a_conflict_on_every_try_is_unavailable(service: Service) -> None:
    """Lambda retries the report."""
    service.person()
    service.interposed = Interleaved(service.world, service.change_identity, times=1000)
    with pytest.raises(Unavailable):
        of(service).mark(EMAIL, BOUNCE, NOW)

    assert service.identity().undeliverable is None


def test_a_marked_address_gets_no_more_email(service: Service) -> None:
    """No links and no notices. Another address of the same account does."""
    user_id = service.person().session.user_id
    of(service).mark(EMAIL, BOUNCE, NOW)
    notice = messages.ApiKeyCreated(user_id=user_id, name="laptop")

    assert [service.mailing.deliver(it, NOW) for it in (notice, messages.Signup(email=EMAIL))] == [UNDELIVERABLE] * 2
    assert service.postman.mails == []

    service.world.user(user_id, email="new@example.com", mail_problem=None)
    assert service.mailing.deliver(notice, NOW) == SENT


def test_a_change_of_address_clears_the_problem(service: Service) -> None:
    """The new address gets its link although the old one is marked, and starts unmarked."""
    owner = service.person()
    of(service).mark(EMAIL, BOUNCE, NOW)
    service.email_change_request.ask(cookie(owner), NEW_EMAIL, OWNER, NOW)
    asked = {message.kind: service.mailing.deliver(message, NOW) for message in service.outbox.messages}
    assert asked == {"email_change_asked": UNDELIVERABLE, "email_change": SENT}

    token = service.postman.mails[-1].values["link"].partition("#token=")[2].partition("&")[0]
    service.email_change.confirm(cookie(owner), token, OWNER, NOW)
    assert (service.identity(NEW_EMAIL).undeliverable, account(service).mail_problem) == (None, None)


@pytest.mark.parametrize(
    ("message", "event", "problem"),
    [
        (bounce(), "mail_bounced", BOUNCE),
        (bounce(EMAIL.upper()), "mail_bounced", BOUNCE),
        (bounce(kind="Transient"), "mail_bounced_for_now", None),
        (bounce(kind="Undetermined"), "mail_bounced_for_now", None),
        (complaint(), "mail_complained", COMPLAINT),
        (complaint(None), "mail_complained", COMPLAINT),
        (complaint("not-spam"), "mail_not_marked", None),
        ({"eventType": "Delivery", "delivery": {}, "mail": {}}, "mail_report_ignored", None),
        ("Successfully validated SNS topic for Amazon SES event publishing.", "mail_report_ignored", None),
    ],
)
def test_only_final_bounces_and_complaints_mark_an_address(
    postbox: Postbox, message: Any, event: str, problem: str | None
) -> None:
    """The rest is counted."""
    assert postbox.take(message) == [event]
    assert postbox.service.identity().undeliverable == problem


@pytest.mark.parametrize(
    "message",
    [
        bounce(EMAIL, to=("mallory@evil.example",)),
        bounce(f"{EMAIL},mallory@evil.example"),
        bounce(f"{EMAIL} <mallory@evil.example>"),
        bounce(f'"{EMAIL}" <mallory@evil.example>'),
        bounce(f"mallory@evil.example <{EMAIL}", to=("mallory@evil.example",)),
        bounce(f"<{EMAIL}>, <mallory@evil.example>"),
        bounce("", to=("",)),
    ],
)
def test_an_address_that_got_no_email_is_not_marked(postbox: Postbox, message: Any) -> None:
    """An attacker with a mail server could report any other address."""
    assert postbox.take(message) == ["mail_problem_of_unknown_address"]
    assert postbox.service.identity().undeliverable is None


WRITTEN = (
    f"Olive <{EMAIL}>",
    f"<{EMAIL}>",
    f'"Olive, of \\"Example\\" <x@y.z>" <{EMAIL.upper()}>',
    f"=?utf-8?q?Ol=C3=ADve_=40_x?= <{EMAIL}>",
    f"=?utf-8?b?T2zDrXZl?= <{EMAIL}>",
    f"{EMAIL} (Olive)",
    f"  {EMAIL} ",
)


@pytest.mark.parametrize("written", WRITTEN)
def test_a_recipient_may_be_written_with_a_name(postbox: Postbox, written: str) -> None:
    """In the report and in the email's destination alike (RFC 5322 3.4)."""
    assert postbox.take(bounce(written)) == ["mail_bounced"]
    assert postbox.service.identity().undeliverable == BOUNCE
    postbox.service.change_identity(undeliverable=None)
    assert postbox.take(bounce(EMAIL, to=(written,)))[-1] == "mail_bounced"
    assert postbox.service.identity().undeliverable == BOUNCE


def test_several_recipients_are_each_marked_however_they_are_written(postbox: Postbox) -> None:
    postbox.service.person("other@example.com")
    both = (f"Olive <{EMAIL}>", "=?utf-8?q?O=2E?= <other@example.com>")

    assert postbox.take(complaint("abuse", *reversed(both), to=both)) == ["mail_complained"] * 2
    assert {postbox.service.identity(it).undeliverable for it in (EMAIL, "other@example.com")} == {COMPLAINT}


def test_an_email_that_is_reported_as_wanted_takes_the_complaint_back(postbox: Postbox) -> None:
    """The mark, the account's problem and SES's own entry are removed, it is recorded, and emails are sent again."""
    service = postbox.service
    service.suppressions.listed = {EMAIL: COMPLAINT, "other@example.com": COMPLAINT}
    postbox.take(complaint())
    service.world.records.clear()
    identity, user = service.identity(), account(service)
    notice = messages.ApiKeyCreated(user_id=user.user_id, name="laptop")
    assert service.mailing.deliver(notice, NOW) == UNDELIVERABLE

    assert postbox.take(complaint("not-spam", f"Olive <{EMAIL}>")) == ["mail_complained", "mail_wanted"]
    assert service.identity() == replace(identity, undeliverable=None, version=identity.version + 1)
    assert account(service) == replace(user, mail_problem=None, revision=user.revision + 1)
    assert service.suppressions.listed == {"other@example.com": COMPLAINT}
    [record] = service.world.records
    assert (record.user_id, record.event, record.caller, record.detail) == (user.user_id, "mail_wanted", NO_CALLER, {})
    assert service.mailing.deliver(notice, NOW) == SENT


def test_a_bounce_is_not_taken_back(postbox: Postbox) -> None:
    """An address that does not exist is not wanted either; SES keeps its entry, too."""
    service = postbox.service
    postbox.take(bounce())
    service.suppressions.listed = {EMAIL: BOUNCE}

    assert postbox.take(complaint("not-spam"))[-1] == "mail_not_marked"
    assert (service.identity().undeliverable, account(service).mail_problem) == (BOUNCE, BOUNCE)
    assert service.suppressions.listed == {EMAIL: BOUNCE}


@pytest.mark.parametrize(("reason", "kept"), [(COMPLAINT, {}), (BOUNCE, {"new@example.com": BOUNCE})])
def test_an_address_without_an_account_is_removed_from_ses_list_after_a_complaint(
    postbox: Postbox, reason: MailProblem, kept: dict[str, MailProblem]
) -> None:
    """Its owner can sign up again: SES may have listed it for an email about a sign-up. Only SES knows of a bounce."""
    postbox.service.suppressions.listed = {"new@example.com": reason}

    assert postbox.take(complaint("not-spam", to=("new@example.com",))) == ["mail_problem_of_unknown_address"]
    assert postbox.service.suppressions.listed == kept


def test_a_bounce_before_the_account_stays_on_ses_list(postbox: Postbox) -> None:
    """The account has no mark of it: the address got the email of a sign-up with a provider."""
    postbox.service.suppressions.listed = {EMAIL: BOUNCE}

    assert postbox.take(complaint("not-spam")) == ["mail_not_marked"]
    assert postbox.service.suppressions.listed == {EMAIL: BOUNCE}


def test_only_who_got_the_email_can_want_it(postbox: Postbox) -> None:
    """A mail server could name any other address."""
    postbox.take(complaint())
    postbox.service.suppressions.listed = {EMAIL: COMPLAINT}

    assert postbox.take(complaint("not-spam", EMAIL, to=("mallory@evil.example",)))[-1] == (
        "mail_problem_of_unknown_address"
    )
    assert (postbox.service.identity().undeliverable, postbox.service.suppressions.listed) == (
        COMPLAINT,
        {EMAIL: COMPLAINT},
    )


@pytest.mark.parametrize("fault", ["suppressions", "world"])
def test_a_report_as_wanted_is_retried_until_both_lists_are_clear(postbox: Postbox, fault: str) -> None:
    """SES's list first: SES would report the next email to a listed address as a complaint."""
    service = postbox.service
    postbox.take(complaint())
    service.suppressions.listed = {EMAIL: COMPLAINT}
    broken = service.suppressions if fault == "suppressions" else service.world
    broken.down = True
    with pytest.raises(Unavailable):
        postbox.take(complaint("not-spam"))
    broken.down = False
    assert service.identity().undeliverable == COMPLAINT

    assert postbox.take(complaint("not-spam"))[-2:] == ["mail_report_failed", "mail_wanted"]
    assert (service.identity().undeliverable, service.suppressions.listed) == (None, {})


def test_a_change_that_comes_between_is_kept(postbox: Postbox) -> None:
    """The mark is removed from what is stored then."""
    service = postbox.service
    postbox.take(complaint())
    service.interposed = Interleaved(service.world, lambda: service.change_identity(password_hash="newer"))

    assert postbox.take(complaint("not-spam"))[-1] == "mail_wanted"
    assert (service.identity().undeliverable, service.identity().password_hash) == (None, "newer")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "no json",
        "null",
        "[]",
        "[" * 100_000,
        {},
        {"eventType": "Bounce"},
        {"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{}]}, "mail": {}},
        {**bounce(), "mail": {"destination": None}},
        {**bounce(), "mail": {"destination": [7]}},
        {"notificationType": "Bounce", "bounce": bounce()["bounce"], "mail": bounce()["mail"]},
        bounce(*[EMAIL] * 51),
    ],
    ids=range(12),
)
def test_a_malformed_report_marks_no_address(postbox: Postbox, message: Any) -> None:
    """Logged once, without its text, and not retried."""
    assert postbox.take(message) == ["mail_report_refused"]
    assert postbox.service.identity().undeliverable is None
    assert EMAIL not in json.dumps(postbox.lines())


@pytest.mark.parametrize("sent", [{"topic": f"{TOPIC}-of-others"}, {"topic": ""}, {"source": "aws:sqs"}])
def test_a_report_from_another_source_marks_no_address(postbox: Postbox, sent: dict[str, str]) -> None:
    """Another topic, no topic, or another service."""
    assert postbox.take(bounce(), **sent) == ["mail_report_refused"]
    assert postbox.service.identity().undeliverable is None


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": [None]}, {"Records": [{"Sns": {}}]}, None])
def test_a_malformed_event_marks_no_address(postbox: Postbox, event: Any) -> None:
    feedback.take(event, TOPIC, of(postbox.service), NOW)
    assert [line["event"] for line in postbox.lines()] == ["mail_report_refused"]


def test_each_recipient_is_marked(postbox: Postbox) -> None:
    postbox.service.person("other@example.com")
    both = (EMAIL, "other@example.com")

    assert postbox.take(bounce(to=both)) == ["mail_bounced", "mail_bounced"]
    assert {postbox.service.identity(it).undeliverable for it in both} == {BOUNCE}


def test_a_report_is_retried_when_the_table_is_unavailable(postbox: Postbox) -> None:
    """The failure is logged, and Lambda retries."""
    postbox.service.world.down = True
    with pytest.raises(Unavailable):
        postbox.take(bounce())
    assert [line["event"] for line in postbox.lines()] == ["mail_report_failed"]

    postbox.service.world.down = False
    assert postbox.take(bounce()) == ["mail_report_failed", "mail_bounced"]


def test_addresses_are_compared_in_canonical_form(postbox: Postbox) -> None:
    """As stored at sign-up."""
    assert email_key(EMAIL) in postbox.service.world.identities
    assert postbox.take(bounce(EMAIL.title(), to=(EMAIL.upper(),))) == ["mail_bounced"]
