"""Bounces and complaints, from SES's report to what the owner sees."""

import json
from typing import Any

import pytest

from accounts.errors import Unavailable
from tests.functions.cloud import TOPIC, denied, unreachable
from tests.functions.lambdas import Lambdas
from tests.functions.requests import sample


def _report(**changes: Any) -> dict[str, Any]:
    """The sample with changes to the published message."""
    event = sample("mail_feedback")
    notification = event["Records"][0]["Sns"]
    notification["Message"] = json.dumps(json.loads(notification["Message"]) | changes)
    return event


def _complaint() -> dict[str, Any]:
    return _report(eventType="Complaint", complaint={"complainedRecipients": [{"emailAddress": "person@example.com"}]})


def test_the_sample_marks_identity_and_account(functions: Lambdas) -> None:
    """With an audit event; the log has no address."""
    person = functions.people.arrange()
    answer = functions.invoke("mail_feedback", sample("mail_feedback"))

    assert (answer.result, answer.events) == (None, ["mail_bounced"])
    tables = functions.cloud.tables()
    assert [it["undeliverable"] for it in tables["IdentitiesTable"]] == [{"S": "bounce"}]
    assert [it["mail_problem"] for it in tables["UsersTable"]] == [{"S": "bounce"}]
    assert [(it["user_id"]["S"], it["event"]["S"]) for it in tables["AuditEventsTable"]] == [
        (person.user_id, "mail_bounced")
    ]
    assert person.email not in json.dumps(answer.log)


@pytest.mark.parametrize(("report", "problem"), [(_report, "bounce"), (_complaint, "complaint")])
def test_the_owner_sees_the_problem_and_gets_no_more_emails(functions: Lambdas, report: Any, problem: str) -> None:
    """``session_show`` returns it; further messages are dropped without a retry."""
    person = functions.people.arrange()
    functions.invoke("mail_feedback", report())
    mailed = functions.deliver(json.dumps({"kind": "api_key_created", "user_id": person.user_id, "detail": "x"}))

    assert functions.invoke("session_show", sample("session_show")).json["mail_problem"] == problem
    assert (mailed.result, mailed.events) == ({"batchItemFailures": []}, ["mail_undeliverable"])
    assert functions.cloud.mails() == []


def _not_spam(to: str = "person@example.com") -> dict[str, Any]:
    report = {"complaintFeedbackType": "not-spam", "complainedRecipients": [{"emailAddress": f"Person <{to}>"}]}
    return _report(eventType="Complaint", complaint=report)


def test_the_owner_who_marks_an_email_as_not_spam_gets_emails_again(functions: Lambdas) -> None:
    """The problem is gone from the session; SES would send, too; the function's role suffices."""
    person = functions.people.arrange()
    functions.invoke("mail_feedback", _complaint())
    functions.cloud.suppressed[person.email] = "COMPLAINT"
    answer = functions.invoke("mail_feedback", _not_spam())
    mailed = functions.deliver(json.dumps({"kind": "api_key_created", "user_id": person.user_id, "detail": "x"}))

    assert (answer.result, answer.events) == (None, ["mail_wanted"])
    assert functions.cloud.suppressed == {}
    assert functions.invoke("session_show", sample("session_show")).json["mail_problem"] is None
    assert mailed.events == ["mail_sent"]
    assert person.email not in json.dumps(answer.log)


def test_an_address_that_ses_does_not_list_is_unmarked(functions: Lambdas) -> None:
    """An operator may have removed it."""
    functions.people.arrange()
    functions.invoke("mail_feedback", _complaint())

    assert functions.invoke("mail_feedback", _not_spam()).events == ["mail_wanted"]


@pytest.mark.parametrize("failure", [unreachable, denied])
def test_a_report_as_wanted_that_ses_does_not_carry_out_is_retried(functions: Lambdas, failure: Any) -> None:
    """The mark stays until then."""
    functions.people.arrange()
    functions.invoke("mail_feedback", _complaint())
    before = functions.cloud.tables()
    functions.cloud.failing["sesv2"] = failure
    with pytest.raises(Unavailable):
        functions.invoke("mail_feedback", _not_spam())

    assert functions.cloud.tables() == before


@pytest.mark.parametrize("service", ["dynamodb", "dynamodb.TransactWriteItems"])
def test_a_report_that_cannot_be_stored_is_retried(functions: Lambdas, service: str) -> None:
    """The function raises, so that Lambda retries; nothing is half-written."""
    functions.people.arrange()
    before = functions.cloud.tables()
    functions.cloud.failing[service] = unreachable
    with pytest.raises(Unavailable):
        functions.invoke("mail_feedback", sample("mail_feedback"))
    assert functions.cloud.tables() == before

    functions.cloud.failing.clear()
    assert functions.invoke("mail_feedback", sample("mail_feedback")).events == ["mail_bounced"]


def test_a_report_of_another_topic_is_refused(functions: Lambdas) -> None:
    """Even if the topic's name begins with the right one."""
    functions.people.arrange()
    event = sample("mail_feedback")
    event["Records"][0]["Sns"]["TopicArn"] = f"{TOPIC}2"
    before = functions.cloud.tables()
    answer = functions.invoke("mail_feedback", event)

    assert (answer.events, answer.calls, functions.cloud.tables()) == (["mail_report_refused"], [], before)
