"""Races of authorization codes and refresh tokens: against each other, and against what ends their session."""

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
from tests.contract.races import MeetAfterRead, MeetBeforeWrite, Meeting, OvertakenAtWrite, kinds, three_times, together
from tests.contract.samples import NOW
from tests.contract.stories import NEW_PASSWORD, PASSWORD, QUESTION, Person, Stories, caller
from tests.contract.wire import Crowd

SOON = NOW + timedelta(seconds=2)
_sources = count(5000)
# What ends every program's session. Arguments: the stories, the person, a reset link.
Ending = Callable[[Stories, Person, str], Any]
ENDINGS: dict[str, Ending] = {
    "log out everywhere": lambda it, person, _: it.logout_everywhere.everywhere(person.user_id, somewhere(), SOON),
    "reset": lambda it, _, link: it.password_reset.reset(link, NEW_PASSWORD, somewhere(), SOON).user_id,
    "change": lambda it, person, _: it.password_change.change(
        it.session(person), PASSWORD, NEW_PASSWORD, somewhere(), SOON
    ),
}


def somewhere() -> Caller:
    """An unused source address, so that tests do not share limits."""
    return caller(next(_sources))


def allowed(stories: Stories, person: Person) -> str:
    """The person allows the program; returns the code."""
    url = stories.client_consent.allow(person.session, QUESTION, NOW, NOW)
    return parse_qs(urlsplit(url).query)["code"][0]


def redeem(stories: Stories, code: str) -> Tokens:
    """The program exchanges the code."""
    found = stories.client_login.find(code, "comfy-cli", somewhere(), SOON)
    tokens: Tokens = stories.client_login.redeem(found, somewhere(), SOON)
    return tokens


def refresh(stories: Stories, token: str) -> Tokens:
    session = stories.token_refresh.find(token, somewhere(), SOON)
    tokens: Tokens = stories.token_refresh.exchange(token, session, "account", somewhere(), SOON)
    return tokens


def logged_in(stories: Stories) -> tuple[Person, str]:
    """A person whose program has logged in, and the program's refresh token."""
    person = stories.person()
    return person, redeem(stories, allowed(stories, person)).refresh_token


def meeting(backend: Backend, parties: int) -> Stories:
    """Stories in which ``parties`` threads have all read before any of them writes."""
    return Stories(backend, {"transactions": MeetBeforeWrite(backend.transactions, Meeting(parties))})


def overtaken(backend: Backend, meanwhile: Callable[[], Any]) -> Stories:
    """Stories in which ``meanwhile`` runs before their first write."""
    return Stories(backend, {"transactions": OvertakenAtWrite(backend.transactions, meanwhile)})


def only_the_browser(stories: Stories, person: Person) -> bool:
    """Whether the person's own session is the only one left, in the account and in the table."""
    mine = {person.session.digest}
    return bool(stories.held_and_stored(person.user_id) == (mine, mine))


def events(backend: Backend, person: Person) -> list[str]:
    """The account's events, sorted: all of them happen at one moment."""
    return sorted(entry["event"] for entry in backend.history(person.user_id))


@three_times
@pytest.mark.parametrize("live", [1, SESSIONS_PER_ACCOUNT])
def test_two_concurrent_exchanges_of_one_code_leave_no_session(racetrack: Backend, live: int) -> None:
    """One gets tokens and the other ends them: either may be an attacker (RFC 6749 4.1.2). Also in a full account."""
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


def test_allowing_a_program_in_a_full_account_keeps_the_owner_logged_in(backend: Backend) -> None:
    """Another session ends to make room, never the one in which the owner allowed the program."""
    stories = Stories(backend)
    person = stories.person(live_sessions=SESSIONS_PER_ACCOUNT)
    redeem(stories, allowed(stories, person))
    held, stored = stories.held_and_stored(person.user_id)

    assert held == stored
    assert (person.session.digest in held, len(held)) == (True, SESSIONS_PER_ACCOUNT)


def test_a_code_exchanged_twice_ends_the_session_of_the_first_exchange(backend: Backend) -> None:
    """The first exchange runs between the second one's read and write."""
    stories = Stories(backend)
    person = stories.person()
    code = allowed(stories, person)

    with pytest.raises(GrantReused):
        redeem(overtaken(backend, lambda: redeem(stories, code)), code)
    assert only_the_browser(stories, person)
    assert events(backend, person) == ["authn_login_success", "authn_token_reuse"]


def test_a_second_use_is_detected_after_a_concurrent_logout(backend: Backend) -> None:
    """The browser logs out before the second exchange writes; the session of the first exchange ends all the same."""
    stories = Stories(backend)
    person = stories.person()
    code = allowed(stories, person)

    def meanwhile() -> None:
        redeem(stories, code)
        stories.logout.here(stories.session(person), somewhere(), SOON)

    with pytest.raises(GrantReused):
        redeem(overtaken(backend, meanwhile), code)
    assert stories.held_and_stored(person.user_id) == (set(), set())


def test_a_concurrent_logout_refuses_the_exchange(backend: Backend) -> None:
    """The session in which the person allowed the program has ended (promise 6)."""
    stories = Stories(backend)
    person = stories.person()
    code = allowed(stories, person)
    late = overtaken(backend, lambda: stories.logout.here(stories.session(person), somewhere(), SOON))

    with pytest.raises(InvalidGrant):
        redeem(late, code)
    assert stories.held_and_stored(person.user_id) == (set(), set())


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_exchange_overtaken_by_what_ends_programs_is_refused(backend: Backend, ending: str) -> None:
    """The code was valid when it was read, and the person's session may still be live (SE-09)."""
    stories = Stories(backend)
    person = stories.person(live_sessions=2)
    link, code = stories.reset_link(person), allowed(stories, person)

    with pytest.raises(InvalidGrant):
        redeem(overtaken(backend, lambda: ENDINGS[ending](stories, person, link)), code)
    assert _clients(stories, person) == set()


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_session_of_a_program_outlives_a_concurrent_ending(racetrack: Backend, ending: str) -> None:
    """The exchange lost the race, or its session was ended."""
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
def test_concurrent_refreshes_all_get_the_same_token(racetrack: Backend, windows: int) -> None:
    """As several windows of one program do: none is logged out."""
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


def test_refreshes_that_cancel_each_other_both_succeed(real: Backend) -> None:
    """DynamoDB in AWS cancels concurrent transactions instead of queueing them."""
    stories, crowd = Stories(real), Crowd()
    _, token = logged_in(stories)
    racing = meeting(real, 2)
    with crowd.gathered():
        outcomes = together(2, lambda _: refresh(racing, token))

    assert kinds(outcomes) == {"Tokens": 2}


def test_a_refresh_that_is_overtaken_gets_the_same_token(backend: Backend) -> None:
    """It reads again and returns what the other refresh got."""
    stories = Stories(backend)
    _, token = logged_in(stories)
    first: list[Tokens] = []
    late = refresh(overtaken(backend, lambda: first.append(refresh(stories, token))), token)

    assert late.refresh_token == first[0].refresh_token
    assert refresh(stories, late.refresh_token).user_id == late.user_id


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_refresh_does_not_recreate_an_ended_session(backend: Backend, ending: str) -> None:
    """The session was live when it was read; nothing is written after it ended."""
    stories = Stories(backend)
    person, token = logged_in(stories)
    link = stories.reset_link(person)

    with pytest.raises(InvalidGrant):
        refresh(overtaken(backend, lambda: ENDINGS[ending](stories, person, link)), token)
    assert backend.sessions.get(_found_by(token)) is None
    assert _clients(stories, person) == set()


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_refreshed_session_outlives_a_concurrent_ending(racetrack: Backend, ending: str) -> None:
    """The refresh lost the race, or its tokens are invalid."""
    stories = Stories(racetrack)
    person, token = logged_in(stories)
    link, racing = stories.reset_link(person), meeting(racetrack, 2)
    work = (lambda: refresh(racing, token), lambda: ENDINGS[ending](racing, person, link))
    both: list[Any] = together(2, lambda n: work[n]())
    tokens, ended = both

    assert ended in {None, person.user_id}
    assert isinstance(tokens, Tokens | InvalidGrant)
    assert _clients(stories, person) == set()


@pytest.mark.parametrize("story", ["code", "refresh"])
def test_a_lost_response_of_dynamodb_ends_no_session(real: Backend, story: str) -> None:
    """The retry carries the same request token, so it is not taken for a second use."""
    stories = Stories(real)
    person, token = logged_in(stories)
    work: dict[str, Callable[[], Tokens]] = {
        "code": lambda: redeem(stories, code),
        "refresh": lambda: refresh(stories, token),
    }
    code, lost_response = allowed(stories, person), _LostResponse()
    with wire.between("before-send.dynamodb.TransactWriteItems", lost_response):
        tokens = work[story]()

    assert lost_response.times == 2
    assert "authn_token_reuse" not in events(real, person)
    assert refresh(stories, tokens.refresh_token).user_id == person.user_id


class _LostResponse:
    """Sends the first request and drops its response."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        self.times += 1
        if self.times > 1:
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
    """The digests of programs' sessions, held by the account or stored."""
    stored = {it.digest for it in stories.backend.sessions.of_user(person.user_id) if it.client_id}
    held, _ = stories.held_and_stored(person.user_id)
    return stored | {digest for digest in held if digest not in _browsers(stories, person)}


def _browsers(stories: Stories, person: Person) -> set[str]:
    return {it.digest for it in stories.backend.sessions.of_user(person.user_id) if not it.client_id}
