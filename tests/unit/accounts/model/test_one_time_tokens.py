"""Tokens are found under their own purpose until they expire, and their payloads are stored under stable names."""

from datetime import timedelta
from typing import get_args

import pytest

from accounts import secrets
from accounts.model import one_time_tokens
from accounts.model.consents import Decision
from accounts.model.one_time_tokens import (
    EMAIL_VERIFICATION,
    PASSWORD_RESET,
    Allowed,
    AuthorizationCode,
    DeviceAnswer,
    DeviceRequest,
    FactorSetup,
    Issue,
    LeakNotice,
    LoginCode,
    NewAddress,
    OneTimeToken,
    Payload,
    PendingLogin,
    ProviderState,
    ResetLink,
    SignUp,
    UsedCode,
    UserCode,
)
from accounts.model.providers import Intent
from accounts.model.sessions import Method, SecondFactor
from tests.fakes import FakeTokens, World
from tests.unit.accounts.stage import NOW, later

_DAY = timedelta(hours=24)
_ALLOWED = {
    "client_id": "comfy-cli",
    "resource": "https://cloud.example.com/mcp",
    "scope": "account",
    "method": "password",
    "session": "digest of a session",
    "fingerprint": "f",
    "second_factor": "totp",
    "proven_at": "2026-03-01T12:00:00+00:00",
}
_ASKED = {"client_id": "comfy-cli", "resource": "https://cloud.example.com/mcp", "scope": "account"}
# Tokens of older versions lack them.
_OPTIONAL = {"resource", "fingerprint", "proof", "second_factor", "proven_at", "last_browser", "last_source"}
# As version 0.1 stored them; sign-ups and resets are newer.
STORED: list[tuple[type[Payload], dict[str, str]]] = [
    (
        ProviderState,
        {
            "verifier": "v",
            "nonce": "n",
            "return_url": "https://accounts.example.com/keys",
            "browser": "digest of a cookie",
            "intent": "sign-in",
            "session": "",
        },
    ),
    (SignUp, {"name": "Olive", "password_hash": "a hash", "browser": "digest of a cookie", "proof": "of another"}),
    (ResetLink, {"user_id": "4Qm8Zr1Tn6Yb3Wk9Pc5Vx2Hd7Lf0"}),
    (NewAddress, {"email": "new@example.com"}),
    (LoginCode, {"hash": "a hash"}),
    (
        PendingLogin,
        {
            "identity": "email#olive@example.com",
            "method": "password",
            "remembered": "1",
            "replaces": "",
            "totp": "a sealed secret",
            "streak": "2",
            "failures": "0",
            "known_browser": "1",
        },
    ),
    (FactorSetup, {"totp": "a sealed secret"}),
    (
        AuthorizationCode,
        {**_ALLOWED, "redirect_uri": "http://127.0.0.1:8188/callback", "challenge": "c"},
    ),
    (UsedCode, {"session": "digest of a session"}),
    (
        LeakNotice,
        {"name": "laptop", "url": "https://github.com/o/r", "found_in": "commit"}
        | {"last_used": "", "last_browser": "Python", "last_source": "203.0.113.7"},
    ),
    (DeviceRequest, _ASKED),
    (DeviceAnswer, {**_ALLOWED, "decision": "allow"}),
    (UserCode, {**_ASKED, "device": "digest of a code", "source": "203.0.113.7", "user_agent": "ComfyUI/1.0"}),
]
PAYLOADS = pytest.mark.parametrize(("payload", "data"), STORED, ids=lambda it: getattr(it, "__name__", ""))


def a_token(data: dict[str, str]) -> OneTimeToken:
    return OneTimeToken(EMAIL_VERIFICATION, "digest", "subject", NOW, NOW + _DAY, data)


def test_a_token_is_stored_under_its_purpose_and_digest() -> None:
    """What is stored cannot be emailed, and the plain text is stored nowhere (TK-01)."""
    plaintext, token = one_time_tokens.issue(PASSWORD_RESET, "email#olive@example.com", lifetime=_DAY, now=NOW)

    digest = secrets.digest(plaintext)
    assert token == OneTimeToken("password-reset", digest, "email#olive@example.com", NOW, later(hours=24))
    assert token.key == f"password-reset#{digest}"
    assert plaintext not in repr(token)


def test_a_token_is_found_until_it_expires() -> None:
    """Expiry is compared in code: the item may still be in the table (TK-03)."""
    world = World()
    plaintext, token = one_time_tokens.issue(PASSWORD_RESET, "olive", lifetime=_DAY, now=NOW)
    world.commit(Issue(token))
    tokens = FakeTokens(world)

    assert one_time_tokens.find(tokens, PASSWORD_RESET, plaintext, later(hours=24, microseconds=-1)) == token
    assert one_time_tokens.find(tokens, PASSWORD_RESET, plaintext, later(hours=24)) is None


def test_a_token_is_not_found_under_another_purpose() -> None:
    """TK-05."""
    world = World()
    plaintext, token = one_time_tokens.issue(PASSWORD_RESET, "olive", lifetime=_DAY, now=NOW)
    world.commit(Issue(token))

    assert one_time_tokens.find(FakeTokens(world), EMAIL_VERIFICATION, plaintext, NOW) is None


def test_neither_the_digest_nor_the_key_is_the_token() -> None:
    """The table alone reveals no valid token."""
    world = World()
    _, token = one_time_tokens.issue(PASSWORD_RESET, "olive", lifetime=_DAY, now=NOW)
    world.commit(Issue(token))
    texts = ("", token.digest, token.key, secrets.new_token())

    assert [one_time_tokens.find(FakeTokens(world), PASSWORD_RESET, text, NOW) for text in texts] == [None] * 4


def test_every_payload_is_compared() -> None:
    def below(kind: type[Payload]) -> set[type[Payload]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    assert {payload for payload, _ in STORED} == below(Payload) - {Payload, one_time_tokens.Allowed}


@PAYLOADS
def test_a_payload_is_stored_under_the_same_names(payload: type[Payload], data: dict[str, str]) -> None:
    read = payload.of(a_token(data))

    assert type(read) is payload
    assert read.stored() == data
    _, token = one_time_tokens.issue(EMAIL_VERIFICATION, "subject", lifetime=_DAY, now=NOW, payload=read)
    assert token.data == data


@PAYLOADS
def test_a_payload_that_lacks_a_field_is_an_error(payload: type[Payload], data: dict[str, str]) -> None:
    """Like any other malformed item: the endpoint answers 500."""
    for name in data.keys() - _OPTIONAL:
        with pytest.raises(ValueError, match=name):
            payload.of(a_token({key: value for key, value in data.items() if key != name}))


@pytest.mark.parametrize("payload", [AuthorizationCode, DeviceAnswer])
def test_a_code_of_an_older_version_has_no_fingerprint(payload: type[Payload]) -> None:
    """Its client was configured."""
    data = {name: value for name, value in dict(STORED)[payload].items() if name not in _OPTIONAL}
    absent = {"resource": "", "fingerprint": "", "second_factor": "", "proven_at": ""}
    assert payload.of(a_token(data)).stored() == data | absent


@pytest.mark.parametrize("payload", [AuthorizationCode, DeviceAnswer])
def test_a_code_of_an_older_version_does_not_say_when_the_owner_logged_in(payload: type[Allowed]) -> None:
    data = {name: value for name, value in dict(STORED)[payload].items() if name != "proven_at"}
    assert payload.of(a_token(data)).auth_time is None


def test_a_sign_up_of_an_older_version_has_no_proof() -> None:
    """Its confirmation asks for the password."""
    data = {name: value for name, value in dict(STORED)[SignUp].items() if name not in _OPTIONAL}
    assert SignUp.of(a_token(data)).proof == ""


@pytest.mark.parametrize(
    ("payload", "name", "words"),
    [
        (ProviderState, "intent", Intent),
        (AuthorizationCode, "method", Method),
        (AuthorizationCode, "second_factor", SecondFactor),
        (PendingLogin, "method", Method),
        (DeviceAnswer, "method", Method),
        (DeviceAnswer, "second_factor", SecondFactor),
        (DeviceAnswer, "decision", Decision),
    ],
)
def test_an_unlisted_value_is_an_error(payload: type[Payload], name: str, words: object) -> None:
    data = dict(STORED)[payload]
    listed = [word for part in get_args(words) for word in (get_args(part) or (part,))]
    for word in listed:
        assert payload.of(a_token(data | {name: word})).stored()[name] == word
    with pytest.raises(ValueError, match=name):
        payload.of(a_token(data | {name: f"{listed[0]} "}))


@PAYLOADS
def test_a_code_without_a_resource_is_for_this_service(payload: type[Payload], data: dict[str, str]) -> None:
    """An earlier version stored it."""
    if "resource" in data:
        older = payload.of(a_token({name: value for name, value in data.items() if name != "resource"}))

        assert older.stored() == data | {"resource": ""}
