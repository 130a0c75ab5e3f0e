"""The requests that stores send to DynamoDB: consistent reads, no scans, and the promised number of round trips."""

from collections.abc import Callable, Mapping
from copy import replace
from typing import Any

import pytest

from accounts.dynamo.api_keys import ApiKeysTable
from accounts.dynamo.sessions import SessionsTable
from accounts.dynamo.tables import find_both
from accounts.dynamo.transactions import DynamoTransactions
from accounts.errors import Unavailable
from accounts.flows.people.authentication import SESSION
from accounts.limits import ADDRESS_FAILURES_PER_HOUR, QUIET_SOURCE_SHARE
from accounts.model import sessions
from accounts.model.api_keys import ApiKey, Details, Edit
from accounts.model.sessions import Session
from accounts.model.source_limits import LOGINS
from tests.contract import wire
from tests.contract.backends import Backend
from tests.contract.samples import CALLER, LATER, NOW, a_digest, a_record, a_session, a_token, an_increment
from tests.contract.stories import Person, Stories, caller

# The number of a source that no other test uses.
_BUSY = 250
GET, QUERY, UPDATE, WRITE = "GetItem", "Query", "UpdateItem", "TransactWriteItems"
TOGETHER = "BatchGetItem"


def _dynamo(backend: Backend) -> DynamoTransactions:
    assert isinstance(backend.transactions, DynamoTransactions)
    return backend.transactions


CALLS: Mapping[str, tuple[Callable[[Backend], Any], str]] = {
    "users.get": (lambda b: b.users.get("somebody"), GET),
    "identities.get": (lambda b: b.identities.get("email#somebody@example.com"), GET),
    "sessions.get": (lambda b: b.sessions.get(a_digest()), GET),
    "api_keys.get": (lambda b: b.api_keys.get(a_digest()), GET),
    "tokens.get": (lambda b: b.tokens.get(a_token().key), GET),
    "sessions.of_user": (lambda b: b.sessions.of_user("somebody"), QUERY),
    "api_keys.of_user": (lambda b: b.api_keys.of_user("somebody"), QUERY),
    "api_keys.due": (lambda b: b.api_keys.due(NOW, 1), QUERY),
    "audit.some": (lambda b: b.audit.some("somebody", 50), QUERY),
    "audit.latest": (lambda b: b.audit.latest("somebody", "user_updated#", 50), QUERY),
    "sessions.touch": (lambda b: b.sessions.touch(a_digest(), NOW), UPDATE),
    "api_keys.touch": (lambda b: b.api_keys.touch(a_digest(), CALLER, NOW), UPDATE),
    "throttles.get": (lambda b: b.throttles.get(an_increment().key), GET),
    "throttles.take": (lambda b: b.throttles.take(an_increment(), NOW), UPDATE),
    "throttles.give_back": (lambda b: b.throttles.give_back(an_increment()), UPDATE),
    "transactions.commit": (lambda b: b.commit(sessions.Start(a_session())), WRITE),
    "transactions.commit_once": (lambda b: _dynamo(b).commit_once(sessions.Start(a_session())), WRITE),
}

_INDEX = {"of_user": "by-user", "due": "by-due"}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_a_store_is_one_operation(dynamo: Backend, name: str) -> None:
    """Reads are consistent and by key, lists query the index; no scans, no DescribeTable."""
    call, operation = CALLS[name]
    with wire.watched() as seen:
        call(dynamo)

    assert [asked for asked, _ in seen] == [operation]
    by_index = [given["IndexName"] for asked, given in seen if "IndexName" in given]
    assert by_index == ([_INDEX[method]] if (method := name.partition(".")[2]) in _INDEX else [])
    by_key = [given["ConsistentRead"] for asked, given in seen if asked in {GET, QUERY} and "IndexName" not in given]
    assert by_key == [True] * (operation in {GET, QUERY} and not by_index)


def test_every_method_of_every_store_is_listed(dynamo: Backend) -> None:
    """A new method has to be added to ``CALLS``."""
    stores = ("users", "identities", "sessions", "api_keys", "tokens", "throttles", "audit", "transactions")
    own = {
        f"{store}.{name}"
        for store in stores
        for name, value in vars(type(getattr(dynamo, store))).items()
        if callable(value) and not name.startswith("_") and isinstance(value, type(lambda: None))
    }

    # ``include`` calls no table.
    assert own - {"transactions.include"} == set(CALLS)


def test_a_login_takes_three_round_trips(dynamo: Backend) -> None:
    """Identity, the account's counter, and session."""
    stories = Stories(dynamo)
    person = stories.person()
    browser = stories.log_in(person, 1).identity.known_browsers[-1]
    with wire.watched() as seen:
        stories.log_in(person, 1, browser=browser)

    assert [asked for asked, _ in seen] == [GET, UPDATE, WRITE]


def test_a_login_from_another_browser_takes_one_more(dynamo: Backend) -> None:
    """For the counter of its source; behind a busy one, two more, because it is given back."""
    stories = Stories(dynamo)
    quiet = ADDRESS_FAILURES_PER_HOUR // QUIET_SOURCE_SHARE
    seen = []
    for count in range(quiet + 1):
        person = stories.person()
        if count in (0, quiet - 1, quiet):
            with wire.watched() as watched:
                stories.log_in(person, _BUSY, browser=f"another {count}")
            seen.append([asked for asked, _ in watched])
        else:
            dynamo.throttles.take(LOGINS.free(caller(_BUSY).source, NOW), NOW)

    assert seen == [[GET, UPDATE, UPDATE, WRITE]] * 2 + [[GET, UPDATE, UPDATE, WRITE, UPDATE]]


def test_a_long_history_is_read_only_as_far_as_requested(dynamo: Backend) -> None:
    """With one query."""
    dynamo.commit(*(a_record(user_id="somebody", serial=f"serial{number:02}") for number in range(60)))
    with wire.watched() as seen:
        found = dynamo.audit.some("somebody", 50)

    assert ([asked for asked, _ in seen], len(found)) == ([QUERY], 50)


class Deployed(Stories):
    """Reads a session and the key that its owner names as the endpoint does."""

    def session_and_key(self, session: str, api_key: str) -> tuple[Session | None, ApiKey | None]:
        sessions, keys = self.backend.sessions, self.backend.api_keys
        assert isinstance(sessions, SessionsTable)
        assert isinstance(keys, ApiKeysTable)
        return find_both(sessions, session, keys, api_key)

    def asked(self, person: Person, key_id: str) -> tuple[Session, ApiKey | None]:
        """The session and the key, if there is one."""
        credential = replace(person.credential, names=key_id)
        principal = self.authentication(frozenset({SESSION})).principal(credential, caller(1), NOW)
        assert principal.session is not None
        return principal.session, principal.named_key


def test_creating_a_key_takes_two_round_trips(dynamo: Backend) -> None:
    """Read the session; count and write the key, when the session was touched recently."""
    stories = Stories(dynamo)
    person = stories.person()
    with wire.watched() as seen:
        stories.key_creation.create(stories.session(person), Details("name"), caller(1), NOW)

    assert [asked for asked, _ in seen] == [GET, WRITE]


Act = Callable[[Stories, Session, str, ApiKey | None], Any]
ACTS: Mapping[str, tuple[Act, list[str]]] = {
    "rename": (lambda it, by, key, read: _edit(it, by, key, read, Edit("box")), [TOGETHER, WRITE]),
    "restrict": (lambda it, by, key, read: _edit(it, by, key, read, Edit(networks=["192.0.2.7"])), [TOGETHER, WRITE]),
    "rotate": (lambda it, by, key, read: _rotate(it, by, key, read, 7), [TOGETHER, WRITE]),
    # One update cannot add to the account's list and remove from it.
    "rotate at once": (lambda it, by, key, read: _rotate(it, by, key, read, 0), [TOGETHER, GET, WRITE]),
    "delete": (
        lambda it, by, key, read: it.key_deletion.delete(by.user_id, key, caller(1), NOW, read=read),
        [TOGETHER, WRITE],
    ),
}


def _edit(stories: Stories, session: Session, key_id: str, read: ApiKey | None, edit: Edit) -> None:
    stories.key_description.change(session, key_id, edit, caller(1), NOW, read=read)


def _rotate(stories: Stories, session: Session, key_id: str, read: ApiKey | None, days: int) -> None:
    stories.key_rotation.rotate(session, key_id, days, caller(1), NOW, read=read)


@pytest.mark.parametrize("name", ACTS)
def test_changing_a_key_takes_two_round_trips(dynamo: Backend, name: str) -> None:
    """Read the session and the key together; count and write the change."""
    act, expected = ACTS[name]
    stories = Deployed(dynamo)
    person = stories.person()
    key_id = stories.key_creation.create(person.session, Details("name"), caller(1), NOW).api_key.id
    with wire.watched() as seen:
        session, read = stories.asked(person, key_id)
        act(stories, session, key_id, read)

    assert [asked for asked, _ in seen] == expected
    assert all(each["ConsistentRead"] for _, given in seen for each in given.get("RequestItems", {}).values())


def test_a_session_and_a_key_are_read_together_or_not_there(dynamo: Backend) -> None:
    stories = Deployed(dynamo)
    person = stories.person()
    key = stories.key_creation.create(person.session, Details("name"), caller(1), NOW).api_key
    session, none = dynamo.sessions.get(person.session.digest), a_digest()

    found = [stories.session_and_key(it, name) for it in (person.session.digest, none) for name in (key.id, none)]

    assert found == [(session, key), (session, None), (None, key), (None, None)]


def test_what_a_busy_table_leaves_out_is_read_alone(dynamo: Backend) -> None:
    stories = Deployed(dynamo)
    person = stories.person()
    key = stories.key_creation.create(person.session, Details("name"), caller(1), NOW).api_key
    with wire.watched() as seen, wire.answering(wire.unprocessed, wire.let_through):
        found = stories.session_and_key(person.session.digest, key.id)

    assert [asked for asked, _ in seen] == [TOGETHER, GET, GET]
    assert found == (dynamo.sessions.get(person.session.digest), key)


def test_a_session_whose_key_cannot_be_read_is_not_accepted(dynamo: Backend) -> None:
    """Fail closed."""
    stories = Deployed(dynamo)
    person = stories.person()
    refused = wire.error(400, "AccessDeniedException")
    with wire.answering(refused), pytest.raises(Unavailable):
        stories.asked(person, a_digest())


def test_logout_everywhere_reads_the_account_and_not_an_index(dynamo: Backend) -> None:
    """An index may not contain the newest session yet."""
    stories = Stories(dynamo)
    person = stories.person(live_sessions=2)
    with wire.watched() as seen:
        user_id = stories.session(person, LATER).user_id
        stories.logout_everywhere.everywhere(user_id, caller(1), LATER)

    assert [asked for asked, _ in seen] == [GET, UPDATE, GET, WRITE]
