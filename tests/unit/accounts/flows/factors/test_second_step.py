"""The second step of a login: one code, one session, once."""

from copy import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts import secrets
from accounts.errors import (
    AccountsError,
    InvalidCredentials,
    InvalidSecondFactor,
    PendingLoginExpired,
    SecondFactorRequired,
    TooManyAttempts,
    Unavailable,
)
from accounts.flows.people.session_opening import LoggedIn
from accounts.limits import (
    FAILURES_THAT_DISABLE_PASSWORD,
    FREE_FAILURES,
    SECOND_STEPS_PER_ADDRESS_PER_MINUTE,
    SESSIONS_PER_ACCOUNT,
    TRUSTED_BROWSERS_PER_ACCOUNT,
)
from accounts.model import attempts, messages, users
from accounts.model.factor_proofs import Trusted
from accounts.model.identities import public_id
from accounts.model.throttles import Counter
from tests.unit.accounts.flows.factors.stage import (
    STEP,
    TRUSTED,
    App,
    FactorService,
    account,
    passkey_login,
    proven,
    sessions_of,
    with_passkey,
)
from tests.unit.accounts.flows.passkeys.stage import BROWSER
from tests.unit.accounts.flows.providers.stage import presented, provider_person
from tests.unit.accounts.stage import (
    EMAIL,
    NOW,
    OTHER_PASSWORD,
    OWNER,
    PASSWORD,
    STRANGER,
    Interleaved,
    cookie,
    held,
    later,
)

WRONG = "000000"
NEW_BROWSER = replace(OWNER, known_browser=secrets.digest("a browser of the owner that is new here"))


@pytest.fixture
def app(service: FactorService, owner: LoggedIn) -> App:
    app, _ = service.turn_on(owner)
    return app


def refusal(service: FactorService, pending: str, code: str, **how: Any) -> type[AccountsError]:
    with pytest.raises(AccountsError) as refused:
        service.finish_step(pending, code, **how)
    return type(refused.value)


def fail(service: FactorService, owner: LoggedIn, times: int, *, known: bool = True, factor: str = "totp") -> None:
    """Set that many failures in a row, the last of them now."""
    number = str(account(service, owner).factor_streak)
    key = attempts.factor_streak_key(factor, owner.session.user_id, number, known=known)
    service.world.counters[key] = Counter(times, NOW)


def test_the_first_step_opens_nothing(service: FactorService, owner: LoggedIn, app: App) -> None:
    """It says which factors there are, and stores the digest of its token (MF-01, MF-11)."""
    assert app.secret
    before = sessions_of(service, owner)
    with pytest.raises(SecondFactorRequired) as required:
        service.log_in()

    (stored,) = (it for it in service.world.tokens.values() if it.purpose == "pending-login")
    assert required.value.factors == ("totp", "recovery_code")
    assert stored.digest == secrets.digest(required.value.pending)
    assert (stored.subject, stored.expires_at) == (owner.session.user_id, later(minutes=5))
    assert sessions_of(service, owner) == before
    with_passkey(service, proven(service, owner))
    with pytest.raises(SecondFactorRequired) as again:
        service.log_in()
    assert again.value.factors == ("totp", "recovery_code", "passkey")


@pytest.mark.parametrize("on", [True, False])
def test_a_wrong_password_does_not_say_whether_there_is_a_second_factor(
    service: FactorService, owner: LoggedIn, *, on: bool
) -> None:
    """The same answer, reads and work (MF-11)."""
    if on:
        service.turn_on(owner)
    service.world.reads.clear()
    with pytest.raises(InvalidCredentials) as refused:
        service.log_in(password=OTHER_PASSWORD)

    assert type(refused.value) is InvalidCredentials
    assert service.world.reads == [f"identities:email#{EMAIL}"]


def test_an_account_without_a_second_factor_is_read_no_more_than_before(
    service: FactorService, owner: LoggedIn
) -> None:
    service.world.reads.clear()
    service.log_in()

    assert owner.session.digest in sessions_of(service, owner)
    assert service.world.reads == [f"identities:email#{EMAIL}"]


def test_a_known_browser_finishes_with_three_round_trips(service: FactorService, app: App) -> None:
    """The pending login, the counter and the session; the first step reads the account from the refusal."""
    service.world.reads.clear()
    pending = service.first_step()
    assert service.world.reads == [f"identities:email#{EMAIL}"]
    service.world.reads.clear()
    service.finish_step(pending, app.code())

    assert [read.partition(":")[0] for read in service.world.reads] == ["tokens"]


def test_a_code_opens_the_session_of_its_login(service: FactorService, owner: LoggedIn, app: App) -> None:
    """With the method and "remember me" of the first step; the pending login is gone."""
    pending = service.first_step(remember=True)
    opened = service.finish_step(pending, app.code(), later(minutes=1 / 60))

    assert opened.session.remembered
    assert opened.session.method == "password"
    assert opened.session.authenticated_at == later(minutes=1 / 60)
    assert opened.session.digest in held(service, owner)
    assert service.session(cookie(opened), later(minutes=1)) == opened.session
    assert [it for it in service.world.tokens.values() if it.purpose == "pending-login"] == []
    assert opened.token not in {pending, owner.token}


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}{1}\n", "{0}-{1}", "{0}\u00a0{1}"])
def test_a_code_may_be_typed_with_spaces(service: FactorService, app: App, typed: str) -> None:
    code = app.code()

    assert service.finish_step(service.first_step(), typed.format(code[:3], code[3:]))


def test_a_code_works_once(service: FactorService, app: App) -> None:
    """Also the code of an earlier step than the last (MF-02, MF-03)."""
    service.finish_step(service.first_step(), app.code())

    assert refusal(service, service.first_step(), app.code()) is InvalidSecondFactor
    assert refusal(service, service.first_step(), app.code(NOW - STEP)) is InvalidSecondFactor
    assert service.finish_step(service.first_step(), app.code(NOW + STEP))


def test_the_code_that_turned_it_on_opens_nothing(service: FactorService, owner: LoggedIn) -> None:
    app, _ = service.turn_on(owner, NOW)

    assert refusal(service, service.first_step(), app.code()) is InvalidSecondFactor


def test_a_recovery_code_works_once(service: FactorService, owner: LoggedIn) -> None:
    """The owner is emailed. Upper case and misread letters do not matter."""
    _, codes = service.turn_on(owner)
    typed = codes[0].upper().replace("0", "O").replace("1", "l").replace("-", " ")
    service.finish_step(service.first_step(), typed)

    assert len(account(service, owner).recovery_codes) == 9
    assert [type(it) for it in service.rare_notices.messages] == [messages.RecoveryCodeUsed]
    assert refusal(service, service.first_step(), codes[0]) is InvalidSecondFactor
    assert service.finish_step(service.first_step(), codes[1])


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abc", "0" * 23, "0" * 25, "u" * 24, "é" * 6])
def test_what_cannot_be_a_code_is_not_counted(service: FactorService, app: App, typed: str) -> None:
    pending = service.first_step()
    service.world.counters.clear()

    assert app.secret
    assert refusal(service, pending, typed) is InvalidSecondFactor
    assert service.world.counters == {}


def test_a_pending_login_works_once(service: FactorService, owner: LoggedIn, app: App) -> None:
    pending = service.first_step()
    service.finish_step(pending, app.code())
    before = sessions_of(service, owner)

    assert refusal(service, pending, app.code(NOW + STEP), now=NOW + STEP) is PendingLoginExpired
    assert sessions_of(service, owner) == before


def test_of_two_codes_for_one_pending_login_one_opens_a_session(service: FactorService, app: App) -> None:
    """Both have read it before either writes."""
    pending, rival = service.first_step(), FactorService(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.finish_step(pending, app.code()))

    assert refusal(service, pending, app.code(NOW + STEP), now=NOW + STEP) is PendingLoginExpired


def test_of_two_logins_with_one_code_one_opens_a_session(service: FactorService, owner: LoggedIn, app: App) -> None:
    first, second, rival = service.first_step(), service.first_step(), FactorService(service.world)
    service.interposed = Interleaved(service.world, lambda: rival.finish_step(first, app.code()))

    assert refusal(service, second, app.code()) is InvalidSecondFactor
    assert len(sessions_of(service, owner)) == 2


@pytest.mark.parametrize(
    ("after", "expired"), [(timedelta(minutes=5, microseconds=-1), False), (timedelta(minutes=5), True)]
)
def test_a_pending_login_expires(service: FactorService, app: App, after: timedelta, *, expired: bool) -> None:
    """Though the table still has it (MF-03)."""
    pending, at = service.first_step(), NOW + after
    if expired:
        assert refusal(service, pending, app.code(at), now=at) is PendingLoginExpired
    else:
        assert service.finish_step(pending, app.code(at), at)


def test_a_passkey_finishes_a_pending_login(service: FactorService, owner: LoggedIn) -> None:
    """The code is not accepted afterwards (MF-10)."""
    device = with_passkey(service, owner)
    app, _ = service.turn_on(owner)
    pending = service.first_step()
    response = service.answer(device, NOW)
    service.passkey_login.log_in(
        response, BROWSER, remember=False, presented=None, caller=OWNER, now=NOW, pending=pending
    )

    assert [it for it in service.world.tokens.values() if it.purpose == "pending-login"] == []
    assert refusal(service, pending, app.code()) is PendingLoginExpired


@pytest.mark.parametrize("pending", ["", "x", "x" * 43])
def test_an_unknown_pending_login_is_refused(service: FactorService, app: App, pending: str) -> None:
    assert refusal(service, pending, app.code()) is PendingLoginExpired


def test_a_token_for_something_else_is_no_pending_login(service: FactorService, app: App) -> None:
    token = service.reset_token()

    assert refusal(service, token, app.code()) is PendingLoginExpired


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("what", ["password changed", "password reset", "disabled", "deleted", "turned off"])
def test_what_happened_since_the_first_step_ends_it(
    service: FactorService, owner: LoggedIn, app: App, what: str, *, new: bool
) -> None:
    """Whether the identity is read, in a new browser, or is a condition of the write."""
    caller = NEW_BROWSER if new else OWNER
    pending = service.first_step(caller=caller)
    if what == "password changed":
        service.password_change.change(cookie(owner), PASSWORD, OTHER_PASSWORD, OWNER, later(seconds=1))
    elif what == "password reset":
        service.password_reset.reset(service.reset_token(), OTHER_PASSWORD, OWNER, later(seconds=1))
    elif what == "disabled":
        service.world.user(owner.session.user_id, status=users.DISABLED)
    elif what == "deleted":
        service.world.users.clear()
    else:
        service.second_factor_management.turn_off(owner.session, app.code(NOW), OWNER, later(seconds=1))
    before = sessions_of(service, owner)
    at = NOW + STEP

    assert refusal(service, pending, app.code(at), now=at, caller=caller) is PendingLoginExpired
    assert sessions_of(service, owner) == before


def test_a_provider_that_was_unlinked_since_ends_it(service: FactorService, owner: LoggedIn, app: App) -> None:
    person = provider_person("github", "1001", EMAIL)
    service.link(person, presented(owner))
    with pytest.raises(SecondFactorRequired) as required:
        service.log_in_with(person)
    identity = service.provider_identity(person)
    service.identity_unlinking.unlink(presented(owner), public_id(identity.key), OWNER, NOW)

    assert refusal(service, required.value.pending, app.code()) is PendingLoginExpired


def test_a_login_with_a_provider_is_finished(service: FactorService, owner: LoggedIn, app: App) -> None:
    person = provider_person("github", "1001", EMAIL)
    service.link(person, presented(owner))
    with pytest.raises(SecondFactorRequired) as required:
        service.log_in_with(person)

    assert service.finish_step(required.value.pending, app.code()).session.method == "github"


def test_a_reauthentication_is_finished_in_its_session(service: FactorService, owner: LoggedIn, app: App) -> None:
    """The new session replaces it, and the browser is not trusted by the way."""
    with pytest.raises(SecondFactorRequired) as required:
        service.reauthentication.with_password(cookie(owner), PASSWORD, OWNER, NOW)
    pending = required.value.pending

    assert refusal(service, pending, app.code()) is PendingLoginExpired
    opened = service.finish_step(pending, app.code(), presented=cookie(owner), trust=True)
    assert sessions_of(service, owner) == {opened.session.digest}
    assert account(service, owner).trusted_browsers == {}


def test_the_presented_session_ends(service: FactorService, owner: LoggedIn, app: App) -> None:
    """No token of before the login survives it (MF-10)."""
    opened = service.finish_step(service.first_step(), app.code(), presented=cookie(owner))

    assert sessions_of(service, owner) == {opened.session.digest}


def test_a_trusted_browser_is_not_asked_for_thirty_days(service: FactorService, owner: LoggedIn, app: App) -> None:
    """By the second, at its edge; other browsers are asked (MF-14)."""
    service.finish_step(service.first_step(), app.code(), trust=True)
    ends = NOW + timedelta(days=30)

    assert service.log_in(ends - timedelta(seconds=1)).session.digest in sessions_of(service, owner)
    assert service.first_step(ends)
    assert service.first_step(caller=NEW_BROWSER)


def test_an_untrusted_browser_is_asked_each_time(service: FactorService, app: App) -> None:
    service.finish_step(service.first_step(), app.code())

    assert service.first_step()


def test_an_account_trusts_ten_browsers(service: FactorService, owner: LoggedIn, app: App) -> None:
    """One more ends the trust in the one whose trust would expire first."""
    several = range(TRUSTED_BROWSERS_PER_ACCOUNT)
    many = {f"browser {number}": Trusted("Firefox", NOW, later(days=number + 1)) for number in several}
    service.world.user(owner.session.user_id, trusted_browsers=many)
    service.finish_step(service.first_step(), app.code(), trust=True)

    kept = {name: held for name, held in many.items() if name != "browser 0"}
    assert account(service, owner).trusted_browsers == {**kept, OWNER.known_browser: TRUSTED}


def test_a_full_account_makes_room(service: FactorService, owner: LoggedIn, app: App) -> None:
    """The code is used up then, too."""
    filled = {f"{number:064}": later(hours=number + 1) for number in range(SESSIONS_PER_ACCOUNT)}
    service.world.user(owner.session.user_id, sessions=filled)
    opened = service.finish_step(service.first_step(), app.code())

    assert account(service, owner).sessions.keys() == {*list(filled)[1:], opened.session.digest}
    assert refusal(service, service.first_step(), app.code()) is InvalidSecondFactor


def test_a_new_browser_is_remembered_and_told(service: FactorService, owner: LoggedIn, app: App) -> None:
    """Only when the second factor was right: the first one alone makes no browser known."""
    pending = service.first_step(caller=NEW_BROWSER)
    assert NEW_BROWSER.known_browser not in service.identity().known_browsers
    service.finish_step(pending, app.code(), caller=NEW_BROWSER)

    assert NEW_BROWSER.known_browser in service.identity().known_browsers
    assert [type(it) for it in service.rare_notices.messages] == [messages.LoginNewBrowser]
    assert owner.session.user_id


def test_a_browser_without_a_cookie_gets_one(service: FactorService, app: App) -> None:
    """So that it can be trusted."""
    pending = service.first_step(caller=STRANGER)
    opened = service.finish_step(pending, app.code(), caller=STRANGER, trust=True)
    again = replace(STRANGER, known_browser=secrets.digest(opened.browser_token))

    assert service.login.with_password(EMAIL, PASSWORD, remember=False, presented=None, caller=again, now=later(days=1))


def test_a_right_password_ends_its_failures_before_the_second_step(service: FactorService, app: App) -> None:
    """An owner who does not finish is not kept out, and is told of the failures when they do."""
    service.fail(FREE_FAILURES, at=NOW - timedelta(hours=2))
    pending = service.first_step()
    for _ in range(FREE_FAILURES):
        service.first_step()
    service.finish_step(pending, app.code())

    assert [type(it) for it in service.rare_notices.messages] == [messages.LoginAfterFailures]


def test_an_outdated_hash_is_renewed_by_the_first_step(service: FactorService, app: App) -> None:
    assert app.secret
    service.hasher.outdated = True
    before = service.identity().version
    service.first_step()

    assert service.identity().version == before + 1
    assert service.hasher.calls >= 2


def test_codes_are_counted_before_they_are_checked(service: FactorService, owner: LoggedIn, app: App) -> None:
    """Five are free; then even the right one has to wait (MF-06)."""
    pending = service.first_step()
    for _ in range(FREE_FAILURES):
        assert refusal(service, pending, WRONG) is InvalidSecondFactor

    assert refusal(service, pending, app.code()) is TooManyAttempts
    assert service.finish_step(pending, app.code(later(seconds=30)), later(seconds=30))
    assert len(sessions_of(service, owner)) == 2


def test_a_new_streak_begins_with_a_right_code(service: FactorService, app: App) -> None:
    pending = service.first_step()
    for _ in range(FREE_FAILURES - 1):
        refusal(service, pending, WRONG)
    service.finish_step(pending, app.code())
    again = service.first_step()
    for _ in range(FREE_FAILURES):
        assert refusal(service, again, WRONG) is InvalidSecondFactor


@pytest.mark.parametrize(
    ("failures", "disabled"), [(FAILURES_THAT_DISABLE_PASSWORD - 1, False), (FAILURES_THAT_DISABLE_PASSWORD, True)]
)
def test_a_hundred_failures_disable_the_app(
    service: FactorService, owner: LoggedIn, app: App, failures: int, *, disabled: bool
) -> None:
    """Until another factor is used: a recovery code or a passkey."""
    fail(service, owner, failures)
    pending, at = service.first_step(), later(minutes=61)
    pending = service.first_step(at)
    if disabled:
        assert refusal(service, pending, app.code(at), now=at) is InvalidSecondFactor
    else:
        assert service.finish_step(pending, app.code(at), at)


def test_a_limit_on_one_factor_closes_no_other(service: FactorService, owner: LoggedIn) -> None:
    """Recovery codes, passkeys, live sessions, and other browsers (MF-06)."""
    app, codes = service.turn_on(owner)
    device = with_passkey(service, proven(service, owner))
    fail(service, owner, 1000)
    pending, elsewhere = service.first_step(), service.first_step(caller=NEW_BROWSER)

    assert refusal(service, pending, app.code()) is TooManyAttempts
    assert service.finish_step(elsewhere, app.code(), caller=NEW_BROWSER)
    assert passkey_login(service, device)
    assert service.session(cookie(owner), NOW)
    assert service.finish_step(pending, codes[0])
    assert service.finish_step(service.first_step(), app.code(NOW + STEP), NOW + STEP)


def test_strangers_failures_do_not_count_in_known_browsers(service: FactorService, owner: LoggedIn, app: App) -> None:
    """Someone who knows the password cannot keep the owner out."""
    fail(service, owner, 1000, known=False)

    assert service.finish_step(service.first_step(), app.code())


def test_a_source_is_limited_in_browsers_that_are_not_known(service: FactorService, app: App) -> None:
    pending, known = service.first_step(caller=STRANGER), service.first_step()
    window = int(NOW.timestamp()) // 60
    service.world.counters[f"second-step#{STRANGER.source}#60#{window}"] = Counter(
        SECOND_STEPS_PER_ADDRESS_PER_MINUTE - 1, NOW
    )
    assert refusal(service, pending, WRONG, caller=STRANGER) is InvalidSecondFactor
    assert refusal(service, pending, app.code(), caller=STRANGER) is TooManyAttempts

    assert service.finish_step(known, app.code(), caller=replace(OWNER, source=STRANGER.source))


def test_the_owner_is_told_of_the_third_failure(service: FactorService, owner: LoggedIn, app: App) -> None:
    """Of no other (MF-07)."""
    assert app.secret
    pending = service.first_step()
    told = []
    for _ in range(FREE_FAILURES):
        refusal(service, pending, WRONG)
        told.append(len(service.rare_notices.messages))

    assert told == [0, 0, 1, 1, 1]
    (notice,) = service.rare_notices.messages
    assert isinstance(notice, messages.SecondFactorFailed)
    assert (notice.user_id, notice.source) == (owner.session.user_id, OWNER.source)


def test_the_secret_of_another_account_does_not_work(service: FactorService, owner: LoggedIn, app: App) -> None:
    """A row that was copied is refused as a failure of the service (MF-05)."""
    service.world.user(owner.session.user_id, totp=f"sealed for another: {app.secret}")

    assert refusal(service, service.first_step(), app.code()) is Unavailable


def test_no_session_is_opened_when_the_store_fails(service: FactorService, owner: LoggedIn, app: App) -> None:
    pending, before = service.first_step(), sessions_of(service, owner)
    service.world.down = True
    assert refusal(service, pending, app.code()) is Unavailable
    service.world.down = False

    assert sessions_of(service, owner) == before
    assert service.finish_step(pending, app.code())
