"""Emails on the deployed cloud: a bounce marks its address; what fails is retried, kept and sent again on request."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.cloud import MAIL_FROM, LocalCloud
from local.stack import NAME
from scripts.place import Place
from scripts.redrive import redrive
from tests.functions.lambdas import record
from tests.local.feedback import problem_of, publish, report
from tests.local.mail_queue import Mailer, is_queued, resting, sandbox
from tests.local.person import Person
from tests.waiting import wait_for


@pytest.mark.parametrize(("problem", "told"), [("Bounce", "bounce"), ("Complaint", "complaint")])
def test_a_person_whose_mail_comes_back_is_told_and_mailed_no_more(cloud: LocalCloud, problem: str, told: str) -> None:
    """From the topic, through its own function with its own role, to the next look at the session."""
    person = Person(cloud).join()
    assert problem_of(person) is None
    publish(cloud, report(person.email, problem))
    wait_for(lambda: problem_of(person) == told, f"the mark of a {told}")

    before = len([mail for mail in cloud.messages() if person.email in mail["To"]])
    mailer = Mailer(cloud)
    person.make_key()
    user_id = person.call("GET", "/auth/session").json()["customer"]["id"]
    wait_for(lambda: not is_queued(cloud, user_id), "the end of the delivery")
    assert mailer.count("mail_undeliverable") >= 1
    assert len([mail for mail in cloud.messages() if person.email in mail["To"]]) == before


def test_the_configuration_set_reports_to_the_topic(cloud: LocalCloud) -> None:
    """As it is deployed."""
    mail = cloud.client("sesv2")
    (name,) = mail.list_configuration_sets()["ConfigurationSets"]
    (destination,) = mail.get_configuration_set_event_destinations(ConfigurationSetName=name)["EventDestinations"]
    assert destination["MatchingEventTypes"] == ["BOUNCE", "COMPLAINT"]
    assert destination["SnsDestination"] == {"TopicArn": cloud.outputs["MailFeedbackTopicArn"]}


def test_while_ses_refuses_requests_answer_and_mail_rests_until_it_is_sent_on(cloud: LocalCloud) -> None:
    """Nothing is lost: five tries, then the dead-letter queue; then `make redrive`, and the link works."""
    person = Person(cloud)
    with sandbox(cloud) as mailer:
        body = {"email": person.email, "password": person.password}
        assert person.call("POST", "/auth/signup", body).status_code == 202
        wait_for(lambda: resting(cloud) == 1, "the message in the dead-letter queue")
        # On a slow machine, the message gets there before its last try ends.
        wait_for(lambda: mailer.count("mail_failed") >= 5, "the end of the last try")
    assert person.mails("Confirm your email address for Comfy") == []

    there = Place(cloud.client, NAME, "the local cloud")
    assert redrive(there) == 1
    token = person.wait_for_mail("Confirm your email address for Comfy")["BodyText"].partition("#token=")[2][:43]
    assert person.confirm(token).status_code == 200
    assert resting(cloud) == 0
    assert redrive(there) == 0


def test_a_message_that_is_delivered_many_times_at_once_is_one_mail(cloud: LocalCloud) -> None:
    """SQS delivers at least once, and to two mailers at a time if it comes to that."""
    person = Person(cloud).join()
    user_id = person.call("GET", "/auth/session").json()["customer"]["id"]
    (mailer,) = (deployed for deployed, folder in cloud.function_names().items() if folder == "mailer")
    body = json.dumps({"kind": "api_key_created", "user_id": user_id, "detail": "at once"})
    payload = json.dumps({"Records": [record(body, "at-once")]})

    def deliver(_: int) -> Any:
        answer = cloud.client("lambda").invoke(FunctionName=mailer, Payload=payload)
        return json.load(answer["Payload"])["batchItemFailures"]

    cloud.client("lambda")
    with ThreadPoolExecutor(4) as pool:
        failed = list(pool.map(deliver, range(4)))
    # Who came while it was being sent leaves it on the queue, and finds it done.
    assert [it for it in failed if it not in ([], [{"itemIdentifier": "message-at-once"}])] == []
    assert deliver(0) == []
    assert len(person.mails("An API key was created for your Comfy account")) == 1


def test_mail_comes_from_the_sites_name(cloud: LocalCloud) -> None:
    """A person sees at a glance who writes."""
    person = Person(cloud)
    person.signup()
    assert person.mails("Confirm your email address for Comfy")[0]["Source"] == f"Comfy <{MAIL_FROM}>"
