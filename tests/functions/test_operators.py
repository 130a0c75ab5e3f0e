"""The operators' functions: samples replayed, what each leaves behind, and refusals."""

import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import MailUnavailable
from tests.functions import expected, proofs
from tests.functions.clients import Program
from tests.functions.cloud import unreachable
from tests.functions.conftest import NOW
from tests.functions.inventory import OPERATORS
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.machines import Machine
from tests.functions.people import Person, another_person
from tests.functions.requests import SAMPLE_KEY, SAMPLE_USER_ID, request, sample

OPERATOR = "arn:aws:iam::123456789012:user/sample-operator"
MOMENT = "2026-01-05T12:00:00.000Z"


def replayed(functions: Lambdas, function: str, event: str) -> Answer:
    """Replay the sample. It writes one log line, with the operator and nothing else about the caller."""
    functions.people.arrange()
    answer = functions.invoke(function, sample(function))
    (line,) = answer.log
    assert {name: value for name, value in line.items() if name not in {"timestamp", "location", "correlation_id"}} == {
        "event": event,
        "message": event,
        "level": "INFO",
        "user_id": SAMPLE_USER_ID,
        "operator": OPERATOR,
        "service": "accounts",
    }
    return answer


def history(functions: Lambdas) -> list[tuple[str, dict[str, str]]]:
    """The audit events of every account."""
    items = functions.cloud.tables()["AuditEventsTable"]
    return [(it["event"]["S"], {key: value["S"] for key, value in it["detail"]["M"].items()}) for it in items]


def log_in(functions: Lambdas) -> Answer:
    """With the right password, five minutes later."""
    functions.clock.now = NOW + timedelta(minutes=5)
    return functions.invoke("login", sample("login"))


BY = {"by": "operator", "operator": OPERATOR}


def test_a_disabled_account_cannot_log_in_until_it_is_enabled(functions: Lambdas) -> None:
    """Both actions are audited."""
    answer = replayed(functions, "operator_account_disable", "user_disabled")
    assert answer.result == {"user_id": SAMPLE_USER_ID, "status": "disabled"}
    assert log_in(functions).read == expected.refusal("login", 401, "invalid_credentials")

    enabled = functions.invoke("operator_account_enable", sample("operator_account_enable"))

    assert (enabled.result, enabled.events) == ({"user_id": SAMPLE_USER_ID, "status": "active"}, ["user_enabled"])
    assert history(functions) == [("user_disabled", BY), ("user_enabled", BY)]
    assert log_in(functions).status == 200


def test_deleting_an_account_leaves_only_its_audit_events(functions: Lambdas) -> None:
    answer = replayed(functions, "operator_account_delete", "user_deleted")

    left = {name: items for name, items in functions.cloud.tables().items() if items}
    assert answer.result == {"user_id": SAMPLE_USER_ID, "status": "deleted"}
    assert list(left) == ["AuditEventsTable"]
    assert history(functions) == [("user_deleted", BY)]


def test_unlocking_ends_the_wait(functions: Lambdas) -> None:
    """Of browsers that the account does not know."""
    functions.people.arrange()
    login = proofs.from_an_unknown_browser("login")
    for _ in range(6):
        functions.invoke("login", request("login", body={"email": Person().email, "password": "wrong" * 4}))
    assert functions.invoke("login", login).status == 429

    answer = functions.invoke("operator_account_unlock", sample("operator_account_unlock"))

    assert (answer.result, answer.events) == ({"user_id": SAMPLE_USER_ID}, ["authn_login_unlock"])
    assert history(functions) == [("authn_login_unlock", BY)]
    assert functions.invoke("login", login).status == 200


def test_logging_an_account_out_ends_every_session(functions: Lambdas) -> None:
    """The result has their number."""
    answer = replayed(functions, "operator_account_logout", "session_revoked_all")

    assert answer.result == {"user_id": SAMPLE_USER_ID, "sessions": 1}
    assert functions.cloud.tables()["SessionsTable"] == []
    assert history(functions) == [("session_revoked_all", BY | {"sessions": "1"})]


@pytest.mark.parametrize(
    "act",
    ["operator_account_logout", "operator_password_revoke", "operator_account_disable", "operator_account_delete"],
)
def test_pending_codes_and_refresh_tokens_end_with_the_sessions(functions: Lambdas, act: str) -> None:
    """An authorization code, an approved device code, and a refresh token in its grace period (SE-09)."""
    functions.people.arrange()
    program, machine = Program(functions), Machine(functions)
    first = program.login()
    second = program.refresh(first["refresh_token"]).json
    code, device_code = program.code(), machine.allowed()
    functions.invoke(act, sample(act))
    if act == "operator_account_disable":
        functions.invoke("operator_account_enable", sample("operator_account_enable"))
    attempts = [program.refresh(it["refresh_token"]) for it in (first, second)]
    attempts += [program.exchange(code), machine.polls(device_code)]

    assert [(it.status, it.json["error"]) for it in attempts] == [(400, "invalid_grant")] * 4
    shown = functions.invoke("account_show", request("account_show", bearer=second["access_token"]))
    assert (shown.status, shown.json["error"]) == (401, "not_authenticated")
    assert functions.cloud.tables()["SessionsTable"] == []


def test_a_revoked_password_is_wrong_and_the_owner_is_emailed(functions: Lambdas) -> None:
    """It costs one bcrypt, as every wrong password; the email links to the reset and contains no password (PW-20)."""
    answer = replayed(functions, "operator_password_revoke", "authn_password_revoked")
    refused = log_in(functions)
    functions.deliver_all()

    assert answer.result == {"user_id": SAMPLE_USER_ID, "password": "revoked"}
    assert (refused.read, refused.hashes) == (expected.refusal("login", 401, "invalid_credentials"), 1)
    (mail,) = functions.cloud.mails()
    assert "https://accounts.example.com/forgot-password" in json.dumps(mail)
    assert functions.cloud.tables()["SessionsTable"] == []


@pytest.fixture
def protected(functions: Lambdas) -> Person:
    """An owner with a second factor."""
    person = functions.people.as_sampled()
    functions.people.give_second_factor(person)
    return person


def reset(functions: Lambdas, **more: str) -> Answer:
    return functions.invoke("operator_factor_reset", sample("operator_factor_reset") | more)


def test_a_second_factor_is_reset_after_a_day(functions: Lambdas, protected: Person) -> None:
    """The owner is emailed when it is requested and when it takes effect. A repeated request changes nothing."""
    answers = [reset(functions), reset(functions)]
    at = "2026-01-06T12:00:00.000Z"
    assert [it.result for it in answers] == [
        {"user_id": SAMPLE_USER_ID, "reset_at": at, "requested": is_new} for is_new in (True, False)
    ]
    assert [it.events for it in answers] == [["authn_second_factor_reset_requested"], []]
    shown = functions.invoke("operator_account_inspect", sample("operator_account_inspect")).result
    assert shown["second_factor"]["reset_at"] == at
    assert functions.invoke("login", sample("login")).json["error"] == "second_factor_required"
    functions.clock.now = NOW + timedelta(hours=24)
    opened = functions.invoke("login", sample("login"))
    functions.deliver_all()

    assert (opened.status, opened.events) == (200, ["authn_login_success"])
    assert functions.invoke("login", sample("login")).status == 200
    detail = BY | {"reset_at": "2026-01-06T12:00:00+00:00"}
    assert sorted(it for it in history(functions) if "_reset" in it[0]) == [
        ("authn_second_factor_reset", {}),
        ("authn_second_factor_reset_requested", detail),
    ]
    first, second = functions.cloud.mails()
    assert "6 January 2026, 12:00 UTC" in json.dumps(first)
    assert "https://accounts.example.com/account" in json.dumps(first)
    assert "Two-step login was reset for your Comfy account" in json.dumps(second)
    assert protected.user_id


def test_a_reset_is_cancelled(functions: Lambdas, protected: Person) -> None:
    reset(functions)
    answers = [reset(functions, cancel="yes"), reset(functions, cancel="yes")]

    assert [it.result["cancelled"] for it in answers] == [True, False]
    assert [it.events for it in answers] == [["authn_second_factor_reset_cancelled"], []]
    assert [it["kind"] for it in functions.queued()] == [
        "second_factor_reset_requested",
        "second_factor_reset_cancelled",
    ]
    functions.clock.now = NOW + timedelta(hours=24)
    assert functions.invoke("login", sample("login")).json["error"] == "second_factor_required"
    assert protected.user_id


def test_a_reset_that_cannot_be_emailed_is_not_requested(functions: Lambdas, protected: Person) -> None:
    """The owner would not know."""
    before = functions.cloud.tables()
    functions.cloud.failing["sqs"] = unreachable
    with pytest.raises(MailUnavailable):
        reset(functions)

    assert functions.cloud.tables() == before
    assert protected.user_id


def test_an_account_without_a_second_factor_has_nothing_to_reset(functions: Lambdas) -> None:
    functions.people.as_sampled()
    before = functions.cloud.tables()
    message = "This account has no second factor and no passkeys: there is nothing to reset."

    assert reset(functions).result == {"error": "second_factor_off", "message": message}
    assert functions.cloud.tables() == before


def test_a_revoked_key_is_refused_and_the_owner_is_emailed(functions: Lambdas) -> None:
    answer = replayed(functions, "operator_key_revoke", "authn_token_revoked")

    assert answer.result == {"user_id": SAMPLE_USER_ID, "api_key": Person().key_id}
    assert functions.invoke("account_show", request("account_show", key=SAMPLE_KEY)).status == 401
    about = {"detail": "Workshop computer", "identity": f"{SAMPLE_KEY[:16]}…"}
    assert functions.queued() == [{"kind": "api_key_deleted", "user_id": SAMPLE_USER_ID, **about}]


def test_a_leaked_key_is_refused_and_the_owner_is_told_where_it_was(functions: Lambdas) -> None:
    url = "https://paste.example.com/1"
    functions.people.arrange()
    answer = functions.invoke(
        "operator_key_revoke", sample("operator_key_revoke") | {"leaked": "yes", "url": url, "more": "ignored"}
    )

    assert answer.result == {"user_id": SAMPLE_USER_ID, "api_key": Person().key_id}
    assert answer.events == ["authn_token_leaked"]
    assert functions.invoke("account_show", request("account_show", key=SAMPLE_KEY)).status == 401
    (message,) = functions.queued()
    assert {name: message[name] for name in ("kind", "detail", "url")} == {
        "kind": "api_key_leaked",
        "detail": "Workshop computer",
        "url": url,
    }
    detail = {"api_key": Person().key_id, "name": "Workshop computer", "url": url}
    assert history(functions) == [("authn_token_leaked", BY | detail)]


def test_a_leaked_key_of_another_account_is_not_found(functions: Lambdas) -> None:
    functions.people.arrange()
    other = functions.people.arrange(another_person("Other"))
    asked = sample("operator_key_revoke") | {"leaked": "yes"}
    for key_id in (other.key_id, "0" * 64):
        answer = functions.invoke("operator_key_revoke", asked | {"api_key": key_id})
        assert answer.result["error"] == "not_found"
    assert functions.invoke("account_show", request("account_show", key=other.key)).status == 200


def _shown(person: Person) -> dict[str, Any]:
    return {
        "account": {**person.customer(NOW), "status": "active", "mail_problem": None, "language": ""},
        "failures": {"count": 0, "wait_until": None, "password_disabled": False},
        "activity": [],
    }


def test_inspecting_shows_the_account_without_secrets(functions: Lambdas) -> None:
    """With its identities, sessions and keys. An inspection is logged, but not audited."""
    answer = replayed(functions, "operator_account_inspect", "user_inspected")

    shown: dict[str, Any] = answer.result
    assert {name: shown[name] for name in ("account", "failures", "activity")} == _shown(Person())
    off = {"on": False, "recovery_codes_left": 0, "trusted_browsers": [], "reset_at": None}
    assert shown["second_factor"] == off
    (identity,) = shown["identities"]
    assert {name: value for name, value in identity.items() if name != "id"} == {
        "provider": "email",
        "email": "person@example.com",
        "can_log_in": True,
        "created_at": MOMENT,
        "subject": None,
        "disabled": False,
        "undeliverable": None,
        "password": "set",
    }
    assert [session["id"] for session in shown["sessions"]] == [Person().session_id]
    assert [(key["id"], key["key_prefix"]) for key in shown["api_keys"]] == [(Person().key_id, SAMPLE_KEY[:16])]
    assert "bcrypt" not in json.dumps(shown)
    assert history(functions) == []


def test_inspecting_shows_a_lockout_and_what_operators_did(functions: Lambdas) -> None:
    """What support needs to help an owner who cannot log in."""
    functions.people.arrange()
    for _ in range(6):
        functions.invoke("login", request("login", body={"email": Person().email, "password": "wrong" * 4}))
    functions.invoke("operator_password_revoke", sample("operator_password_revoke"))

    shown = functions.invoke("operator_account_inspect", sample("operator_account_inspect")).result

    assert shown["failures"] == {"count": 5, "wait_until": "2026-01-05T12:00:30.000Z", "password_disabled": False}
    assert [entry["password"] for entry in shown["identities"]] == ["revoked"]
    assert [(it["event"], it["detail"]) for it in shown["activity"]] == [("authn_password_revoked", BY)]


def test_the_owner_sees_that_it_was_an_operator_but_not_which(functions: Lambdas) -> None:
    """In the account's activity."""
    functions.people.arrange()
    functions.invoke("operator_key_revoke", sample("operator_key_revoke"))

    (entry,) = functions.invoke("activity_list", sample("activity_list")).json["activity"]

    assert (entry["event"], entry["detail"]) == ("authn_token_revoked", {"by": "operator", "name": "Workshop computer"})


@pytest.mark.parametrize("function", OPERATORS)
def test_an_unknown_account_is_not_found(functions: Lambdas, function: str) -> None:
    """And nothing is written."""
    functions.people.arrange(another_person("Other"))
    before = functions.cloud.tables()
    answer = functions.invoke(function, sample(function))

    assert answer.result["error"] == "not_found"
    assert functions.cloud.tables() == before


def test_a_search_for_an_unknown_account_is_logged_without_the_address(functions: Lambdas) -> None:
    """So that an operator who tries addresses one by one is noticed."""
    functions.invoke("operator_account_inspect", {"name": "nobody@example.com", "operator": OPERATOR})

    (line,) = [json.loads(text) for text in functions.stream.getvalue().splitlines()]
    assert (line["event"], line["operator"], line["level"]) == ("user_not_found", OPERATOR, "INFO")
    assert "nobody@example.com" not in functions.stream.getvalue()


def test_enabling_an_active_account_records_nothing(functions: Lambdas) -> None:
    """The account's history must not say what did not happen."""
    functions.people.arrange()
    before = functions.cloud.tables()
    answer = functions.invoke("operator_account_enable", sample("operator_account_enable"))

    assert answer.result == {"user_id": SAMPLE_USER_ID, "status": "active"}
    assert (functions.cloud.tables(), answer.log) == (before, [])


@pytest.mark.parametrize("function", OPERATORS)
def test_a_request_that_names_no_account_is_refused(functions: Lambdas, function: str) -> None:
    assert functions.invoke(function, {"operator": OPERATOR}).result["error"] == "invalid_input"


@pytest.mark.parametrize("function", OPERATORS)
def test_what_an_operator_names_has_a_maximum_length(functions: Lambdas, function: str) -> None:
    """300 characters are looked up, 301 are refused."""
    words = {name: "x" * 300 for name in sample(function) if name != "operator"}
    assert functions.invoke(function, words | {"operator": OPERATOR}).result["error"] == "not_found"
    for name in words:
        assert functions.invoke(function, words | {name: "x" * 301, "operator": OPERATOR}).result == {
            "error": "invalid_input",
            "message": f"Say {name}, as text of at most 300 characters.",
        }
