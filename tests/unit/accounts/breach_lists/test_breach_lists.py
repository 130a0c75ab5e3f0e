"""Asking whether a password has leaked, without telling which."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
import urllib3

from accounts.breach_lists import NoBreachList, PwnedPasswords, breach_list
from accounts.errors import ConfigurationError

PASSWORD = "seven green umbrellas"
SHA1 = hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).hexdigest().upper()
OTHERS = "0" * 35 + ":12\r\n" + "F" * 35 + ":7\r\n"


@dataclass
class Answer:
    """What the service sends back; ``asked_for`` is how many bytes were read of it at most."""

    body: bytes = b""
    status: int = 200
    asked_for: list[int] = field(default_factory=list)
    closed: bool = False

    def read(self, amount: int) -> bytes:
        """So many bytes and not more."""
        self.asked_for.append(amount)
        return self.body[:amount]

    def close(self) -> None:
        """Give the connection up."""
        self.closed = True


@dataclass
class Pool:
    """Stands for urllib3's pool: answers or fails, and writes down what was asked."""

    answer: Answer = field(default_factory=Answer)
    error: Exception | None = None
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> Answer:
        """One call."""
        self.asked.append((method, url, options))
        if self.error:
            raise self.error
        return self.answer


def lookup(pool: Pool, password: str = PASSWORD) -> tuple[bool, list[str]]:
    """Whether it leaked, and which failures were told."""
    told: list[str] = []
    passwords = PwnedPasswords(cast("urllib3.PoolManager", pool), lambda error: told.append(type(error).__name__))
    return passwords.contains(password), told


def lines(text: str) -> Pool:
    """A service that answers with these lines."""
    return Pool(Answer(text.encode()))


@pytest.mark.parametrize("count", ["1", "42", "1000000"])
def test_a_leaked_password_is_found(count: str) -> None:
    """Among others, however often it leaked."""
    pool = lines(f"{OTHERS}{SHA1[5:]}:{count}\r\n{OTHERS}")

    assert lookup(pool) == (True, [])


@pytest.mark.parametrize(
    "text",
    ["", OTHERS, f"{SHA1[5:]}:0\r\n", f"{SHA1[5:]}", f"{SHA1[5:]}:", f"{SHA1[5:-1]}:3", f"{SHA1}:3", f"x{SHA1[5:]}:3"],
)
def test_others_and_padding_are_not_hits(text: str) -> None:
    """Padding lines have the count 0; only the whole suffix counts."""
    assert lookup(lines(text)) == (False, [])


def test_only_five_characters_of_the_digest_leave() -> None:
    """In the path, and nothing of the rest anywhere (PW-12)."""
    pool = lines(OTHERS)
    lookup(pool)

    ((method, url, options),) = pool.asked
    assert (method, url) == ("GET", f"https://api.pwnedpasswords.com/range/{SHA1[:5]}")
    assert options["headers"] == {"Add-Padding": "true", "User-Agent": "comfy-accounts"}
    assert SHA1[5:] not in str(pool.asked)
    assert PASSWORD not in str(pool.asked)
    assert "body" not in options
    assert "fields" not in options


def test_a_call_is_short_and_follows_no_redirect() -> None:
    """At most 1.2 s in all, and to the one host that is meant (PW-12, OA-17)."""
    pool = lines(OTHERS)
    lookup(pool)

    options = pool.asked[0][2]
    timeout = options["timeout"]
    assert (timeout.total, timeout.connect_timeout, timeout._read) == (1.2, 0.5, 1.0)
    assert (options["redirect"], options["preload_content"]) == (False, False)


@pytest.mark.parametrize(
    "error",
    [
        urllib3.exceptions.ConnectTimeoutError(),
        urllib3.exceptions.ReadTimeoutError(cast("Any", None), "/", "slow"),
        urllib3.exceptions.ProtocolError("reset"),
        urllib3.exceptions.SSLError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_service_that_does_not_answer_stops_nobody(error: Exception) -> None:
    """The password passes on the strength of the bundled list, and the failure is told (design, promise 7)."""
    assert lookup(Pool(error=error)) == (False, [type(error).__name__])


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_any_other_status_is_a_failure(status: int) -> None:
    """Its body is not believed, even if it names the password, and its connection is not used again."""
    pool = Pool(Answer(f"{SHA1[5:]}:3".encode(), status))

    assert lookup(pool) == (False, ["ValueError"])
    assert (pool.answer.closed, len(pool.asked), pool.answer.asked_for) == (True, 1, [])


def test_what_is_not_ascii_is_a_failure() -> None:
    """It is not the service's format."""
    assert lookup(Pool(Answer(b"\xff\xfe"))) == (False, ["UnicodeDecodeError"])


def test_a_huge_body_is_read_to_256_kib_and_no_further() -> None:
    """And its connection is given up rather than used again (OA-17)."""
    pool = Pool(Answer(b"0" * 10_000_000))

    assert lookup(pool) == (False, [])
    assert (pool.answer.asked_for, pool.answer.closed) == ([262_144], True)


def test_a_deployment_turns_the_lookup_on_or_off() -> None:
    """Said in so many words; off asks nobody."""
    told: list[Exception] = []

    assert isinstance(breach_list("on", on_failure=told.append), PwnedPasswords)
    assert isinstance(breach_list("off", on_failure=told.append), NoBreachList)
    assert not breach_list("off", on_failure=told.append).contains(PASSWORD)
    assert told == []


@pytest.mark.parametrize("setting", ["", "ON", "true", "1", "no"])
def test_any_other_setting_is_refused_at_start(setting: str) -> None:
    """A typing error must not turn it off unnoticed."""
    with pytest.raises(ConfigurationError) as refusal:
        breach_list(setting, on_failure=print)

    assert refusal.value.message == "BREACHED_PASSWORD_LOOKUP must be on or off."


def test_a_failure_need_not_be_told() -> None:
    """By default nobody listens."""
    passwords = PwnedPasswords(cast("urllib3.PoolManager", Pool(Answer(status=500))))

    assert not passwords.contains(PASSWORD)
