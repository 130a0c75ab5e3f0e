"""The queue's wire form: mailers and requests of two versions read each other's messages."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from accounts.model import messages, user_agents
from accounts.model.audit import Caller
from accounts.model.messages import Message

# As version 0.1 wrote them: each message with all fields.
OLD = Path(__file__).with_name("messages_before_0_2_0.jsonl").read_text(encoding="utf-8").splitlines()
OLD_FIELDS = ("kind", "email", "user_id", "identity", "detail", "at", "source", "device", "client")
_USER_ID, _EMAIL = "4Qm8Zr1Tn6Yb3Wk9Pc5Vx2Hd7Lf0", "olive@example.com"
_AT = datetime(2026, 11, 22, 9, 14, 0, 250_000, UTC)
_CALLER = Caller("198.51.100.7", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
_FIREFOX = ("Firefox on Linux", _AT, "198.51.100.7")
_PLACE = ("device", "at", "source")
_LAST_USE = ("last_used", "device", "last_source")
OPTIONAL = {
    messages.Signup: ("device", "source", "detail"),
    messages.ProviderSignup: ("detail",),
    messages.PasswordForgot: ("device", "source"),
    messages.LoginsDelayed: ("device",),
    messages.PasswordClosed: ("device",),
    messages.ApiKeyCreated: ("identity", *_PLACE),
    messages.ApiKeyRotated: ("identity", *_PLACE),
    messages.ApiKeyLoosened: ("identity", *_PLACE, "networks", "scopes"),
    messages.ApiKeyDeleted: ("detail", "identity", *_PLACE),
    messages.ApiKeyLeaked: ("url", "found_in", *_LAST_USE),
    messages.ApiKeyExpiring: _LAST_USE,
    messages.ApiKeyNewNetwork: ("identity", *_PLACE, "user_agent", "last_used", "last_source"),
    messages.IdentityUnlinked: ("identity", *_PLACE),
    messages.EmailChangeAsked: _PLACE,
    messages.EmailChanged: _PLACE,
    messages.PasswordSet: _PLACE,
    messages.PasswordReset: _PLACE,
    messages.PasswordChanged: _PLACE,
    messages.IdentityLinked: _PLACE,
    messages.PasskeyCreated: _PLACE,
    messages.PasskeyRemoved: _PLACE,
    messages.PasswordRemoved: _PLACE,
    messages.SecondFactorTurnedOn: _PLACE,
    messages.SecondFactorTurnedOff: _PLACE,
    messages.RecoveryCodesReplaced: _PLACE,
    messages.SecondFactorResetCancelled: _PLACE,
    messages.SecondFactorReset: _PLACE,
}
SAME = [
    messages.Signup(_EMAIL),
    messages.ProviderSignup("github#77"),
    messages.PasswordForgot(_EMAIL, "0f1e2d3c"),
    messages.PasswordForgot(_EMAIL, ""),
    messages.EmailChange(_USER_ID, "new@example.com", _AT),
    messages.EmailChangeAsked(_USER_ID, _EMAIL),
    messages.EmailChanged(_USER_ID, _EMAIL),
    messages.PasswordSet(_USER_ID),
    messages.PasswordReset(_USER_ID),
    messages.PasswordRevoked(_USER_ID),
    messages.PasswordChanged(_USER_ID),
    messages.ApiKeyCreated(_USER_ID, "Zoë's laptop"),
    messages.ApiKeyDeleted(_USER_ID, ""),
    messages.IdentityLinked(_USER_ID, "Google"),
    messages.IdentityUnlinked(_USER_ID, "GitHub"),
    messages.LoginNewBrowser(_USER_ID, *_FIREFOX),
    messages.LoginAfterFailures(_USER_ID, *_FIREFOX),
    messages.ClientLoggedIn(_USER_ID, "Comfy CLI", *_FIREFOX[1:], "Comfy CLI"),
]
NEW = [
    messages.PasskeyCreated(_USER_ID, "Zoë's phone"),
    messages.PasskeyRemoved(_USER_ID, "password"),
    messages.PasskeyCopied(_USER_ID, *_FIREFOX, "Zoë's phone"),
    messages.PasswordRemoved(_USER_ID),
    messages.SecondFactorTurnedOn(_USER_ID, **user_agents.place(_CALLER, _AT)),
    messages.SecondFactorTurnedOff(_USER_ID),
    messages.RecoveryCodesReplaced(_USER_ID),
    messages.SecondFactorResetRequested(_USER_ID, _AT),
    messages.SecondFactorResetCancelled(_USER_ID),
    messages.SecondFactorReset(_USER_ID),
    messages.SecondFactorFailed(_USER_ID, *_FIREFOX),
    messages.RecoveryCodeUsed(_USER_ID, *_FIREFOX),
    messages.LoginCode(_USER_ID, *_FIREFOX, "0f1e2d3c", "4b5a6978"),
    messages.LoginsDelayed(_EMAIL, *_FIREFOX, "0f1e2d3c"),
    messages.PasswordClosed(_EMAIL, *_FIREFOX, ""),
    messages.ApiKeyExpiring(_USER_ID, "laptop", "comfyui-Ab12…", "2026-01-08T12:00:00+00:00", "0f1e2d3c#1"),
    messages.ApiKeyRotated(_USER_ID, "laptop", "2026-01-08T12:00:00+00:00"),
    messages.ApiKeyLoosened(_USER_ID, "laptop", "192.0.2.0/24, 2001:db8::/32", messages.ANY),
    messages.ApiKeyCreated(_USER_ID, "laptop", hint="comfyui-Ab12…", **user_agents.place(_CALLER, _AT)),
    messages.ApiKeyNewNetwork(
        _USER_ID, "laptop", "0f1e2d3c", user_agent="curl/8", hint="comfyui-Ab12…", **user_agents.place(_CALLER, _AT)
    ),
    messages.ApiKeyLeaked(_USER_ID, "laptop", "https://github.com/o/r", "commit", "2026-01-05T12:00:00+00:00"),
]
PAIRS = pytest.mark.parametrize(("old", "message"), list(zip(OLD, SAME, strict=True)))


def test_every_kind_is_compared() -> None:
    assert {type(message) for message in (*SAME, *NEW)} == set(get_args(Message))


@PAIRS
def test_an_old_message_is_read(old: str, message: Message) -> None:
    assert messages.decode(old) == message


@PAIRS
def test_an_old_mailer_reads_a_new_message_as_the_old_one(old: str, message: Message) -> None:
    """It fills absent fields with empty strings and accepts no other field."""
    new = json.loads(messages.encode(message))

    assert new.keys() <= set(OLD_FIELDS)
    assert dict.fromkeys(OLD_FIELDS, "") | new == json.loads(old)


@PAIRS
def test_a_message_survives_the_queue(old: str, message: Message) -> None:
    body = messages.encode(message)

    assert messages.decode(body) == message
    assert body.isascii()
    assert len(body) < len(old)


@pytest.mark.parametrize("message", NEW)
def test_a_message_of_a_new_kind_survives_the_queue(message: Message) -> None:
    assert messages.decode(messages.encode(message)) == message


@pytest.mark.parametrize("message", [*SAME, *NEW])
def test_a_message_that_lacks_a_field_is_refused(message: Message) -> None:
    """Except what version 0.1 left empty, and what older messages lack."""
    fields = json.loads(messages.encode(message))
    for name in fields:
        without = json.dumps({key: value for key, value in fields.items() if key != name})
        if name in OPTIONAL.get(type(message), ()):
            messages.decode(without)
            continue
        with pytest.raises(ValueError, match="required"):
            messages.decode(without)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "null",
        "[]",
        "{}",
        '{"kind": "sign_in", "email": "a@example.com"}',
        '{"kind": "Signup", "email": "a@example.com"}',
        '{"kind": "sign_up", "email": "a@example.com", "bcc": ""}',
        '{"kind": "sign_up", "email": null}',
        '{"kind": "sign_up", "email": 1}',
        '{"kind": "email_change", "user_id": "u", "email": "a@example.com", "at": "yesterday"}',
    ],
)
def test_anything_else_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        messages.decode(body)
