"""Clients that a document describes: what the pages get, and what is stored (SF-03, SF-04)."""

import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.model.client_documents import WORDS
from tests.functions import described, lambdas
from tests.functions.clients import client_refused, query_of, stored_sessions
from tests.functions.cloud import Call, denied, unreachable
from tests.functions.conftest import NOW
from tests.functions.described import BACK, CLIENT_ID, HOST, Described
from tests.functions.lambdas import Answer, Lambdas
from tests.functions.requests import SAMPLE_TOKEN, request, sample


@pytest.fixture
def program(functions: Lambdas) -> Described:
    functions.people.as_sampled()
    described.publish(functions)
    return Described(functions)


def invoked(answer: Answer) -> list[dict[str, Any]]:
    """The URLs that the function which fetches documents was asked for."""
    return [json.loads(call.parameters["Payload"]) for call in answer.calls if call.name == "lambda.Invoke"]


def refused(answer: Answer, status: int, code: str) -> str:
    """The message of a refusal to the page."""
    assert (answer.status, answer.json["error"]) == (status, code)
    message: str = answer.json["message"]
    return message


def test_the_page_gets_the_host_first_and_the_name_as_a_claim(program: Described) -> None:
    answer = program.shown(SAMPLE_TOKEN)

    assert answer.json["client"] == {
        "id": CLIENT_ID,
        "name": HOST,
        "document": {"host": HOST, "claim": "A client", "fingerprint": program.seen},
    }
    assert answer.json["redirect"] == {"host": HOST, "port": None, "loopback": False}
    assert invoked(answer) == [{"url": CLIENT_ID}]
    assert invoked(program.shown(SAMPLE_TOKEN)) == []


def test_a_visitor_without_a_session_is_asked_to_log_in(program: Described) -> None:
    """Nothing is fetched, looked up or said about the client."""
    answer = program.shown()

    assert answer.json == {"asked_at": "2026-01-05T12:00:00Z", "account": None}
    assert [call.name for call in answer.calls] == ["dynamodb.UpdateItem"]


def test_a_described_client_logs_in_refreshes_and_logs_out(program: Described) -> None:
    program.shown(SAMPLE_TOKEN)
    tokens = program.login()
    answer = program.refresh(tokens["refresh_token"])
    assert answer.status == 200
    assert invoked(answer) == []
    body = f"client_id={CLIENT_ID}&token={answer.json['refresh_token']}"

    assert program.functions.invoke("client_revoke", request("client_revoke", body=body)).status == 200
    assert stored_sessions(program.functions) == []


def test_lists_and_emails_name_the_host(program: Described) -> None:
    """Not the name that the document claims, which could be another client's."""
    described.publish(program.functions, client_name="Comfy CLI")
    program.shown(SAMPLE_TOKEN)
    program.login()
    functions = program.functions
    listed = functions.invoke("session_list", request("session_list", cookie=SAMPLE_TOKEN)).json["sessions"]
    entries = functions.invoke("activity_list", request("activity_list", cookie=SAMPLE_TOKEN)).json
    functions.deliver_all()

    assert [it["client"] for it in listed if it["client"]] == [{"id": CLIENT_ID, "name": HOST}]
    assert HOST in functions.cloud.mailed_text()
    assert "Comfy CLI" not in functions.cloud.mailed_text() + json.dumps(entries)


@pytest.mark.parametrize(
    "problem", ["not_public", "unreachable", "slow", "redirect", "status", "too_large", "not_json"]
)
def test_the_page_says_why_a_document_was_not_fetched(program: Described, problem: Any) -> None:
    """Nothing is issued or kept."""
    program.functions.cloud.documents[CLIENT_ID] = {"problem": problem}
    before = program.functions.cloud.but_counters()
    message = refused(program.shown(SAMPLE_TOKEN), 400, "client_document_refused")

    assert message == f"The program's description cannot be used: {WORDS[problem]}."
    assert refused(program.answered(), 400, "client_document_refused") == message
    assert program.functions.cloud.but_counters() == before


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"text": "{}"},
        {"problem": "unknown"},
        {"text": 1},
        {"text": json.dumps({"client_id": CLIENT_ID, "x": 1})[:-2]},
    ],
)
def test_the_answer_of_the_fetching_function_is_not_trusted(program: Described, answer: dict[str, Any]) -> None:
    """It reads what strangers write, and could be theirs."""
    program.functions.cloud.documents[CLIENT_ID] = answer
    assert program.shown(SAMPLE_TOKEN).status in (400, 503)
    assert program.functions.cloud.tables()["ClientDocumentsTable"] == []


def test_a_document_of_another_client_is_refused(program: Described) -> None:
    """A site that lets people upload files cannot describe another program."""
    described.publish(program.functions, client_id="https://client.example.com/other.json")
    refused(program.shown(SAMPLE_TOKEN), 400, "client_document_refused")


def test_a_document_that_changes_before_the_answer_gives_no_code(program: Described) -> None:
    """A swapped redirect URI, for example. The page shows the question again."""
    program.shown(SAMPLE_TOKEN)
    described.publish(program.functions, redirect_uris=[BACK])
    program.functions.clock.now += timedelta(seconds=60)
    before = program.functions.cloud.tables()["OneTimeTokensTable"]

    refused(program.answered(), 409, "client_changed")
    assert program.functions.cloud.tables()["OneTimeTokensTable"] == before


def test_a_document_that_changes_before_the_token_gives_none(program: Described) -> None:
    program.shown(SAMPLE_TOKEN)
    program.functions.clock.now += timedelta(seconds=59)
    code = query_of(program.answered())["code"]
    described.publish(program.functions, client_name="Another")
    program.functions.clock.now += timedelta(seconds=1)

    assert client_refused(program.exchange(code)) == (400, "invalid_grant")
    assert stored_sessions(program.functions) == []


def test_a_device_page_gets_the_host_first(program: Described) -> None:
    machine = described.machine(program.functions)
    device_code, user_code = machine.codes()
    client = machine.typed(user_code).json["client"]
    assert (client["name"], client["document"]["claim"]) == (HOST, "A client")

    refused(machine.answered(user_code), 409, "client_changed")
    assert machine.answered(user_code, fingerprint=client["document"]["fingerprint"]).status == 204
    assert machine.polls(device_code).status == 200


@pytest.mark.parametrize("service", ["lambda", "dynamodb.GetItem"])
def test_a_failure_of_our_own_is_a_503(program: Described, service: str) -> None:
    """Also when the function is throttled, or its role may not be used."""
    for failure in (unreachable, denied):

        def fail(call: Call, failure: Any = failure) -> Exception | None:
            tables = {"ClientDocumentsTable", None}
            return failure(call) if call.parameters.get("TableName") in tables else None

        program.functions.cloud.failing[service] = fail
        refused(program.shown(SAMPLE_TOKEN), 503, "temporarily_unavailable")


def test_an_error_of_the_fetching_function_is_a_503(program: Described, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as its timeout."""
    fetch = program.functions.cloud._fetch
    monkeypatch.setattr(
        program.functions.cloud, "_fetch", lambda url: fetch("") | {"FunctionError": "Unhandled"} if url else {}
    )
    refused(program.shown(SAMPLE_TOKEN), 503, "temporarily_unavailable")


def test_a_copy_that_cannot_be_kept_denies_nothing(program: Described) -> None:
    def fail(call: Call) -> Exception | None:
        return unreachable(call) if call.parameters["TableName"] == "ClientDocumentsTable" else None

    program.functions.cloud.failing["dynamodb.UpdateItem"] = fail
    answer = program.shown(SAMPLE_TOKEN)

    assert answer.status == 200
    assert "sys_dependency_failed" in answer.events


def test_the_copy_says_until_when_it_is_fresh(program: Described) -> None:
    program.shown(SAMPLE_TOKEN)
    [item] = program.functions.cloud.tables()["ClientDocumentsTable"]

    assert item["client_id"] == {"S": CLIENT_ID}
    assert item["expires_at"] == {"N": str(int((NOW + timedelta(days=30)).timestamp()))}


def test_the_sample_asks_for_an_address_that_is_not_public(functions: Lambdas) -> None:
    """The function answers what is wrong, calls no service and logs nothing."""
    answer = functions.invoke("client_document", sample("client_document"))

    assert (answer.result, answer.calls, answer.log) == ({"problem": "not_public"}, [], [])


def test_the_operator_can_switch_documents_off(functions: Lambdas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIENT_METADATA_HOSTS", "off")
    lambdas.module.cache_clear()
    functions.people.as_sampled()

    assert refused(Described(functions).shown(SAMPLE_TOKEN), 400, "unknown_client")
    metadata = functions.invoke("client_metadata", sample("client_metadata"))
    assert metadata.json["client_id_metadata_document_supported"] is False
    lambdas.module.cache_clear()
