"""From a credential to its account: one consistent read, and no kind is accepted as another."""

import zlib
from copy import replace
from datetime import datetime

import pytest

from accounts import secrets
from accounts.errors import (
    ApiKeyMistyped,
    ApiKeyUnknown,
    CredentialNotAccepted,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from accounts.flows.people.authentication import ACCESS_TOKEN, API_KEY, SESSION, Credential, CredentialKind, Principal
from accounts.model import sessions
from accounts.model.access_tokens import AccessToken
from accounts.model.sessions import Session
from accounts.web import routes
from tests.unit.accounts.stage import (
    NOW,
    OWNER,
    STRANGER,
    Service,
    cookie,
    counted,
    key_credential,
    later,
    untouched,
)


def well_formed_key(number: int = 0) -> str:
    """A key that was never issued, with the checksum of its other 66 characters."""
    alphabet = secrets.BASE62
    body = f"comfyui-{number:058d}"
    crc = zlib.crc32(body.encode())
    return body + "".join(alphabet[crc // 62**place % 62] for place in range(5, -1, -1))


def test_a_session_identifies_its_account(service: Service) -> None:
    """In one read by key."""
    logged_in = service.person()

    principal = service.principal(cookie(logged_in), OWNER, NOW)

    digest = logged_in.session.digest
    assert principal == Principal(logged_in.session.user_id, SESSION, digest, logged_in.session)
    assert service.world.reads == [f"sessions:{digest}"]


def test_a_key_identifies_its_account(service: Service) -> None:
    """In one read by key (design, section 5)."""
    logged_in = service.person()
    new = service.key(logged_in)
    service.world.reads.clear()

    principal = service.principal(key_credential(new.plaintext), OWNER, NOW)

    assert principal == Principal(logged_in.session.user_id, API_KEY, new.api_key.digest)
    assert service.world.reads == [f"api_keys:{new.api_key.digest}"]


def test_no_secret_works_as_another_kind(service: Service) -> None:
    """A stored digest works as none (SE-13)."""
    logged_in = service.person()
    new = service.key(logged_in)
    link = service.signed_up("other@example.com")
    wrong = [
        Credential(API_KEY, logged_in.token),
        Credential(SESSION, new.plaintext),
        Credential(SESSION, link),
        Credential(API_KEY, link),
        Credential(SESSION, logged_in.session.digest),
        Credential(API_KEY, new.api_key.digest),
    ]

    for credential in wrong:
        with pytest.raises(Unauthenticated):
            service.principal(credential, OWNER, NOW)
    with pytest.raises(Unauthenticated):
        service.principal(None, OWNER, NOW)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_key_is_refused_where_a_session_is_required(service: Service, *, fresh: bool) -> None:
    """Valid or not: it is not looked up (AK-05)."""
    for text in ("comfyui-", well_formed_key()):
        with pytest.raises(CredentialNotAccepted):
            service.session(key_credential(text), NOW, fresh=fresh)

    assert untouched(service)


def test_a_session_works_until_its_limit(service: Service) -> None:
    """Expiry is compared in code: the item is still in the table (SE-07)."""
    logged_in = service.person()
    live = later(hours=1, microseconds=-1)

    assert service.session(cookie(logged_in), live) == logged_in.session
    service.world.sessions[logged_in.session.digest] = logged_in.session
    with pytest.raises(Unauthenticated):
        service.session(cookie(logged_in), later(hours=1))
    assert logged_in.session.digest in service.world.sessions


def test_a_request_each_minute_keeps_a_session_to_its_absolute_limit(service: Service) -> None:
    """24 hours, and not one request longer (SE-08)."""
    logged_in = service.person()
    answered = sum(
        service.session_authentication.find(cookie(logged_in), later(minutes=minute)) is not None
        for minute in range(1, 1500)
    )

    assert answered == 24 * 60 - 1


def test_activity_is_recorded_every_five_minutes(service: Service) -> None:
    """Not on every request."""
    logged_in = service.person()
    digest = logged_in.session.digest
    seen = []
    for seconds in (1, 299, 300, 301, 599, 600):
        service.session(cookie(logged_in), later(seconds=seconds))
        seen.append(service.world.sessions[digest].last_seen_at)

    assert seen == [NOW, NOW, *[later(seconds=300)] * 3, later(seconds=600)]


def test_an_unknown_key_and_a_mistyped_one_are_told_apart(service: Service) -> None:
    """Each refusal says what to do."""
    text = service.key(service.person()).plaintext
    service.world.api_keys.clear()

    with pytest.raises(ApiKeyUnknown):
        service.principal(key_credential(text), OWNER, NOW)
    with pytest.raises(ApiKeyMistyped):
        service.principal(key_credential(text[:-1]), OWNER, NOW)


@pytest.mark.parametrize("kind", [API_KEY, ACCESS_TOKEN])
def test_a_session_token_in_the_place_of_another_credential_is_not_a_session(
    service: Service, kind: CredentialKind
) -> None:
    """Without a lookup; where a session is optional, the caller has none (ASVS 9.2.2)."""
    credential = Credential(kind, service.person().token)

    assert service.session_authentication.find(credential, NOW) is None
    assert service.authentication(routes.SESSION_ONLY).find(credential, OWNER, NOW) is None
    assert service.world.reads == []


def test_a_key_is_never_a_fresh_login(service: Service) -> None:
    """Not even on a route that accepts keys."""
    key = key_credential(service.key(service.person()).plaintext)

    with pytest.raises(ReauthenticationRequired):
        service.authentication(routes.ANY_CREDENTIAL).principal(key, OWNER, NOW, fresh=True)


def test_a_step_that_needs_a_fresh_login_refuses_an_older_one(service: Service) -> None:
    """With its own error code, so that a page can ask for the password (SE-12)."""
    logged_in = service.person()

    assert service.session(cookie(logged_in), later(minutes=15), fresh=True).user_id
    with pytest.raises(ReauthenticationRequired):
        service.session(cookie(logged_in), later(minutes=15, seconds=1), fresh=True)
    with pytest.raises(Unauthenticated):
        service.session(None, NOW, fresh=True)


@pytest.mark.parametrize("text", ["", "comfyui-", "comfyui-" + "A" * 64, "x" * 72, "comfyui-" + "é" * 64])
def test_a_malformed_key_is_refused_without_a_read(service: Service, text: str) -> None:
    """Nothing is counted either (AK-03)."""
    with pytest.raises(Unauthenticated):
        service.principal(key_credential(text), OWNER, NOW)

    assert untouched(service)


def test_unknown_keys_are_counted_against_their_source(service: Service) -> None:
    """Sixty a minute, then the source must wait; another source need not."""
    for number in range(60):
        with pytest.raises(ApiKeyUnknown):
            service.key_lookup.live(well_formed_key(number), STRANGER, NOW)
    with pytest.raises(TooManyAttempts) as refusal:
        service.key_lookup.live(well_formed_key(61), STRANGER, later(seconds=20))

    assert (refusal.value.retry_after, counted(service)) == (40, {"bad-key/60": 60})
    with pytest.raises(ApiKeyUnknown):
        service.key_lookup.live(well_formed_key(62), OWNER, NOW)


def test_a_valid_key_is_never_counted(service: Service) -> None:
    """A busy machine is not guessing, even from a source that is limited."""
    new = service.key(service.person())
    for number in range(60):
        with pytest.raises(ApiKeyUnknown):
            service.key_lookup.live(well_formed_key(number), OWNER, NOW)

    assert service.key_lookup.live(new.plaintext, OWNER, NOW) == new.api_key


def test_use_of_a_key_is_recorded_every_five_minutes(service: Service) -> None:
    """The first use at once (AK-12)."""
    new, neighbor = service.key(service.person()), replace(STRANGER, source="192.0.2.9")
    used = []
    for seconds, caller in ((1, OWNER), (300, neighbor), (301, neighbor), (600, OWNER)):
        service.key_lookup.live(new.plaintext, caller, later(seconds=seconds))
        stored = service.world.api_keys[new.api_key.digest]
        used.append((stored.last_used_at, stored.last_used_source))

    first, second = (later(seconds=1), OWNER.source), (later(seconds=301), neighbor.source)
    assert used == [first] * 2 + [second] * 2


def test_authentication_fails_closed_when_the_tables_are_down(service: Service) -> None:
    """503, never "not logged in" (design, promise 7)."""
    logged_in = service.person()
    new = service.key(logged_in)
    service.world.down = True

    for credential in (cookie(logged_in), key_credential(new.plaintext)):
        with pytest.raises(Unavailable):
            service.principal(credential, OWNER, NOW)


def test_a_credential_is_printed_without_its_secret() -> None:
    """It could end up in a traceback."""
    assert repr(Credential(SESSION, "hush")) == "Credential(kind='session')"


@pytest.mark.parametrize(
    "said",
    [
        {"session": "0" * 64},
        {"client_id": "comfy-local-web"},
        {"user_id": "another account"},
    ],
)
def test_a_token_needs_its_own_session(service: Service, said: dict[str, str]) -> None:
    """Of the same account and client: a signed token that names another is refused."""
    session = client_session(service)
    good = AccessToken(session.user_id, session.client_id, session.digest)
    service.access_tokens.said = {"good": good, "bad": replace(good, **said)}

    assert token_session(service, Credential(ACCESS_TOKEN, "good"), NOW) == session
    for text in ("bad", "unknown"):
        with pytest.raises(Unauthenticated):
            token_session(service, Credential(ACCESS_TOKEN, text), NOW)


def test_a_token_does_not_work_for_a_browser_session(service: Service) -> None:
    """Not even one that names it."""
    browser = service.person().session
    service.access_tokens.said = {"token": AccessToken(browser.user_id, "", browser.digest)}

    with pytest.raises(Unauthenticated):
        token_session(service, Credential(ACCESS_TOKEN, "token"), NOW)


def test_use_of_a_token_extends_its_session_up_to_the_limit(service: Service) -> None:
    """Seven idle days, thirty in total."""
    session = client_session(service)
    service.access_tokens.said = {"t": AccessToken(session.user_id, session.client_id, session.digest)}
    credential = Credential(ACCESS_TOKEN, "t")
    token_session(service, credential, later(days=6))
    token_session(service, credential, later(days=12))

    assert service.world.sessions[session.digest].last_seen_at == later(days=12)
    with pytest.raises(Unauthenticated):
        token_session(service, credential, later(days=19))


def token_session(service: Service, credential: Credential, now: datetime) -> Session | None:
    return service.authentication(routes.LOGGED_IN).principal(credential, OWNER, now).session


def client_session(service: Service) -> Session:
    """The session of a client that the owner allowed."""
    user_id = service.person().session.user_id
    _, session = sessions.start_client(
        user_id,
        client_id="comfy-cli",
        resource="",
        scope="account",
        method="password",
        second_factor="",
        proven_at=None,
        lengths=sessions.LONGEST,
        caller=OWNER,
        now=NOW,
    )
    service.world.commit(sessions.Start(session))
    return session
