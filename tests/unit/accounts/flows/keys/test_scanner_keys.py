"""Finding the public key that a report names, however many reports name keys that do not exist."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from accounts.errors import Unavailable
from accounts.flows.keys.scanner_keys import ScannerKeys
from accounts.model import client_documents, scanner_keys
from accounts.model.client_documents import Document, Fetched
from tests.fakes import FakeDocuments, FakeFetcher, World
from tests.scanner import Scanner, listed
from tests.unit.accounts.stage import NOW, later

URL = scanner_keys.URL
OLD, NEW = Scanner("old"), Scanner("new")


class Copies(FakeDocuments):
    """The shared copy; ``reads`` has each document that was read."""

    def __init__(self, world: World, reads: list[str]) -> None:
        super().__init__(world)
        self.reads = reads

    def get(self, client_id: str) -> Document | None:
        self.reads.append(client_id)
        return super().get(client_id)


@dataclass
class GitHub:
    """GitHub, and what the processes of a deployment share."""

    world: World = field(default_factory=World)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    failures: list[Exception] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)

    def lists(self, *current: Scanner, retired: tuple[Scanner, ...] = ()) -> None:
        self.fetcher.internet[URL] = Fetched(listed(current, retired))

    def process(self) -> ScannerKeys:
        """A process that has just started."""
        return ScannerKeys(Copies(self.world, self.reads), self.fetcher, self.world, self.failures.append)

    @property
    def fetches(self) -> int:
        assert set(self.fetcher.fetched) <= {URL}
        return len(self.fetcher.fetched)


@pytest.fixture
def github() -> GitHub:
    found = GitHub()
    found.lists(OLD)
    return found


def test_processes_share_one_fetch(github: GitHub) -> None:
    processes = [github.process() for _ in range(3)]
    assert [it.find("old", NOW) for it in processes] == [OLD.pem] * 3
    assert github.fetches == 1


def test_a_process_answers_from_memory(github: GitHub) -> None:
    """Also when everything that it depends on is down."""
    process = github.process()
    process.find("old", NOW)
    github.world.down = True

    assert process.find("old", later(minutes=59)) == OLD.pem


def test_a_new_key_is_found_when_it_is_named(github: GitHub) -> None:
    """GitHub changes keys without notice."""
    process = github.process()
    process.find("old", NOW)
    github.lists(NEW, retired=(OLD,))

    assert process.find("new", later(minutes=1)) == NEW.pem
    assert process.find("old", later(minutes=1)) is None


def test_a_retired_key_is_forgotten_within_the_hour(github: GitHub) -> None:
    process = github.process()
    process.find("old", NOW)
    github.lists(NEW, retired=(OLD,))

    assert process.find("old", later(minutes=59, seconds=59)) == OLD.pem
    assert process.find("old", later(hours=1)) is None


def test_a_flood_of_unknown_keys_is_answered_from_memory(github: GitHub) -> None:
    """One fetch a minute by all processes, and one look a minute by each."""
    processes = [github.process() for _ in range(5)]
    for second in range(120):
        for number, process in enumerate(processes):
            assert process.find(f"made-up-{second}-{number}", later(seconds=second)) is None

    assert github.fetches == 2
    assert len(github.reads) == 2 * len(processes)


def test_a_flood_does_not_hide_a_new_key(github: GitHub) -> None:
    """It refetches the list, which every process then reads."""
    flooded, other = github.process(), github.process()
    flooded.find("made-up", NOW)
    other.find("old", NOW)
    github.lists(OLD, NEW)
    flooded.find("made-up", later(minutes=1))

    assert [it.find("new", later(minutes=1)) for it in (flooded, other)] == [NEW.pem] * 2
    assert github.fetches == 2


@pytest.mark.parametrize(
    "answer",
    [client_documents.refused("status"), Unavailable(), Fetched("{}"), Fetched(listed((), (OLD,)))],
)
def test_a_list_is_used_for_a_day_when_github_does_not_answer(github: GitHub, answer: Fetched | Exception) -> None:
    """Nothing that is not a list of keys replaces it, and each failed fetch is reported."""
    process = github.process()
    process.find("old", NOW)
    github.fetcher.internet[URL] = answer

    assert process.find("old", later(hours=23, minutes=59)) == OLD.pem
    assert github.process().find("old", later(hours=23, minutes=59, seconds=30)) == OLD.pem
    assert len(github.failures) == 1
    for each in (process, github.process()):
        with pytest.raises(Unavailable):
            each.find("old", later(days=1))


def test_without_a_list_no_one_can_say_that_a_key_is_unknown(github: GitHub) -> None:
    """The report should come again."""
    github.fetcher.internet.clear()
    process = github.process()
    for seconds in (0, 59):
        with pytest.raises(Unavailable):
            process.find("old", later(seconds=seconds))
    assert github.fetches == 1
    github.lists(OLD)

    assert process.find("old", later(minutes=1)) == OLD.pem


def test_a_failed_look_is_tried_again_at_once(github: GitHub) -> None:
    """It is not the look of this minute."""
    process = github.process()
    github.world.down = True
    with pytest.raises(Unavailable):
        process.find("old", NOW)
    github.world.down = False

    assert process.find("old", NOW) == OLD.pem


def test_a_copy_that_cannot_be_kept_is_used(github: GitHub) -> None:
    """A failed note denies nothing."""

    class Full(FakeDocuments):
        def keep(self, document: Document) -> None:  # noqa: ARG002 - see Documents
            self.world.ignored.append(Unavailable())

    process = ScannerKeys(Full(github.world), github.fetcher, github.world, github.failures.append)

    assert process.find("old", NOW) == OLD.pem
    assert len(github.world.ignored) == 1


def test_the_copy_says_how_long_it_may_be_used(github: GitHub) -> None:
    """Whatever the headers of the response say."""
    github.fetcher.internet[URL] = Fetched(listed([OLD]), fresh_seconds=10**9)
    github.process().find("old", NOW)

    def until(moment: datetime, last: datetime) -> dict[str, Document]:
        return {URL: Document(URL, listed([OLD]), moment, last)}

    assert github.world.documents == until(later(hours=1), later(days=1))
