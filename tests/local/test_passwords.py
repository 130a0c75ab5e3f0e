"""Password reset and change, re-authentication and email change on the deployed cloud."""

from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta

import pytest
import requests

from accounts import secrets
from local.cloud import LocalCloud
from tests.local.mail_queue import sandbox
from tests.local.person import Person, token_in
from tests.waiting import wait_for

SESSION_COOKIE = "__Host-session"
NEW_PASSWORD = "nine lanterns over a quiet river"


def age(person: Person, minutes: int = 20) -> None:
    """Move this browser's login back in time."""
    database, table = person.cloud.client("dynamodb"), person.cloud.outputs["SessionsTable"]
    key = {"digest": {"S": secrets.digest(person.http.cookies[SESSION_COOKIE])}}
    stored = database.get_item(TableName=table, Key=key, ConsistentRead=True)["Item"]["authenticated_at"]["S"]
    earlier = datetime.fromisoformat(stored) - timedelta(minutes=minutes)
    database.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET authenticated_at = :earlier",
        ExpressionAttributeValues={":earlier": {"S": earlier.strftime("%Y-%m-%dT%H:%M:%S.%f%z")}},
    )


def elsewhere(person: Person) -> Person:
    """Another browser of the same person, logged in."""
    other = Person(person.cloud, email=person.email, password=person.password)
    assert other.log_in().status_code == 200
    return other


def forget(person: Person, subject: str = "Reset your Comfy password") -> str:
    """Request the email and return the token in its link."""
    before = len(person.mails(subject))
    assert person.call("POST", "/auth/password/forgot", {"email": person.email}).status_code == 202
    return token_in(person.wait_for_mail(subject, at_least=before + 1))


def reset(person: Person, token: str, password: str = NEW_PASSWORD) -> requests.Response:
    """Bring the link and a new password."""
    return person.call("POST", "/auth/password/reset", {"token": token, "password": password})


def is_in(person: Person) -> bool:
    """Whether this browser is logged in."""
    return person.call("GET", "/auth/session").status_code == 200


def error(answer: requests.Response) -> tuple[int, str]:
    """How a request was refused."""
    return answer.status_code, answer.json()["error"]


def test_a_forgotten_password_comes_back_by_mail(cloud: LocalCloud) -> None:
    """A reset logs out everywhere, keeps API keys, notifies the owner, uses up the link and knows its browser."""
    person = Person(cloud).join()
    key, phone = person.make_key()["plaintext_key"], elsewhere(person)
    token = forget(Person(cloud, email=person.email))
    for _ in range(3):
        assert person.call("GET", "/reset-password").status_code == 200
    assert is_in(person)

    answer = reset(Person(cloud), token)

    assert (answer.status_code, answer.text) == (204, "")
    assert answer.headers["set-cookie"].startswith("__Host-device=")
    assert "__Host-session" not in answer.headers["set-cookie"]
    assert (is_in(person), is_in(phone)) == (False, False)
    assert person.call("GET", "/customers/me", cookie="", x_api_key=key).json()["email"] == person.email
    assert person.log_in().status_code == 401
    assert replace(person, password=NEW_PASSWORD).log_in().status_code == 200
    assert "Your API keys still work" in person.wait_for_mail("Your Comfy password was reset")["BodyText"]
    again = reset(Person(cloud), token, "some other password of a thief")
    assert error(again) == error(reset(Person(cloud), "x" * 43)) == (400, "invalid_link")


def test_an_account_without_a_password_is_told_its_way_in_and_offered_one(cloud: LocalCloud) -> None:
    """The email names the provider; its link sets a first password; both log in to the same account."""
    person = Person(cloud, password=NEW_PASSWORD)
    person.call("GET", person.with_provider("google"))
    account = person.call("GET", "/customers/me").json()["id"]

    token = forget(person, "How to log in to your Comfy account")
    assert "you log in with Google" in person.mails("How to log in to your Comfy account")[0]["BodyText"]
    assert reset(person, token).status_code == 204

    assert not is_in(person)
    assert elsewhere(person).call("GET", "/customers/me").json()["id"] == account
    back = Person(cloud, email=person.email)
    back.call("GET", back.with_provider("google"))
    assert back.call("GET", "/customers/me").json()["id"] == account


def test_a_changed_password_logs_out_every_other_device(cloud: LocalCloud) -> None:
    """It takes the current password, keeps this browser logged in and notifies the owner."""
    person = Person(cloud).join()
    phone, link = elsewhere(person), forget(person)
    body = {"current_password": "not the current one at all", "new_password": NEW_PASSWORD}
    assert error(person.call("POST", "/auth/password/change", body)) == (401, "invalid_credentials")
    assert is_in(phone)

    changed = person.call("POST", "/auth/password/change", body | {"current_password": person.password})

    assert changed.status_code == 204
    assert (is_in(person), is_in(phone)) == (True, False)
    assert phone.log_in().status_code == 401
    assert replace(phone, password=NEW_PASSWORD).log_in().status_code == 200
    assert error(reset(person, link)) == (400, "invalid_link")
    assert person.wait_for_mail("Your Comfy password was changed")


def test_an_account_moves_to_another_address(cloud: LocalCloud) -> None:
    """The old address is warned and notified; the new one confirms and is then used to log in."""
    person = Person(cloud).join()
    phone, moved, stranger = elsewhere(person), replace(person, email=f"moved-{person.email}"), Person(cloud).join()
    assert person.call("POST", "/auth/email/change", {"email": moved.email}).status_code == 202
    token = token_in(moved.wait_for_mail("Confirm your new email address for Comfy"))
    assert person.wait_for_mail("Email change requested for your Comfy account")
    assert error(stranger.call("POST", "/auth/email/change/confirm", {"token": token})) == (400, "invalid_link")

    answer = person.call("POST", "/auth/email/change/confirm", {"token": token})

    assert (answer.status_code, answer.json()["email"]) == (200, moved.email)
    assert person.wait_for_mail("Your Comfy email address was changed")
    assert (is_in(person), is_in(phone)) == (True, False)
    assert error(phone.log_in()) == (401, "invalid_credentials")
    assert moved.log_in().json()["id"] == answer.json()["id"]


def _with_password(person: Person) -> None:
    before = person.http.cookies[SESSION_COOKIE]
    wrong = person.call("POST", "/auth/reauthenticate", {"password": "not the current one at all"})
    assert error(wrong) == (401, "invalid_credentials")
    assert person.call("POST", "/auth/reauthenticate", {"password": person.password}).status_code == 204
    assert person.call("GET", "/auth/session", cookie=f"{SESSION_COOKIE}={before}").status_code == 401


def _with_google(person: Person) -> None:
    started = person.call("POST", "/auth/google/reauthenticate", {"return_to": "/account"}).json()["authorization_url"]
    stranger = Person(person.cloud, http=person.http)
    refused = person.call("GET", stranger.with_provider("google", started))
    assert "<code>identity_not_linked</code>" in refused.text
    assert person.call("POST", "/customers/api-keys", {"name": "x"}).status_code == 403

    started = person.call("POST", "/auth/google/reauthenticate", {"return_to": "/account"}).json()["authorization_url"]
    back = person.call("GET", person.with_provider("google", started))
    assert (back.status_code, back.headers["location"]) == (303, f"{person.cloud.site_url}/account")


@pytest.mark.parametrize("prove", [_with_password, _with_google])
def test_what_needs_a_recent_log_in_is_refused_until_the_person_proves_who_they_are(
    cloud: LocalCloud, prove: Callable[[Person], None]
) -> None:
    """With the password or through a linked provider; another identity at the provider is refused."""
    person = Person(cloud)
    if prove is _with_password:
        person.join()
    else:
        person.call("GET", person.with_provider("google"))
    age(person)
    assert is_in(person)
    for method, path, body in (
        ("POST", "/customers/api-keys", {"name": "x"}),
        ("POST", "/auth/password/change", {"current_password": person.password, "new_password": NEW_PASSWORD}),
        ("POST", "/auth/email/change", {"email": "x" + person.email}),
        ("DELETE", "/customers/me", None),
    ):
        assert error(person.call(method, path, body)) == (403, "reauth_required")

    prove(person)

    assert person.call("POST", "/customers/api-keys", {"name": "x"}).status_code == 201


def test_a_log_in_from_a_new_browser_is_told_and_one_from_a_known_browser_is_not(cloud: LocalCloud) -> None:
    """By email, with device and time and without a link that acts."""
    person = Person(cloud).join()
    assert person.log_in().status_code == 200
    unknown = elsewhere(person)
    mail = person.wait_for_mail("New login to your Comfy account")
    assert unknown.log_in().status_code == 200
    # The queue keeps no order, but by now a later message has been sent.
    person.make_key()
    person.wait_for_mail("An API key was created for your Comfy account")

    assert len(person.mails("New login to your Comfy account")) == 1
    assert "token=" not in mail["BodyText"]


def test_while_ses_refuses_a_forgotten_password_is_answered_and_its_mail_comes_later(cloud: LocalCloud) -> None:
    """Every address gets the same 202; the message stays on the queue, and the emailed link works later."""
    person = Person(cloud).join()
    with sandbox(cloud, tries=1000) as mailer:
        answers = [
            person.call("POST", "/auth/password/forgot", {"email": email})
            for email in (person.email, "nobody-at-all@example.com")
        ]
        wait_for(lambda: mailer.count("mail_failed"), "the mailer's refusal")
        assert person.mails("Reset your Comfy password") == []

    assert [(answer.status_code, answer.text) for answer in answers] == [(202, answers[0].text)] * 2
    assert reset(person, token_in(person.wait_for_mail("Reset your Comfy password"))).status_code == 204
