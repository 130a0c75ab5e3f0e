"""Reports of leaked keys: who may send them, and what they do to a key and its owner."""

from copy import replace
from datetime import datetime
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import (
    AccountsError,
    ApiKeyUnknown,
    InvalidSignature,
    MalformedRequest,
    TooManyAttempts,
    Unavailable,
)
from accounts.flows.keys.key_management import NewKey
from accounts.limits import KEY_NOTICES_PER_HOUR, LEAK_REPORTS_PER_ADDRESS_PER_MINUTE
from accounts.model import api_keys, audit, held_keys, messages, scanner_keys, user_agents
from accounts.model.audit import Caller, Record
from accounts.model.client_documents import Fetched
from accounts.model.leak_reports import LeakMatch, SignedReport
from accounts.model.one_time_tokens import LEAK_NOTICE, Discard, OneTimeToken
from scripts.sam_local.made_up import VALUES
from tests.scanner import Scanner, listed, match
from tests.unit.accounts.stage import (
    NOW,
    OWNER,
    Busy,
    Interleaved,
    Service,
    cookie,
    key_credential,
    later,
    operator_request,
)

GITHUB, RETIRED = Scanner("github"), Scanner("retired")
SENDER = Caller("192.0.2.200", "GitHub-Hookshot")
URL = "https://github.com/o/r/blob/1/f.txt"
UNKNOWN = VALUES["api_key"]


@pytest.fixture(autouse=True)
def github(service: Service) -> None:
    service.document_fetcher.internet[scanner_keys.URL] = Fetched(listed([GITHUB], [RETIRED]))


def send(service: Service, *matches: dict[str, str], now: datetime = NOW) -> list[LeakMatch]:
    found: list[LeakMatch] = service.leak_reports.receive(GITHUB.report(*matches), SENDER, now)
    return found


def works(service: Service, key: NewKey) -> bool:
    try:
        return service.principal(key_credential(key.plaintext), OWNER, NOW).user_id == key.api_key.user_id
    except ApiKeyUnknown:
        return False


def a_key(service: Service, name: str = "laptop") -> NewKey:
    """A key of a new person, with the queue and the records empty."""
    key = service.key(service.person(), name)
    service.outbox.messages.clear()
    service.world.records.clear()
    return key


def test_a_reported_key_is_dead_and_its_owner_is_told(service: Service) -> None:
    key = a_key(service)
    user_id, digest = key.api_key.user_id, key.api_key.digest
    assert works(service, key)

    found = send(service, match(key.plaintext, URL, "commit"))

    assert [(it.digest, it.label) for it in found] == [(digest, "true_positive")]
    assert not works(service, key)
    assert (service.world.api_keys, service.world.users[user_id].api_keys) == ({}, frozenset())
    used = NOW.isoformat(), user_agents.UNKNOWN, OWNER.source
    assert service.outbox.messages == [messages.ApiKeyLeaked(user_id, "laptop", URL, "commit", *used)]
    (record,) = service.world.records
    detail = {"api_key": digest, "name": "laptop", "url": URL, "found_in": "commit", "by": "github"}
    assert record == Record(user_id, "authn_token_leaked", NOW, audit.NO_CALLER, detail, record.serial)


def test_the_owner_sees_where_but_not_the_id(service: Service) -> None:
    send(service, match(a_key(service).plaintext, URL, "commit"))
    assert service.world.records[0].shown == {"name": "laptop", "url": URL, "found_in": "commit", "by": "github"}


def test_other_keys_keep_working(service: Service) -> None:
    logged_in = service.person()
    leaked, other = service.key(logged_in, "a"), service.key(logged_in, "b")

    send(service, match(leaked.plaintext))

    assert (works(service, leaked), works(service, other)) == (False, True)
    assert service.world.users[logged_in.session.user_id].api_keys == {other.api_key.digest}


def test_nothing_stores_the_key(service: Service) -> None:
    key = a_key(service)
    send(service, match(key.plaintext))

    assert key.plaintext not in f"{service.world}{service.outbox}"


def test_a_report_that_comes_again_changes_nothing(service: Service) -> None:
    """Neither another email nor another record; the answer is the same (KX-05)."""
    report = GITHUB.report(match(a_key(service).plaintext), match("nothing"))
    first = service.leak_reports.receive(report, SENDER, NOW)
    records, queued = list(service.world.records), list(service.outbox.messages)

    again = [service.leak_reports.receive(report, SENDER, later(minutes=minutes)) for minutes in (0, 5, 10**6)]

    assert again == [first] * 3
    assert (service.world.records, service.outbox.messages, service.world.tokens) == (records, queued, {})


def test_a_key_that_never_existed_is_answered_alike(service: Service) -> None:
    """The answer says nothing about accounts."""
    known = a_key(service).plaintext

    def answer(token: str) -> list[tuple[str, str]]:
        return [(it.type, it.label) for it in send(service, match(token))]

    assert answer(known) == answer(UNKNOWN) == answer(known)
    assert len(service.outbox.messages) == 1


@pytest.mark.parametrize("token", [UNKNOWN, UNKNOWN[:-1] + "0", "", "comfyui-"])
def test_a_key_that_does_not_exist_writes_nothing(service: Service, token: str) -> None:
    send(service, match(token))

    world = service.world
    assert (world.records, world.tokens, world.users, service.outbox.messages) == ([], {}, {}, [])


def test_a_wrong_checksum_is_refused_without_a_read(service: Service) -> None:
    key = a_key(service)
    service.world.reads.clear()
    send(service, match(key.plaintext[:-1] + ("0" if key.plaintext[-1] != "0" else "1")))

    assert works(service, key)
    assert key.api_key.digest not in service.world.reads


def forged(report: SignedReport, **changes: Any) -> SignedReport:
    values = {"key_identifier": report.key_identifier, "signature": report.signature, "body": report.body}
    return SignedReport(**values | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"key_identifier": ""},
        {"key_identifier": "made-up"},
        {"key_identifier": "retired"},
        {"key_identifier": "a" * 129},
        {"signature": b""},
        {"signature": b"0" * 70},
        {"body": b""},
        {"body": b"[]"},
        {"body": b"not JSON"},
        {"signature": RETIRED.signature(b"[]"), "body": b"[]"},
        {"signature": RETIRED.signature(b"[]"), "body": b"[]", "key_identifier": "retired"},
    ],
)
def test_a_report_without_a_good_signature_does_nothing(service: Service, changes: dict[str, Any]) -> None:
    """Whatever its body is (KX-04)."""
    key = a_key(service)
    with pytest.raises(InvalidSignature):
        service.leak_reports.receive(forged(GITHUB.report(match(key.plaintext)), **changes), SENDER, NOW)

    assert works(service, key)
    assert (service.world.records, service.outbox.messages) == ([], [])


def test_a_signed_report_with_another_body_is_malformed(service: Service) -> None:
    with pytest.raises(MalformedRequest):
        service.leak_reports.receive(GITHUB.report(body=b'{"token": "t"}'), SENDER, NOW)


def test_a_flood_without_a_signature_is_counted_nowhere(service: Service) -> None:
    """It reads and writes what one report does: refusing it must stay cheaper than sending it."""
    for number in range(200):
        with pytest.raises(InvalidSignature):
            service.leak_reports.receive(SignedReport(f"made-up-{number}", b"0" * 70, b"[]"), SENDER, NOW)

    assert (len(service.world.counters), service.document_fetcher.fetched) == (1, [scanner_keys.URL])


def test_signed_reports_are_limited_by_source(service: Service) -> None:
    """A report that someone recorded cannot be repeated forever. Others are not concerned."""
    key, report = a_key(service), GITHUB.report()
    for _ in range(LEAK_REPORTS_PER_ADDRESS_PER_MINUTE):
        assert service.leak_reports.receive(report, SENDER, NOW) == []
    with pytest.raises(TooManyAttempts):
        send(service, match(key.plaintext))
    assert works(service, key)

    service.leak_reports.receive(GITHUB.report(match(key.plaintext)), OWNER, NOW)
    assert not works(service, key)


def test_a_key_is_dead_when_the_email_cannot_be_queued(service: Service) -> None:
    """The report should come again, and then the email is sent, once (KX-06)."""
    key = a_key(service)
    report = GITHUB.report(match(key.plaintext, URL))
    service.outbox.down = True
    for now in (NOW, later(minutes=1)):
        with pytest.raises(Unavailable):
            service.leak_reports.receive(report, SENDER, now)
    assert (works(service, key), len(service.world.records)) == (False, 1)
    service.outbox.down = False

    for now in (later(minutes=2), later(minutes=3)):
        service.leak_reports.receive(report, SENDER, now)
    assert service.outbox.messages == [messages.ApiKeyLeaked(key.api_key.user_id, "laptop", URL, "commit")]


def test_a_program_is_named_in_the_services_own_words(service: Service) -> None:
    """The program that used the key may be an attacker's."""
    key = a_key(service)
    attack = Caller(OWNER.source, "Log in at https://evil.example")
    service.api_keys.touch(key.api_key.digest, attack, NOW)

    send(service, match(key.plaintext, URL, "commit"))

    used = NOW.isoformat(), user_agents.UNKNOWN, OWNER.source
    assert service.outbox.messages == [messages.ApiKeyLeaked(key.api_key.user_id, "laptop", URL, "commit", *used)]


def test_an_email_that_an_earlier_version_owed_is_sent(service: Service) -> None:
    """It did not keep with which program the key was used."""
    key = a_key(service)
    data = {"name": "laptop", "url": URL, "found_in": "commit", "last_used": ""}
    ends = later(days=7)
    owed = OneTimeToken(LEAK_NOTICE, key.api_key.digest, key.api_key.user_id, NOW, ends, data)
    service.world.tokens[owed.key] = owed
    del service.world.api_keys[key.api_key.digest]

    send(service, match(key.plaintext, URL, "commit"))

    assert service.outbox.messages == [messages.ApiKeyLeaked(key.api_key.user_id, "laptop", URL, "commit")]


def test_an_email_that_is_a_week_late_is_not_sent(service: Service) -> None:
    """TTL may not have deleted it yet."""
    report = GITHUB.report(match(a_key(service).plaintext))
    service.outbox.down = True
    with pytest.raises(Unavailable):
        service.leak_reports.receive(report, SENDER, NOW)
    service.outbox.down = False

    service.leak_reports.receive(report, SENDER, later(days=7))
    assert service.outbox.messages == []


def test_a_note_that_cannot_be_deleted_costs_a_second_email(service: Service) -> None:
    """Rather two than none."""
    report = GITHUB.report(match(a_key(service).plaintext))
    service.interposed = Busy(service, Discard)
    service.leak_reports.receive(report, SENDER, NOW)
    service.interposed = None
    service.leak_reports.receive(report, SENDER, NOW)

    assert (len(service.outbox.messages), len(service.world.ignored)) == (2, 1)


def test_a_failure_at_one_key_spares_no_other(service: Service) -> None:
    logged_in = service.person()
    first, second = service.key(logged_in, "first"), service.key(logged_in, "second")

    class Stuck:
        def commit(self, *changes: Any) -> None:
            if any(isinstance(it, api_keys.Remove) and it.digest == first.api_key.digest for it in changes):
                raise Unavailable
            service.world.commit(*changes)

    service.interposed = Stuck()
    with pytest.raises(Unavailable):
        send(service, match(first.plaintext), match(second.plaintext))

    assert (works(service, first), works(service, second)) == (True, False)


@pytest.mark.parametrize("way", ["delete", "disable", "close"])
def test_a_key_that_ends_at_the_same_moment_ends_once(service: Service, way: str) -> None:
    """Its owner, or an operator, was faster: no email, no record of a leak."""
    logged_in = service.person()
    key = service.key(logged_in)
    user_id = logged_in.session.user_id
    endings = {
        "delete": lambda: service.key_deletion.delete(cookie(logged_in), key.api_key.digest, OWNER, NOW),
        "disable": lambda: service.account_disabling.disable(operator_request(user_id), NOW),
        "close": lambda: service.account_closing.close(cookie(logged_in), OWNER, NOW),
    }

    def ending() -> None:
        service.interposed = None
        endings[way]()

    service.outbox.messages.clear()
    service.interposed = Interleaved(service.world, ending)
    send(service, match(key.plaintext))

    assert not works(service, key)
    assert "authn_token_leaked" not in [it.event for it in service.world.records]
    assert [it for it in service.outbox.messages if isinstance(it, messages.ApiKeyLeaked)] == []


def test_a_key_that_its_account_does_not_list_ends_too(service: Service) -> None:
    """After a restore, it would work all the same."""
    key = a_key(service)
    service.world.commit(held_keys.DropKey(key.api_key.user_id, key.api_key.digest))
    assert works(service, key)

    send(service, match(key.plaintext))

    assert (works(service, key), len(service.outbox.messages), len(service.world.records)) == (False, 1, 1)


def test_an_expired_key_needs_no_email(service: Service) -> None:
    """It has stopped working already."""
    key = a_key(service)
    expired = replace(key.api_key, expires_at=NOW)
    service.world.api_keys[expired.digest] = expired
    send(service, match(key.plaintext))

    assert (service.outbox.messages, service.world.records) == ([], [])


def test_all_keys_of_an_account_are_emailed(service: Service) -> None:
    """A file with all of them leaked: each has a name of its own."""
    logged_in = service.person()
    keys = [service.key(logged_in, f"key {number}") for number in range(KEY_NOTICES_PER_HOUR)]
    service.outbox.messages.clear()
    send(service, *(match(key.plaintext) for key in keys))

    assert {service.mailing.deliver(it, NOW) for it in service.outbox.messages} == {"sent"}
    assert {it.values["name"] for it in service.postman.mails} == {f"key {number}" for number in range(25)}


@pytest.mark.parametrize(("source", "place"), [("Gist_content", "gist_content"), ("elsewhere", "elsewhere")])
def test_the_email_says_where_and_what_for(service: Service, source: str, place: str) -> None:
    key = a_key(service)
    used = works(service, key)
    send(service, match(key.plaintext, URL, source))

    (message,) = service.outbox.messages
    service.mailing.deliver(message, NOW)
    (mail,) = service.postman.mails
    values = {"name": "laptop", "url": URL, "found_in": place, "last_used": NOW}
    values |= {"used_with": user_agents.UNKNOWN, "used_from": OWNER.source}
    assert (used, mail.template, mail.values) == (
        True,
        "api_key_leaked",
        values | {"site_url": mail.site_url, "greeted": "Olive"},
    )


def test_the_email_says_that_a_key_was_never_used(service: Service) -> None:
    key = a_key(service)
    assert secrets.digest(key.plaintext) == key.api_key.digest
    send(service, match(key.plaintext, "some_url", "commit"))
    service.mailing.deliver(service.outbox.messages[0], NOW)

    values = service.postman.mails[0].values
    assert (values["last_used"], values["url"]) == (None, "")


def test_a_failure_of_the_database_leaves_the_key_to_the_next_report(service: Service) -> None:
    key = a_key(service)
    service.leak_reports.receive(GITHUB.report(), SENDER, NOW)
    service.world.down = True
    with pytest.raises(AccountsError) as failure:
        send(service, match(key.plaintext))
    service.world.down = False

    assert isinstance(failure.value, Unavailable)
    assert works(service, key)
