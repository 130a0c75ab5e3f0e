"""Reports of leaked keys over HTTP: who may send them, and what the response says."""

import json
from typing import Any

import pytest

from accounts import secrets
from accounts.limits import LEAK_REPORT_MAX_BYTES
from tests.functions import expected, leaks
from tests.functions.cloud import Call, denied, unreachable
from tests.functions.lambdas import Answer, Lambdas, module
from tests.functions.people import Person, a_key
from tests.functions.requests import SAMPLE_KEY, request, sample
from tests.scanner import Scanner, match

SCANNER = Scanner()
URL = "https://github.com/octocat/Hello-World/blob/12345600b9cbe38a219f39a9941c9319b600c002/foo/bar.txt"


@pytest.fixture
def person(functions: Lambdas) -> Person:
    """The owner of the sample's key. GitHub's list is known."""
    found: Person = functions.people.arrange()
    leaks.lists(functions, SCANNER)
    return found


def sent(functions: Lambdas, event: dict[str, Any]) -> Answer:
    return functions.invoke("key_report", event)


def key_works(functions: Lambdas) -> bool:
    return functions.invoke("account_show", request("account_show", key=SAMPLE_KEY)).status == 200


def besides_the_list(functions: Lambdas) -> dict[str, Any]:
    """An unknown key refetches GitHub's list."""
    return {name: items for name, items in functions.cloud.but_counters().items() if name != "ClientDocumentsTable"}


def feedback(token: str, label: str) -> dict[str, str]:
    return {"token_hash": secrets.digest(token), "token_type": "comfy_api_key", "label": label}


def test_the_published_example_is_accepted(functions: Lambdas) -> None:
    """Of GitHub's documentation; its token is no key. The list is fetched by the function that fetches documents."""
    answer = sent(functions, sample("key_report"))

    body = [{"token_hash": secrets.digest("some_token"), "token_type": "some_type", "label": "false_positive"}]
    assert answer.read == expected.answer("key_report", 200, body)
    assert answer.events == ["authn_leaks_reported"]
    fetched = [json.loads(call.parameters["Payload"]) for call in answer.calls if call.name == "lambda.Invoke"]
    assert fetched == [{"url": "https://api.github.com/meta/public_keys/secret_scanning"}]


def test_a_reported_key_is_refused_and_its_owner_is_emailed(functions: Lambdas, person: Person) -> None:
    assert key_works(functions)
    answer = sent(functions, leaks.report(SCANNER, match(SAMPLE_KEY, URL, "commit"), match("comfyui-x")))

    body = [feedback(SAMPLE_KEY, "true_positive"), feedback("comfyui-x", "false_positive")]
    assert answer.read == expected.answer("key_report", 200, body)
    assert answer.events == ["authn_token_leaked", "authn_leaks_reported"]
    assert not key_works(functions)
    functions.deliver_all()
    (mail,) = functions.cloud.mails()
    assert mail["Destination"]["ToAddresses"] == [person.email]
    said = functions.cloud.mailed_text()
    assert [text in said for text in ("Workshop computer", "a commit on GitHub", URL)] == [True] * 3


def test_the_owner_sees_it_in_the_activity_and_the_export(functions: Lambdas, person: Person) -> None:
    sent(functions, leaks.report(SCANNER, match(SAMPLE_KEY, URL, "commit")))

    (entry,) = functions.invoke("activity_list", sample("activity_list")).json["activity"]
    exported = functions.invoke("account_export", sample("account_export")).json["activity"]
    detail = {"by": "github", "name": "Workshop computer", "url": URL, "found_in": "commit"}
    assert (entry["event"], entry["detail"], entry["source"]) == ("authn_token_leaked", detail, "")
    assert [(it["event"], it["detail"]) for it in exported] == [("authn_token_leaked", detail)]
    assert person.key_id not in json.dumps([entry, exported])


def test_the_answer_does_not_say_whether_a_key_exists(functions: Lambdas, person: Person) -> None:
    """Before and after it was revoked, and for one that never existed: all but the hash is the same (KX-05)."""
    assert person.key == SAMPLE_KEY
    answers = [sent(functions, leaks.report(SCANNER, match(key))) for key in (SAMPLE_KEY, SAMPLE_KEY, a_key("Nobodys"))]
    first, again, unknown = ({**it.read, "body": [{**each, "token_hash": ""} for each in it.json]} for it in answers)

    assert answers[0].json == answers[1].json
    assert first == again == unknown
    assert len(functions.queued()) == 1


def test_a_body_may_be_in_base64(functions: Lambdas, person: Person) -> None:
    """The signature is over the bytes that were sent."""
    assert person.key == SAMPLE_KEY
    assert sent(functions, leaks.in_base64(leaks.report(SCANNER, match(SAMPLE_KEY)))).status == 200
    assert not key_works(functions)


def test_every_space_of_the_body_counts(functions: Lambdas, person: Person) -> None:
    """Parsed and written again, a body is another one."""
    assert person.key == SAMPLE_KEY
    body = json.dumps([match(SAMPLE_KEY)], indent=1)
    event = leaks.report(SCANNER, body=body)

    again = event | {"body": json.dumps(json.loads(body))}
    assert sent(functions, again).read == expected.refusal("key_report", 401, "invalid_signature")
    assert sent(functions, event).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"github_public_key_identifier": None},
        {"github_public_key_signature": None},
        {"github_public_key_identifier": ""},
        {"github_public_key_identifier": "b" * 64},
        {"github_public_key_identifier": f"{'a' * 64},{'a' * 64}"},
        {"github_public_key_identifier": "\u00e4"},
        {"github_public_key_signature": ""},
        {"github_public_key_signature": "AAAA"},
        {"github_public_key_signature": "not base64!"},
        {"github_public_key_signature": "\u00e4\udcff"},
        {"github_public_key_signature": "MEQC" * 1000},
        Scanner("a" * 64).headers(b"[]"),
        SCANNER.headers(b"[ ]"),
    ],
)
def test_a_report_without_a_good_signature_is_refused(
    functions: Lambdas, person: Person, headers: dict[str, str | None]
) -> None:
    """Nothing changes, and the answer is one for all (KX-04)."""
    before = besides_the_list(functions)
    names = {name.replace("-", "_"): value for name, value in headers.items()}
    answer = sent(functions, leaks.report(SCANNER, match(person.key), **names))

    assert answer.read == expected.refusal("key_report", 401, "invalid_signature")
    assert answer.events == ["authz_fail_signature"]
    assert besides_the_list(functions) == before


def test_a_signature_has_one_spelling(functions: Lambdas, person: Person) -> None:
    """The last character before the padding has bits that decoders ignore."""
    event = leaks.report(SCANNER, match(person.key))
    signature = event["headers"]["github-public-key-signature"]
    assert len(signature) == 96
    if signature.endswith("="):
        last = signature.rstrip("=")[-1]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        other = alphabet[alphabet.index(last) + 1]
        event["headers"]["github-public-key-signature"] = signature.replace(f"{last}=", f"{other}=")
        assert sent(functions, event).status == 401


@pytest.mark.parametrize("body", ["", "{}", "null", "1", "[1]", "[", '[{"token": 1, "type": "t"}]', '[{"token": "t"}]'])
def test_a_signed_body_of_another_form_is_refused(functions: Lambdas, person: Person, body: str) -> None:
    assert person.key == SAMPLE_KEY
    answer = sent(functions, leaks.report(SCANNER, body=body))

    assert (answer.status, answer.json["error"]) == (400, "malformed_request")
    assert key_works(functions)


def test_a_huge_body_is_refused_before_anything_is_looked_up(functions: Lambdas, person: Person) -> None:
    """In plain text and in base64; one byte less is accepted."""
    assert person.key == SAMPLE_KEY
    fits = json.dumps([match(SAMPLE_KEY)]).ljust(LEAK_REPORT_MAX_BYTES)
    huge = leaks.report(SCANNER, body=f"{fits} ")
    for event in (huge, leaks.in_base64(huge)):
        answer = sent(functions, event)
        assert (answer.status, answer.json["message"]) == (413, "The request is too large. The limit is 512 KiB.")
        assert answer.calls == []

    assert sent(functions, leaks.in_base64(leaks.report(SCANNER, body=fits))).status == 200


def test_another_type_of_body_is_refused(functions: Lambdas, person: Person) -> None:
    event = leaks.report(SCANNER, match(person.key), content_type="text/plain")
    assert sent(functions, event).read == expected.refusal("key_report", 415, "unsupported_media_type")


def test_a_deployment_may_take_no_reports(functions: Lambdas, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    assert person.key == SAMPLE_KEY
    deployed = module("key_report").DEPLOYMENT
    environ = {**deployed.settings.environ, "LEAK_REPORTS": "off"}
    monkeypatch.setattr(deployed, "settings", type(deployed.settings)("dev", deployed.settings.site_url, environ))
    answer = sent(functions, leaks.report(SCANNER, match(SAMPLE_KEY)))

    assert answer.read == expected.refusal("key_report", 404, "not_found")
    assert key_works(functions)


def test_a_dead_key_and_an_email_that_comes_with_the_next_report(functions: Lambdas, person: Person) -> None:
    """When the queue fails (KX-06)."""
    assert person.key == SAMPLE_KEY
    event = leaks.report(SCANNER, match(SAMPLE_KEY))
    functions.cloud.failing["sqs"] = unreachable
    assert sent(functions, event).read == expected.refusal("key_report", 503, "mail_unavailable")
    assert not key_works(functions)
    functions.cloud.failing.clear()

    again = sent(functions, event)
    assert (again.status, [call.name for call in again.calls].count("sqs.SendMessage")) == (200, 1)
    assert functions.cloud.tables()["OneTimeTokensTable"] == []
    assert [call.service for call in sent(functions, event).calls].count("sqs") == 0


@pytest.mark.parametrize("failure", [unreachable, denied])
@pytest.mark.parametrize("call", ["dynamodb", "dynamodb.TransactWriteItems", "lambda"])
def test_a_failure_is_a_503_and_changes_nothing(functions: Lambdas, person: Person, call: str, failure: Any) -> None:
    event = leaks.report(SCANNER, match(person.key))
    if call == "lambda":
        functions.cloud.tables()
        functions.cloud.restore_tables(functions.cloud.copy_of_tables() | {"ClientDocumentsTable": {}})
    before = functions.cloud.but_counters()
    functions.cloud.failing[call] = failure
    answer = sent(functions, event)

    assert answer.read == expected.refusal("key_report", 503, "temporarily_unavailable")
    assert functions.cloud.but_counters() == before


def test_nothing_is_half_written_whichever_call_fails(functions: Lambdas, person: Person) -> None:
    """Every call in turn: the key works and nothing changed, or it is dead and the email is owed or queued."""
    arranged, event = functions.cloud.copy_of_tables(), leaks.report(SCANNER, match(person.key))
    calls = sent(functions, event).calls
    for number, call in enumerate(calls):
        functions.cloud.restore_tables(arranged)
        before, queued = functions.cloud.but_counters(), len(functions.queued())
        functions.cloud.fail_at(number)
        answer = sent(functions, event)
        functions.cloud.fail_at(None)
        after, notices = functions.cloud.tables(), len(functions.queued()) - queued
        if after["ApiKeysTable"]:
            assert (answer.status, functions.cloud.but_counters()) == (503, before)
        else:
            assert (call.name, len(after["OneTimeTokensTable"])) in {
                ("sqs.SendMessage", 1),
                ("dynamodb.TransactWriteItems", 1),
            }
            assert notices == 1


def test_a_report_costs_no_secret_and_no_hash(functions: Lambdas, person: Person) -> None:
    """A refused one reads the list of keys at most; a known key costs what the table of costs says."""
    refused = sent(functions, leaks.report(SCANNER, body="[]", github_public_key_signature="AAAA"))
    answer = sent(functions, leaks.report(SCANNER, match(person.key)))

    def names(calls: list[Call]) -> list[str]:
        return [call.name.partition(".")[2] for call in calls]

    assert names(refused.calls) == ["GetItem"]
    assert names(answer.calls) == [
        "GetItem",
        "UpdateItem",
        "GetItem",
        "TransactWriteItems",
        "SendMessage",
        "TransactWriteItems",
    ]
    assert (refused.hashes, answer.hashes) == (0, 0)
