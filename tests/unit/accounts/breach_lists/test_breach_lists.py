"""Asking whether a password has leaked, without revealing it."""

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
    """The service's response; ``asked_for`` is the maximum number of bytes of each read."""

    body: bytes = b""
    status: int = 200
    asked_for: list[int] = field(default_factory=list)
    closed: bool = False

    def read(self, amount: int) -> bytes:
        """At most that many bytes."""
        self.asked_for.append(amount)
        return self.body[:amount]

    def close(self) -> None:
        self.closed = True


@dataclass
class Pool:
    """A fake urllib3 pool: answers or fails, and records the calls."""

    answer: Answer = field(default_factory=Answer)
    error: Exception | None = None
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def request(self, method: str, url: str, **options: Any) -> Answer:
        self.asked.append((method, url, options))
        if self.error:
            raise self.error
        return self.answer


def lookup(pool: Pool, password: str = PASSWORD) -> tuple[bool, list[str]]:
    """Whether the password leaked, and the failures that were reported."""
    failures: list[str] = []
    passwords = PwnedPasswords(cast("urllib3.PoolManager", pool), lambda error: failures.append(type(error).__name__))
    return passwords.contains(password), failures


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
def test_other_suffixes_and_padding_do_not_match(text: str) -> None:
    """Padding lines have the count 0; only the whole suffix matches."""
    assert lookup(lines(text)) == (False, [])


def test_only_five_characters_of_the_digest_are_sent() -> None:
    """In the path; the rest is sent nowhere (PW-12)."""
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
    """At most 1.2 s in total, and only to the one host (PW-12, OA-17)."""
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
def test_a_failure_of_the_service_accepts_the_password(error: Exception) -> None:
    """The bundled list has accepted it, and the failure is reported (design, promise 7)."""
    assert lookup(Pool(error=error)) == (False, [type(error).__name__])


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_any_other_status_is_a_failure(status: int) -> None:
    """Its body is ignored, even if it names the password, and its connection is not reused."""
    pool = Pool(Answer(f"{SHA1[5:]}:3".encode(), status))

    assert lookup(pool) == (False, ["ValueError"])
    assert (pool.answer.closed, len(pool.asked), pool.answer.asked_for) == (True, 1, [])


def test_a_body_outside_ascii_is_a_failure() -> None:
    """It is not the service's format."""
    assert lookup(Pool(Answer(b"\xff\xfe"))) == (False, ["UnicodeDecodeError"])


def test_at_most_256_kib_of_a_body_are_read() -> None:
    """And its connection is closed, not reused (OA-17)."""
    pool = Pool(Answer(b"0" * 10_000_000))

    assert lookup(pool) == (False, [])
    assert (pool.answer.asked_for, pool.answer.closed) == ([262_144], True)


def test_a_deployment_turns_the_lookup_on_or_off() -> None:
    """Off sends nothing."""
    failures: list[Exception] = []

    assert isinstance(breach_list("on", on_failure=failures.append), PwnedPasswords)
    assert isinstance(breach_list("off", on_failure=failures.append), NoBreachList)
    assert not breach_list("off", on_failure=failures.append).contains(PASSWORD)
    assert failures == []


@pytest.mark.parametrize("setting", ["", "ON", "true", "1", "no"])
def test_any_other_setting_is_refused_at_start(setting: str) -> None:
    """A typo must not turn it off silently."""
    with pytest.raises(ConfigurationError) as refusal:
        breach_list(setting, on_failure=print)

    assert refusal.value.message == "BREACHED_PASSWORD_LOOKUP must be on or off."


def test_reporting_a_failure_is_optional() -> None:
    passwords = PwnedPasswords(cast("urllib3.PoolManager", Pool(Answer(status=500))))

    assert not passwords.contains(PASSWORD)
