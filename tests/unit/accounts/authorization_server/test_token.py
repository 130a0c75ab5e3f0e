"""The token endpoint reads what a program sends, and refuses each kind of error by its name."""

from collections.abc import Mapping

import pytest

from accounts.errors import AccountsError, Unauthenticated
from accounts.flows.clients.client_sessions import Tokens
from accounts.flows.people.authentication import SESSION, Credential
from tests.unit.accounts.flows.clients.stage import (
    CLIENT,
    DEVICE,
    NO_TOKEN,
    OTHER_CLIENT,
    QUESTION,
    VERIFIER,
    allowed,
    answer,
    browser_refresh_token,
    codes,
    entered,
    halves,
    logged_in,
    programs,
    stored,
)
from tests.unit.accounts.stage import NOW, SITE_URL, Service, cookie, later

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
Changes = dict[str, str | None]


def post(service: Service, form: Mapping[str, str | None], seconds: float = 0) -> Tokens:
    """The tokens for a form; None leaves a parameter out."""
    sent = {name: value for name, value in ({"client_id": CLIENT} | dict(form)).items() if value is not None}
    return service.token_endpoint.tokens(sent, DEVICE, later(seconds=seconds))


def refused(service: Service, form: Mapping[str, str | None], seconds: float = 0) -> str:
    """The error's name."""
    with pytest.raises(AccountsError) as refusal:
        post(service, form, seconds)
    return refusal.value.code


def check_refused(service: Service, form: Changes, changes: Changes, code: str) -> None:
    """The changed form is refused by that name, without effect: the form itself still gets its tokens."""
    before = stored(service)

    assert refused(service, form | changes) == code
    assert stored(service) == before
    assert post(service, form).scope == "account"


def code_form(code: str) -> Changes:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": QUESTION.redirect_uri,
        "code_verifier": VERIFIER,
    }


def refresh_form(token: str) -> Changes:
    return {"grant_type": "refresh_token", "refresh_token": token}


def device_form(code: str) -> Changes:
    return {"grant_type": DEVICE_GRANT, "device_code": code}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "v" * 129}, "invalid_request"),
        ({"code_verifier": f"{VERIFIER}\n"}, "invalid_request"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:49153/callback"}, "invalid_grant"),
        ({"client_id": OTHER_CLIENT}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"code": None}, "invalid_request"),
        ({"code": "x"}, "invalid_grant"),
        ({"code": NO_TOKEN}, "invalid_grant"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_a_stolen_code_is_not_enough(service: Service, changes: Changes, code: str) -> None:
    """The program that asked for it still gets its tokens."""
    check_refused(service, code_form(allowed(service, service.person())), changes, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": OTHER_CLIENT}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"refresh_token": None}, "invalid_request"),
        ({"refresh_token": "x"}, "invalid_grant"),
        ({"refresh_token": f"{NO_TOKEN}.{NO_TOKEN}"}, "invalid_grant"),
        ({"scope": "account admin"}, "invalid_scope"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_a_refresh_token_alone_is_not_enough(service: Service, changes: Changes, code: str) -> None:
    """The program that has it goes on."""
    check_refused(service, refresh_form(logged_in(service, service.person()).refresh_token), changes, code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": OTHER_CLIENT}, "invalid_grant"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"device_code": None}, "invalid_request"),
        ({"device_code": "x"}, "invalid_grant"),
        ({"device_code": NO_TOKEN}, "invalid_grant"),
        ({"grant_type": "device_code"}, "unsupported_grant_type"),
        ({"grant_type": None}, "invalid_request"),
        ({"resource": "https://evil.example"}, "invalid_target"),
    ],
)
def test_a_device_code_alone_is_not_enough(service: Service, changes: Changes, code: str) -> None:
    """The device still gets its tokens."""
    owner = service.person()
    found = entered(service, owner)
    answer(service, found, owner)
    check_refused(service, device_form(found.device_code), changes, code)


@pytest.mark.parametrize("resource", [SITE_URL, f"{SITE_URL}/api"])
def test_our_own_resources_may_be_named(service: Service, resource: str) -> None:
    """RFC 8707."""
    owner = service.person()
    tokens = post(service, code_form(allowed(service, owner)) | {"resource": resource})

    assert post(service, refresh_form(tokens.refresh_token) | {"resource": resource}).scope == "account"


@pytest.mark.parametrize("verifier", ["v" * 43, "-._~" * 32])
def test_a_verifier_has_43_to_128_characters(service: Service, verifier: str) -> None:
    """Those that RFC 7636 4.1 allows; another one than the challenge's is wrong and not malformed."""
    form = code_form(allowed(service, service.person()))

    assert refused(service, form | {"code_verifier": verifier}) == "invalid_grant"


def test_kinds_of_tokens_do_not_cross(service: Service) -> None:
    """Each is looked up among its own kind only, and a try uses none of them up (ASVS 9.2.2)."""
    owner = service.person()
    tokens, found, code = logged_in(service, owner), codes(service), allowed(service, owner)
    refresh, device = tokens.refresh_token, found.device_code
    session, _ = halves(refresh)
    key = service.key(owner).plaintext
    before = stored(service)
    wrong = [
        *(code_form(text) for text in (device, refresh, owner.token, key, found.user_code)),
        *(refresh_form(text) for text in (code, device, f"{device}.{device}", f"{session}.{NO_TOKEN}", key)),
        *(refresh_form(text) for text in (owner.token, browser_refresh_token(owner), f"{owner.token}.{owner.token}")),
        *(device_form(text) for text in (code, refresh, owner.token, key, found.user_code)),
        device_form(found.user_code.replace("-", "")),
    ]

    assert {refused(service, form) for form in wrong} == {"invalid_grant"}
    assert stored(service) == before
    for text in (device, code, refresh, refresh.partition(".")[0]):
        with pytest.raises(Unauthenticated):
            service.session(Credential(SESSION, text), NOW)
    assert service.session(cookie(owner), NOW) == owner.session
    assert refused(service, device_form(device)) == "authorization_pending"
    assert post(service, code_form(code))
    assert post(service, refresh_form(refresh))


def test_a_device_waits_for_the_answer_and_then_logs_in(service: Service) -> None:
    """Once it is allowed it need not slow down."""
    owner = service.person()
    found = entered(service, owner)
    form = device_form(found.device_code)

    told = [refused(service, form, seconds) for seconds in (0, 0, 3.9, 4)]
    assert told == ["authorization_pending", "slow_down", "slow_down", "authorization_pending"]
    answer(service, found, owner, now=later(seconds=4))
    assert post(service, form, 4)


def test_a_denied_device_is_told_so_however_often_it_asks(service: Service) -> None:
    owner = service.person()
    found = entered(service, owner)
    answer(service, found, owner, "deny")

    assert [refused(service, device_form(found.device_code)) for _ in range(2)] == ["access_denied"] * 2
    assert programs(service) == []


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_device_code_works_for_ten_minutes(service: Service, *, is_answered: bool) -> None:
    """To the microsecond, answered or not; the device is told that it expired (RFC 8628 3.5)."""
    owner = service.person()
    found = entered(service, owner)
    if is_answered:
        answer(service, found, owner)
    form = device_form(found.device_code)

    assert refused(service, form, 600) == "expired_token"
    if is_answered:
        assert post(service, form, 599.999999)
    else:
        assert refused(service, form, 599.999999) == "authorization_pending"


def test_an_answer_makes_no_device_code_last_longer(service: Service) -> None:
    owner = service.person()
    found = entered(service, owner, NOW)
    answer(service, found, owner, now=later(minutes=9))

    assert refused(service, device_form(found.device_code), 600) == "expired_token"
