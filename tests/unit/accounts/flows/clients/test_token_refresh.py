"""A program exchanges its refresh token for a new pair, each token once."""

from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta

import pytest

from accounts import secrets
from accounts.errors import GrantReused, InvalidGrant, TooManyAttempts, Unavailable
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import (
    BAD_GRANTS_PER_ADDRESS_PER_MINUTE,
    REFRESHES_PER_SESSION_PER_MINUTE,
    SIGNATURES_PER_ACCOUNT_PER_MINUTE,
)
from accounts.model import users
from accounts.transactions import TRIES
from tests.unit.accounts.flows.clients.stage import (
    NO_TOKEN,
    PROGRAM,
    Refusing,
    browser_refresh_token,
    codes,
    counters,
    halves,
    logged_in,
    programs,
    recorded,
    refreshed,
    reuse_record,
    stored,
)
from tests.unit.accounts.stage import NOW, OWNER, Interleaved, Service, cookie, held, later

BAD_GRANT = f"bad-grant#{PROGRAM.source}#60"


def test_a_refresh_token_finds_its_session(service: Service) -> None:
    """The current one, one that was exchanged and one that never existed: ``exchange`` tells them apart."""
    owner = service.person()
    old = logged_in(service, owner).refresh_token
    new = refreshed(service, old).refresh_token
    invented = f"{old.partition('.')[0]}.{NO_TOKEN}"
    service.world.counters.clear()

    found = [service.token_refresh.find(token, PROGRAM, NOW) for token in (old, new, invented)]
    assert found == programs(service) * 3
    assert counters(service) == {}


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        NO_TOKEN,
        f"{NO_TOKEN}.",
        f".{NO_TOKEN}",
        f"{NO_TOKEN}.{NO_TOKEN}x",
        f"{NO_TOKEN}.{NO_TOKEN}\n",
        f"x{NO_TOKEN}.{NO_TOKEN}",
        f"{NO_TOKEN}.{NO_TOKEN}.{NO_TOKEN}",
    ],
)
def test_text_that_cannot_be_a_refresh_token_is_not_looked_up(service: Service, token: str) -> None:
    with pytest.raises(InvalidGrant):
        service.token_refresh.find(token, PROGRAM, NOW)

    assert (service.world.reads, counters(service)) == ([], {})


def test_a_source_presents_sixty_unknown_refresh_tokens_a_minute(service: Service) -> None:
    """One that exists still works for that source: it is looked up first."""
    known = logged_in(service, service.person()).refresh_token
    for _ in range(BAD_GRANTS_PER_ADDRESS_PER_MINUTE):
        with pytest.raises(InvalidGrant):
            service.token_refresh.find(f"{secrets.new_token()}.{NO_TOKEN}", PROGRAM, NOW)
    assert counters(service) == {BAD_GRANT: 60}

    with pytest.raises(TooManyAttempts) as refusal:
        service.token_refresh.find(f"{NO_TOKEN}.{NO_TOKEN}", PROGRAM, NOW)
    assert refusal.value.retry_after == 60
    with pytest.raises(InvalidGrant):
        service.token_refresh.find(f"{NO_TOKEN}.{NO_TOKEN}", OWNER, NOW)
    assert refreshed(service, known)


def test_the_session_of_a_browser_is_not_refreshed(service: Service) -> None:
    """Not even with a device code or the id of a program's session, which other services know (ASVS 9.2.2)."""
    owner = service.person()
    session, _ = halves(logged_in(service, owner).refresh_token)
    device_code = codes(service).device_code
    service.world.counters.clear()
    before = stored(service)

    for token in (browser_refresh_token(owner), f"{device_code}.{device_code}"):
        with pytest.raises(InvalidGrant):
            service.token_refresh.find(token, PROGRAM, NOW)
    with pytest.raises(InvalidGrant):
        service.token_refresh.find(f"{session}.{NO_TOKEN}", PROGRAM, NOW)
    assert stored(service) == before
    assert counters(service) == {BAD_GRANT: 2}


def test_a_program_stays_logged_in_for_seven_idle_days(service: Service) -> None:
    """To the microsecond (SE-07)."""
    token = logged_in(service, service.person()).refresh_token

    assert service.token_refresh.find(token, PROGRAM, later(days=7, microseconds=-1))
    with pytest.raises(InvalidGrant):
        service.token_refresh.find(token, PROGRAM, later(days=7))
    assert counters(service) == {BAD_GRANT: 1}


def test_a_program_stays_logged_in_for_thirty_days_in_all(service: Service) -> None:
    """To the microsecond, however often it refreshes."""
    token = logged_in(service, service.person()).refresh_token
    for days in (6, 12, 18, 24, 29):
        token = refreshed(service, token, later(days=days)).refresh_token

    assert refreshed(service, token, later(days=30, microseconds=-1))
    with pytest.raises(InvalidGrant):
        service.token_refresh.find(token, PROGRAM, later(days=30))


def test_an_exchange_rotates_the_second_half_of_the_token(service: Service) -> None:
    """The session is the same, lasts as long as before, and counts as active (RFC 9700 4.14.2)."""
    owner = service.person()
    old = logged_in(service, owner).refresh_token
    (session,), before, now = programs(service), stored(service), later(minutes=15)
    tokens = refreshed(service, old, now)

    found_by, presented = old.split(".")
    salt = service.world.sessions[session.digest].refresh_salt
    fresh = secrets.successor(presented, salt)
    rotated = replace(
        session,
        refresh=secrets.digest(fresh),
        refresh_previous=secrets.digest(presented),
        refresh_salt=salt,
        refreshed_at=now,
        last_seen_at=now,
    )
    assert secrets.is_token(salt)
    assert tokens == Tokens(session.user_id, f"signed.for.{session.digest}", f"{found_by}.{fresh}", "account")
    assert stored(service) == {**before, "sessions": {**before["sessions"], session.digest: rotated}}
    assert counters(service) == {f"refresh#{session.digest}#60": 1}
    assert service.signer.signed[-1]["iat"] == int(now.timestamp())


def test_each_exchange_has_its_own_salt(service: Service) -> None:
    token = logged_in(service, service.person()).refresh_token
    salts = set()
    for _ in range(3):
        token = refreshed(service, token).refresh_token
        salts.add(programs(service)[0].refresh_salt)

    assert len(salts) == 3


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=29), timedelta(seconds=30)])
def test_a_client_that_lost_the_answer_gets_the_same_refresh_token_again(service: Service, after: timedelta) -> None:
    """Within thirty seconds of the exchange, as often as it asks. Nothing is written."""
    old = logged_in(service, service.person()).refresh_token
    lost = refreshed(service, old, later(minutes=1))
    before = stored(service)

    again = [refreshed(service, old, later(minutes=1) + after) for _ in range(2)]
    assert again == [lost, lost]
    assert stored(service) == before
    assert refreshed(service, lost.refresh_token, later(minutes=2))


def test_a_refresh_token_that_comes_again_later_ends_the_session(service: Service) -> None:
    """One microsecond after the thirty seconds: the token was copied (SE-20)."""
    owner = service.person()
    old = logged_in(service, owner).refresh_token
    new = refreshed(service, old, later(minutes=1)).refresh_token
    session, _ = halves(old)
    service.world.records.clear()
    now = later(minutes=1, seconds=30, microseconds=1)

    with pytest.raises(GrantReused):
        refreshed(service, old, now)
    assert held(service, owner) == {owner.session.digest}
    assert recorded(service) == [reuse_record(owner, session, PROGRAM, now)]
    with pytest.raises(InvalidGrant):
        service.token_refresh.find(new, PROGRAM, now)


def test_only_the_token_before_the_last_may_come_again(service: Service) -> None:
    """An older one was copied, however little time has passed."""
    owner = service.person()
    old = logged_in(service, owner).refresh_token
    refreshed(service, refreshed(service, old).refresh_token)

    with pytest.raises(GrantReused):
        refreshed(service, old)
    assert programs(service) == []


def test_an_invented_second_half_ends_the_session(service: Service) -> None:
    """The first half is secret too: a caller that has it has had a refresh token."""
    owner = service.person()
    found_by = logged_in(service, owner).refresh_token.partition(".")[0]

    with pytest.raises(GrantReused):
        refreshed(service, f"{found_by}.{NO_TOKEN}")
    assert held(service, owner) == {owner.session.digest}


def test_a_copy_taken_within_the_grace_is_found_out_by_the_next_exchange(service: Service) -> None:
    """Owner and thief have the same token; the second one to use it ends the session for both."""
    owner = service.person()
    old = logged_in(service, owner).refresh_token
    first, second = (refreshed(service, old).refresh_token for _ in range(2))
    refreshed(service, second, later(minutes=15))

    with pytest.raises(GrantReused):
        refreshed(service, first, later(minutes=16))
    assert programs(service) == []


def test_a_session_refreshes_thirty_times_a_minute(service: Service) -> None:
    """Repeated answers count too, because each is signed (DS-02). Refused ones write nothing."""
    owner = service.person()
    old, other = (logged_in(service, owner).refresh_token for _ in range(2))
    new = refreshed(service, old).refresh_token
    for _ in range(REFRESHES_PER_SESSION_PER_MINUTE - 1):
        refreshed(service, old)
    before, signed = stored(service), len(service.signer.signed)

    for token in (old, new):
        with pytest.raises(TooManyAttempts) as refusal:
            refreshed(service, token)
        assert refusal.value.retry_after == 60
    assert (stored(service), len(service.signer.signed)) == (before, signed)
    assert refreshed(service, other)
    assert refreshed(service, new, later(seconds=60))


def test_all_programs_of_an_account_share_a_limit_of_signatures(service: Service) -> None:
    """120 a minute, codes and refreshes together; another account is not affected (DS-02)."""
    owner = service.person()
    tokens = [logged_in(service, owner).refresh_token for _ in range(5)]
    later_on = later(minutes=1)
    for number in range(SIGNATURES_PER_ACCOUNT_PER_MINUTE):
        tokens[number % 5] = refreshed(service, tokens[number % 5], later_on).refresh_token
    signed = len(service.signer.signed)

    with pytest.raises(TooManyAttempts) as refusal:
        refreshed(service, tokens[0], later_on)
    with pytest.raises(TooManyAttempts):
        logged_in(service, owner, later_on)
    assert (refusal.value.retry_after, len(service.signer.signed)) == (60, signed)
    assert refreshed(service, tokens[0], later(minutes=2))


def test_the_limit_does_not_hide_a_copied_token(service: Service) -> None:
    """The session ends although its limit is used up."""
    found_by, _ = (token := logged_in(service, service.person()).refresh_token).split(".")
    for _ in range(REFRESHES_PER_SESSION_PER_MINUTE):
        token = refreshed(service, token).refresh_token

    with pytest.raises(GrantReused):
        refreshed(service, f"{found_by}.{NO_TOKEN}")


def _disable(service: Service, owner: LoggedIn) -> None:
    service.world.user(owner.session.user_id, status=users.DISABLED)


def _delete(service: Service, owner: LoggedIn) -> None:
    del service.world.users[owner.session.user_id]


@pytest.mark.parametrize("end", [_disable, _delete])
def test_an_account_that_is_disabled_or_deleted_refreshes_nothing(
    service: Service, end: Callable[[Service, LoggedIn], None]
) -> None:
    """Its session was read before that happened."""
    owner = service.person()
    token = logged_in(service, owner).refresh_token
    end(service, owner)
    before, signed = stored(service), len(service.signer.signed)

    with pytest.raises(InvalidGrant):
        refreshed(service, token)
    assert (stored(service), len(service.signer.signed)) == (before, signed)


def test_of_two_concurrent_exchanges_both_get_the_same_refresh_token(service: Service) -> None:
    """The one that writes second reads the session again, and is then a client that lost the answer."""
    token = logged_in(service, service.person()).refresh_token
    rival, first = Service(service.world), []
    service.interposed = Interleaved(service.world, lambda: first.append(refreshed(rival, token)))

    assert refreshed(service, token) == first[0]
    assert [it.event for it in recorded(service)] == ["authn_login_success"]


def test_two_exchanges_in_between_end_the_session(service: Service) -> None:
    """Then the token is no longer the one before the last."""
    owner = service.person()
    token = logged_in(service, owner).refresh_token
    rival = Service(service.world)

    def meanwhile() -> None:
        refreshed(rival, refreshed(rival, token).refresh_token)

    service.interposed = Interleaved(service.world, meanwhile)
    with pytest.raises(GrantReused):
        refreshed(service, token)
    assert held(service, owner) == {owner.session.digest}


def test_a_session_that_ends_concurrently_is_not_refreshed(service: Service) -> None:
    """Nothing of it is written again. The token does not exist any more, so it is counted as a bad grant."""
    owner = service.person()
    token = logged_in(service, owner).refresh_token
    session, _ = halves(token)
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: rival.session_revocation.end(cookie(owner), [session], OWNER, NOW)
    )

    with pytest.raises(InvalidGrant) as refusal:
        refreshed(service, token)
    assert type(refusal.value) is InvalidGrant
    assert held(service, owner) == {owner.session.digest}
    assert counters(service)[BAD_GRANT] == 1


def test_an_exchange_that_always_conflicts_is_unavailable(service: Service) -> None:
    """After it was tried again as often as any transaction. The token still works."""
    token = logged_in(service, service.person()).refresh_token
    service.interposed, before = Refusing(), stored(service)
    with pytest.raises(Unavailable):
        refreshed(service, token)

    assert (service.interposed.times, stored(service)) == (1 + TRIES, before)
    service.interposed = None
    assert refreshed(service, token)


@pytest.mark.parametrize("edge", ["signer", "world"])
def test_a_refresh_token_survives_an_outage(service: Service, edge: str) -> None:
    """Nothing is written (promise 7)."""
    token = logged_in(service, service.person()).refresh_token
    session, before = service.token_refresh.find(token, PROGRAM, NOW), stored(service)
    getattr(service, edge).down = True
    with pytest.raises(Unavailable):
        service.token_refresh.exchange(token, session, "account", PROGRAM, NOW)
    assert stored(service) == before

    getattr(service, edge).down = False
    assert refreshed(service, token)


@pytest.mark.parametrize("refreshed_at", [None, NOW])
def test_a_new_session_has_no_token_before_the_last(service: Service, refreshed_at: datetime | None) -> None:
    """An empty stored digest matches no token."""
    token = logged_in(service, service.person()).refresh_token
    (session,) = programs(service)
    service.world.sessions[session.digest] = replace(session, refreshed_at=refreshed_at)

    with pytest.raises(GrantReused):
        refreshed(service, f"{token.partition('.')[0]}.{NO_TOKEN}")
