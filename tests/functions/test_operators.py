"""What operators invoke directly: the samples replayed, what each leaves, and how it refuses."""

import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import InvalidInput, NotFound
from tests.functions import expected
from tests.functions.clients import Program
from tests.functions.conftest import NOW
from tests.functions.inventory import OPERATORS
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.machines import Machine
from tests.functions.people import Person, somebody
from tests.functions.requests import SAMPLE_KEY, SAMPLE_USER_ID, request, sample

OPERATOR = "arn:aws:iam::123456789012:user/sample-operator"
MOMENT = "2026-01-05T12:00:00.000Z"


def asked(functions: Lambdas, function: str, event: str) -> Answer:
    """The sample, replayed for the person it names; logged once, with who asked and nothing else."""
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
    """Every line of every account's history."""
    items = functions.cloud.tables()["AuditEventsTable"]
    return [(it["event"]["S"], {key: value["S"] for key, value in it["detail"]["M"].items()}) for it in items]


def log_in(functions: Lambdas) -> Answer:
    """With the right password, a while later."""
    functions.clock.now = NOW + timedelta(minutes=5)
    return functions.invoke("login", sample("login"))


BY = {"by": "operator", "operator": OPERATOR}


def test_disabling_shuts_the_account_and_enabling_opens_it(functions: Lambdas) -> None:
    """Both on record."""
    answer = asked(functions, "operator_account_disable", "user_disabled")
    assert answer.result == {"user_id": SAMPLE_USER_ID, "status": "disabled"}
    assert log_in(functions).read == expected.refusal("login", 401, "invalid_credentials")

    opened = functions.invoke("operator_account_enable", sample("operator_account_enable"))

    assert (opened.result, opened.events) == ({"user_id": SAMPLE_USER_ID, "status": "active"}, ["user_enabled"])
    assert history(functions) == [("user_disabled", BY), ("user_enabled", BY)]
    assert log_in(functions).status == 200


def test_removing_deletes_all_but_the_history(functions: Lambdas) -> None:
    """Nothing is left to log in with, or to be found."""
    answer = asked(functions, "operator_account_delete", "user_deleted")

    left = {name: items for name, items in functions.cloud.tables().items() if items}
    assert answer.result == {"user_id": SAMPLE_USER_ID, "status": "deleted"}
    assert list(left) == ["AuditEventsTable"]
    assert history(functions) == [("user_deleted", BY)]


def test_unlocking_ends_the_wait(functions: Lambdas) -> None:
    """After a hundred failures in a row, the right password is good again."""
    functions.people.arrange()
    for _ in range(6):
        functions.invoke("login", request("login", body={"email": Person().email, "password": "wrong" * 4}))
    (counter,) = [it for it in functions.cloud.tables()["ThrottlesTable"] if it["counter"]["S"].startswith("streak#")]
    assert functions.invoke("login", sample("login")).status == 429

    answer = functions.invoke("operator_account_unlock", sample("operator_account_unlock"))

    assert (answer.result, answer.events) == ({"user_id": SAMPLE_USER_ID}, ["authn_login_unlock"])
    assert counter not in functions.cloud.tables()["ThrottlesTable"]
    assert history(functions) == [("authn_login_unlock", BY)]
    assert functions.invoke("login", sample("login")).status == 200


def test_signing_out_ends_every_session(functions: Lambdas) -> None:
    """And tells how many."""
    answer = asked(functions, "operator_account_logout", "session_revoked_all")

    assert answer.result == {"user_id": SAMPLE_USER_ID, "sessions": 1}
    assert functions.cloud.tables()["SessionsTable"] == []
    assert history(functions) == [("session_revoked_all", BY | {"sessions": "1"})]


@pytest.mark.parametrize(
    "act",
    ["operator_account_logout", "operator_password_revoke", "operator_account_disable", "operator_account_delete"],
)
def test_nothing_that_is_under_way_outlives_the_sessions(functions: Lambdas, act: str) -> None:
    """A code, a device's yes, and a refresh token within its grace: as dead as the sessions they came from (SE-09)."""
    functions.people.arrange()
    program, machine = Program(functions), Machine(functions)
    first = program.login()
    second = program.refresh(first["refresh_token"]).json
    code, device_code = program.code(), machine.allowed()
    functions.invoke(act, sample(act))
    if act == "operator_account_disable":
        functions.invoke("operator_account_enable", sample("operator_account_enable"))
    tries = [program.refresh(it["refresh_token"]) for it in (first, second)]
    tries += [program.exchange(code), machine.polls(device_code)]

    assert [(it.status, it.json["error"]) for it in tries] == [(400, "invalid_grant")] * 4
    shown = functions.invoke("account_show", request("account_show", bearer=second["access_token"]))
    assert (shown.status, shown.json["error"]) == (401, "not_authenticated")
    assert functions.cloud.tables()["SessionsTable"] == []


def test_a_revoked_password_is_wrong_and_its_owner_gets_mail(functions: Lambdas) -> None:
    """One bcrypt, as for every wrong one; the mail names the way back and no password (PW-20)."""
    answer = asked(functions, "operator_password_revoke", "authn_password_revoked")
    refused = log_in(functions)
    functions.deliver_all()

    assert answer.result == {"user_id": SAMPLE_USER_ID, "password": "revoked"}
    assert (refused.read, refused.hashes) == (expected.refusal("login", 401, "invalid_credentials"), 1)
    (mail,) = functions.cloud.mails()
    assert "https://accounts.example.com/forgot-password" in json.dumps(mail)
    assert functions.cloud.tables()["SessionsTable"] == []


def test_a_revoked_key_opens_nothing_and_its_owner_gets_mail(functions: Lambdas) -> None:
    """From the next request on."""
    answer = asked(functions, "operator_key_revoke", "authn_token_revoked")

    assert answer.result == {"user_id": SAMPLE_USER_ID, "api_key": Person().key_id}
    assert functions.invoke("account_show", request("account_show", key=SAMPLE_KEY)).status == 401
    assert functions.queued() == [{"kind": "api_key_deleted", "user_id": SAMPLE_USER_ID}]


def _shown(person: Person) -> dict[str, Any]:
    return {
        "account": {**person.customer(NOW), "status": "active", "mail_problem": None},
        "failures": {"count": 0, "wait_until": None, "password_disabled": False},
        "activity": [],
    }


def test_inspecting_shows_what_is_held_and_no_secret(functions: Lambdas) -> None:
    """The account, its ways in, its sessions and keys; the history keeps no line of a look, the log does."""
    answer = asked(functions, "operator_account_inspect", "user_inspected")

    shown: dict[str, Any] = answer.result
    assert {name: shown[name] for name in ("account", "failures", "activity")} == _shown(Person())
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


def test_inspecting_tells_of_a_lockout_and_of_what_operators_did(functions: Lambdas) -> None:
    """What a person who cannot get in needs to be told by somebody."""
    functions.people.arrange()
    for _ in range(6):
        functions.invoke("login", request("login", body={"email": Person().email, "password": "wrong" * 4}))
    functions.invoke("operator_password_revoke", sample("operator_password_revoke"))

    shown = functions.invoke("operator_account_inspect", sample("operator_account_inspect")).result

    assert shown["failures"] == {"count": 5, "wait_until": "2026-01-05T12:00:30.000Z", "password_disabled": False}
    assert [entry["password"] for entry in shown["identities"]] == ["revoked"]
    assert [(it["event"], it["detail"]) for it in shown["activity"]] == [("authn_password_revoked", BY)]


def test_the_person_sees_that_it_was_an_operator_and_not_which(functions: Lambdas) -> None:
    """In the account's own list."""
    functions.people.arrange()
    functions.invoke("operator_key_revoke", sample("operator_key_revoke"))

    (entry,) = functions.invoke("activity_list", sample("activity_list")).json["activity"]

    assert (entry["event"], entry["detail"]) == ("authn_token_revoked", {"by": "operator"})


@pytest.mark.parametrize("function", OPERATORS)
def test_nobody_is_not_found(functions: Lambdas, function: str) -> None:
    """Whoever is not there is not there, and nothing is written."""
    somebody_else = somebody("Other")
    functions.people.arrange(somebody_else)
    before = functions.cloud.tables()
    with pytest.raises(NotFound):
        functions.invoke(function, sample(function))

    assert functions.cloud.tables() == before


def test_looking_for_nobody_is_written_down_and_for_whom_is_not(functions: Lambdas) -> None:
    """Who tries addresses one by one is seen; the addresses are nobody's business."""
    with pytest.raises(NotFound):
        functions.invoke("operator_account_inspect", {"name": "nobody@example.com", "operator": OPERATOR})

    (line,) = [json.loads(text) for text in functions.stream.getvalue().splitlines()]
    assert (line["event"], line["operator"], line["level"]) == ("user_not_found", OPERATOR, "INFO")
    assert "nobody@example.com" not in functions.stream.getvalue()


@pytest.mark.parametrize("function", OPERATORS)
def test_an_order_that_says_nothing_is_refused(functions: Lambdas, function: str) -> None:
    """Rather than taken for whoever comes first."""
    with pytest.raises(InvalidInput):
        functions.invoke(function, {"operator": OPERATOR})


@pytest.mark.parametrize("function", OPERATORS)
def test_what_an_operator_names_has_a_length(functions: Lambdas, function: str) -> None:
    """At the edge nobody is found; one more is refused, and neither is our fault."""
    words = {name: "x" * 300 for name in sample(function) if name != "operator"}
    with pytest.raises((NotFound, InvalidInput)) as refusal:
        functions.invoke(function, words | {"operator": OPERATOR})
    assert "300" not in str(refusal.value)
    for name in words:
        with pytest.raises(InvalidInput, match=f"Say {name}, as text of at most 300 characters"):
            functions.invoke(function, words | {name: "x" * 301, "operator": OPERATOR})
