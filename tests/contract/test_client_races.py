"""Codes and refresh tokens of programs that meet: themselves, a copy of themselves, or whatever ends their session."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from accounts import secrets
from accounts.errors import GrantReused, InvalidGrant
from accounts.flows.clients.client_sessions import Tokens
from accounts.limits import SESSIONS_PER_ACCOUNT
from accounts.model import sessions
from accounts.model.audit import Caller
from tests.contract import wire
from tests.contract.backends import Backend
from tests.contract.races import MeetAfterRead, MeetBeforeWrite, Meeting, OvertakenAtWrite, kinds, together
from tests.contract.samples import NOW
from tests.contract.stories import NEW_PASSWORD, PASSWORD, QUESTION, Person, Stories, caller
from tests.contract.wire import Crowd

three_times = pytest.mark.usefixtures("each_round")
SOON = NOW + timedelta(seconds=2)
_sources = count(5000)
# What a person does who wants to be rid of every program, in the order: story, person, a link to a new password.
Ending = Callable[[Stories, Person, str], Any]
ENDINGS: dict[str, Ending] = {
    "log out everywhere": lambda it, person, _: it.logout_everywhere.everywhere(person.user_id, somewhere(), SOON),
    "reset": lambda it, _, link: it.password_reset.reset(link, NEW_PASSWORD, somewhere(), SOON),
    "change": lambda it, person, _: it.password_change.change(
        it.session(person), PASSWORD, NEW_PASSWORD, somewhere(), SOON
    ),
}


@pytest.fixture(params=range(3))
def each_round() -> None:
    """A race that is lost once in a while is lost."""


def somewhere() -> Caller:
    """An address that nobody has used, so that no test fills another's windows."""
    return caller(next(_sources))


def allowed(stories: Stories, person: Person) -> str:
    """The person says yes; the code."""
    url = stories.client_consent.allow(person.session, QUESTION, NOW)
    return parse_qs(urlsplit(url).query)["code"][0]


def redeem(stories: Stories, code: str) -> Tokens:
    """The program exchanges it."""
    found = stories.client_login.find(code, "comfy-cli", somewhere(), SOON)
    tokens: Tokens = stories.client_login.redeem(found, somewhere(), SOON)
    return tokens


def refresh(stories: Stories, token: str) -> Tokens:
    """The program exchanges its refresh token."""
    session = stories.token_refresh.find(token, somewhere(), SOON)
    tokens: Tokens = stories.token_refresh.exchange(token, session, somewhere(), SOON)
    return tokens


def logged_in(stories: Stories) -> tuple[Person, str]:
    """A person whose program has signed in, and the refresh token that it holds."""
    person = stories.person()
    return person, redeem(stories, allowed(stories, person)).refresh_token


def meeting(backend: Backend, parties: int) -> Stories:
    """Stories of which so many have read all that they read before any of them writes."""
    return Stories(backend, {"transactions": MeetBeforeWrite(backend.transactions, Meeting(parties))})


def overtaken(backend: Backend, meanwhile: Callable[[], Any]) -> Stories:
    """Stories that come to their first write only after ``meanwhile``."""
    return Stories(backend, {"transactions": OvertakenAtWrite(backend.transactions, meanwhile)})


def only_the_browser(stories: Stories, person: Person) -> bool:
    """Whether no session but the one that the person looks from is left, by either list."""
    mine = {person.session.digest}
    return bool(stories.held_and_stored(person.user_id) == (mine, mine))


def events(backend: Backend, person: Person) -> list[str]:
    """What the account's history tells, in no order: all of it happened at one moment."""
    return sorted(entry["event"] for entry in backend.history(person.user_id))


@three_times
@pytest.mark.parametrize("live", [1, SESSIONS_PER_ACCOUNT])
def test_of_two_who_exchange_one_code_at_once_neither_stays_in(racetrack: Backend, live: int) -> None:
    """One gets tokens, the other ends them, in a full account too: either may be the thief (RFC 6749 4.1.2)."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=live)
    code, racing = allowed(stories, person), stories.with_stores(tokens=MeetAfterRead(racetrack.tokens, Meeting(2)))
    outcomes = together(2, lambda _: redeem(racing, code))
    tokens = next(outcome for outcome in outcomes if isinstance(outcome, Tokens))
    held, stored = stories.held_and_stored(person.user_id)

    assert kinds(outcomes) == {"GrantReused": 1, "Tokens": 1}
    assert held == stored
    assert _session_of(tokens) not in held
    assert events(racetrack, person) == ["authn_login_success", "authn_token_reuse"]
    with pytest.raises(InvalidGrant):
        refresh(stories, tokens.refresh_token)


def test_who_lets_a_program_into_a_full_account_stays_logged_in(backend: Backend) -> None:
    """Another session makes room, and never the one in which the person says yes."""
    stories = Stories(backend)
    person = stories.person(live_sessions=SESSIONS_PER_ACCOUNT)
    redeem(stories, allowed(stories, person))
    held, stored = stories.held_and_stored(person.user_id)

    assert held == stored
    assert (person.session.digest in held, len(held)) == (True, SESSIONS_PER_ACCOUNT)


def test_a_code_exchanged_before_the_write_ends_what_it_made(backend: Backend) -> None:
    """The whole of another exchange fits between reading and writing."""
    stories = Stories(backend)
    person = stories.person()
    code = allowed(stories, person)

    with pytest.raises(GrantReused):
        redeem(overtaken(backend, lambda: redeem(stories, code)), code)
    assert only_the_browser(stories, person)
    assert events(backend, person) == ["authn_login_success", "authn_token_reuse"]


def test_a_log_out_in_between_hides_no_second_use(backend: Backend) -> None:
    """The person's browser is logged out before the loser writes: who won is put out all the same."""
    stories = Stories(backend)
    person = stories.person()
    code = allowed(stories, person)

    def meanwhile() -> None:
        redeem(stories, code)
        stories.logout.here(stories.session(person), somewhere(), SOON)

    with pytest.raises(GrantReused):
        redeem(overtaken(backend, meanwhile), code)
    assert stories.held_and_stored(person.user_id) == (set(), set())


def test_a_log_out_in_between_keeps_a_program_out(backend: Backend) -> None:
    """The session in which the person said yes has ended (promise 6)."""
    stories = Stories(backend)
    person = stories.person()
    code = allowed(stories, person)
    late = overtaken(backend, lambda: stories.logout.here(stories.session(person), somewhere(), SOON))

    with pytest.raises(InvalidGrant):
        redeem(late, code)
    assert stories.held_and_stored(person.user_id) == (set(), set())


@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_programs_keeps_out_one_that_is_coming_in(backend: Backend, ending: str) -> None:
    """Its code was good when it was read, and the session of the person may even have stayed (SE-09)."""
    stories = Stories(backend)
    person = stories.person(live_sessions=2)
    link, code = stories.reset_link(person), allowed(stories, person)

    with pytest.raises(InvalidGrant):
        redeem(overtaken(backend, lambda: ENDINGS[ending](stories, person, link)), code)
    assert _clients(stories, person) == set()


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_program_is_in_after_whatever_ends_programs(racetrack: Backend, ending: str) -> None:
    """One that met it lost against it, or came in before it and was ended by it."""
    stories = Stories(racetrack)
    person = stories.person(live_sessions=2)
    link, code, racing = stories.reset_link(person), allowed(stories, person), meeting(racetrack, 2)
    work = (lambda: redeem(racing, code), lambda: ENDINGS[ending](racing, person, link))
    both: list[Any] = together(2, lambda n: work[n]())
    tokens, ended = both

    assert ended in {None, person.user_id}
    assert isinstance(tokens, Tokens | InvalidGrant)
    assert _clients(stories, person) == set()


@three_times
@pytest.mark.parametrize("windows", [2, 3])
def test_all_who_refresh_at_once_go_on_with_one_token(racetrack: Backend, windows: int) -> None:
    """Windows of one program: nobody is logged out, and no answer is worth less than another."""
    stories = Stories(racetrack)
    person, token = logged_in(stories)
    racing = meeting(racetrack, windows)
    outcomes = together(windows, lambda _: refresh(racing, token))
    stored = racetrack.sessions.get(_found_by(token))
    given = {_second_half(outcome) for outcome in outcomes if isinstance(outcome, Tokens)}

    assert kinds(outcomes) == {"Tokens": windows}
    assert stored is not None
    assert given == {stored.refresh}
    assert events(racetrack, person) == ["authn_login_success"]


def test_refreshes_that_cancel_each_other_both_go_on(real: Backend) -> None:
    """DynamoDB in AWS does not queue them."""
    stories, crowd = Stories(real), Crowd()
    _, token = logged_in(stories)
    racing = meeting(real, 2)
    with crowd.gathered():
        outcomes = together(2, lambda _: refresh(racing, token))

    assert kinds(outcomes) == {"Tokens": 2}


def test_a_refresh_in_between_is_the_first(backend: Backend) -> None:
    """Whoever wrote late reads again, and is given what the other got."""
    stories = Stories(backend)
    _, token = logged_in(stories)
    first: list[Tokens] = []
    late = refresh(overtaken(backend, lambda: first.append(refresh(stories, token))), token)

    assert late.refresh_token == first[0].refresh_token
    assert refresh(stories, late.refresh_token).user_id == late.user_id


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_session_comes_back_by_a_refresh(backend: Backend, ending: str) -> None:
    """It was live when it was read; not a half of it is written to where it was."""
    stories = Stories(backend)
    person, token = logged_in(stories)
    link = stories.reset_link(person)

    with pytest.raises(InvalidGrant):
        refresh(overtaken(backend, lambda: ENDINGS[ending](stories, person, link)), token)
    assert backend.sessions.get(_found_by(token)) is None
    assert _clients(stories, person) == set()


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_refresh_outlives_whatever_ends_programs(racetrack: Backend, ending: str) -> None:
    """It lost, or its pair is worth nothing."""
    stories = Stories(racetrack)
    person, token = logged_in(stories)
    link, racing = stories.reset_link(person), meeting(racetrack, 2)
    work = (lambda: refresh(racing, token), lambda: ENDINGS[ending](racing, person, link))
    both: list[Any] = together(2, lambda n: work[n]())
    tokens, ended = both

    assert ended in {None, person.user_id}
    assert isinstance(tokens, Tokens | InvalidGrant)
    assert _clients(stories, person) == set()


@pytest.mark.parametrize(("story", "writes"), [("code", 1), ("refresh", 2)])
def test_an_answer_of_the_table_that_is_lost_ends_nothing(real: Backend, story: str, writes: int) -> None:
    """It has written, we ask again, and it knows the request: our fault is not taken for a second use."""
    stories = Stories(real)
    person, token = logged_in(stories)
    work: dict[str, Callable[[], Tokens]] = {
        "code": lambda: redeem(stories, code),
        "refresh": lambda: refresh(stories, token),
    }
    code, unheard = allowed(stories, person), _Unheard(writes)
    with wire.between("before-send.dynamodb.TransactWriteItems", unheard):
        tokens = work[story]()

    assert unheard.times == writes + 1
    assert "authn_token_reuse" not in events(real, person)
    assert refresh(stories, tokens.refresh_token).user_id == person.user_id


class _Unheard:
    """Has one request carried out, and its answer lost."""

    def __init__(self, which: int) -> None:
        """Take which of those that come by, the first being 1."""
        self.which = which
        self.times = 0

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Carry it out and say that nobody answered; let every other one through."""
        self.times += 1
        if self.times != self.which:
            return None
        http = URLLib3Session()
        assert http.send(request).status_code == 200
        http.close()
        raise ReadTimeoutError(endpoint_url=request.url)


def _found_by(token: str) -> str:
    halves = sessions.halves(token)
    assert halves is not None
    return secrets.digest(halves[0])


def _second_half(tokens: Tokens) -> str:
    return secrets.digest(tokens.refresh_token.partition(".")[2])


def _session_of(tokens: Tokens) -> str:
    return _found_by(tokens.refresh_token)


def _clients(stories: Stories, person: Person) -> set[str]:
    """The sessions of programs, held or stored."""
    stored = {it.digest for it in stories.backend.sessions.of_user(person.user_id) if it.client_id}
    held, _ = stories.held_and_stored(person.user_id)
    return stored | {digest for digest in held if digest not in _browsers(stories, person)}


def _browsers(stories: Stories, person: Person) -> set[str]:
    return {it.digest for it in stories.backend.sessions.of_user(person.user_id) if not it.client_id}
