"""Mail that comes back marks its address, once; what nobody could have published marks none."""

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
from accounts.model.audit import NOBODY
from accounts.model.identities import BOUNCE, COMPLAINT, email_key
from accounts.model.users import User
from accounts.ses import feedback
from tests.fakes import FakeIdentities, FakeUsers
from tests.unit.accounts.stage import (
    EMAIL,
    NEW_EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    Meanwhile,
    Service,
    cookie,
    later,
)

TOPIC = "arn:aws:sns:us-east-1:123456789012:feedback"
Lines = Callable[[], list[dict[str, Any]]]


def of(service: Service) -> MailFeedback:
    """The story, on that world."""
    return MailFeedback(FakeIdentities(service.world), FakeUsers(service.world), service.writing())


def account(service: Service) -> User:
    """The one account there is."""
    (user,) = service.world.users.values()
    return user


def bounce(*named: str, to: tuple[str, ...] = (EMAIL,), kind: str = "Permanent") -> dict[str, Any]:
    """What SES publishes when a server does not take a mail."""
    recipients = [{"emailAddress": address, "action": "failed", "status": "5.1.1"} for address in named or to]
    return {
        "eventType": "Bounce",
        "bounce": {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": recipients},
        "mail": {"destination": list(to), "messageId": "0100"},
    }


def complaint(kind: str | None = "abuse") -> dict[str, Any]:
    """What SES publishes when a person calls a mail spam."""
    given = {"complaintFeedbackType": kind} if kind else {}
    return {
        "eventType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": EMAIL}], **given},
        "mail": {"destination": [EMAIL], "messageId": "0100"},
    }


def event(message: Any, *, topic: str = TOPIC, source: str = "aws:sns") -> dict[str, Any]:
    """As SNS hands it to a function."""
    text = message if isinstance(message, str) else json.dumps(message)
    return {"Records": [{"EventSource": source, "Sns": {"Type": "Notification", "TopicArn": topic, "Message": text}}]}


@dataclass
class Postbox:
    """A service with a person in it, and what was logged when a report came."""

    service: Service
    lines: Lines

    def take(self, message: Any, **sent: str) -> list[str]:
        """What is logged of a report."""
        feedback.take(event(message, **sent), TOPIC, of(self.service), NOW)
        return [line["event"] for line in self.lines()]


@pytest.fixture
def postbox(service: Service, logged: Lines) -> Postbox:
    """Where reports arrive."""
    service.person()
    return Postbox(service, logged)


@pytest.mark.parametrize(("problem", "audited"), [(BOUNCE, "mail_bounced"), (COMPLAINT, "mail_complained")])
def test_an_address_is_marked_with_its_account_and_its_history(service: Service, problem: str, audited: str) -> None:
    """All in one transaction, and nothing else about either changes."""
    service.person()
    identity, user = service.identity(), account(service)

    assert of(service).mark(EMAIL, problem, later(hours=1)) == audited.removeprefix("mail_")

    assert service.identity() == replace(identity, undeliverable=problem, version=identity.version + 1)
    assert account(service) == replace(user, mail_problem=problem, revision=user.revision + 1)
    assert [(it.user_id, it.event, it.caller, it.detail) for it in service.world.records] == [
        (user.user_id, audited, NOBODY, {})
    ]


def test_a_report_that_comes_again_changes_nothing(service: Service) -> None:
    """SNS delivers at least once, and a second mail may have been on its way."""
    service.person()
    of(service).mark(EMAIL, BOUNCE, NOW)
    before = service.identity(), account(service), list(service.world.records)

    assert of(service).mark(EMAIL, BOUNCE, NOW) == KNOWN
    assert (service.identity(), account(service), service.world.records) == before


def test_an_unknown_address_is_only_counted(service: Service) -> None:
    """It belongs to nobody, or to nobody any more."""
    assert of(service).mark("nobody@example.com", BOUNCE, NOW) == UNKNOWN_ADDRESS
    assert service.world.identities == {}


def test_an_address_that_nobody_confirmed_is_no_accounts(service: Service) -> None:
    """The sign-up is marked alone, and a newer one starts without the mark."""
    service.signed_up()
    of(service).mark(EMAIL, BOUNCE, NOW)
    assert (service.identity().undeliverable, service.world.users, service.world.records) == (BOUNCE, {}, [])

    service.signup.start(EMAIL, OTHER_PASSWORD, "", OWNER, NOW)
    assert service.identity().undeliverable is None


def test_an_account_that_has_another_address_is_not_told(service: Service) -> None:
    """What comes back is not what its mail goes to."""
    user_id = service.person().session.user_id
    service.world.user(user_id, email="new@example.com")
    of(service).mark(EMAIL, BOUNCE, NOW)

    assert (service.identity().undeliverable, account(service).mail_problem, service.world.records) == (
        BOUNCE,
        None,
        [],
    )


def test_an_account_that_changes_meanwhile_is_read_again(service: Service) -> None:
    """Here it gets another address: the old one is marked, and the account is not."""
    user_id = service.person().session.user_id
    service.interposed = Meanwhile(service.world, lambda: service.world.user(user_id, email="new@example.com"))
    of(service).mark(EMAIL, BOUNCE, NOW)

    assert (service.identity().undeliverable, account(service).mail_problem) == (BOUNCE, None)


def test_a_password_that_is_set_meanwhile_is_kept(service: Service) -> None:
    """The mark goes on top of the other change, not over it."""
    service.person()
    service.interposed = Meanwhile(service.world, lambda: service.change_identity(password_hash="newer"))
    of(service).mark(EMAIL, COMPLAINT, NOW)

    assert (service.identity().undeliverable, service.identity().password_hash) == (COMPLAINT, "newer")


def test_an_account_that_never_stands_still_is_left_for_later(service: Service) -> None:
    """Lambda brings the report again."""
    service.person()
    service.interposed = Meanwhile(service.world, service.change_identity, times=1000)
    with pytest.raises(Unavailable):
        of(service).mark(EMAIL, BOUNCE, NOW)

    assert service.identity().undeliverable is None


def test_a_marked_address_gets_no_more_mail(service: Service) -> None:
    """Neither links nor notices; another address of the same account does."""
    user_id = service.person().session.user_id
    of(service).mark(EMAIL, BOUNCE, NOW)
    notice = messages.ApiKeyCreated(user_id=user_id, name="laptop")

    assert [service.mailing.deliver(it, NOW) for it in (notice, messages.Signup(email=EMAIL))] == [UNDELIVERABLE] * 2
    assert service.postman.mails == []

    service.world.user(user_id, email="new@example.com", mail_problem=None)
    assert service.mailing.deliver(notice, NOW) == SENT


def test_a_sign_up_whose_mail_came_back_gets_no_second_one(service: Service) -> None:
    """Asking for it again does not help; confirming with the mail that did arrive does, and takes the mark away."""
    token = service.signed_up()
    of(service).mark(EMAIL, BOUNCE, NOW)
    pending = service.identity().pending_token
    sent = len(service.postman.mails)
    assert service.mailing.deliver(messages.Signup(email=EMAIL), NOW) == UNDELIVERABLE
    assert len(service.postman.mails) == sent

    service.change_identity(pending_token=pending)
    service.email_verification.confirm(token, PASSWORD, None, OWNER, NOW)
    assert service.identity().undeliverable is None


def test_an_account_that_moves_leaves_the_problem_behind(service: Service) -> None:
    """The link goes to the new address though nothing goes to the old one, and the new one starts without a mark."""
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
        (complaint("not-spam"), "mail_report_ignored", None),
        ({"eventType": "Delivery", "delivery": {}, "mail": {}}, "mail_report_ignored", None),
        ("Successfully validated SNS topic for Amazon SES event publishing.", "mail_report_ignored", None),
    ],
)
def test_what_ses_publishes_is_understood(postbox: Postbox, message: Any, event: str, problem: str | None) -> None:
    """Only what is final, or a complaint, marks the address; the rest is counted."""
    assert postbox.take(message) == [event]
    assert postbox.service.identity().undeliverable == problem


@pytest.mark.parametrize(
    "message",
    [
        bounce(EMAIL, to=("mallory@evil.example",)),
        bounce(f"Olive <{EMAIL}>"),
        bounce(f"{EMAIL},mallory@evil.example"),
        bounce("", to=("",)),
    ],
)
def test_a_server_is_believed_about_nobody_that_we_did_not_write_to(postbox: Postbox, message: Any) -> None:
    """Whoever signs up with an address at a server of his own could have it say that others do not exist."""
    assert postbox.take(message) == ["mail_problem_of_unknown_address"]
    assert postbox.service.identity().undeliverable is None


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
def test_what_ses_cannot_have_published_marks_nobody(postbox: Postbox, message: Any) -> None:
    """It is said once, without its text, and is not brought again."""
    assert postbox.take(message) == ["mail_report_refused"]
    assert postbox.service.identity().undeliverable is None
    assert EMAIL not in json.dumps(postbox.lines())


@pytest.mark.parametrize("sent", [{"topic": f"{TOPIC}-of-others"}, {"topic": ""}, {"source": "aws:sqs"}])
def test_what_came_another_way_marks_nobody(postbox: Postbox, sent: dict[str, str]) -> None:
    """Another topic, or no topic at all."""
    assert postbox.take(bounce(), **sent) == ["mail_report_refused"]
    assert postbox.service.identity().undeliverable is None


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": [None]}, {"Records": [{"Sns": {}}]}, None])
def test_what_is_no_event_marks_nobody(postbox: Postbox, event: Any) -> None:
    """Somebody tried the function out."""
    feedback.take(event, TOPIC, of(postbox.service), NOW)
    assert [line["event"] for line in postbox.lines()] == ["mail_report_refused"]


def test_everybody_named_is_marked(postbox: Postbox) -> None:
    """One report may be about several."""
    postbox.service.signed_up("other@example.com")
    both = (EMAIL, "other@example.com")

    assert postbox.take(bounce(to=both)) == ["mail_bounced", "mail_bounced"]
    assert {postbox.service.identity(it).undeliverable for it in both} == {BOUNCE}


def test_a_table_that_does_not_answer_brings_the_report_again(postbox: Postbox) -> None:
    """The failure is told, and Lambda tries again."""
    postbox.service.world.down = True
    with pytest.raises(Unavailable):
        postbox.take(bounce())
    assert [line["event"] for line in postbox.lines()] == ["mail_report_failed"]

    postbox.service.world.down = False
    assert postbox.take(bounce()) == ["mail_report_failed", "mail_bounced"]


def test_an_address_is_compared_in_its_one_form(postbox: Postbox) -> None:
    """As it was stored when its owner signed up."""
    assert email_key(EMAIL) in postbox.service.world.identities
    assert postbox.take(bounce(EMAIL.title(), to=(EMAIL.upper(),))) == ["mail_bounced"]
