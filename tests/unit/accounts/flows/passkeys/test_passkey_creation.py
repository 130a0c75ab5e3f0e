"""Adding a passkey to an account."""

from typing import Any

import pytest

from accounts.errors import (
    InvalidInput,
    PasskeyLimitReached,
    PasskeyNotAccepted,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
)
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import (
    FRESH_LOGIN,
    PASSKEY_CHALLENGE_LIFETIME,
    PASSKEY_CHALLENGES_PER_ADDRESS_PER_MINUTE,
    PASSKEYS_CREATED_PER_ACCOUNT_PER_DAY,
    PASSKEYS_PER_ACCOUNT,
)
from accounts.model import messages
from accounts.model.audit import Caller, Record
from accounts.model.passkeys import Passkey
from accounts.model.throttles import Counter
from tests.authenticators import ON_ONE_DEVICE, UP, Authenticator
from tests.unit.accounts.flows.passkeys.stage import PasskeyService
from tests.unit.accounts.stage import NOW, OTHER_PASSWORD, OWNER, Interleaved, cookie, later, placed

LAST_MOMENT = NOW + PASSKEY_CHALLENGE_LIFETIME
STALE = later(seconds=FRESH_LOGIN.total_seconds() + 1)


def test_a_passkey_is_stored_recorded_and_emailed(service: PasskeyService, owner: LoggedIn) -> None:
    """The account's own item lists it, and its challenge is used up."""
    device = Authenticator(counter=3, flags=ON_ONE_DEVICE)
    made = service.add(owner, device, "Key on my desk", later(seconds=5))
    user_id = owner.session.user_id

    assert service.world.passkeys == {device.credential_id: made}
    assert made == Passkey(
        credential_id=device.credential_id,
        user_id=user_id,
        name="Key on my desk",
        public_key=made.public_key,
        sign_count=3,
        backup_eligible=False,
        backed_up=False,
        created_at=later(seconds=5),
        added_with="password",
        added_in=owner.session.digest,
    )
    assert service.world.users[user_id].passkeys == {device.credential_id}
    (record,) = service.world.records
    assert record == Record(
        user_id, "authn_passkey_created", later(seconds=5), OWNER, {"name": "Key on my desk"}, serial=record.serial
    )
    assert service.notices.messages == [messages.PasskeyCreated(user_id, "Key on my desk", **placed(later(seconds=5)))]
    assert service.world.tokens == {}


def test_other_sessions_stay(service: PasskeyService, owner: LoggedIn) -> None:
    """As when a provider is linked."""
    elsewhere = service.log_in()
    service.add(owner, Authenticator())

    assert service.session(cookie(elsewhere), NOW) == elsewhere.session


def test_a_passkey_without_a_name_is_named_after_its_browser(service: PasskeyService, owner: LoggedIn) -> None:
    device, caller = Authenticator(), Caller("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")
    invited = service.passkey_creation.invite(cookie(owner), caller, NOW)
    made = service.passkey_creation.create(cookie(owner), device.create(invited.challenge), "  ", caller, NOW)

    assert made.name == "Firefox on Linux"


def test_the_passkeys_that_exist_are_excluded(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """Those of this account only."""
    service.add(service.person("other@example.com", OTHER_PASSWORD), Authenticator())

    assert service.passkey_creation.invite(cookie(owner), OWNER, NOW).user.passkeys == {device.credential_id}


def test_an_older_login_is_not_enough(service: PasskeyService, owner: LoggedIn) -> None:
    """Neither to ask nor to add: a stolen session has to log in again."""
    invited = service.passkey_creation.invite(cookie(owner), OWNER, NOW)
    response = Authenticator().create(invited.challenge)

    with pytest.raises(ReauthenticationRequired):
        service.passkey_creation.invite(cookie(owner), OWNER, STALE)
    with pytest.raises(ReauthenticationRequired):
        service.passkey_creation.create(cookie(owner), response, "", OWNER, STALE)


def _refused(service: PasskeyService, session: LoggedIn, response: Any, now: Any = NOW) -> None:
    with pytest.raises(PasskeyNotAccepted):
        service.passkey_creation.create(cookie(session), response, "", OWNER, now)


def test_a_challenge_works_once(service: PasskeyService, owner: LoggedIn) -> None:
    invited = service.passkey_creation.invite(cookie(owner), OWNER, NOW)
    service.passkey_creation.create(cookie(owner), Authenticator().create(invited.challenge), "", OWNER, NOW)
    _refused(service, owner, Authenticator().create(invited.challenge))


def test_a_challenge_expires_after_five_minutes(service: PasskeyService, owner: LoggedIn) -> None:
    """It works until the last moment."""
    first, second = (service.passkey_creation.invite(cookie(owner), OWNER, NOW).challenge for _ in range(2))
    just_before = later(seconds=PASSKEY_CHALLENGE_LIFETIME.total_seconds() - 1)
    service.passkey_creation.create(cookie(owner), Authenticator().create(first), "", OWNER, just_before)

    _refused(service, owner, Authenticator().create(second), LAST_MOMENT)


def test_a_challenge_of_another_session_is_refused(service: PasskeyService, owner: LoggedIn) -> None:
    """Of another browser of the same owner, and of another account."""
    device = Authenticator()
    for other in (service.log_in(), service.person("other@example.com", OTHER_PASSWORD)):
        invited = service.passkey_creation.invite(cookie(other), OWNER, NOW)
        _refused(service, owner, device.create(invited.challenge))


def test_a_challenge_of_a_login_is_refused(service: PasskeyService, owner: LoggedIn) -> None:
    """Even when it is bound to the same digest."""
    challenge = service.passkey_login.invite(owner.session.digest, OWNER, NOW)
    _refused(service, owner, Authenticator().create(challenge))


def test_a_response_that_does_not_verify_is_refused(service: PasskeyService, owner: LoggedIn) -> None:
    """Nothing is stored."""
    invited = service.passkey_creation.invite(cookie(owner), OWNER, NOW)
    _refused(service, owner, Authenticator(flags=UP).create(invited.challenge))

    assert service.world.passkeys == {}


def test_an_id_belongs_to_one_account(service: PasskeyService, owner: LoggedIn, device: Authenticator) -> None:
    """A copy of another account's credential id with another key cannot be added, and the original still works."""
    stranger = service.person("other@example.com", OTHER_PASSWORD)
    copy = Authenticator(credential=device.credential)
    invited = service.passkey_creation.invite(cookie(stranger), OWNER, NOW)
    _refused(service, stranger, copy.create(invited.challenge, stranger.session.user_id))

    assert service.enter(service.answer(device)).session.user_id == owner.session.user_id


def _fill(service: PasskeyService, owner: LoggedIn, number: int) -> None:
    for _ in range(number):
        service.add(owner, Authenticator())


def test_an_account_has_ten_passkeys_at_most(service: PasskeyService, owner: LoggedIn) -> None:
    """The tenth is added; for an eleventh, the browser is not even asked."""
    _fill(service, owner, PASSKEYS_PER_ACCOUNT)

    assert len(service.world.users[owner.session.user_id].passkeys) == PASSKEYS_PER_ACCOUNT == 10
    with pytest.raises(PasskeyLimitReached):
        service.passkey_creation.invite(cookie(owner), OWNER, NOW)


def test_two_at_once_do_not_exceed_the_limit(service: PasskeyService, owner: LoggedIn) -> None:
    """Counted in the transaction that writes."""
    _fill(service, owner, PASSKEYS_PER_ACCOUNT - 1)
    first, second = (service.passkey_creation.invite(cookie(owner), OWNER, NOW).challenge for _ in range(2))
    service.passkey_creation.create(cookie(owner), Authenticator().create(first), "", OWNER, NOW)
    with pytest.raises(PasskeyLimitReached):
        service.passkey_creation.create(cookie(owner), Authenticator().create(second), "", OWNER, NOW)

    assert len(service.world.passkeys) == PASSKEYS_PER_ACCOUNT


def test_a_session_that_ends_concurrently_adds_nothing(service: PasskeyService, owner: LoggedIn) -> None:
    """The owner logs out everywhere while an attacker with a stolen session adds a passkey."""
    elsewhere = service.log_in()
    invited = service.passkey_creation.invite(cookie(owner), OWNER, NOW)
    response, end_all = Authenticator().create(invited.challenge), service.logout_everywhere.everywhere
    service.interposed = Interleaved(service.world, lambda: _uninterrupted(service, end_all, elsewhere))
    with pytest.raises(Unauthenticated):
        service.passkey_creation.create(cookie(owner), response, "", OWNER, NOW)

    assert service.world.passkeys == {}


def _uninterrupted(service: PasskeyService, end_all: Any, session: LoggedIn) -> None:
    service.interposed = None
    end_all(cookie(session), OWNER, NOW)


def test_a_name_of_64_characters_is_the_longest(service: PasskeyService, owner: LoggedIn) -> None:
    invited = service.passkey_creation.invite(cookie(owner), OWNER, NOW)
    response = Authenticator().create(invited.challenge)
    with pytest.raises(InvalidInput):
        service.passkey_creation.create(cookie(owner), response, "n" * 65, OWNER, NOW)

    assert service.passkey_creation.create(cookie(owner), response, "n" * 64, OWNER, NOW).name == "n" * 64


def test_an_account_adds_twenty_a_day_at_most(service: PasskeyService, owner: LoggedIn) -> None:
    """The twentieth attempt is free, and the next is not checked."""
    key = next(iter(_counted(service, owner, "passkey-created")))
    service.world.counters[key] = Counter(PASSKEYS_CREATED_PER_ACCOUNT_PER_DAY - 1, NOW)
    service.add(owner, Authenticator())
    invited = service.passkey_creation.invite(cookie(owner), OWNER, NOW)
    with pytest.raises(TooManyAttempts):
        service.passkey_creation.create(cookie(owner), Authenticator().create(invited.challenge), "", OWNER, NOW)


def test_a_source_asks_for_600_challenges_a_minute_at_most(service: PasskeyService, owner: LoggedIn) -> None:
    key = next(iter(_counted(service, owner, "passkey-challenge")))
    service.world.counters[key] = Counter(PASSKEY_CHALLENGES_PER_ADDRESS_PER_MINUTE - 1, NOW)
    service.passkey_login.invite("a" * 64, OWNER, NOW)
    with pytest.raises(TooManyAttempts):
        service.passkey_login.invite("a" * 64, OWNER, NOW)
    with pytest.raises(TooManyAttempts):
        service.passkey_creation.invite(cookie(owner), OWNER, NOW)


def _counted(service: PasskeyService, owner: LoggedIn, bucket: str) -> list[str]:
    service.add(owner, Authenticator())
    return [key for key in service.world.counters if key.startswith(f"{bucket}#")]
