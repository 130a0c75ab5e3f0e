"""Clients that a document describes, from the question to the end of their sessions (SF-04, SF-05)."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from accounts import secrets
from accounts.authorization_server.authorization import AuthorizationEndpoint
from accounts.errors import (
    AccountsError,
    ClientChanged,
    ClientDocumentRefused,
    InvalidClient,
    InvalidGrant,
    RedirectNotAllowed,
    TooManyAttempts,
    Unavailable,
    UnknownClient,
)
from accounts.flows.clients.client_consent import Seen, Shown
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.clients.device_consent import DeviceQuestion
from accounts.flows.people.session_opening import LoggedIn
from accounts.model import client_documents, clients
from accounts.model.audit import Caller
from accounts.model.client_documents import DEVICE_CODE, Fetched
from accounts.model.clients import Client
from accounts.model.consents import ALLOW, DENY
from accounts.model.device_codes import Codes
from tests.unit.accounts.flows.clients.stage import CHALLENGE, DEVICE, PROGRAM, VERIFIER, halves, query, stored
from tests.unit.accounts.stage import NOW, OWNER, STRANGER, Service, cookie, later

URL = "https://client.example.com/oauth/client.json"
BACK = "https://client.example.com/back"
LOOPBACK = "http://127.0.0.1:49152/callback"
ASKED = {
    "response_type": "code",
    "client_id": URL,
    "redirect_uri": BACK,
    "scope": "account",
    "state": "the state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


def publish(service: Service, seconds: int | None = 60, url: str = URL, **fields: Any) -> None:
    """Put the document at its URL."""
    said = {
        "client_id": url,
        "client_name": "A client",
        "redirect_uris": [BACK, "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", DEVICE_CODE],
    } | fields
    service.document_fetcher.internet[url] = Fetched(json.dumps(said), seconds)


def shown(service: Service, owner: LoggedIn | None, now: datetime = NOW, **changes: str) -> Shown:
    session = owner.session if owner else None
    return service.authorization_endpoint.shown(ASKED | changes, session, OWNER, now)


def seen(service: Service, owner: LoggedIn, now: datetime = NOW, **changes: str) -> Seen:
    """What the owner sees on the page."""
    question = shown(service, owner, now, **changes).question
    assert question is not None
    return Seen(owner.session.user_id, question.client.fingerprint, NOW)


def answered(
    service: Service, owner: LoggedIn, page: Seen, now: datetime = NOW, decision: str = ALLOW, **changes: str
) -> dict[str, str]:
    """The answer to the client, after the owner's click."""
    found = service.authorization_endpoint.answered(ASKED | changes, decision, page, owner.session, OWNER, now)
    return query(found.redirect_to)


def code_for(service: Service, owner: LoggedIn, now: datetime = NOW) -> str:
    return answered(service, owner, seen(service, owner, now), now)["code"]


def exchanged(service: Service, code: str, now: datetime = NOW, **changes: str) -> Tokens:
    form = {"grant_type": "authorization_code", "client_id": URL, "code": code, "code_verifier": VERIFIER}
    return service.token_endpoint.tokens(form | {"redirect_uri": BACK} | changes, PROGRAM, now)


def logged_in(service: Service, owner: LoggedIn) -> Tokens:
    return exchanged(service, code_for(service, owner))


def codes(service: Service, url: str = URL) -> Codes:
    """The codes of a device."""
    return service.device_endpoint.codes({"client_id": url}, DEVICE, NOW)


def entered(service: Service, found: Codes, owner: LoggedIn, now: datetime = NOW) -> DeviceQuestion:
    return service.device_consent.question(found.user_code, owner.session, OWNER, now)


def polled(service: Service, found: Codes, now: datetime = NOW) -> Tokens:
    form = {"grant_type": DEVICE_CODE, "client_id": URL, "device_code": found.device_code}
    return service.token_endpoint.tokens(form, DEVICE, now)


def fetched(service: Service) -> list[str]:
    return service.document_fetcher.fetched


def refusal(step: Callable[[], object]) -> AccountsError:
    with pytest.raises(AccountsError) as refused:
        step()
    return refused.value


@pytest.mark.parametrize("redirect_uri", [BACK, LOOPBACK])
def test_a_client_logs_in_as_its_document_says(service: Service, redirect_uri: str) -> None:
    publish(service)
    owner = service.person()
    page = shown(service, owner, redirect_uri=redirect_uri)
    assert page.question is not None
    client = page.question.client
    assert (client.name, client.claim, client.host) == ("client.example.com", "A client", "client.example.com")

    code = answered(service, owner, Seen(owner.session.user_id, client.fingerprint, NOW), redirect_uri=redirect_uri)[
        "code"
    ]
    tokens = exchanged(service, code, redirect_uri=redirect_uri)

    assert service.world.sessions[halves(tokens.refresh_token)[0]].client_id == URL
    assert fetched(service) == [URL]


def test_without_a_session_nothing_is_fetched(service: Service) -> None:
    """Otherwise everyone could make the service send requests. The page asks for a login."""
    publish(service)

    assert shown(service, None) == Shown(None, None)
    assert shown(service, None, redirect_uri="https://evil.example/") == Shown(None, None)
    assert fetched(service) == []


def test_the_token_endpoint_fetches_nothing_for_a_stranger(service: Service) -> None:
    """Only for a code that is valid, with its verifier."""
    publish(service)
    owner = service.person()
    code = code_for(service, owner)
    tokens = logged_in(service, owner)
    service.world.documents.clear()
    fetched(service).clear()
    form = {"client_id": URL, "grant_type": "refresh_token", "refresh_token": "x" * 87}

    for step in (
        lambda: exchanged(service, "x" * 43),
        lambda: exchanged(service, code, code_verifier="x" * 43),
        lambda: exchanged(service, code, redirect_uri=LOOPBACK),
        lambda: exchanged(service, code, client_id="https://client.example.com/other.json"),
        lambda: service.token_endpoint.tokens(form, PROGRAM, NOW),
    ):
        assert isinstance(refusal(step), InvalidGrant)
    codes(service)
    service.revocation_endpoint.revoke({"client_id": URL, "token": tokens.refresh_token}, PROGRAM, NOW)
    assert fetched(service) == []


@pytest.mark.parametrize(
    "redirect_uri", ["https://evil.example/back", "https://client.example.com/other", "http://127.0.0.1/other", ""]
)
def test_the_browser_is_not_redirected_to_an_address_that_is_not_in_the_document(
    service: Service, redirect_uri: str
) -> None:
    publish(service, redirect_uris=[BACK, "https://evil.example/back", "http://127.0.0.1/callback"])
    owner = service.person()
    page = seen(service, owner)
    for step in (
        lambda: shown(service, owner, redirect_uri=redirect_uri),
        lambda: answered(service, owner, page, redirect_uri=redirect_uri),
    ):
        assert isinstance(refusal(step), RedirectNotAllowed)


def test_a_document_that_cannot_be_used_is_refused_to_the_page(service: Service) -> None:
    """Nothing is issued, and nothing is kept: a repaired document works at once (draft 5.2)."""
    owner = service.person()
    before = stored(service)
    publish(service, client_id="https://client.example.com/other.json")
    assert isinstance(refusal(lambda: shown(service, owner)), ClientDocumentRefused)
    service.document_fetcher.internet[URL] = client_documents.refused("slow")
    message = refusal(lambda: shown(service, owner)).message
    assert message == "The program's description cannot be used: its address did not answer in time."
    assert stored(service) == before
    assert service.world.documents == {}

    publish(service)
    assert shown(service, owner).question is not None


def test_a_failure_of_the_fetching_function_is_not_the_clients(service: Service) -> None:
    service.document_fetcher.internet[URL] = Unavailable()
    owner = service.person()
    assert isinstance(refusal(lambda: shown(service, owner)), Unavailable)


def test_a_document_without_the_grant_is_refused(service: Service) -> None:
    """RFC 7591 2. A device needs to be listed, as nothing else proves that it is the host's."""
    owner = service.person()
    publish(service, grant_types=[DEVICE_CODE])
    assert isinstance(refusal(lambda: shown(service, owner)), ClientDocumentRefused)
    service.world.documents.clear()

    publish(service, grant_types=["authorization_code"])
    assert isinstance(refusal(lambda: entered(service, codes(service), owner)), ClientDocumentRefused)


def test_a_copy_is_used_while_it_is_fresh(service: Service) -> None:
    """To the microsecond; by everyone."""
    publish(service, 90)
    owner, other = service.person(), service.person("other@example.com")
    for who, now in ((owner, NOW), (other, later(seconds=90, microseconds=-1))):
        shown(service, who, now)
    assert fetched(service) == [URL]

    shown(service, owner, later(seconds=90))
    assert fetched(service) == [URL, URL]


@pytest.mark.parametrize(
    "change",
    [
        {"client_name": "Another"},
        {"redirect_uris": [BACK]},
        {"grant_types": ["authorization_code"]},
    ],
)
def test_a_description_that_changes_before_the_answer_is_refused(service: Service, change: dict[str, Any]) -> None:
    """Allowed or denied: the page shows the new one, and the owner answers that."""
    publish(service)
    owner = service.person()
    page = seen(service, owner)
    before = stored(service)
    publish(service, **change)

    for decision in (ALLOW, DENY):
        step = lambda: answered(service, owner, page, later(seconds=60), decision)  # noqa: B023, E731 - called at once
        assert isinstance(refusal(step), ClientChanged)
    assert stored(service) == before
    assert "code" in answered(service, owner, seen(service, owner, later(seconds=60)), later(seconds=60))


def test_an_answer_must_name_the_description(service: Service) -> None:
    publish(service)
    owner = service.person()
    for fingerprint in ("", secrets.digest("another")):
        page = Seen(owner.session.user_id, fingerprint, NOW)
        assert isinstance(refusal(lambda: answered(service, owner, page)), ClientChanged)  # noqa: B023


@pytest.mark.parametrize("change", [{"client_name": "Another"}, {"redirect_uris": []}, {"client_id": "x"}])
def test_a_description_that_changes_after_the_answer_gets_no_tokens(service: Service, change: dict[str, Any]) -> None:
    """The message says so. The code stays, and expires."""
    publish(service)
    owner = service.person()
    code = code_for(service, owner)
    before = stored(service)
    publish(service, **change)
    service.world.documents.clear()

    refused = refusal(lambda: exchanged(service, code, later(seconds=59)))
    assert isinstance(refused, InvalidGrant)
    assert "description" in refused.message
    assert stored(service) == before


def test_a_document_that_cannot_be_fetched_again_gets_no_tokens(service: Service) -> None:
    publish(service)
    owner = service.person()
    code = code_for(service, owner)
    service.world.documents.clear()

    service.document_fetcher.internet[URL] = Unavailable()
    assert isinstance(refusal(lambda: exchanged(service, code)), Unavailable)
    del service.document_fetcher.internet[URL]
    assert isinstance(refusal(lambda: exchanged(service, code)), InvalidGrant)
    publish(service)
    assert exchanged(service, code).user_id == owner.session.user_id


def test_a_code_works_for_the_client_that_asked_only(service: Service) -> None:
    """Another document of the same host is another client."""
    other = "https://client.example.com/other.json"
    publish(service)
    publish(service, url=other)
    code = code_for(service, service.person())

    for client_id in (other, "comfy-cli"):
        assert isinstance(refusal(lambda: exchanged(service, code, client_id=client_id)), InvalidGrant)  # noqa: B023
    assert exchanged(service, code).scope == "account"


def test_a_refresh_needs_no_document(service: Service) -> None:
    """Its host cannot watch its users, and an outage there logs no one out."""
    publish(service)
    tokens = logged_in(service, service.person())
    service.document_fetcher.internet.clear()
    service.world.documents.clear()
    form = {"grant_type": "refresh_token", "client_id": URL, "refresh_token": tokens.refresh_token}

    assert service.token_endpoint.tokens(form, PROGRAM, later(days=1)).scope == "account"
    assert len(fetched(service)) == 1


def test_a_host_that_the_operator_excludes_gets_no_more_tokens(service: Service) -> None:
    """Neither for new consents, nor for codes and sessions of before."""
    publish(service)
    owner = service.person()
    tokens, code, device = logged_in(service, owner), code_for(service, owner), codes(service)
    service.clients = clients.load(hosts="off")
    for name in ("client_login", "device_consent", "authorization_endpoint", "token_endpoint", "device_endpoint"):
        service.__dict__.pop(name, None)
    form = {"grant_type": "refresh_token", "client_id": URL, "refresh_token": tokens.refresh_token}

    assert isinstance(refusal(lambda: shown(service, owner)), UnknownClient)
    assert isinstance(refusal(lambda: exchanged(service, code)), InvalidClient)
    assert isinstance(refusal(lambda: service.token_endpoint.tokens(form, PROGRAM, NOW)), InvalidClient)
    assert isinstance(refusal(lambda: codes(service)), InvalidClient)
    assert isinstance(refusal(lambda: entered(service, device, owner)), UnknownClient)


def test_a_device_logs_in_as_its_document_says(service: Service) -> None:
    """The document is fetched when the owner enters the code, not when a device asks, as anyone can."""
    publish(service)
    owner, found = service.person(), codes(service)
    assert fetched(service) == []
    question = entered(service, found, owner)
    assert (question.client.name, question.client.claim) == ("client.example.com", "A client")

    shown_as = question.client.fingerprint
    service.device_consent.answer(found.user_code, ALLOW, owner.session, OWNER, NOW, shown_as)
    assert service.world.sessions[halves(polled(service, found).refresh_token)[0]].client_id == URL


def test_a_devices_description_that_changes_is_refused(service: Service) -> None:
    """Before the answer, which leaves the code, and before the tokens."""
    publish(service)
    owner, found = service.person(), codes(service)
    old = entered(service, found, owner).client.fingerprint
    publish(service, client_name="Another")
    service.world.documents.clear()

    def allow(fingerprint: str) -> None:
        service.device_consent.answer(found.user_code, ALLOW, owner.session, OWNER, NOW, fingerprint)

    assert isinstance(refusal(lambda: allow(old)), ClientChanged)
    allow(entered(service, found, owner).client.fingerprint)
    publish(service)
    service.world.documents.clear()
    assert isinstance(refusal(lambda: polled(service, found)), InvalidGrant)


def test_a_device_whose_document_is_gone_can_be_denied(service: Service) -> None:
    publish(service)
    owner, found = service.person(), codes(service)
    entered(service, found, owner)
    service.document_fetcher.internet.clear()
    service.world.documents.clear()

    service.device_consent.answer(found.user_code, DENY, owner.session, OWNER, NOW)
    assert refusal(lambda: polled(service, found)).code == "access_denied"


def _ask(service: Service, owner: LoggedIn, url: str, caller: Caller = OWNER, now: datetime = NOW) -> Shown:
    return service.authorization_endpoint.shown(ASKED | {"client_id": url}, owner.session, caller, now)


def _try(service: Service, owner: LoggedIn, host: str, path: str, caller: Caller = OWNER) -> type[AccountsError]:
    url = f"https://{host}/{path}"
    return type(refusal(lambda: _ask(service, owner, url, caller)))


def test_fetches_are_limited_by_account(service: Service) -> None:
    """Twenty a minute; copies are not counted."""
    publish(service)
    owner, other = service.person(), service.person("other@example.com")
    _ask(service, owner, URL)
    tried = [_try(service, owner, f"h{i}.example.com", "c") for i in range(20)]
    assert tried == [ClientDocumentRefused] * 19 + [TooManyAttempts]

    assert len(fetched(service)) == 20
    assert _ask(service, owner, URL).question is not None
    assert _try(service, other, "h.example.com", "c") is ClientDocumentRefused


def test_fetches_are_limited_by_source(service: Service) -> None:
    """Sixty a minute, whichever accounts ask."""
    owners = [service.person(f"o{i}@example.com") for i in range(4)]
    tried = [_try(service, owners[i % 4], f"h{i}.example.com", "c") for i in range(61)]
    assert tried == [ClientDocumentRefused] * 60 + [TooManyAttempts]
    assert _try(service, owners[0], "h.example.com", "c", STRANGER) is ClientDocumentRefused


def test_fetches_are_limited_by_host(service: Service) -> None:
    """Sixty a minute from everywhere, so that the service cannot be used to flood another site."""
    owners = [service.person(f"o{i}@example.com") for i in range(4)]
    callers = [Caller(f"192.0.2.{i}", "") for i in range(4)]
    tried = [_try(service, owners[i % 4], "victim.example", str(i), callers[i % 4]) for i in range(61)]
    assert tried == [ClientDocumentRefused] * 60 + [TooManyAttempts]
    assert _try(service, owners[1], "other.example", "c", callers[1]) is ClientDocumentRefused


def test_a_flood_of_made_up_addresses_does_not_stop_a_known_client(service: Service) -> None:
    """A document that was seen before has a limit of its own: ten a minute."""
    publish(service)
    owner = service.person()
    _ask(service, owner, URL)
    others = [service.person(f"o{i}@example.com") for i in range(4)]
    now = later(seconds=60)
    for i in range(60):
        url, caller = f"https://client.example.com/{i}", Caller(f"192.0.2.{i}", "")
        refusal(lambda: _ask(service, others[i % 4], url, caller, now))  # noqa: B023
    fresh = Caller("198.51.100.99", "")
    late = refusal(lambda: _ask(service, others[0], "https://client.example.com/new", fresh, now))
    assert isinstance(late, TooManyAttempts)

    assert _ask(service, owner, URL, now=now).question is not None
    service.document_fetcher.internet[URL] = client_documents.refused("status")
    again = later(seconds=120)
    tried = [type(refusal(lambda: _ask(service, owner, URL, now=again))) for _ in range(11)]
    assert tried == [ClientDocumentRefused] * 10 + [TooManyAttempts]


def test_the_owner_is_told_which_host_logged_in(service: Service) -> None:
    """Not the name that the document claims."""
    publish(service, client_name="Comfy CLI")
    logged_in(service, service.person())

    assert [it.client for it in service.outbox.messages if hasattr(it, "client")] == ["client.example.com"]


def test_a_clients_session_ends_like_any_other(service: Service) -> None:
    publish(service)
    owner = service.person()
    tokens = logged_in(service, owner)
    service.logout_everywhere.everywhere(cookie(owner), OWNER, NOW)
    form = {"grant_type": "refresh_token", "client_id": URL, "refresh_token": tokens.refresh_token}

    assert isinstance(refusal(lambda: service.token_endpoint.tokens(form, PROGRAM, NOW)), InvalidGrant)


def test_a_configured_client_needs_no_document(service: Service) -> None:
    client = Client("comfy-cli", "Comfy CLI")
    endpoint: AuthorizationEndpoint = service.authorization_endpoint

    assert service.client_descriptions.of(client, "authorization_code", "", OWNER, NOW) is client
    assert endpoint.shown({"client_id": "comfy-cli", **ASKED, "redirect_uri": LOOPBACK}, None, OWNER, NOW)
    assert fetched(service) == []
