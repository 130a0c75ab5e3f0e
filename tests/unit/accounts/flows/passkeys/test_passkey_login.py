"""Log in with a passkey, and re-authenticate with one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from accounts import secrets
from accounts.errors import InvalidPasskey, TooManyAttempts, Unauthenticated, Unavailable
from accounts.flows.operators.operator_requests import OperatorRequest
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import PASSKEY_ATTEMPTS_PER_ADDRESS_PER_MINUTE, PASSKEY_CHALLENGE_LIFETIME, SESSIONS_PER_ACCOUNT
from accounts.model import messages, passkeys, user_agents
from accounts.model.audit import Caller, Record
from accounts.model.passkeys import Assertion, public_id
from accounts.model.throttles import Counter
from tests.authenticators import ON_ONE_DEVICE, UP, Authenticator
from tests.unit.accounts.flows.passkeys.stage import BROWSER, OTHER_BROWSER, PasskeyService
from tests.unit.accounts.stage import (
    NOW,
    OPERATOR,
    OTHER_PASSWORD,
    OWNER,
    STRANGER,
    Interleaved,
    cookie,
    held,
    later,
)

AGAIN = later(minutes=30)


def test_a_passkey_is_a_complete_login(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """No address and no password: the authenticator knows the account."""
    user_id = owner.session.user_id
    device.counter = 1
    logged_in = service.enter(service.answer(device, AGAIN), AGAIN)

    assert (logged_in.session.user_id, logged_in.session.method) == (user_id, "passkey")
    assert service.session(cookie(logged_in), AGAIN, fresh=True) == logged_in.session
    stored = service.world.passkeys[device.credential_id]
    assert (stored.sign_count, stored.last_used_at, stored.backed_up) == (1, AGAIN, True)
    (record,) = service.world.records
    detail = {"method": "passkey", "session": logged_in.session.digest}
    caller = logged_in.session.caller
    assert record == Record(user_id, "authn_login_success", AGAIN, caller, detail, serial=record.serial)
    assert service.notices.messages == []
    assert service.hasher.calls == 0


@pytest.mark.parametrize("remember", [True, False])
def test_a_login_may_be_remembered(service: PasskeyService, device: Authenticator, *, remember: bool) -> None:
    logged_in = service.enter(service.answer(device), remember=remember)

    assert logged_in.session.remembered is remember


def test_the_session_in_the_browser_is_replaced(
    service: PasskeyService, owner: LoggedIn, device: Authenticator
) -> None:
    """No session token survives a login."""
    logged_in = service.enter(service.answer(device), presented=cookie(owner))

    assert held(service, owner) == {logged_in.session.digest}


def test_a_full_account_makes_room(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    for _ in range(SESSIONS_PER_ACCOUNT - 1):
        service.log_in()
    logged_in = service.enter(service.answer(device, later(seconds=1)), later(seconds=1))

    assert len(held(service, owner)) == SESSIONS_PER_ACCOUNT
    assert logged_in.session.digest in held(service, owner)


def test_a_new_browser_is_remembered_and_the_owner_emailed(service: PasskeyService, device: Authenticator) -> None:
    """The second login from it causes no email, with a passkey or a password."""
    first = service.enter(service.answer(device), caller=STRANGER)
    known = Caller(STRANGER.source, STRANGER.user_agent, secrets.digest(first.browser_token))
    service.enter(service.answer(device), caller=known)

    browser = user_agents.describe(STRANGER.user_agent)
    user_id = first.session.user_id
    assert service.notices.messages == [messages.LoginNewBrowser(user_id, browser, NOW, STRANGER.source)]
    assert known.known_browser in service.identity().known_browsers


def test_failures_of_the_password_do_not_keep_the_owner_out(service: PasskeyService, device: Authenticator) -> None:
    """A hundred failures disable the password, and nothing else."""
    service.fail(100)

    assert service.enter(service.answer(device)).session.method == "passkey"


# --- One answer to every failure --------------------------------------------------------------------------------------


def refused(service: PasskeyService, response: Assertion, now: datetime = NOW, **how: Any) -> str:
    """The message of the refusal; no session, and no change of the passkey."""
    sessions, stored = dict(service.world.sessions), dict(service.world.passkeys)
    with pytest.raises(InvalidPasskey) as refusal:
        service.enter(response, now, **how)
    assert (service.world.sessions, service.world.passkeys) == (sessions, stored)
    return refusal.value.message


def _removed(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    service.passkey_removal.remove(cookie(owner), public_id(device.credential_id), OWNER, NOW)


def _disabled(service: PasskeyService, owner: LoggedIn, _device: Authenticator) -> None:
    service.account_disabling.disable(OperatorRequest(owner.session.user_id, OPERATOR), NOW)


def _deleted(service: PasskeyService, owner: LoggedIn, _device: Authenticator) -> None:
    service.account_closing.close(cookie(owner), OWNER, NOW)


def _unlisted(service: PasskeyService, owner: LoggedIn, _device: Authenticator) -> None:
    """A restored table still has what the account no longer lists."""
    service.world.user(owner.session.user_id, passkeys=frozenset())


def _unverified(service: PasskeyService, _owner: LoggedIn, _device: Authenticator) -> None:
    service.change_identity(verified=False)


ENDS: dict[str, Callable[[PasskeyService, LoggedIn, Authenticator], None]] = {
    "removed": _removed,
    "of a disabled account": _disabled,
    "of a deleted account": _deleted,
    "that its account does not list": _unlisted,
    "of an account whose address is not verified": _unverified,
}


@pytest.mark.parametrize("what", ENDS)
def test_a_passkey_that_has_ended_is_refused(
    service: PasskeyService, owner: LoggedIn, device: Authenticator, what: str
) -> None:
    response = service.answer(device)
    ENDS[what](service, owner, device)

    assert refused(service, response) == InvalidPasskey.default_message


@pytest.mark.parametrize("what", ["removed", "of a disabled account", "of a deleted account"])
def test_a_passkey_that_ends_during_the_login_opens_nothing(
    service: PasskeyService, owner: LoggedIn, device: Authenticator, what: str
) -> None:
    """The session's own transaction refuses it."""
    response = service.answer(device)
    service.interposed = Interleaved(service.world, lambda: _at_once(service, owner, device, what))
    with pytest.raises(InvalidPasskey):
        service.enter(response)

    assert all(session.method != "passkey" for session in service.world.sessions.values())


def _at_once(service: PasskeyService, owner: LoggedIn, device: Authenticator, what: str) -> None:
    service.interposed = None
    ENDS[what](service, owner, device)


RESPONSES: dict[str, Callable[[PasskeyService, Authenticator], Assertion]] = {
    "of an unknown passkey": lambda s, d: s.answer(Authenticator(user_id=d.user_id)),
    "with another key": lambda s, d: s.answer(Authenticator(credential=d.credential, user_id=d.user_id)),
    "without verification": lambda s, d: _signed(s, d, flags=UP),
    "whose backup state changed": lambda s, d: _signed(s, d, flags=ON_ONE_DEVICE),
    "of another site": lambda s, d: s.answer(d, origin="https://accounts.example.org"),
    "from a frame of another site": lambda s, d: s.answer(d, crossOrigin=True),
    "without an account": lambda s, d: s.answer(d, user_handle=""),
    "that names another account": lambda s, d: s.answer(d, user_handle="x" * 28),
    "to an unknown challenge": lambda _s, d: d.sign(secrets.new_token()),
    "to no challenge": lambda _s, d: d.sign(""),
    "of another type": lambda s, d: s.answer(d, type="webauthn.create"),
    "without an id": lambda s, d: replace(s.answer(d), credential_id=""),
    "with an id of another alphabet": lambda s, d: replace(s.answer(d), credential_id="ü" * 10),
    "with an id that is too long": lambda s, d: replace(s.answer(d), credential_id="i" * 1365),
    "without client data": lambda s, d: replace(s.answer(d), client_data=""),
    "without a signature": lambda s, d: replace(s.answer(d), signature=""),
    "without data": lambda s, d: replace(s.answer(d), authenticator_data=""),
    "with a malformed account": lambda s, d: replace(s.answer(d), user_handle="%"),
    "to a challenge for creating": lambda s, d: _of_purpose(s, d, "passkey-creation"),
    "to a challenge for confirming": lambda s, d: _of_purpose(s, d, "passkey-reauthentication"),
}


def _signed(service: PasskeyService, device: Authenticator, flags: int) -> Assertion:
    device.flags = flags
    return service.answer(device)


def _of_purpose(service: PasskeyService, device: Authenticator, purpose: Any) -> Assertion:
    return device.sign(service._challenges.issue(purpose, BROWSER, OWNER, NOW))


@pytest.mark.parametrize("what", RESPONSES)
def test_every_counterfeit_gets_the_same_answer(service: PasskeyService, device: Authenticator, what: str) -> None:
    assert refused(service, RESPONSES[what](service, device)) == InvalidPasskey.default_message
    assert service.notices.messages == []


def test_a_passkey_of_another_account_opens_only_its_own(service: PasskeyService, device: Authenticator) -> None:
    """Neither the other's account by its own key, nor its own by the other's id."""
    stranger, theirs = service.person("other@example.com", OTHER_PASSWORD), Authenticator()
    service.add(stranger, theirs)

    refused(service, service.answer(theirs, user_handle=device.user_id))
    refused(service, replace(service.answer(theirs), credential_id=device.credential_id))
    assert service.enter(service.answer(theirs)).session.user_id == stranger.session.user_id


def test_a_challenge_works_once(service: PasskeyService, device: Authenticator) -> None:
    """Also for a counter of zero, which never goes back."""
    response = service.answer(device)
    service.enter(response)

    refused(service, response)


def test_a_challenge_expires_after_five_minutes(service: PasskeyService, device: Authenticator) -> None:
    early, late = service.answer(device), service.answer(device)
    service.enter(early, later(seconds=PASSKEY_CHALLENGE_LIFETIME.total_seconds() - 1))

    refused(service, late, NOW + PASSKEY_CHALLENGE_LIFETIME)


def test_a_challenge_works_in_its_own_browser_only(service: PasskeyService, device: Authenticator) -> None:
    """An attacker's challenge and response in the owner's browser, or the owner's response in the attacker's."""
    response = service.answer(device, browser=BROWSER)
    refused(service, response, browser=OTHER_BROWSER)
    refused(service, response, browser=secrets.digest(""))

    assert service.enter(response, browser=BROWSER)


def test_two_tabs_of_a_browser_do_not_disturb_each_other(service: PasskeyService, device: Authenticator) -> None:
    """Each has a challenge of its own."""
    first, second = service.answer(device), service.answer(device)

    assert service.enter(first)
    assert service.enter(second)


def test_a_counter_that_goes_back_is_refused_and_told(
    service: PasskeyService, owner: LoggedIn, device: Authenticator
) -> None:
    """Equal is back, too. The response cannot be sent again, so the owner gets one email for one attempt."""
    device.counter = 5
    service.enter(service.answer(device))
    service.world.records.clear()
    for counter in (5, 4, 0):
        device.counter = counter
        response = service.answer(device)
        assert refused(service, response) == InvalidPasskey.default_message
        assert refused(service, response) == InvalidPasskey.default_message

    user_id = owner.session.user_id
    browser = user_agents.describe(OWNER.user_agent)
    told = messages.PasskeyCopied(user_id, browser, NOW, OWNER.source, "Phone")
    assert service.notices.messages == [told] * 3
    assert [(it.event, it.detail) for it in service.world.records] == [("authn_passkey_copied", {"name": "Phone"})] * 3
    device.counter = 6
    assert service.enter(service.answer(device))


def test_two_uses_of_one_counter_at_once(service: PasskeyService, device: Authenticator) -> None:
    """Only one logs in: the counter is a condition of the write."""
    device.counter = 1
    first, second = service.answer(device), service.answer(device)
    service.interposed = Interleaved(service.world, lambda: _enter_between(service, first))

    with pytest.raises(InvalidPasskey):
        service.enter(second)
    assert [it.method for it in service.world.sessions.values()].count("passkey") == 1
    assert [type(it) for it in service.notices.messages] == [messages.PasskeyCopied]


def _enter_between(service: PasskeyService, response: Assertion) -> None:
    service.interposed = None
    service.enter(response)


def test_a_source_has_300_attempts_a_minute(service: PasskeyService, device: Authenticator) -> None:
    """Counted before anything is checked; another source is not affected."""
    service.enter(service.answer(device))
    (key,) = (key for key in service.world.counters if key.startswith("passkey#"))
    service.world.counters[key] = Counter(PASSKEY_ATTEMPTS_PER_ADDRESS_PER_MINUTE - 1, NOW)
    service.enter(service.answer(device))
    response = service.answer(device)
    with pytest.raises(TooManyAttempts):
        service.enter(response)

    assert service.enter(response, caller=STRANGER)


def test_when_dynamodb_is_down_no_session_is_opened(service: PasskeyService, device: Authenticator) -> None:
    response = service.answer(device)
    service.world.down = True
    with pytest.raises(Unavailable):
        service.enter(response)


# --- Confirming who is logged in --------------------------------------------------------------------------------------


def again(service: PasskeyService, session: LoggedIn, device: Authenticator, **lies: Any) -> LoggedIn:
    """Half an hour after the login, the owner confirms with a passkey."""
    reminded = service.passkey_login.remind(cookie(session), OWNER, AGAIN)
    response = device.sign(reminded.challenge, **lies)
    confirmed: LoggedIn = service.passkey_login.reauthenticate(cookie(session), response, OWNER, AGAIN)
    return confirmed


@pytest.mark.parametrize("remember", [True, False])
@pytest.mark.parametrize("lies", [{}, {"user_handle": ""}])
def test_confirming_replaces_the_session_by_a_fresh_one(
    service: PasskeyService, device: Authenticator, lies: dict[str, Any], *, remember: bool
) -> None:
    """An authenticator that is asked for one passkey may leave out the account."""
    old = service.log_in(remember=remember)
    fresh = again(service, old, device, **lies)

    assert (fresh.session.remembered, fresh.session.method) == (remember, "passkey")
    assert service.session(cookie(fresh), AGAIN, fresh=True)
    with pytest.raises(Unauthenticated):
        service.session(cookie(old), AGAIN)


def test_the_browser_offers_the_passkeys_of_the_account_only(
    service: PasskeyService, owner: LoggedIn, device: Authenticator
) -> None:
    service.add(service.person("other@example.com", OTHER_PASSWORD), Authenticator())

    assert service.passkey_login.remind(cookie(owner), OWNER, NOW).user.passkeys == {device.credential_id}


def test_confirming_never_switches_the_account(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """Whatever the response names: the session's account counts."""
    stranger, theirs = service.person("other@example.com", OTHER_PASSWORD), Authenticator()
    service.add(stranger, theirs)
    assert device.user_id == owner.session.user_id
    for handle in (None, "", device.user_id):
        with pytest.raises(InvalidPasskey):
            again(service, owner, theirs, user_handle=handle)
    with pytest.raises(InvalidPasskey):
        again(service, owner, device, user_handle=stranger.session.user_id)


def test_a_challenge_of_another_session_confirms_nothing(
    service: PasskeyService, owner: LoggedIn, device: Authenticator
) -> None:
    """Of the same account in another browser, and of a login."""
    elsewhere = service.log_in()
    for challenge in (
        service.passkey_login.remind(cookie(elsewhere), OWNER, NOW).challenge,
        service.passkey_login.invite(owner.session.digest, OWNER, NOW),
    ):
        with pytest.raises(InvalidPasskey):
            service.passkey_login.reauthenticate(cookie(owner), device.sign(challenge), OWNER, NOW)


def test_the_longest_id_is_looked_up() -> None:
    """1,023 bytes in base64url; one more is not an id."""
    assert passkeys.is_id("i" * 1364)
    assert not passkeys.is_id("i" * 1365)
    assert not passkeys.is_id("")
