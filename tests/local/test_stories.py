"""The stories of the service, through HTTP, against the deployed local cloud."""

import pytest

from local.cloud import LocalCloud
from tests.local.person import Person
from tests.waiting import wait_for

SESSION_COOKIE = "__Host-session"


@pytest.fixture(scope="module")
def ann(cloud: LocalCloud) -> Person:
    """A person with a confirmed account, signed in."""
    return Person(cloud).join()


def test_a_mailed_link_does_nothing_until_a_person_confirms(cloud: LocalCloud) -> None:
    """Scanners fetch the link as often as they like; the account exists only after token and password together."""
    person = Person(cloud)
    token = person.signup()
    assert {person.call("GET", f"/verify-email?x={n}").status_code for n in range(3)} == {200}
    assert person.log_in().json()["error"] == "invalid_credentials"

    answer = person.confirm(token)

    assert answer.status_code == 200
    assert answer.json()["email"] == person.email
    assert person.confirm(token).json()["error"] == "invalid_link"


def test_who_signs_up_with_anothers_address_gains_nothing(cloud: LocalCloud) -> None:
    """The email goes to the owner; opening its link without the stranger's password creates no account."""
    stranger = Person(cloud, password="nine rivers under a lantern")
    token = stranger.signup()
    owner = Person(cloud, email=stranger.email)

    refused = owner.confirm(token)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_credentials")
    assert stranger.log_in().status_code == 401

    assert owner.call("POST", "/auth/signup", {"email": owner.email, "password": owner.password}).status_code == 202
    newest = owner.wait_for_mail("Confirm your email address for Comfy", at_least=2)["BodyText"].partition("#token=")[
        2
    ][:43]
    assert owner.confirm(token).json()["error"] == "invalid_credentials"
    assert owner.confirm(newest).status_code == 200
    assert stranger.log_in().status_code == 401


def test_signing_up_twice_answers_alike_and_mails_the_owner(cloud: LocalCloud, ann: Person) -> None:
    """A taken address answers as a new one, and nothing about the account changes."""
    body = {"email": ann.email, "password": "some other long password"}
    taken = Person(cloud).call("POST", "/auth/signup", body)
    new = Person(cloud).call("POST", "/auth/signup", body | {"email": "nobody-yet@example.com"})

    assert (taken.status_code, taken.json()) == (new.status_code, new.json()) == (202, taken.json())
    assert ann.wait_for_mail("You already have an account with Comfy")
    assert ann.log_in().status_code == 200


def test_logging_in_tells_who_how_and_since_when(cloud: LocalCloud, ann: Person) -> None:
    """The session cookie is all a page needs to know its person; remembered or not is the person's choice."""
    phone = Person(cloud, email=ann.email)
    answer = phone.log_in(remember=True)
    # Before the cookie of the browser itself, which lasts a year.
    session = answer.headers["set-cookie"].partition("__Host-device")[0]
    assert "Max-Age=2592000" in session
    other = Person(cloud, email=ann.email).log_in().headers["set-cookie"]
    assert "Max-Age" not in other.partition("__Host-device")[0]

    shown = phone.call("GET", "/auth/session").json()

    assert shown["customer"] == answer.json()
    assert (shown["session"]["method"], shown["session"]["remembered"]) == ("password", True)


def test_a_device_is_listed_ended_and_out_at_once(cloud: LocalCloud, ann: Person) -> None:
    """One device ends another, and then all of them, itself included."""
    ann.log_in()
    tablet = Person(cloud, email=ann.email)
    tablet.log_in()
    session_id = tablet.call("GET", "/auth/session").json()["session"]["id"]
    assert session_id in {entry["id"] for entry in ann.call("GET", "/auth/sessions").json()["sessions"]}

    assert ann.call("DELETE", f"/auth/sessions/{session_id}").status_code == 204
    assert tablet.call("GET", "/auth/session").status_code == 401

    tablet.log_in()
    assert ann.call("POST", "/auth/sessions/revoke-all").status_code == 204
    assert (ann.call("GET", "/auth/session").status_code, tablet.call("GET", "/auth/session").status_code) == (401, 401)


def test_logging_out_kills_the_token_itself(ann: Person) -> None:
    """A copy of the cookie is worth nothing after logout."""
    ann.log_in()
    copied = ann.http.cookies[SESSION_COOKIE]
    answer = ann.call("POST", "/auth/logout")

    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert ann.call("GET", "/auth/session", cookie=f"{SESSION_COOKIE}={copied}").status_code == 401


def test_a_key_is_shown_once_used_and_refused_when_deleted(cloud: LocalCloud, ann: Person) -> None:
    """From the making of a key to its end, with both ways of presenting it."""
    ann.log_in()
    made = ann.make_key("render box")
    key = made.pop("plaintext_key")
    assert (len(key), key[:16]) == (72, made["key_prefix"])
    listed = ann.call("GET", "/customers/api-keys")
    assert made in listed.json()["api_keys"]
    assert key not in listed.text

    machine = Person(cloud)
    me = machine.call("GET", "/customers/me", x_api_key=key)
    assert me.json()["email"] == ann.email
    assert machine.call("POST", "/customers", authorization=f"Bearer {key}").json() == me.json()
    assert machine.call("GET", "/customers/api-keys", x_api_key=key).json()["error"] == "credential_not_accepted"
    assert ann.call("GET", "/customers/api-keys").json()["api_keys"][0]["last_used_at"]

    assert ann.call("DELETE", f"/customers/api-keys/{made['id']}").status_code == 204
    assert machine.call("GET", "/customers/me", x_api_key=key).status_code == 401
    assert ann.wait_for_mail("An API key was created for your Comfy account")
    assert ann.wait_for_mail("An API key was deleted from your Comfy account")


def test_another_service_learns_whose_key_it_was_shown(cloud: LocalCloud, ann: Person) -> None:
    """With the deployment's admin secret, and not without."""
    ann.log_in()
    made = ann.make_key()
    arn = cloud.outputs["AdminSecretArn"]
    secret = cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    body = {"api_key": made["plaintext_key"]}

    asked = Person(cloud).call("POST", "/admin/verify-api-key", body, x_comfy_admin_secret=secret)
    refused = Person(cloud).call("POST", "/admin/verify-api-key", body, x_comfy_admin_secret="guess")

    account_id = ann.call("GET", "/customers/me").json()["id"]
    assert asked.json() == {
        "valid": True,
        "firebase_uid": account_id,
        "email": ann.email,
        "name": "Ann",
        "is_admin": False,
        "key_name": "my key",
        "key_description": "",
        "key_expires_at": None,
        "scopes": None,
    }
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_admin_secret")


def test_closing_the_account_ends_everything(cloud: LocalCloud) -> None:
    """Session, key and identity stop working with the next request."""
    person = Person(cloud).join()
    key = person.make_key()["plaintext_key"]

    assert person.call("DELETE", "/customers/me").status_code == 204

    assert Person(cloud).call("GET", "/customers/me", x_api_key=key).status_code == 401
    assert person.call("GET", "/auth/session").status_code == 401
    assert person.log_in().status_code == 401


def test_an_operator_disables_an_account(cloud: LocalCloud) -> None:
    """Invoked directly, it shuts the account as the owner would find it shut: nothing works, nothing tells why."""
    person = Person(cloud).join()
    user_id = person.call("GET", "/auth/session").json()["customer"]["id"]
    names = {folder: deployed for deployed, folder in cloud.function_names().items()}
    payload = f'{{"user_id": "{user_id}"}}'

    cloud.client("lambda").invoke(FunctionName=names["operator_account_disable"], Payload=payload)

    assert person.call("GET", "/auth/session").status_code == 401
    assert person.log_in().json()["error"] == "invalid_credentials"


def test_a_new_name_is_told_everywhere(cloud: LocalCloud) -> None:
    """In the account, at the next login, and in the activity, which lists both."""
    person = Person(cloud).join()
    renamed = person.call("PATCH", "/customers/me", {"name": "Ann Other"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Ann Other")

    assert person.log_in().json() == renamed.json() == person.call("GET", "/customers/me").json()

    events = [entry["event"] for entry in person.call("GET", "/auth/activity").json()["activity"]]
    # The session that this login replaced has no entry of its own.
    assert events[:2] == ["authn_login_success", "user_updated"]


def test_unknown_paths_and_methods_answer_in_our_own_words(cloud: LocalCloud) -> None:
    """The fallback has the same headers and shape as everything else."""
    person = Person(cloud)
    missing, wrong = person.call("GET", "/nope"), person.call("PUT", "/customers/me")

    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")
    assert missing.headers["x-content-type-options"] == wrong.headers["x-content-type-options"] == "nosniff"


def test_every_request_leaves_one_line_without_secrets(cloud: LocalCloud) -> None:
    """The logs name the event and the person, and hold neither password nor token."""
    earlier, person = len(cloud.logs()), Person(cloud).join()
    token = person.http.cookies[SESSION_COOKIE]
    wait_for(lambda: "email_verified" in str(cloud.logs()[earlier:]), "the line of the confirmation")
    assert person.password not in _log(cloud)
    assert token not in _log(cloud)


def _log(cloud: LocalCloud) -> str:
    return "\n".join(str(line) for line in cloud.logs())
