"""Mail that comes back, from SES's report to what the person is told."""

import json
from typing import Any

import pytest

from accounts.errors import Unavailable
from tests.functions.cloud import TOPIC, unreachable
from tests.functions.lambdas import Lambdas
from tests.functions.requests import sample


def _report(**changes: Any) -> dict[str, Any]:
    """The sample, with some of what was published changed."""
    event = sample("mail_feedback")
    notification = event["Records"][0]["Sns"]
    notification["Message"] = json.dumps(json.loads(notification["Message"]) | changes)
    return event


def _complaint() -> dict[str, Any]:
    return _report(eventType="Complaint", complaint={"complainedRecipients": [{"emailAddress": "person@example.com"}]})


def test_the_sample_of_mail_feedback_marks_address_and_account(functions: Lambdas) -> None:
    """Both, and a line in the account's history; what is logged names nobody."""
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
def test_the_person_is_told_and_is_mailed_no_more(functions: Lambdas, report: Any, problem: str) -> None:
    """At the next look at the session; the message is done with, and does not rest anywhere."""
    person = functions.people.arrange()
    functions.invoke("mail_feedback", report())
    mailed = functions.deliver(json.dumps({"kind": "api_key_created", "user_id": person.user_id, "detail": "x"}))

    assert functions.invoke("session_show", sample("session_show")).json["mail_problem"] == problem
    assert (mailed.result, mailed.events) == ({"batchItemFailures": []}, ["mail_undeliverable"])
    assert functions.cloud.mails() == []


@pytest.mark.parametrize("service", ["dynamodb", "dynamodb.TransactWriteItems"])
def test_a_report_that_could_not_be_written_down_is_brought_again(functions: Lambdas, service: str) -> None:
    """The function fails, and Lambda tries again; nothing is half-marked."""
    functions.people.arrange()
    before = functions.cloud.tables()
    functions.cloud.failing[service] = unreachable
    with pytest.raises(Unavailable):
        functions.invoke("mail_feedback", sample("mail_feedback"))
    assert functions.cloud.tables() == before

    functions.cloud.failing.clear()
    assert functions.invoke("mail_feedback", sample("mail_feedback")).events == ["mail_bounced"]


def test_a_report_of_another_topic_is_refused(functions: Lambdas) -> None:
    """Also of one whose name begins like ours."""
    functions.people.arrange()
    event = sample("mail_feedback")
    event["Records"][0]["Sns"]["TopicArn"] = f"{TOPIC}2"
    before = functions.cloud.tables()
    answer = functions.invoke("mail_feedback", event)

    assert (answer.events, answer.calls, functions.cloud.tables()) == (["mail_report_refused"], [], before)
