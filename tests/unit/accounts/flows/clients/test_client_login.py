"""A program exchanges its code for tokens, once."""

from collections.abc import Callable
from copy import replace
from datetime import datetime, timedelta

import pytest

from accounts import secrets
from accounts.errors import GrantReused, InvalidGrant, TooManyAttempts, Unavailable
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import BAD_GRANTS_PER_ADDRESS_PER_MINUTE
from accounts.model import messages, users
from accounts.model.assurance import ONE_FACTOR
from accounts.model.audit import Record
from tests.unit.accounts.flows.clients.stage import (
    CLIENT,
    NO_TOKEN,
    OTHER_CLIENT,
    PROGRAM,
    allowed,
    codes,
    counters,
    exchanged,
    expected_session,
    find_code,
    halves,
    log_out,
    logged_in,
    mark,
    programs,
    recorded,
    reset_token,
    reuse_record,
    stored,
)
from tests.unit.accounts.stage import NOW, OWNER, SITE_URL, Interleaved, Service, held, later

BAD_GRANT = f"bad-grant#{PROGRAM.source}#60"


def test_a_live_code_is_found_and_not_used_up(service: Service) -> None:
    owner = service.person()
    code = allowed(service, owner)
    before = stored(service)

    (token,) = service.world.tokens.values()
    assert [find_code(service, code) for _ in range(2)] == [token, token]
    assert (stored(service), counters(service)) == (before, {})


@pytest.mark.parametrize("code", ["", "x", "x" * 42, "x" * 44, "x" * 43 + "\n", "x" * 42 + "é", "x" * 42 + "="])
def test_text_that_cannot_be_a_code_is_not_looked_up(service: Service, code: str) -> None:
    """It costs no read and no write (DS-03)."""
    with pytest.raises(InvalidGrant) as refusal:
        find_code(service, code)

    assert type(refusal.value) is InvalidGrant
    assert (service.world.reads, counters(service)) == ([], {})


def test_an_unknown_code_is_counted_against_its_source(service: Service) -> None:
    with pytest.raises(InvalidGrant) as refusal:
        find_code(service, NO_TOKEN)

    assert type(refusal.value) is InvalidGrant
    assert counters(service) == {BAD_GRANT: 1}


def test_a_source_presents_sixty_unknown_codes_a_minute(service: Service) -> None:
    """A code that exists still works for that source: it is looked up first."""
    owner = service.person()
    for _ in range(BAD_GRANTS_PER_ADDRESS_PER_MINUTE):
        with pytest.raises(InvalidGrant):
            find_code(service, secrets.new_token())

    with pytest.raises(TooManyAttempts) as refusal:
        find_code(service, NO_TOKEN)
    assert refusal.value.retry_after == 60
    with pytest.raises(InvalidGrant):
        service.client_login.find(NO_TOKEN, CLIENT, OWNER, NOW)
    with pytest.raises(InvalidGrant):
        find_code(service, NO_TOKEN, later(seconds=60))
    assert exchanged(service, allowed(service, owner)).user_id == owner.session.user_id


def test_a_code_works_for_sixty_seconds(service: Service) -> None:
    """To the microsecond (OA-13)."""
    code = allowed(service, service.person())

    assert find_code(service, code, later(seconds=60, microseconds=-1))
    with pytest.raises(InvalidGrant):
        find_code(service, code, later(seconds=60))
    assert counters(service) == {BAD_GRANT: 1}


def test_a_code_works_for_its_own_client_only(service: Service) -> None:
    """A try by another client neither uses it up nor counts."""
    code = allowed(service, service.person())

    with pytest.raises(InvalidGrant) as refusal:
        service.client_login.find(code, OTHER_CLIENT, PROGRAM, NOW)
    assert type(refusal.value) is InvalidGrant
    assert counters(service) == {}
    assert exchanged(service, code)


def test_a_token_of_another_purpose_is_not_a_code(service: Service) -> None:
    """ASVS 9.2.2."""
    owner = service.person()
    others = [reset_token(service, owner), codes(service).device_code, owner.token]
    before = stored(service)

    for other in others:
        with pytest.raises(InvalidGrant):
            find_code(service, other)
    assert stored(service) == before


def test_an_exchange_opens_a_session_and_marks_the_code_as_used(service: Service) -> None:
    """One transaction: the session, the account's hold on it, the audit record, the mark in place of the code."""
    owner = service.person()
    code = allowed(service, owner)
    token, before, now = find_code(service, code), stored(service), later(seconds=30)
    tokens = service.client_login.redeem(token, PROGRAM, now)

    session = expected_session(owner, tokens, PROGRAM, now)
    user = service.world.users[owner.session.user_id]
    assert (tokens.user_id, tokens.scope) == (user.user_id, "account")
    assert tokens.access_token == f"signed.for.{session.digest}"
    assert stored(service) == {
        **before,
        "users": {user.user_id: user},
        "sessions": {owner.session.digest: owner.session, session.digest: session},
        "tokens": {it.key: it for it in [mark(token, tokens, now)]},
        "records": service.world.records,
    }
    assert user.sessions == {
        owner.session.digest: owner.session.expires_at,
        session.digest: session.expires_at,
    }
    detail = {"method": "password", "session": session.digest, "client": CLIENT}
    assert recorded(service) == [Record(user.user_id, "authn_login_success", now, PROGRAM, detail, "")]
    assert counters(service) == {}


def test_the_access_token_names_account_client_and_session(service: Service) -> None:
    """RFC 9068 2.2."""
    owner = service.person()
    tokens = logged_in(service, owner, later(seconds=0.9))

    (claims,) = service.signer.signed
    assert claims == {
        "iss": SITE_URL,
        "sub": owner.session.user_id,
        "aud": SITE_URL,
        "exp": int(NOW.timestamp()) + 900,
        "iat": int(NOW.timestamp()),
        "jti": claims["jti"],
        "client_id": CLIENT,
        "scope": "account",
        "sid": halves(tokens.refresh_token)[0],
        "email": "olive@example.com",
        "email_verified": True,
        "workspace_id": owner.session.user_id,
        "auth_time": int(NOW.timestamp()),
        "acr": ONE_FACTOR,
        "amr": ["pwd"],
    }
    assert secrets.is_token(claims["jti"])


def test_the_owner_is_emailed_about_the_program(service: Service) -> None:
    """Under its name, from where it logged in."""
    owner = service.person()
    logged_in(service, owner, later(seconds=5))

    assert service.outbox.messages == [
        messages.ClientLoggedIn(
            owner.session.user_id, "an unknown device", later(seconds=5), PROGRAM.source, "Comfy CLI"
        )
    ]


def test_a_program_has_the_login_method_of_the_session_that_allowed_it(service: Service) -> None:
    owner = service.person()
    session = replace(owner.session, method="github")
    logged_in(service, replace(owner, session=session))

    assert [it.method for it in programs(service)] == ["github"]


def test_a_code_that_comes_twice_ends_the_session_of_its_first_use(service: Service) -> None:
    """RFC 6749 4.1.2. The browser stays logged in, and a third use changes nothing."""
    owner = service.person()
    code = allowed(service, owner)
    tokens = exchanged(service, code)
    session, _ = halves(tokens.refresh_token)
    service.world.records.clear()

    for _ in range(2):
        with pytest.raises(GrantReused):
            find_code(service, code, later(seconds=1))
    assert held(service, owner) == {owner.session.digest}
    assert recorded(service) == [reuse_record(owner, session, PROGRAM, later(seconds=1))]
    assert counters(service) == {}


def test_a_used_code_is_remembered_for_ten_minutes(service: Service) -> None:
    """To the microsecond. After that it is like one that never existed, and ends nothing."""
    owner = service.person()
    code = allowed(service, owner)
    exchanged(service, code, later(seconds=30))

    with pytest.raises(InvalidGrant) as refusal:
        find_code(service, code, later(minutes=10, seconds=30))
    assert type(refusal.value) is InvalidGrant
    assert (len(programs(service)), counters(service)) == (1, {BAD_GRANT: 1})
    with pytest.raises(GrantReused):
        find_code(service, code, later(minutes=10, seconds=30, microseconds=-1))
    assert programs(service) == []


def test_of_two_concurrent_exchanges_the_second_ends_the_session_of_the_first(service: Service) -> None:
    """Both have read the code before either uses it up. The owner is emailed about the one that logged in."""
    owner = service.person()
    token = find_code(service, allowed(service, owner))
    rival = Service(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.client_login.redeem(token, OWNER, NOW))

    with pytest.raises(GrantReused):
        service.client_login.redeem(token, PROGRAM, NOW)
    assert held(service, owner) == {owner.session.digest}
    assert [it.event for it in recorded(service)] == ["authn_login_success", "authn_token_reuse"]
    assert (len(rival.outbox.messages), service.outbox.messages) == (1, [])


def test_a_concurrent_logout_hides_no_second_use(service: Service) -> None:
    """The browser's session ended after the first exchange, which refuses the second one for that reason."""
    owner = service.person()
    token = find_code(service, allowed(service, owner))
    rival = Service(service.world)

    def meanwhile() -> None:
        rival.client_login.redeem(token, OWNER, NOW)
        log_out(rival, owner)

    service.interposed = Interleaved(service.world, meanwhile)
    with pytest.raises(GrantReused):
        service.client_login.redeem(token, PROGRAM, NOW)
    assert held(service, owner) == set()


def _change_password(service: Service, owner: LoggedIn) -> None:
    user = service.world.users[owner.session.user_id]
    service.world.commit(users.DropOtherSessions(user, owner.session.digest, NOW))


def _disable(service: Service, owner: LoggedIn) -> None:
    service.world.user(owner.session.user_id, status=users.DISABLED)


def _delete(service: Service, owner: LoggedIn) -> None:
    del service.world.users[owner.session.user_id]


ENDINGS = [log_out, _change_password, _disable, _delete]


@pytest.mark.parametrize("end", ENDINGS)
def test_a_code_ends_with_what_ends_other_sessions(service: Service, end: Callable[[Service, LoggedIn], None]) -> None:
    """Nothing is written but the count of a bad grant, and no email is sent (SE-09, SE-10)."""
    owner = service.person()
    token = find_code(service, allowed(service, owner))
    end(service, owner)
    before = stored(service)

    with pytest.raises(InvalidGrant) as refusal:
        service.client_login.redeem(token, PROGRAM, NOW)
    assert type(refusal.value) is InvalidGrant
    assert (stored(service), service.outbox.messages) == (before, [])
    assert counters(service) == {BAD_GRANT: 1}


@pytest.mark.parametrize("end", ENDINGS)
def test_a_code_ends_with_what_ends_other_sessions_concurrently(
    service: Service, end: Callable[[Service, LoggedIn], None]
) -> None:
    """After the account was read and before the session is written."""
    owner = service.person()
    token = find_code(service, allowed(service, owner))
    service.interposed = Interleaved(service.world, lambda: end(Service(service.world), owner))

    with pytest.raises(InvalidGrant):
        service.client_login.redeem(token, PROGRAM, NOW)
    assert programs(service) == []


@pytest.mark.parametrize(("secured_at", "works"), [(NOW, False), (NOW - timedelta(microseconds=1), True)])
def test_a_code_must_be_younger_than_the_latest_change_of_password(
    service: Service, secured_at: datetime, works: bool
) -> None:
    """To the microsecond: the session that allowed it survives a change of password."""
    owner = service.person()
    service.world.user(owner.session.user_id, secured_at=secured_at)
    code = allowed(service, owner)

    if works:
        assert exchanged(service, code)
        return
    with pytest.raises(InvalidGrant):
        exchanged(service, code)


def test_a_refusal_counts_against_the_limit_of_bad_grants(service: Service) -> None:
    owner = service.person()
    token = find_code(service, allowed(service, owner))
    log_out(service, owner)
    for _ in range(BAD_GRANTS_PER_ADDRESS_PER_MINUTE):
        with pytest.raises(InvalidGrant):
            service.client_login.redeem(token, PROGRAM, NOW)

    with pytest.raises(TooManyAttempts):
        service.client_login.redeem(token, PROGRAM, NOW)


@pytest.mark.parametrize("edge", ["signer", "world"])
def test_a_code_survives_an_outage(service: Service, edge: str) -> None:
    """Nothing is written (promise 7)."""
    owner = service.person()
    token, before = find_code(service, allowed(service, owner)), stored(service)
    getattr(service, edge).down = True
    with pytest.raises(Unavailable):
        service.client_login.redeem(token, PROGRAM, NOW)

    getattr(service, edge).down = False
    assert (stored(service), counters(service), service.outbox.messages) == (before, {}, [])
    assert service.client_login.redeem(token, PROGRAM, NOW)
