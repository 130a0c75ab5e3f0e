"""From a request to its email: sent once, kept while SES fails, and independent of the request's headers."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from accounts.flows.mail.mails import Mail
from accounts.ses.postman import SesPostman
from tests.functions.cloud import SITE_URL, Call, unreachable
from tests.functions.lambdas import Lambdas
from tests.functions.people import another_person
from tests.functions.requests import sample

EVIL = "evil.example.com"
# Functions that send a link, with the address in their samples.
SENDING = {
    "signup": "newcomer@example.com",
    "email_resend": "newcomer@example.com",
    "password_forgot": "person@example.com",
    "email_change": "moved@example.com",
}
FORGED = (
    {"host": EVIL},
    {"host": f"accounts.example.com:@{EVIL}"},
    {"x-forwarded-host": EVIL, "x-forwarded-proto": "http", "x-forwarded-port": "8080"},
    {"forwarded": f"host={EVIL};proto=http", "x-original-host": EVIL, "x-host": EVIL, "x-forwarded-server": EVIL},
    {"referer": f"https://{EVIL}/", "x-original-url": f"https://{EVIL}/", "x-rewrite-url": f"https://{EVIL}/"},
)


def refused(code: str) -> Callable[[Call], Exception]:
    """SES responds with this error."""
    return lambda call: ClientError({"Error": {"Code": code, "Message": "canary-of-ses"}}, call.operation)


def too_slow(_call: Call) -> Exception:
    """SES accepts the connection and does not respond."""
    return ReadTimeoutError(endpoint_url="https://email.invalid")


# Sandbox, rate limit, quota, paused, suspended, unverified domain, internal error, timeout, no connection.
FAILURES = [
    refused("MessageRejected"),
    refused("TooManyRequestsException"),
    refused("LimitExceededException"),
    refused("SendingPausedException"),
    refused("AccountSuspendedException"),
    refused("MailFromDomainNotVerifiedException"),
    refused("InternalFailure"),
    too_slow,
    unreachable,
]


def emailed(functions: Lambdas, function: str, headers: dict[str, str]) -> Any:
    """The email with the link that this request causes."""
    functions.cloud.empty_tables()
    functions.cloud.calls.clear()
    functions.people.arrange()
    functions.people.sign_up(another_person("Newcomer"))
    event = sample(function)
    event["headers"] |= headers
    event["requestContext"]["domainName"] = headers.get("host", event["requestContext"]["domainName"])
    assert functions.invoke(function, event).status == 202
    functions.deliver_all()
    mails = functions.cloud.mails()
    (mail,) = (it for it in mails if it["Destination"] == {"ToAddresses": [SENDING[function]]})
    return mail


def links(mail: dict[str, Any]) -> set[str]:
    """Every URL in an email, in text and HTML."""
    body = mail["Content"]["Simple"]["Body"]
    return set(re.findall(r"https?://[^\s\"'<>]+", body["Text"]["Data"] + html.unescape(body["Html"]["Data"])))


def masked(mail: dict[str, Any]) -> str:
    """The email without its token, which is always new."""
    return re.sub(r"token=[\w-]{43}", "token=T", str(mail))


@pytest.mark.parametrize("failure", FAILURES)
def test_requests_succeed_and_messages_stay_queued_while_ses_fails(functions: Lambdas, failure: Any) -> None:
    """202 without a call of SES; the message stays on the queue until the email is sent, once."""
    usual = functions.invoke("signup", sample("signup"))
    [body] = functions.cloud.queued()
    functions.cloud.failing["sesv2"] = failure
    answer = functions.invoke("signup", sample("signup"))
    attempts = [functions.deliver(body) for _ in range(4)]

    # Each sign-up has a cookie of its own.
    assert {**answer.read, "cookies": []} == {**usual.read, "cookies": []}
    assert answer.status == 202
    assert {call.service for call in answer.calls} == {"dynamodb", "sqs"}
    assert [it.result["batchItemFailures"] for it in attempts] == [[{"itemIdentifier": "message-0"}]] * 4
    assert [it.events for it in attempts] == [["mail_failed"]] * 4
    assert "canary-of-ses" not in functions.stream.getvalue()

    functions.cloud.failing.clear()
    refused_ones = len(functions.cloud.mails())
    assert [functions.deliver(body).events for _ in range(3)] == [["mail_sent"]] * 3
    assert len(functions.cloud.mails()) == refused_ones + 1


def test_a_message_that_is_delivered_twice_concurrently_is_sent_once(
    functions: Lambdas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second mailer leaves it on the queue, and the third finds it sent."""
    person = functions.people.arrange()
    body = f'{{"kind": "api_key_created", "user_id": "{person.user_id}", "detail": "x"}}'
    send, meanwhile = SesPostman.send, []

    def slowly(postman: SesPostman, mail: Mail) -> None:
        if not meanwhile:
            meanwhile.append(None)
            meanwhile[0] = functions.deliver(body)
        send(postman, mail)

    monkeypatch.setattr(SesPostman, "send", slowly)
    first, third = functions.deliver(body), functions.deliver(body)

    assert [it.result["batchItemFailures"] for it in (first, third)] == [[], []]
    assert meanwhile[0].result["batchItemFailures"] == [{"itemIdentifier": "message-0"}]
    assert len(functions.cloud.mails()) == 1


@pytest.mark.parametrize("forged", FORGED, ids=lambda forged: next(iter(forged)))
@pytest.mark.parametrize("function", SENDING)
def test_no_header_of_a_request_changes_the_email(functions: Lambdas, function: str, forged: dict[str, str]) -> None:
    """It is identical, except for the token (TK-06)."""
    mails = [emailed(functions, function, headers) for headers in ({}, forged)]

    assert masked(mails[0]) == masked(mails[1])
    assert EVIL not in str(mails)


@pytest.mark.parametrize("function", SENDING)
def test_a_request_from_another_origin_sends_no_email(functions: Lambdas, function: str) -> None:
    """It is refused before anything is queued."""
    event = sample(function)
    event["headers"] |= {"origin": f"https://{EVIL}"}

    assert functions.invoke(function, event).status == 403
    assert functions.cloud.queued() == []


@pytest.mark.parametrize("function", SENDING)
def test_an_email_has_one_link_with_a_token(functions: Lambdas, function: str) -> None:
    """To the site, with the token in the fragment; other links have no parameters (TK-01, EM-08)."""
    mail = emailed(functions, function, {})

    acting = {address for address in links(mail) if "token" in address}
    assert len(acting) == 1
    assert re.fullmatch(rf"{SITE_URL}/[a-z-]+#token=[\w-]{{43}}(&change=1)?&email=[\w.%-]+@[\w.-]+", acting.pop())
    assert not [address for address in links(mail) if "?" in address]
