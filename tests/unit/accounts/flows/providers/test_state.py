"""The return from the provider: a state works once, for ten minutes, at its provider, in its browser (OA-01)."""

from typing import Any

import pytest

from accounts import secrets
from accounts.errors import (
    AccountsError,
    CookiesBlocked,
    LoginDeclined,
    LoginExpired,
    ProviderNotTrusted,
    ProviderOff,
    ProviderUnavailable,
    Unavailable,
)
from accounts.flows.providers.provider_login import Arrival, Callback, state_id
from accounts.model.one_time_tokens import EMAIL_VERIFICATION, Consume, Issue, issue
from tests.unit.accounts.flows.providers.stage import (
    CODE,
    ISSUERS,
    AtOnce,
    OAuthService,
    at_once,
    presented,
    provider_person,
    tables_of,
)
from tests.unit.accounts.stage import NOW, SITE_URL, later


def _refusal(service: OAuthService, started: Any, provider: str = "google", **changes: Any) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        service.finish(started, provider, **changes)
    return type(refused.value)


@pytest.mark.parametrize("provider", ["google", "github"])
def test_a_completed_login_opens_a_session(service: OAuthService, provider: str) -> None:
    """And returns to the page that asked; the provider receives code and challenge."""
    started = service.start_login(provider, "/keys?tab=1")
    arrival = service.finish(started, provider)

    fake = service.providers.by_name[provider]
    assert arrival.logged_in is not None
    assert arrival == Arrival(f"{SITE_URL}/keys?tab=1", arrival.logged_in.session.user_id, arrival.logged_in)
    assert (arrival.logged_in.session.method, arrival.logged_in.session.remembered) == (provider, False)
    assert fake.asked == [(CODE, fake.sent[0][1])]
    assert service.states() == []


def test_a_state_works_once(service: OAuthService) -> None:
    """The second time the provider is not asked."""
    started = service.start_login()
    service.finish(started)
    before = tables_of(service)

    assert _refusal(service, started) is LoginExpired
    assert (tables_of(service), len(service.providers.by_name["google"].asked)) == (before, 1)


@pytest.mark.parametrize(("minutes", "good"), [(9.99, True), (10, False), (11, False), (60 * 24, False)])
def test_a_state_expires_after_ten_minutes(service: OAuthService, minutes: float, good: bool) -> None:
    started = service.start_login()
    if good:
        assert service.finish(started, now=later(minutes=minutes)).logged_in is not None
    else:
        assert _refusal(service, started, now=later(minutes=minutes)) is LoginExpired
        assert service.providers.by_name["google"].asked == []


@pytest.mark.parametrize("state", ["", "x", "x" * 43, "0", "null", "undefined", "é", "x" * 2000])
def test_an_unknown_state_is_refused(service: OAuthService, state: str) -> None:
    """An empty one too: authlib's own comparison would accept it."""
    started = service.start_login()

    assert _refusal(service, started, state=state) is LoginExpired
    assert len(service.states()) == 1


def test_the_digest_of_a_state_is_not_a_state(service: OAuthService) -> None:
    """An attacker who reads the table cannot use what it stores."""
    started = service.start_login()

    assert _refusal(service, started, state=secrets.digest(started[1])) is LoginExpired


def test_a_token_of_another_purpose_is_not_a_state(service: OAuthService) -> None:
    """Such as that of an emailed link."""
    plaintext, token = issue(EMAIL_VERIFICATION, "google", lifetime=later(hours=1) - NOW, now=NOW)
    service.world.commit(Issue(token))

    assert _refusal(service, service.start_login(), state=plaintext) is LoginExpired


@pytest.mark.parametrize(("began", "ended"), [("google", "github"), ("github", "google")])
def test_a_state_of_one_provider_is_refused_at_the_other(service: OAuthService, began: str, ended: str) -> None:
    """Mix-up (RFC 9700 4.4): no provider is asked, and the state still works at its own (OA-09)."""
    started = service.start_login(began)

    assert _refusal(service, started, ended) is LoginExpired
    assert [fake.asked for fake in service.providers.by_name.values()] == [[], []]
    assert service.finish(started, began).logged_in is not None


def test_a_login_fails_when_its_provider_was_switched_off(service: OAuthService) -> None:
    """The state is not consumed."""
    started = service.start_login()
    del service.providers.by_name["google"]

    assert _refusal(service, started) is ProviderOff
    assert len(service.states()) == 1


@pytest.mark.parametrize("browser", ["", "x", "x" * 43, "digest", "another's"])
def test_another_browser_can_neither_use_nor_consume_a_state(service: OAuthService, browser: str) -> None:
    """Refused without this login's cookie, and the browser that started can still finish (OA-10)."""
    started = service.start_login()
    shown = {"digest": secrets.digest(started[0].browser), "another's": service.start_login()[0].browser}.get(
        browser, browser
    )
    before = tables_of(service)

    assert _refusal(service, started, browser=shown) is CookiesBlocked
    assert (tables_of(service), service.providers.by_name["google"].asked) == (before, [])
    assert service.finish(started).logged_in is not None


def test_a_captured_code_does_not_work_in_an_attackers_own_login(service: OAuthService) -> None:
    """The attacker's state comes with the attacker's verifier and nonce, which do not match the code."""
    victims, attackers = service.start_login(), service.start_login()
    service.finish(attackers, code="the-victims-code")
    fake = service.providers.by_name["google"]

    assert fake.asked == [("the-victims-code", fake.sent[1][1])]
    assert fake.sent[0][1] != fake.sent[1][1]
    assert service.finish(victims).logged_in is not None


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        ("access_denied", LoginDeclined),
        ("server_error", ProviderUnavailable),
        ("temporarily_unavailable", ProviderUnavailable),
        ("redirect_uri_mismatch", ProviderUnavailable),
        ("<b>", ProviderUnavailable),
        ("é", ProviderUnavailable),
    ],
)
def test_an_error_from_the_provider_ends_the_login(
    service: OAuthService, error: str, refusal: type[AccountsError]
) -> None:
    """A denial is the owner's decision and an outage is not; the code is not used, and the state is consumed."""
    started = service.start_login()

    assert _refusal(service, started, error=error) is refusal
    assert (service.states(), service.providers.by_name["google"].asked) == ([], [])


def test_only_the_browser_that_started_can_cancel_its_login(service: OAuthService) -> None:
    started = service.start_login()

    assert _refusal(service, started, error="access_denied", browser="") is CookiesBlocked
    assert len(service.states()) == 1


@pytest.mark.parametrize("provider", ["google", "github"])
def test_the_right_issuer_is_accepted(service: OAuthService, provider: str) -> None:
    """RFC 9207; a missing one is accepted too."""
    arrival = service.finish(service.start_login(provider), provider, issuer=ISSUERS[provider])

    assert arrival.logged_in is not None


@pytest.mark.parametrize(
    "issuer",
    [
        "https://accounts.google.com/",
        "HTTPS://ACCOUNTS.GOOGLE.COM",
        "accounts.google.com",
        "https://github.com/login/oauth",
        "https://evil.example",
        " ",
        "https://accounts.google.com\n",
        "https://accounts.google.com:443",
    ],
)
def test_another_issuer_ends_the_login(service: OAuthService, issuer: str) -> None:
    """Compared exactly, before the code is sent anywhere."""
    started = service.start_login()

    assert _refusal(service, started, issuer=issuer) is ProviderNotTrusted
    assert service.providers.by_name["google"].asked == []


@pytest.mark.parametrize("error", [ProviderUnavailable(), ProviderNotTrusted(), LoginExpired()])
def test_a_failed_check_at_the_provider_changes_nothing(service: OAuthService, error: AccountsError) -> None:
    """No account, no session, and the current session is kept; the state is consumed (OA-01)."""
    person = service.person()
    before = tables_of(service)
    service.says(error)
    started = service.start_login()
    refusal = _refusal(service, started, presented=presented(person))

    assert (refusal, tables_of(service)) == (type(error), before)


def test_nothing_happens_while_the_tables_are_down(service: OAuthService) -> None:
    """503, and the provider is not asked."""
    started = service.start_login()
    service.world.down = True

    assert _refusal(service, started) is Unavailable
    assert service.providers.by_name["google"].asked == []


def test_only_one_of_two_concurrent_callbacks_logs_in(service: OAuthService) -> None:
    """Both read the state before either consumes it: one session, one account, one request to the provider."""
    started = service.start_login()
    service.interposed = AtOnce(service.world, Consume)

    def finish() -> str:
        return service.finish(started).user_id

    outcomes = at_once(finish, finish)

    [user_id] = service.world.users
    assert outcomes == sorted([user_id, "sign_in_expired"])
    assert (len(service.world.sessions), len(service.providers.by_name["google"].asked)) == (1, 1)


def test_two_logins_in_one_browser_do_not_interfere(service: OAuthService) -> None:
    """Two tabs: each has its own state and its own cookie."""
    first, second = service.start_login(), service.start_login("github")
    service.says(provider_person("github", "77", "other@example.com"))

    assert first[0].state_id != second[0].state_id
    assert service.finish(second, "github").logged_in is not None
    assert service.finish(first).logged_in is not None


def test_a_callback_is_not_printed() -> None:
    """State, code and cookie could end up in a traceback."""
    callback = Callback("canary-state", "canary-code", "access_denied", "iss", "canary-browser")

    assert repr(callback) == "Callback(error=True)"


def test_the_cookie_name_of_a_state_does_not_reveal_it() -> None:
    """Eight characters of its digest."""
    assert state_id("a" * 43) == secrets.digest("a" * 43)[:8]
