"""Nothing reveals whether an address has an account: whole responses, work, log and calls are compared."""

import json
import re
from collections.abc import Callable
from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.dynamo.throttles import CounterItem, ThrottlesTable
from accounts.model import identities
from tests.authenticators import Authenticator
from tests.functions import expected
from tests.functions.conftest import NOW
from tests.functions.inventory import SESSION_ROUTES, body_of, taking
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.people import Person, another_person
from tests.functions.requests import SAMPLE_BROWSER, SAMPLE_PASSWORD, request

PERSON = Person()
WRONG = "not the password of anybody"


def _unknown(_functions: Lambdas) -> None:
    return


def _known(functions: Lambdas) -> None:
    functions.people.arrange()


def _without_password(functions: Lambdas) -> None:
    functions.people.arrange()
    functions.people.change_login(PERSON, password_hash=None)


def _unverified(functions: Lambdas) -> None:
    functions.people.sign_up(PERSON)


def _disabled(functions: Lambdas) -> None:
    functions.people.arrange()
    functions.invoke("operator_account_disable", {"user_id": PERSON.user_id})


def _locked_out(functions: Lambdas) -> None:
    """A hundred failures in a row, the last of them long enough ago."""
    functions.people.arrange()
    counted = [CounterItem.counted.set(100), CounterItem.raised_at.set(NOW - timedelta(hours=2))]
    counted.append(CounterItem.expires_at.set(NOW + timedelta(days=1)))
    counters = ThrottlesTable("ThrottlesTable")
    counters.write_alone(counters.update(f"streak#{secrets.digest(PERSON.email)}", counted))


def _malformed_hash(functions: Lambdas) -> None:
    functions.people.arrange()
    functions.people.change_login(PERSON, password_hash="hmac-sha384+bcrypt:1:$2b$12$nonsense")


def _with_factors(functions: Lambdas) -> None:
    """Of both kinds."""
    functions.people.give_passkey(functions.people.arrange(), Authenticator(user_id=PERSON.user_id))
    functions.people.give_second_factor(PERSON)


def _undeliverable(functions: Lambdas) -> None:
    functions.people.arrange()
    stored = functions.people.identities.get(identities.email_key(PERSON.email))
    assert stored is not None
    functions.people.commit(identities.Replace(replace(stored, undeliverable=identities.BOUNCE)))


STATES: dict[str, tuple[Callable[[Lambdas], None], str]] = {
    "unknown": (_unknown, SAMPLE_PASSWORD),
    "wrong password": (_known, WRONG),
    "wrong password, second factor and passkey": (_with_factors, WRONG),
    "no password": (_without_password, SAMPLE_PASSWORD),
    "empty password": (_without_password, ""),
    "unverified": (_unverified, SAMPLE_PASSWORD),
    "disabled": (_disabled, SAMPLE_PASSWORD),
    "a hundred failures": (_locked_out, SAMPLE_PASSWORD),
    "malformed hash": (_malformed_hash, SAMPLE_PASSWORD),
}

# The response of every function that takes an address, to any valid address.
WHOLE: dict[str, dict[str, Any]] = {
    "login": expected.refusal("login", 401, "invalid_credentials"),
    "signup": expected.answer(
        "signup",
        202,
        {"message": "Check your email for a link to confirm your address."},
        cookies=["__Host-sign-up=proof; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600"],
    ),
    "email_resend": expected.answer(
        "email_resend", 202, {"message": "If you signed up with this address in this browser, we've sent a new email."}
    ),
    "password_forgot": expected.answer(
        "password_forgot",
        202,
        {"message": "If there is an account with this address, a mail with a link is on its way."},
    ),
    "email_change": expected.answer(
        "email_change", 202, {"message": "Look in the mail of the new address for a link that confirms it."}
    ),
}
QUEUED = {
    "kind": "sign_up",
    "email": PERSON.email,
    "device": secrets.digest(SAMPLE_BROWSER),
    "source": "203.0.113.7",
    "detail": "en",
}
NOT_ONE_ADDRESS = (
    "person@example.com,evil@example.com",
    "person@example.com;evil@example.com",
    "person@example.com evil@example.com",
    "Person <person@example.com>",
    "person@example.com\nbcc: evil@example.com",
    "person@example.com\x00",
    "per\xa0son@example.com",
    "person@exam\u200bple.com",
    "person@xn--a.example",
    "person@example.com.",
    "person\uff20example.com",
    "person@\u212aelvin.example",
    "person",
    "@example.com",
    "person@",
    "person@localhost",
    "a" * 65 + "@example.com",
    "person@" + "a" * 250 + ".com",
)
# Bodies in which a careless parser finds two addresses: one to look up, and another to send an email to.
TWO_ADDRESSES = (
    '{"email": ["person@example.com", "evil@example.com"]}',
    '{"email": "person@example.com", "email": "evil@example.com"}',
    '{"email": "person@example.com", "email[]": "evil@example.com"}',
    '{"email": "person@example.com", "cc": "evil@example.com"}',
    '{"email": {"0": "person@example.com", "1": "evil@example.com"}}',
    '[{"email": "person@example.com"}, {"email": "evil@example.com"}]',
)


def _request_about(functions: Lambdas, function: str, email: str) -> Answer:
    """A request with that address: logged in where that is required, and with a wrong password."""
    body = body_of(function) | {"email": email} | ({"password": WRONG} if "password" in body_of(function) else {})
    cookie = another_person("Asker").token if function in SESSION_ROUTES else None
    # Without this cookie, each sign-up gets a new one.
    browser = SAMPLE_BROWSER if function == "signup" else None
    return functions.invoke(function, request(function, body=body, cookie=cookie, browser=browser))


def _read(answer: Answer) -> dict[str, Any]:
    """The whole response, with a fixed value for the cookie of a sign-up, which is always new."""
    whole = answer.read
    if "cookies" in whole:
        [cookie] = whole["cookies"]
        whole |= {"cookies": [re.sub(r"(?<=^__Host-sign-up=)[\w-]{43}", "proof", cookie)]}
    return whole


def _lines(answer: Answer) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "timestamp"} for line in answer.log]


def _log_in(functions: Lambdas, password: str) -> Answer:
    return functions.invoke("login", request("login", body={"email": PERSON.email, "password": password}))


@pytest.mark.parametrize("state", STATES)
def test_every_failed_login_has_the_same_response_and_work(functions: Lambdas, state: str) -> None:
    """The same 401, one hash, and one log line without an account id."""
    arrange, password = STATES[state]
    arrange(functions)
    answer = _log_in(functions, password)

    assert answer.read == expected.refusal("login", 401, "invalid_credentials")
    assert (answer.hashes, answer.events, answer.log[0]["user_id"]) == (1, ["authn_login_fail"], "")
    if state != "a hundred failures":  # its counter is read again, with an account or without
        assert [call.name for call in answer.calls if call.service == "dynamodb"] == [
            "dynamodb.GetItem",
            "dynamodb.UpdateItem",
            "dynamodb.UpdateItem",
        ]


def test_unknown_and_known_addresses_are_limited_after_the_same_number_of_attempts(functions: Lambdas) -> None:
    """The sixth is refused, whatever the password, with the same wait (TH-01, TH-08)."""

    def attempts(arrange: Callable[[Lambdas], None]) -> list[Any]:
        functions.cloud.empty_tables()
        arrange(functions)
        guesses = [_log_in(functions, WRONG).read for _ in range(5)]
        return [*guesses, _log_in(functions, SAMPLE_PASSWORD).read, _log_in(functions, SAMPLE_PASSWORD).read]

    known, unknown, waiting = attempts(_known), attempts(_unknown), attempts(_unverified)
    assert known == unknown == waiting
    assert [answer["statusCode"] for answer in known] == [401] * 5 + [429, 429]
    body = {"error": "too_many_attempts", "message": "Too many attempts. Try again in 30 seconds."}
    assert known[-1] == expected.answer("login", 429, body, headers={"retry-after": "30"})


def test_a_refused_attempt_costs_no_hash(functions: Lambdas) -> None:
    """The limit is checked before the password (DS-03)."""
    functions.people.arrange()
    answers = [_log_in(functions, WRONG) for _ in range(7)]

    assert [answer.hashes for answer in answers] == [1, 1, 1, 1, 1, 0, 0]


def test_the_right_password_works_after_the_wait(functions: Lambdas) -> None:
    """The account then has five free attempts again."""
    functions.people.arrange()
    for _ in range(5):
        _log_in(functions, WRONG)
    functions.clock.now = NOW + timedelta(seconds=30)

    assert _log_in(functions, SAMPLE_PASSWORD).status == 200
    assert [_log_in(functions, WRONG).status for _ in range(5)] == [401] * 5


@pytest.mark.parametrize("arrange", [_unknown, _known, _unverified, _disabled, _without_password])
def test_every_sign_up_has_the_same_response_and_work(functions: Lambdas, arrange: Callable[[Lambdas], None]) -> None:
    """For a new, an unconfirmed and a taken address: the same 202, one hash, the same calls, one message."""
    arrange(functions)
    earlier = len(functions.queued())
    body = {"email": PERSON.email, "password": "another good long password", "name": "Whoever"}
    answer = functions.invoke("signup", request("signup", body=body, browser=SAMPLE_BROWSER))

    assert _read(answer) == WHOLE["signup"]
    assert (answer.hashes, answer.events, answer.log[0]["user_id"]) == (1, ["user_created"], "")
    assert [call.name for call in answer.calls if call.service != "secretsmanager"] == [
        "dynamodb.UpdateItem",
        "dynamodb.TransactWriteItems",
        "sqs.SendMessage",
    ]
    assert functions.queued()[earlier:] == [QUEUED]


@pytest.mark.parametrize("arrange", [_unknown, _known, _unverified, _disabled, _without_password])
def test_every_resend_has_the_same_response_and_work(functions: Lambdas, arrange: Callable[[Lambdas], None]) -> None:
    """The same 202, whether an email is sent or not."""
    arrange(functions)
    answer = functions.invoke(
        "email_resend", request("email_resend", body={"email": PERSON.email}, browser=SAMPLE_BROWSER)
    )

    whole = {"message": "If you signed up with this address in this browser, we've sent a new email."}
    assert answer.read == expected.answer("email_resend", 202, whole)
    assert (answer.hashes, answer.events) == (0, ["email_resend_requested"])
    assert [call.name for call in answer.calls] == ["dynamodb.UpdateItem", "sqs.SendMessage"]
    assert functions.queued() == [QUEUED]


def test_signing_up_with_a_taken_address_changes_nothing(functions: Lambdas) -> None:
    """The owner keeps the password and is emailed; the other password does not work."""
    functions.people.arrange()
    before = functions.cloud.but_counters()
    body = {"email": PERSON.email, "password": "password of a stranger", "name": "Evil"}
    functions.invoke("signup", request("signup", body=body))
    functions.deliver_all()

    after = functions.cloud.but_counters()
    assert {name for name in before if after[name] != before[name]} == {"MailDeliveriesTable", "OneTimeTokensTable"}
    [waiting] = functions.cloud.tables()["OneTimeTokensTable"]
    assert waiting["token"]["S"].startswith("sign-up#")
    [mail] = functions.cloud.mails()
    assert mail["Content"]["Simple"]["Subject"]["Data"] == "You already have an account with Comfy"
    assert "Evil" not in str(mail)
    assert _log_in(functions, "password of a stranger").status == 401
    assert _log_in(functions, SAMPLE_PASSWORD).status == 200


@pytest.mark.parametrize(
    ("arrange", "subjects"),
    [
        (_unknown, []),
        (_known, ["You already have an account with Comfy"]),
        (_unverified, ["Confirm your email address for Comfy"]),
        (_disabled, []),
    ],
)
def test_emails_go_only_to_the_stored_address(
    functions: Lambdas, arrange: Callable[[Lambdas], None], subjects: list[str]
) -> None:
    """Never to the spelling of the request, and only while an email is due (EM-03)."""
    arrange(functions)
    functions.invoke(
        "email_resend", request("email_resend", body={"email": "PERSON@Example.COM"}, browser=SAMPLE_BROWSER)
    )
    functions.deliver_all()

    mails = functions.cloud.mails()
    assert [mail["Content"]["Simple"]["Subject"]["Data"] for mail in mails] == subjects
    assert all(mail["Destination"] == {"ToAddresses": [PERSON.email]} for mail in mails)


def test_every_function_that_takes_an_address_is_compared() -> None:
    """A new function must be added to ``WHOLE`` (EN-09)."""
    assert set(WHOLE) == set(taking("email"))


@pytest.mark.parametrize(
    "arrange", [_unknown, _known, _unverified, _disabled, _without_password, _locked_out, _undeliverable]
)
@pytest.mark.parametrize("function", WHOLE)
def test_every_address_has_the_same_response_and_work(
    functions: Lambdas, function: str, arrange: Callable[[Lambdas], None]
) -> None:
    """As an unknown one: the response, the hashes, the calls, the log, and the queue."""
    functions.people.arrange(another_person("Asker"))
    unknown = _request_about(functions, function, "nobody@example.com")
    queued = functions.queued()
    arrange(functions)
    functions.cloud.calls.clear()
    answer = _request_about(functions, function, PERSON.email)

    assert _read(answer) == _read(unknown) == WHOLE[function]
    assert (answer.hashes, _lines(answer)) == (unknown.hashes, _lines(unknown))
    assert json.dumps(functions.queued()) == json.dumps(queued).replace("nobody@example.com", PERSON.email)
    if (function, arrange) != ("login", _locked_out):  # its counter is read again, with an account or without
        assert _calls(answer) == _calls(unknown)


@pytest.mark.parametrize("spelling", ["asker@example.com", "Asker@EXAMPLE.com"])
def test_changing_to_the_current_email_is_refused(functions: Lambdas, spelling: str) -> None:
    """400, and nothing is counted or emailed: its owner knows the address (EN-07 is about others')."""
    functions.people.arrange(another_person("Asker"))
    before = functions.cloud.tables()
    answer = _request_about(functions, "email_change", spelling)

    assert answer.read == expected.refusal("email_change", 400, "invalid_input", "This is already your email address.")
    assert (functions.cloud.tables(), functions.cloud.queued()) == (before, [])


@pytest.mark.parametrize(
    ("arrange", "subjects"),
    [
        (_unknown, []),
        (_known, ["Reset your Comfy password"]),
        (_without_password, ["How to log in to your Comfy account"]),
        (_unverified, []),
        (_disabled, []),
        (_undeliverable, []),
    ],
)
def test_a_reset_link_goes_to_the_stored_address_of_one_account(
    functions: Lambdas, arrange: Callable[[Lambdas], None], subjects: list[str]
) -> None:
    """Never to the spelling of the request (TK-10; CVE-2023-7028)."""
    arrange(functions)
    functions.people.arrange(another_person("Bystander"))
    _request_about(functions, "password_forgot", "PERSON@Example.COM")
    functions.deliver_all()

    mails = functions.cloud.mails()
    assert [mail["Content"]["Simple"]["Subject"]["Data"] for mail in mails] == subjects
    assert all(mail["Destination"] == {"ToAddresses": [PERSON.email]} for mail in mails)


@pytest.mark.parametrize("address", NOT_ONE_ADDRESS)
@pytest.mark.parametrize("function", WHOLE)
def test_what_is_not_one_address_is_refused(functions: Lambdas, function: str, address: str) -> None:
    """Lists, display names, line ends and look-alikes: 400, nothing hashed, counted or queued (CVE-2023-7028)."""
    functions.people.arrange(another_person("Asker"))
    before = functions.cloud.tables()
    answer = _request_about(functions, function, address)

    message = "Enter one complete email address, such as name@example.com."
    assert answer.read == expected.refusal(function, 400, "invalid_input", message)
    assert (answer.hashes, functions.cloud.tables(), functions.cloud.queued()) == (0, before, [])


@pytest.mark.parametrize("two", TWO_ADDRESSES)
@pytest.mark.parametrize("function", WHOLE)
def test_two_addresses_are_refused(functions: Lambdas, function: str, two: str) -> None:
    """An array, or a field that is repeated or aliased: no email is sent (TK-10; CVE-2022-35924)."""
    asker = functions.people.arrange(another_person("Asker"))
    functions.people.arrange()
    before = functions.cloud.tables()
    cookie = asker.token if function in SESSION_ROUTES else None
    answer = functions.invoke(function, request(function, body=two, cookie=cookie))

    assert (answer.status, answer.json["error"]) in {(400, "malformed_request"), (400, "invalid_input")}
    assert (answer.hashes, functions.cloud.tables(), functions.cloud.queued()) == (0, before, [])


def _calls(answer: Answer) -> list[str]:
    return [call.name for call in answer.calls if call.service != "secretsmanager"]
