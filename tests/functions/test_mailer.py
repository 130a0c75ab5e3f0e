"""The mailer sends each message once, whatever SQS and SES do."""

import html
import json
from typing import Any

import pytest

from accounts import secrets
from tests.functions.cloud import MAIL_FROM, SITE_URL, SUPPORT_URL, denied, unreachable
from tests.functions.lambdas import Lambdas, record
from tests.functions.people import Person, another_person
from tests.functions.requests import SAMPLE_BROWSER

NASTY = "<script>alert('x')</script> \" & {{ link }} %0d%0aBcc: evil@example.com"
KINDS = ("api_key_created", "api_key_deleted")


def _about_key(person: Person, kind: str = "api_key_created", detail: str = "Workshop") -> str:
    return json.dumps({"kind": kind, "user_id": person.user_id, "detail": detail})


def _about_signup(person: Person, source: str = "203.0.113.7") -> str:
    browser = secrets.digest(SAMPLE_BROWSER)
    return json.dumps({"kind": "sign_up", "email": person.email, "device": browser, "source": source})


def _failed(*numbers: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": f"message-{number}"} for number in numbers]}


def _content(mail: dict[str, Any]) -> tuple[str, str, str]:
    simple = mail["Content"]["Simple"]
    return simple["Subject"]["Data"], simple["Body"]["Text"]["Data"], simple["Body"]["Html"]["Data"]


@pytest.mark.parametrize("times", [2, 5])
def test_a_redelivered_message_sends_one_email(functions: Lambdas, times: int) -> None:
    """SQS delivers at least once."""
    body = _about_key(functions.people.arrange())
    answers = [functions.deliver(body).result for _ in range(times)]

    assert answers == [_failed()] * times
    assert len(functions.cloud.mails()) == 1


def test_a_message_that_is_repeated_in_a_batch_sends_one_email(functions: Lambdas) -> None:
    body = _about_key(functions.people.arrange())
    functions.invoke("mailer", {"Records": [record(body, "0"), record(body, "0")]})

    assert len(functions.cloud.mails()) == 1


def test_two_messages_with_the_same_body_send_two_emails(functions: Lambdas) -> None:
    """Such as two keys of one name: messages are compared by id, not by body."""
    body = _about_key(functions.people.arrange())
    functions.deliver(body, body)

    assert len(functions.cloud.mails()) == 2


@pytest.mark.parametrize("failure", [unreachable, denied])
@pytest.mark.parametrize("service", ["sesv2", "dynamodb", "dynamodb.GetItem"])
def test_an_email_that_could_not_be_sent_is_sent_on_redelivery(functions: Lambdas, service: str, failure: Any) -> None:
    """Only the failed message is reported, so that the queue redelivers it."""
    body = _about_key(functions.people.arrange())
    functions.cloud.failing[service] = failure
    answer = functions.deliver(body)
    assert (answer.result, answer.events) == (_failed(0), ["mail_failed"])
    functions.cloud.failing.clear()
    sent = len(functions.cloud.mails())

    assert functions.deliver(body).result == _failed()
    assert len(functions.cloud.mails()) == sent + 1


def test_a_link_that_could_not_be_sent_is_replaced_by_one_that_works(functions: Lambdas) -> None:
    """A failed attempt does not count against the limit of three."""
    person = another_person("Newcomer")
    functions.people.sign_up(person)
    for number in range(5):
        functions.cloud.failing["sesv2"] = unreachable
        assert functions.deliver(_about_signup(person)).result == _failed(0), number
    functions.cloud.failing.clear()
    functions.deliver(_about_signup(person))

    subject, text, _ = _content(functions.cloud.mails()[-1])
    assert subject == "Confirm your email address for Comfy"
    assert f"{SITE_URL}/verify-email#token=" in text


def test_a_source_causes_three_emails_to_an_address_in_six_hours(functions: Lambdas) -> None:
    """The rest is dropped silently, and another source still causes one (TH-11)."""
    person = another_person("Newcomer")
    functions.people.sign_up(person)
    answer = functions.deliver(*[_about_signup(person)] * 10, _about_signup(person, "203.0.113.8"))

    assert answer.result == _failed()
    assert answer.events == ["mail_sent"] * 3 + ["mail_limit_reached"] * 7 + ["mail_sent"]
    assert len(functions.cloud.mails()) == 4


@pytest.mark.parametrize(
    "poison",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"kind": "nonsense"}',
        '{"kind": "sign_up", "to": "evil@example.com"}',
        "[" * 5000,
    ],
)
def test_a_malformed_message_is_reported_and_stops_no_other(functions: Lambdas, poison: str) -> None:
    """It ends in the dead-letter queue; the emails around it are sent."""
    body = _about_key(functions.people.arrange())
    answer = functions.deliver(body, poison, body)

    assert answer.result == _failed(1)
    assert answer.events == ["mail_sent", "mail_failed", "mail_sent"]
    assert len(functions.cloud.mails()) == 2


def test_a_batch_in_which_all_fail_is_reported_message_by_message(functions: Lambdas) -> None:
    """A failure of the whole batch would redeliver it unchanged."""
    assert functions.deliver("{", "[]").result == _failed(0, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_email_has_text_and_html_and_one_recipient(functions: Lambdas, kind: str) -> None:
    """Structured content, a configuration set, and the one header that says that it is automatic."""
    person = functions.people.arrange()
    functions.deliver(_about_key(person, kind))

    [mail] = functions.cloud.mails()
    subject, text, html = _content(mail)
    body = {"Text": {"Data": text, "Charset": "UTF-8"}, "Html": {"Data": html, "Charset": "UTF-8"}}
    assert mail == {
        "FromEmailAddress": f"Comfy <{MAIL_FROM}>",
        "Destination": {"ToAddresses": [person.email]},
        "Content": {
            "Simple": {
                "Subject": {"Data": subject, "Charset": "UTF-8"},
                "Body": body,
                "Headers": [{"Name": "Auto-Submitted", "Value": "auto-generated"}],
            }
        },
        "ReplyToAddresses": [],
        "ConfigurationSetName": "MailConfigurationSet",
    }
    assert html.startswith("<!doctype html>")
    assert SUPPORT_URL in text
    assert SUPPORT_URL in html


def test_user_text_is_escaped_and_never_in_a_subject(functions: Lambdas) -> None:
    """Such as the name of a key (EM-05)."""
    functions.deliver(_about_key(functions.people.arrange(), detail=NASTY))

    subject, text, html = _content(functions.cloud.mails()[0])
    assert subject == "An API key was created for your Comfy account"
    assert NASTY in text
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &#34; &amp; {{ link }}" in html


def test_an_email_to_an_unconfirmed_address_contains_no_text_of_the_caller(functions: Lambdas) -> None:
    """Such as the name in a sign-up (EM-05)."""
    person = Person("StrangerAccount", "stranger@example.com", name=NASTY)
    functions.people.sign_up(person)
    functions.deliver(_about_signup(person))

    assert "script" not in "".join(_content(functions.cloud.mails()[0]))


def test_a_link_has_its_token_only_in_the_fragment(functions: Lambdas) -> None:
    """No server receives it. The link is once in the text and twice in the HTML."""
    person = another_person("Newcomer")
    functions.people.sign_up(person)
    functions.deliver(_about_signup(person))

    _, text, marked_up = _content(functions.cloud.mails()[0])
    [link] = [word for word in text.split() if "token" in word]
    assert link.startswith(f"{SITE_URL}/verify-email#token=")
    assert (text.count(link), marked_up.count(html.escape(link))) == (1, 2)


def test_a_message_about_a_deleted_account_is_dropped(functions: Lambdas) -> None:
    answer = functions.deliver(_about_key(another_person("Nobody")))

    assert (answer.result, answer.events, functions.cloud.mails()) == (_failed(), ["mail_nobody_to_tell"], [])
