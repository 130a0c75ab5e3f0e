"""A program logs out with one of its tokens."""

import pytest

from accounts.errors import Unavailable
from accounts.model.access_tokens import AccessToken
from accounts.model.audit import Record
from tests.unit.accounts.flows.clients.stage import (
    CLIENT,
    NO_TOKEN,
    OTHER_CLIENT,
    PROGRAM,
    browser_refresh_token,
    halves,
    logged_in,
    programs,
    recorded,
    refreshed,
    stored,
)
from tests.unit.accounts.stage import NOW, Interleaved, Service, held, later

ACCESS = "header.claims.signature"


def signed_for(service: Service, user_id: str, session: str, text: str = ACCESS) -> str:
    """An access token of the session."""
    service.access_tokens.said[text] = AccessToken(user_id, CLIENT, session)
    return text


@pytest.mark.parametrize("kind", ["refresh", "access"])
def test_either_token_ends_the_session(service: Service, kind: str) -> None:
    """The whole session, and no other one of the account (RFC 7009 2.1)."""
    owner = service.person()
    revoked, other = (logged_in(service, owner).refresh_token for _ in range(2))
    session, user_id = halves(revoked)[0], owner.session.user_id
    token = revoked if kind == "refresh" else signed_for(service, user_id, session)
    service.world.records.clear()

    assert service.token_revocation.revoke(token, CLIENT, PROGRAM, later(minutes=1)) == user_id
    assert held(service, owner) == {owner.session.digest, halves(other)[0]}
    detail = {"session": session}
    assert recorded(service) == [Record(user_id, "session_revoked", later(minutes=1), PROGRAM, detail, "")]


def test_a_refresh_token_that_was_exchanged_ends_the_session_too(service: Service) -> None:
    """A client that lost an answer has no other."""
    owner = service.person()
    old = logged_in(service, owner).refresh_token
    refreshed(service, old)

    assert service.token_revocation.revoke(old, CLIENT, PROGRAM, later(days=1)) == owner.session.user_id
    assert programs(service) == []


def test_an_expired_session_can_be_ended(service: Service) -> None:
    """It may still be stored."""
    owner = service.person()
    token = logged_in(service, owner).refresh_token

    assert service.token_revocation.revoke(token, CLIENT, PROGRAM, later(days=30)) == owner.session.user_id
    assert programs(service) == []


@pytest.mark.parametrize("kind", ["refresh", "access"])
def test_a_token_of_another_client_ends_nothing(service: Service, kind: str) -> None:
    owner = service.person()
    refresh = logged_in(service, owner).refresh_token
    token = refresh if kind == "refresh" else signed_for(service, owner.session.user_id, halves(refresh)[0])
    before = stored(service)

    assert service.token_revocation.revoke(token, OTHER_CLIENT, PROGRAM, NOW) == ""
    assert stored(service) == before


def test_the_session_of_a_browser_is_not_ended(service: Service) -> None:
    """By neither kind of token (ASVS 9.2.2)."""
    owner = service.person()
    access = signed_for(service, owner.session.user_id, owner.session.digest)
    before = stored(service)

    for token in (browser_refresh_token(owner), access, owner.token):
        assert service.token_revocation.revoke(token, CLIENT, PROGRAM, NOW) == ""
    assert stored(service) == before


@pytest.mark.parametrize("token", [f"{NO_TOKEN}.{NO_TOKEN}", "unknown.access.token", "", "x", NO_TOKEN])
def test_an_unknown_token_is_not_an_error(service: Service, token: str) -> None:
    """RFC 7009 2.2."""
    owner = service.person()
    logged_in(service, owner)
    before = stored(service)

    assert service.token_revocation.revoke(token, CLIENT, PROGRAM, NOW) == ""
    assert stored(service) == before


@pytest.mark.parametrize("text", ["header.claims", "a.header.claims.signature"])
def test_only_text_of_three_parts_is_read_as_an_access_token(service: Service, text: str) -> None:
    """RFC 7515 7.1."""
    owner = service.person()
    session, _ = halves(logged_in(service, owner).refresh_token)
    token = signed_for(service, owner.session.user_id, session, text)

    assert service.token_revocation.revoke(token, CLIENT, PROGRAM, NOW) == ""
    assert [it.digest for it in programs(service)] == [session]


def test_the_access_token_of_an_ended_session_ends_nothing(service: Service) -> None:
    owner = service.person()
    token = logged_in(service, owner).refresh_token
    access = signed_for(service, owner.session.user_id, halves(token)[0])
    service.token_revocation.revoke(token, CLIENT, PROGRAM, NOW)
    before = stored(service)

    for again in (token, access):
        assert service.token_revocation.revoke(again, CLIENT, PROGRAM, NOW) == ""
    assert stored(service) == before


def test_a_session_that_ends_concurrently_is_ended_once(service: Service) -> None:
    """That is not an error, and one record is written."""
    owner = service.person()
    token = logged_in(service, owner).refresh_token
    rival = Service(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.token_revocation.revoke(token, CLIENT, PROGRAM, NOW))

    assert service.token_revocation.revoke(token, CLIENT, PROGRAM, NOW) == owner.session.user_id
    assert [it.event for it in recorded(service)] == ["authn_login_success", "session_revoked"]


def test_an_outage_is_not_taken_for_an_unknown_token(service: Service) -> None:
    """The client would forget a token that still works (RFC 7009 2.2.1)."""
    owner = service.person()
    token = logged_in(service, owner).refresh_token
    service.world.down = True

    with pytest.raises(Unavailable):
        service.token_revocation.revoke(token, CLIENT, PROGRAM, NOW)
    assert len(programs(service)) == 1
