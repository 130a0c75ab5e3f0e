"""The owner enters the code that a device shows, sees what it asks, and answers."""

from copy import replace
from datetime import timedelta

import pytest

from accounts import secrets
from accounts.errors import (
    InvalidInput,
    InvalidUserCode,
    ReauthenticationRequired,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from accounts.flows.clients.device_consent import DeviceQuestion
from accounts.limits import USER_CODES_PER_ACCOUNT_PER_HOUR, USER_CODES_PER_ADDRESS_PER_MINUTE
from accounts.model import one_time_tokens, users
from accounts.model.audit import Caller
from accounts.model.consents import ALLOW, DENY, Decision
from accounts.model.device_codes import Codes
from accounts.model.one_time_tokens import DEVICE_CODE, UNCLAIMED, USER_CODE, DeviceAnswer, OneTimeToken, token_key
from tests.unit.accounts.flows.clients.stage import (
    CLIENT,
    DEVICE,
    QUESTION,
    Refusing,
    allowed,
    answer,
    codes,
    counters,
    entered,
    reset_token,
    stored,
)
from tests.unit.accounts.stage import NOW, OWNER, STRANGER, Interleaved, Service, later

NO_CODE = "BBBB-BBBB"


def user_code_key(found: Codes) -> str:
    """Where the short code is stored."""
    return token_key(USER_CODE, secrets.digest(found.user_code.replace("-", "")))


def device_key(found: Codes) -> str:
    """Where the long code is stored."""
    return token_key(DEVICE_CODE, secrets.digest(found.device_code))


def test_the_question_says_what_is_asked_from_where_and_when(service: Service) -> None:
    """RFC 8628 3.3, 5.4."""
    owner, found = service.person(), codes(service)
    user = service.world.users[owner.session.user_id]
    question = service.device_consent.question(found.user_code, owner.session, OWNER, later(seconds=61))

    asked_by, at = DEVICE, NOW
    expected = DeviceQuestion(
        QUESTION.client, QUESTION.resource, "account", asked_by.source, asked_by.user_agent, at, user
    )
    assert question == expected


def test_entering_a_code_binds_it_to_the_account(service: Service) -> None:
    """Nothing else is written, and the device's own code stays as it was (OA-20)."""
    owner, found = service.person(), codes(service)
    before, key = stored(service), user_code_key(found)
    service.world.counters.clear()
    service.device_consent.question(found.user_code, owner.session, OWNER, later(seconds=61))

    bound = replace(before["tokens"][key], subject=owner.session.user_id)
    assert stored(service) == {**before, "tokens": {**before["tokens"], key: bound}}
    assert counters(service) == {f"user-code#{owner.session.user_id}#3600": 1, f"user-code#{OWNER.source}#60": 1}


def test_entering_a_code_again_asks_the_same_and_writes_nothing(service: Service) -> None:
    """A page may be reloaded."""
    owner, found = service.person(), codes(service)
    asked = service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    service.interposed = Refusing()

    assert service.device_consent.question(found.user_code, owner.session, OWNER, later(minutes=1)) == asked
    assert service.interposed.times == 0


def test_a_code_is_entered_in_any_case_with_or_without_a_dash(service: Service) -> None:
    """RFC 8628 6.1."""
    owner, found = service.person(), codes(service)
    service.device_consent.question(found.user_code.lower(), owner.session, OWNER, NOW)
    service.device_consent.answer(found.user_code.replace("-", " "), ALLOW, owner.session, OWNER, NOW)

    assert user_code_key(found) not in service.world.tokens


@pytest.mark.parametrize(
    "text", ["", "BBBB-BBB", "BBBB-BBBBB", "AEIO-UYBB", "1234-5678", "\u0391BBB-BBBB", "B" * 10_000]
)
def test_text_that_cannot_be_a_code_is_counted_and_not_looked_up(service: Service, text: str) -> None:
    owner = service.person()
    for _ in range(2):
        with pytest.raises(InvalidUserCode):
            service.device_consent.question(text, owner.session, OWNER, NOW)

    assert service.world.reads == []
    assert counters(service) == {f"user-code#{owner.session.user_id}#3600": 2, f"user-code#{OWNER.source}#60": 2}


def test_an_invalid_code_is_refused_alike_whatever_is_wrong_with_it(service: Service) -> None:
    """Unknown, answered, expired or entered by another account: one answer after the same steps."""
    owner, stranger = service.person(), service.person("other@example.com")
    expired, answered, others = codes(service), entered(service, owner, later(minutes=1)), codes(service)
    answer(service, answered, owner, now=later(minutes=1))
    service.device_consent.question(others.user_code, stranger.session, STRANGER, NOW)
    steps = []

    for text in (NO_CODE, answered.user_code, expired.user_code, others.user_code):
        service.world.reads.clear()
        with pytest.raises(InvalidUserCode) as refusal:
            service.device_consent.question(text, owner.session, OWNER, later(minutes=10))
        steps.append((refusal.value.message, [read.partition("#")[0] for read in service.world.reads]))
    assert steps == [(InvalidUserCode.default_message, ["tokens:user-code"])] * 4


def test_a_code_works_for_ten_minutes(service: Service) -> None:
    """To the microsecond, for the question and for the answer."""
    owner, found = service.person(), codes(service)
    last, over = later(minutes=10, microseconds=-1), later(minutes=10)

    with pytest.raises(InvalidUserCode):
        service.device_consent.question(found.user_code, owner.session, OWNER, over)
    service.device_consent.question(found.user_code, owner.session, OWNER, last)
    with pytest.raises(InvalidUserCode):
        answer(service, found, owner, now=over)
    answer(service, found, owner, now=last)


def test_allowing_a_device_needs_a_login_of_the_last_fifteen_minutes(service: Service) -> None:
    """The code waits for the answer that follows the new login (SE-21)."""
    owner, stale = service.person(), later(minutes=15, microseconds=1)
    found = entered(service, owner, later(minutes=10))
    before = stored(service)

    with pytest.raises(ReauthenticationRequired):
        answer(service, found, owner, now=stale)
    assert stored(service) == before
    answer(service, found, owner, now=later(minutes=15))


def test_an_older_login_can_deny_a_device(service: Service) -> None:
    """Denying grants nothing."""
    owner = service.person()
    found = entered(service, owner, later(minutes=55))
    answer(service, found, owner, DENY, now=later(minutes=59))

    assert user_code_key(found) not in service.world.tokens


def test_the_account_that_enters_a_code_first_is_the_only_one_that_can_use_it(service: Service) -> None:
    """OA-20."""
    owner, stranger, found = service.person(), service.person("other@example.com"), codes(service)
    service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    before = stored(service)

    with pytest.raises(InvalidUserCode):
        service.device_consent.question(found.user_code, stranger.session, STRANGER, NOW)
    for decision in (ALLOW, DENY):
        with pytest.raises(InvalidUserCode):
            service.device_consent.answer(found.user_code, decision, stranger.session, STRANGER, NOW)
    assert stored(service) == before
    answer(service, found, owner)


def test_a_token_of_another_purpose_is_not_a_code(service: Service) -> None:
    """ASVS 9.2.2."""
    owner, found = service.person(), codes(service)
    others = [found.device_code, allowed(service, owner), reset_token(service, owner), owner.token]
    before = stored(service)

    for other in others:
        with pytest.raises(InvalidUserCode):
            service.device_consent.question(other, owner.session, OWNER, NOW)
    assert stored(service) == before


def test_of_two_accounts_that_enter_one_code_concurrently_one_is_asked(service: Service) -> None:
    """The other one has read that it belongs to no account."""
    owner, stranger, found = service.person(), service.person("other@example.com"), codes(service)
    rival = Service(service.world)
    service.interposed = Interleaved(
        service.world, lambda: rival.device_consent.question(found.user_code, stranger.session, STRANGER, NOW)
    )

    with pytest.raises(InvalidUserCode):
        service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    assert service.world.tokens[user_code_key(found)].subject == stranger.session.user_id


def test_two_tabs_of_one_account_enter_a_code_concurrently(service: Service) -> None:
    owner, found = service.person(), codes(service)
    rival, first = Service(service.world), []
    service.interposed = Interleaved(
        service.world,
        lambda: first.append(rival.device_consent.question(found.user_code, owner.session, OWNER, NOW)),
    )

    assert service.device_consent.question(found.user_code, owner.session, OWNER, NOW) == first[0]


def test_a_code_that_is_answered_concurrently_is_no_longer_asked(service: Service) -> None:
    """It is not stored again."""
    owner, found = service.person(), codes(service)
    rival = Service(service.world)

    def meanwhile() -> None:
        rival.device_consent.question(found.user_code, owner.session, OWNER, NOW)
        answer(rival, found, owner)

    service.interposed = Interleaved(service.world, meanwhile)
    with pytest.raises(InvalidUserCode):
        service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    assert user_code_key(found) not in service.world.tokens


@pytest.mark.parametrize("decision", [ALLOW, DENY])
def test_an_answer_is_written_on_the_devices_code_and_uses_up_the_short_one(
    service: Service, decision: Decision
) -> None:
    """Issued by the account, now; valid no longer than before."""
    owner = service.person()
    owner = replace(owner, session=replace(owner.session, method="google", second_factor="totp"))
    found = entered(service, owner)
    before = stored(service)
    service.world.counters.clear()
    answer(service, found, owner, decision, later(minutes=1))

    payload = DeviceAnswer(
        client_id=CLIENT,
        scope="account",
        method="google",
        session=owner.session.digest,
        second_factor="totp",
        proven_at=NOW.isoformat(),
        decision=decision,
    )
    token = OneTimeToken(
        DEVICE_CODE,
        secrets.digest(found.device_code),
        owner.session.user_id,
        later(minutes=1),
        later(minutes=10),
        payload.stored(),
    )
    assert stored(service) == {**before, "tokens": {token.key: token}}
    assert counters(service) == {f"user-code#{owner.session.user_id}#3600": 1, f"user-code#{OWNER.source}#60": 1}


@pytest.mark.parametrize("decision", ["", "yes", "Allow", "allow "])
def test_an_answer_is_one_of_two(service: Service, decision: str) -> None:
    """Anything else is refused before it is counted."""
    owner = service.person()
    found = entered(service, owner)
    service.world.counters.clear()
    before = stored(service)

    with pytest.raises(InvalidInput):
        answer(service, found, owner, decision)
    assert (stored(service), counters(service)) == (before, {})


def test_a_code_that_was_not_entered_cannot_be_answered(service: Service) -> None:
    """Its question was not shown (RFC 8628 5.4)."""
    owner, found = service.person(), codes(service)
    before = stored(service)

    with pytest.raises(InvalidUserCode):
        answer(service, found, owner)
    assert stored(service) == before


@pytest.mark.parametrize("again", [ALLOW, DENY])
def test_a_code_is_answered_once(service: Service, again: Decision) -> None:
    owner = service.person()
    found = entered(service, owner)
    answer(service, found, owner)
    before = stored(service)

    with pytest.raises(InvalidUserCode):
        answer(service, found, owner, again)
    assert stored(service) == before


def test_of_two_concurrent_answers_the_first_counts(service: Service) -> None:
    """Two tabs of one account."""
    owner = service.person()
    found, rival = entered(service, owner), Service(service.world)
    service.interposed = Interleaved(service.world, lambda: answer(rival, found, owner, DENY))

    with pytest.raises(InvalidUserCode):
        answer(service, found, owner, ALLOW)
    assert DeviceAnswer.of(service.world.tokens[device_key(found)]).decision == DENY


def test_an_answer_to_a_device_whose_code_is_gone_uses_nothing_up(service: Service) -> None:
    """Both changes or neither."""
    owner = service.person()
    found = entered(service, owner)
    service.world.commit(one_time_tokens.Consume(device_key(found)))
    before = stored(service)

    with pytest.raises(InvalidUserCode):
        answer(service, found, owner)
    assert stored(service) == before


def test_an_account_that_is_disabled_or_deleted_neither_enters_nor_answers(service: Service) -> None:
    """Its session was read before that happened."""
    owner, other = service.person(), service.person("other@example.com")
    first, second = entered(service, owner), entered(service, other)
    new = codes(service)
    service.world.user(owner.session.user_id, status=users.DISABLED)
    del service.world.users[other.session.user_id]
    before = stored(service)

    for person, found in ((owner, first), (other, second)):
        for text in (found.user_code, new.user_code):
            with pytest.raises(Unauthenticated):
                service.device_consent.question(text, person.session, OWNER, NOW)
        with pytest.raises(Unauthenticated):
            answer(service, found, person)
    assert stored(service) == before
    assert service.world.tokens[user_code_key(new)].subject == UNCLAIMED


def test_an_account_enters_forty_codes_an_hour(service: Service) -> None:
    """From wherever it enters them, good ones included: after that, none is looked up (RFC 8628 5.1)."""
    owner, found = service.person(), codes(service)
    for number in range(USER_CODES_PER_ACCOUNT_PER_HOUR - 1):
        with pytest.raises(InvalidUserCode):
            service.device_consent.question(NO_CODE, owner.session, Caller(f"198.51.100.{number}", ""), NOW)
    service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    before = stored(service)
    service.world.reads.clear()

    with pytest.raises(TooManyAttempts) as refusal:
        service.device_consent.question(found.user_code, owner.session, STRANGER, later(minutes=59))
    assert refusal.value.retry_after == 60
    with pytest.raises(TooManyAttempts):
        service.device_consent.answer(found.user_code, ALLOW, owner.session, STRANGER, NOW)
    assert (stored(service), service.world.reads) == (before, [])
    assert f"user-code#{STRANGER.source}#60" not in counters(service)
    fresh = codes(service, later(minutes=60))
    assert service.device_consent.question(fresh.user_code, owner.session, OWNER, later(minutes=60))


def test_a_source_enters_twenty_codes_a_minute(service: Service) -> None:
    """However many accounts share it. An account elsewhere is not affected."""
    owner, found = service.person(), codes(service)
    for number in range(USER_CODES_PER_ADDRESS_PER_MINUTE):
        guesser = replace(owner.session, user_id=f"guesser-{number}")
        with pytest.raises(InvalidUserCode):
            service.device_consent.question(NO_CODE, guesser, STRANGER, NOW)
    service.world.reads.clear()

    with pytest.raises(TooManyAttempts) as refusal:
        service.device_consent.question(found.user_code, owner.session, STRANGER, NOW)
    assert (refusal.value.retry_after, service.world.reads) == (60, [])
    assert counters(service)[f"user-code#{owner.session.user_id}#3600"] == 0
    assert service.device_consent.question(found.user_code, owner.session, OWNER, NOW)
    assert service.device_consent.question(found.user_code, owner.session, STRANGER, NOW + timedelta(seconds=60))


def test_an_outage_uses_nothing_up(service: Service) -> None:
    """The click works once the tables are back (promise 7)."""
    owner = service.person()
    found, new = entered(service, owner), codes(service)
    before, counted = stored(service), counters(service)
    service.world.down = True
    with pytest.raises(Unavailable):
        service.device_consent.question(new.user_code, owner.session, OWNER, NOW)
    with pytest.raises(Unavailable):
        answer(service, found, owner)

    service.world.down = False
    assert (stored(service), counters(service)) == (before, counted)
    answer(service, found, owner)
