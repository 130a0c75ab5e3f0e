"""A code by email, for a right password in a browser that the account does not know."""

import re
from copy import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import (
    AccountsError,
    EmailCodeRequired,
    EmailCodeUndeliverable,
    InvalidCredentials,
    InvalidEmailCode,
    PendingLoginExpired,
    SecondFactorRequired,
    TooManyAttempts,
    Unavailable,
)
from accounts.flows.people.session_opening import LoggedIn, Opened
from accounts.limits import (
    LOGIN_CODE_TRIES,
    LOGIN_CODES_PER_DAY,
    LOGIN_CODES_PER_HOUR,
    LOGIN_CODES_PER_SOURCE_PER_DAY,
    LOGIN_CODES_PER_SOURCE_PER_HOUR,
    SECOND_STEPS_PER_ADDRESS_PER_MINUTE,
)
from accounts.model import assurance, messages, users
from accounts.model.audit import Caller
from accounts.model.identities import BOUNCE, COMPLAINT
from accounts.model.one_time_tokens import LOGIN_CODE, PENDING_LOGIN
from tests.unit.accounts.flows.factors.stage import FactorService, account, sessions_of, with_passkey
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    Interleaved,
    cookie,
    counted,
    failures,
    later,
)

NEW_BROWSER = replace(OWNER, known_browser=secrets.digest("a browser of the owner that is new here"))


@pytest.fixture
def service() -> FactorService:
    return FactorService(confirm_new_browsers="on")


def begin(service: FactorService, now: datetime = NOW, *, caller: Caller = NEW_BROWSER, **how: Any) -> str:
    """Enter the password; returns the token of the pending login. The message stays on the queue."""
    given = {"remember": False, "presented": None} | how
    with pytest.raises(EmailCodeRequired) as required:
        service.login.with_password(EMAIL, PASSWORD, caller=caller, now=now, **given)
    return required.value.pending


def emailed(service: FactorService, now: datetime = NOW) -> str:
    """Deliver the latest message; returns the code of its email."""
    assert service.mailing.deliver(service.outbox.messages[-1], now) == "sent"
    code = service.postman.mails[-1].values["code"]
    assert re.fullmatch(r"[0-9]{6}", code)
    return str(code)


def asked(service: FactorService, now: datetime = NOW, **how: Any) -> tuple[str, str]:
    """A pending login, and its code."""
    pending = begin(service, now, **how)
    return pending, emailed(service, now)


def finish(service: FactorService, pending: str, code: str, now: datetime = NOW, **how: Any) -> Opened:
    return service.finish_step(pending, code, now, **{"caller": NEW_BROWSER} | how)


def refusal(service: FactorService, pending: str, code: str, now: datetime = NOW) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        finish(service, pending, code, now)
    return type(refused.value)


def wrong(code: str, number: int = 1) -> str:
    """Another code than this."""
    return f"{(int(code) + number) % 10**6:06}"


def test_a_new_browser_needs_a_code(service: FactorService, owner: LoggedIn) -> None:
    """The refusal says where it was sent, and opens nothing."""
    before = sessions_of(service, owner)
    with pytest.raises(EmailCodeRequired) as required:
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert (required.value.factors, required.value.email) == (("email_code",), "o•••@example.com")
    assert sessions_of(service, owner) == before
    assert NEW_BROWSER.known_browser not in service.identity().known_browsers


def test_a_browser_without_a_cookie_is_new(service: FactorService, owner: LoggedIn) -> None:
    pending, code = asked(service, caller=replace(OWNER, known_browser=""))
    opened = finish(service, pending, code, caller=replace(OWNER, known_browser=""))

    assert secrets.digest(opened.browser_token) in service.identity().known_browsers
    assert opened.session.digest in sessions_of(service, owner)


def test_the_code_opens_the_session_and_makes_the_browser_known(service: FactorService, owner: LoggedIn) -> None:
    """With "remember me" of the login, which replaces the presented session. The next login needs no code."""
    pending = begin(service, remember=True)
    opened = finish(service, pending, emailed(service), later(minutes=1), presented=cookie(owner))

    assert (opened.session.remembered, opened.session.authenticated_at) == (True, later(minutes=1))
    assert sessions_of(service, owner) == {opened.session.digest}
    assert NEW_BROWSER.known_browser in service.identity().known_browsers
    again = service.login.with_password(
        EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=later(minutes=2)
    )
    assert again.session.digest in sessions_of(service, owner)


def test_a_known_browser_needs_none(service: FactorService, owner: LoggedIn) -> None:
    """And reads no more than without the parameter."""
    service.world.reads.clear()
    opened = service.log_in()

    assert opened.session.digest in sessions_of(service, owner)
    assert service.world.reads == [f"identities:email#{EMAIL}"]
    assert service.outbox.messages == []


def test_the_session_says_that_a_password_was_proven(service: FactorService, owner: LoggedIn) -> None:
    """An email is not a second factor (NIST SP 800-63B-4 3.1.3.1)."""
    session = finish(service, *asked(service)).session

    assert (assurance.amr(session), assurance.acr(session)) == (("pwd",), assurance.ONE_FACTOR)
    assert owner.session.user_id == session.user_id


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}{1}\n", "{0}-{1}", "{0}\u00a0{1}"])
def test_a_code_may_be_typed_with_spaces(service: FactorService, owner: LoggedIn, typed: str) -> None:
    pending, code = asked(service)

    assert finish(service, pending, typed.format(code[:3], code[3:])).session.user_id == owner.session.user_id


def test_the_owner_is_told_what_to_do_each_time(service: FactorService, owner: LoggedIn) -> None:
    """Where the password was entered, and until when the code works."""
    begin(service)
    emailed(service)

    mail = service.postman.mails[-1]
    assert (mail.to, mail.template, mail.values["source"]) == (EMAIL, "login_code", NEW_BROWSER.source)
    assert (mail.values["at"], mail.values["expires_at"]) == (NOW, later(minutes=10))
    assert owner.session.user_id


def test_no_table_and_no_message_has_the_code_or_the_token(service: FactorService, owner: LoggedIn) -> None:
    """The hash of the code is salted with what follows from the token: six digits are quickly guessed without."""
    pending, code = asked(service)
    kept = repr((service.world.tokens, service.world.counters, service.world.records, service.outbox.messages))

    assert pending not in kept
    assert f"'{code}'" not in kept
    [stored] = (it for it in service.world.tokens.values() if it.purpose == LOGIN_CODE)
    assert secrets.digest(code) not in repr(stored)
    assert (stored.digest, stored.expires_at) == (secrets.digest(pending), later(minutes=10))
    assert owner.session.user_id


def test_a_code_works_once(service: FactorService, owner: LoggedIn) -> None:
    pending, code = asked(service)
    finish(service, pending, code)
    before = sessions_of(service, owner)

    assert refusal(service, pending, code) is PendingLoginExpired
    assert sessions_of(service, owner) == before
    assert [it for it in service.world.tokens.values() if it.purpose in {PENDING_LOGIN, LOGIN_CODE}] == []


def test_the_code_of_another_login_opens_nothing(service: FactorService, owner: LoggedIn) -> None:
    """Of the same account: it is for the browser that has the pending login."""
    (mine, my_code), (other, other_code) = asked(service), asked(service)

    if my_code != other_code:
        assert refusal(service, mine, other_code) is InvalidEmailCode
    assert finish(service, other, other_code).session.user_id == owner.session.user_id
    assert finish(service, mine, my_code).session.user_id == owner.session.user_id


@pytest.mark.parametrize("pending", ["", "x", "x" * 43])
def test_another_browser_cannot_use_the_code(service: FactorService, owner: LoggedIn, pending: str) -> None:
    """It lacks the cookie."""
    _, code = asked(service)

    assert refusal(service, pending, code) is PendingLoginExpired
    assert owner.session.user_id


@pytest.mark.parametrize(
    ("after", "expired"), [(timedelta(seconds=600, microseconds=-1), False), (timedelta(seconds=600), True)]
)
def test_a_code_expires_after_ten_minutes(
    service: FactorService, owner: LoggedIn, after: timedelta, *, expired: bool
) -> None:
    """Though the table still has it."""
    pending, code = asked(service)
    if expired:
        assert refusal(service, pending, code, NOW + after) is PendingLoginExpired
    else:
        assert finish(service, pending, code, NOW + after).session.user_id == owner.session.user_id


def test_the_fifth_try_may_be_right(service: FactorService, owner: LoggedIn) -> None:
    pending, code = asked(service)
    for number in range(1, LOGIN_CODE_TRIES):
        assert refusal(service, pending, wrong(code, number)) is InvalidEmailCode

    assert finish(service, pending, code).session.user_id == owner.session.user_id


def test_the_sixth_try_is_refused_though_it_is_right(service: FactorService, owner: LoggedIn) -> None:
    """Then the login is over: its code cannot be sent again to get more tries."""
    pending, code = asked(service)
    for number in range(1, LOGIN_CODE_TRIES + 1):
        assert refusal(service, pending, wrong(code, number)) is InvalidEmailCode
    before = sessions_of(service, owner)

    assert refusal(service, pending, code) is PendingLoginExpired
    service.browser_confirmation.send_again(pending, NEW_BROWSER, NOW)
    assert refusal(service, pending, emailed(service)) is PendingLoginExpired
    assert sessions_of(service, owner) == before


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "é" * 6, "١٢٣٤٥٦"])
def test_what_cannot_be_a_code_uses_no_try(service: FactorService, owner: LoggedIn, typed: str) -> None:
    pending, code = asked(service)
    for _ in range(LOGIN_CODE_TRIES + 1):
        assert refusal(service, pending, typed) is InvalidEmailCode

    assert finish(service, pending, code).session.user_id == owner.session.user_id


def test_a_try_before_the_email_is_sent_is_wrong(service: FactorService, owner: LoggedIn) -> None:
    assert refusal(service, begin(service), "000000") is InvalidEmailCode
    assert owner.session.user_id


def test_of_two_uses_of_a_code_one_opens_a_session(service: FactorService, owner: LoggedIn) -> None:
    """Both have read it before either writes."""
    pending, code = asked(service)
    rival = FactorService(service.world)
    service.interposed = Interleaved(service.world, lambda: finish(rival, pending, code))

    assert refusal(service, pending, code) is PendingLoginExpired
    assert len(sessions_of(service, owner)) == 2


def test_a_code_that_is_sent_again_replaces_the_first(service: FactorService, owner: LoggedIn) -> None:
    """It expires with the same login."""
    pending, first = asked(service)
    service.browser_confirmation.send_again(pending, NEW_BROWSER, later(minutes=9))
    second = emailed(service, later(minutes=9))

    assert service.postman.mails[-1].values["expires_at"] == later(minutes=10)
    if first != second:
        assert refusal(service, pending, first, later(minutes=9)) is InvalidEmailCode
    assert finish(service, pending, second, later(minutes=9)).session.user_id == owner.session.user_id


@pytest.mark.parametrize("pending", ["", "x" * 43])
def test_only_a_pending_login_sends_a_code_again(service: FactorService, owner: LoggedIn, pending: str) -> None:
    with pytest.raises(PendingLoginExpired):
        service.browser_confirmation.send_again(pending, NEW_BROWSER, NOW)
    assert service.outbox.messages == []
    assert owner.session.user_id


def test_a_login_that_waits_for_a_second_factor_sends_no_code(service: FactorService, owner: LoggedIn) -> None:
    service.turn_on(owner)
    pending = service.first_step(caller=NEW_BROWSER)

    with pytest.raises(PendingLoginExpired):
        service.browser_confirmation.send_again(pending, NEW_BROWSER, NOW)
    assert service.outbox.messages == []


def test_an_account_with_a_second_factor_is_asked_for_that(service: FactorService, owner: LoggedIn) -> None:
    app, _ = service.turn_on(owner)
    with pytest.raises(SecondFactorRequired) as required:
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert required.value.factors == ("totp", "recovery_code")
    assert service.outbox.messages == []
    assert finish(service, required.value.pending, app.code()).session.second_factor == "totp"


def test_turning_the_second_factor_off_concurrently_opens_nothing(service: FactorService, owner: LoggedIn) -> None:
    """It was on when the account was read, so that it is asked."""
    app, _ = service.turn_on(owner)
    other = FactorService(service.world)
    off = Interleaved(
        service.world, lambda: other.second_factor_management.turn_off(owner.session, app.code(), OWNER, NOW)
    )
    service.interposed = off
    with pytest.raises(SecondFactorRequired):
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert sessions_of(service, owner) == {owner.session.digest}


def test_a_reset_that_is_due_takes_effect(service: FactorService, owner: LoggedIn) -> None:
    """As without the parameter: an operator requested it, and its day has passed."""
    service.turn_on(owner)
    service.world.user(owner.session.user_id, factor_reset_at=NOW)
    opened = service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert account(service, owner).totp == ""
    assert sessions_of(service, owner) == {opened.session.digest}


@pytest.mark.parametrize(("at", "is_reset"), [(NOW, True), (later(minutes=1), False)])
def test_a_reset_of_passkeys_takes_effect_after_the_code(
    service: FactorService, owner: LoggedIn, at: datetime, *, is_reset: bool
) -> None:
    """The account has no other factor, so that the code is asked. A reset that is not due changes nothing."""
    with_passkey(service, owner)
    service.world.user(owner.session.user_id, factor_reset_at=at)
    opened = finish(service, *asked(service))
    after = account(service, owner)

    assert (bool(after.passkeys), after.factor_reset_at) == ((False, None) if is_reset else (True, at))
    assert sessions_of(service, owner) == {opened.session.digest} | (set() if is_reset else {owner.session.digest})


def test_a_second_factor_that_was_turned_on_since_is_not_got_past(service: FactorService, owner: LoggedIn) -> None:
    pending, code = asked(service)
    service.turn_on(owner, later(minutes=1))

    assert refusal(service, pending, code, later(minutes=2)) is PendingLoginExpired
    assert sessions_of(service, owner) == {owner.session.digest}


@pytest.mark.parametrize("what", ["password changed", "password reset", "disabled", "deleted"])
def test_what_happened_since_the_password_ends_it(service: FactorService, owner: LoggedIn, what: str) -> None:
    pending, code = asked(service)
    if what == "password changed":
        service.password_change.change(cookie(owner), PASSWORD, OTHER_PASSWORD, OWNER, later(seconds=1))
    elif what == "password reset":
        service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, OWNER, later(seconds=1))
    elif what == "disabled":
        service.world.user(owner.session.user_id, status=users.DISABLED)
    else:
        service.world.users.clear()
    before = sessions_of(service, owner)

    assert refusal(service, pending, code, later(seconds=2)) is PendingLoginExpired
    assert sessions_of(service, owner) == before


def test_an_email_of_before_is_not_sent_afterwards(service: FactorService, owner: LoggedIn) -> None:
    """The password changed, the login is finished or too old, or its account is gone."""
    pending, code = asked(service)
    message = service.outbox.messages[-1]
    deliver = service.mailing.deliver

    assert deliver(message, later(minutes=10)) == "nobody_to_tell"
    finish(service, pending, code)
    assert deliver(message, NOW) == "nobody_to_tell"
    begin(service, caller=replace(OWNER, known_browser=""))
    message = service.outbox.messages[-1]
    service.change_identity(secured_at=later(seconds=1))
    assert deliver(message, later(seconds=2)) == "nobody_to_tell"
    service.change_identity(secured_at=None, disabled=True)
    assert deliver(message, later(seconds=2)) == "nobody_to_tell"
    assert owner.session.user_id


@pytest.mark.parametrize("problem", [BOUNCE, COMPLAINT])
def test_an_address_that_gets_no_email_is_told(service: FactorService, owner: LoggedIn, problem: str) -> None:
    """It never opens; the refusal says how else to log in. Known browsers are not affected."""
    service.change_identity(undeliverable=problem)
    with pytest.raises(EmailCodeUndeliverable):
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert sessions_of(service, owner) == {owner.session.digest}
    assert (service.outbox.messages, service.world.tokens) == ([], {})
    assert failures(service) == (0, 0)
    assert service.log_in().session.digest in sessions_of(service, owner)


def test_an_address_that_bounced_since_gets_no_email(service: FactorService, owner: LoggedIn) -> None:
    begin(service)
    service.change_identity(undeliverable=BOUNCE)

    assert service.mailing.deliver(service.outbox.messages[-1], NOW) == "undeliverable"
    assert owner.session.user_id


def test_a_queue_that_fails_opens_nothing(service: FactorService, owner: LoggedIn) -> None:
    """The code is not counted."""
    service.outbox.down = True
    with pytest.raises(Unavailable):
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert sessions_of(service, owner) == {owner.session.digest}
    assert not {name for name in counted(service) if name.startswith("login-code")}


def test_a_login_that_meets_another_is_counted_once(service: FactorService, owner: LoggedIn) -> None:
    """It begins again, as the identity has changed."""
    service.interposed = Interleaved(service.world, lambda: service.change_identity(name="Olivia"), times=1)
    pending = begin(service)

    codes = {name: times for name, times in counted(service).items() if name.startswith("login-code")}
    assert set(codes.values()) == {1}
    assert finish(service, pending, emailed(service)).session.user_id == owner.session.user_id


def test_a_disabled_account_gets_the_one_answer(service: FactorService, owner: LoggedIn) -> None:
    service.world.user(owner.session.user_id, status=users.DISABLED)
    with pytest.raises(InvalidCredentials) as refused:
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert type(refused.value) is InvalidCredentials
    assert service.outbox.messages == []


@pytest.mark.parametrize("parameter", ["on", "off"])
def test_a_wrong_password_and_an_unknown_address_get_their_one_answer(owner: LoggedIn, parameter: str) -> None:
    """The same refusal, reads and hash, and no email: the parameter changes nothing."""
    service = FactorService(confirm_new_browsers=parameter)
    service.person()
    outcomes = []
    for email, password in ((EMAIL, OTHER_PASSWORD), ("nobody@example.com", PASSWORD)):
        service.world.reads.clear()
        service.hasher.calls = 0
        with pytest.raises(InvalidCredentials) as refused:
            service.login.with_password(email, password, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)
        reads = [it.partition(":")[0] for it in service.world.reads]
        outcomes.append((type(refused.value), reads, service.hasher.calls, list(service.outbox.messages)))

    assert outcomes == [(InvalidCredentials, ["identities"], 1, [])] * 2
    assert owner.session.user_id


def test_the_right_password_ends_its_failures(service: FactorService, owner: LoggedIn) -> None:
    """They are told when the login is finished."""
    service.fail(5, at=NOW - timedelta(minutes=1))
    pending, code = asked(service)
    assert failures(service)[0] == 0
    finish(service, pending, code)

    assert [type(it) for it in service.rare_notices.messages] == [messages.LoginAfterFailures]
    assert owner.session.user_id


def test_reauthentication_needs_no_code(service: FactorService, owner: LoggedIn) -> None:
    """The owner is logged in already."""
    service.change_identity(known_browsers=())
    again = service.reauthentication.with_password(cookie(owner), PASSWORD, NEW_BROWSER, NOW)

    assert sessions_of(service, owner) == {again.session.digest}


@pytest.mark.parametrize("cookie_of_browser", [NEW_BROWSER.known_browser, ""])
def test_a_reset_makes_its_browser_known(service: FactorService, owner: LoggedIn, cookie_of_browser: str) -> None:
    """The emailed link proved the mailbox. So an attacker who used up the codes does not keep the owner out."""
    caller = replace(OWNER, known_browser=cookie_of_browser)
    done = service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, caller, NOW)
    known = replace(caller, known_browser=cookie_of_browser or secrets.digest(done.browser_token))
    opened = service.login.with_password(
        EMAIL, OTHER_PASSWORD, remember=False, presented=None, caller=known, now=later(seconds=1)
    )

    assert bool(done.browser_token) == (not cookie_of_browser)
    assert done.browser_token not in repr(done) or not done.browser_token
    assert opened.session.digest in sessions_of(service, owner)


def test_a_confirmed_sign_up_needs_no_code(service: FactorService) -> None:
    """The emailed link proved the mailbox, and its browser is known."""
    opened = service.person()

    assert opened.session.digest in sessions_of(service, opened)
    assert service.log_in().session.user_id == opened.session.user_id


def test_a_source_gets_few_codes(service: FactorService, owner: LoggedIn) -> None:
    """Five an hour, ten a day; sending again counts, too."""
    pending = begin(service)
    for _ in range(LOGIN_CODES_PER_SOURCE_PER_HOUR - 1):
        service.browser_confirmation.send_again(pending, NEW_BROWSER, NOW)
    with pytest.raises(TooManyAttempts):
        service.browser_confirmation.send_again(pending, NEW_BROWSER, NOW)
    sent = len(service.outbox.messages)
    with pytest.raises(TooManyAttempts):
        service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=NEW_BROWSER, now=NOW)

    assert len(service.outbox.messages) == sent == LOGIN_CODES_PER_SOURCE_PER_HOUR
    for _ in range(LOGIN_CODES_PER_SOURCE_PER_DAY - sent):
        begin(service, later(hours=1))
    with pytest.raises(TooManyAttempts):
        begin(service, later(hours=2))
    assert sessions_of(service, owner) == {owner.session.digest}


def test_an_account_gets_few_codes_from_all_sources_together(service: FactorService, owner: LoggedIn) -> None:
    """Ten an hour, twenty a day: with five tries each, a hundred guesses among a million."""
    for number in range(LOGIN_CODES_PER_HOUR):
        begin(service, caller=Caller(f"198.51.100.{number}", "a browser"))
    with pytest.raises(TooManyAttempts):
        begin(service, caller=Caller("198.51.100.200", "a browser"))
    for number in range(LOGIN_CODES_PER_DAY - LOGIN_CODES_PER_HOUR):
        begin(service, later(hours=1), caller=Caller(f"198.51.100.{number}", "a browser"))
    with pytest.raises(TooManyAttempts):
        begin(service, later(hours=2), caller=Caller("198.51.100.200", "a browser"))
    assert service.log_in(later(hours=2)).session.digest in sessions_of(service, owner)


def test_a_source_makes_few_tries(service: FactorService, owner: LoggedIn) -> None:
    """Before the code is checked, so that a right one is refused, too."""
    pending, code = asked(service)
    service.world.counters.clear()
    for _ in range(SECOND_STEPS_PER_ADDRESS_PER_MINUTE):
        refusal(service, pending, "x")

    assert refusal(service, pending, code) is TooManyAttempts
    assert finish(service, pending, code, later(minutes=1)).session.user_id == owner.session.user_id


def test_where_a_second_factor_is_required_the_code_leads_to_its_setup(owner: LoggedIn) -> None:
    service = FactorService(confirm_new_browsers="on", second_factor="required")
    person = service.person()
    opened = finish(service, *asked(service))

    assert opened.session.digest in sessions_of(service, person)
    assert service.world.sessions[opened.session.digest].enrolling
    assert account(service, person).totp == ""
    assert owner.session.user_id


def test_a_pending_login_is_finished_after_the_parameter_was_turned_off(
    service: FactorService, owner: LoggedIn
) -> None:
    pending, code = asked(service)

    assert finish(FactorService(service.world), pending, code).session.user_id == owner.session.user_id
