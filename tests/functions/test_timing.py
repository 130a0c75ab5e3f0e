"""Known and unknown addresses take the same time, as measured; and no request waits for SES, however slow it is.

Only the processor time of the service's own code is measured, not other processes or the emulated AWS, whose responses
are shorter where there is no item. AWS answers the first request; its responses are repeated for all others. One bcrypt
run is measured for all samples, as it always takes the same. test_enumeration compares the numbers of hashes and calls.
"""

import random
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from statistics import NormalDist, median
from typing import Any

import bcrypt
import pytest

from accounts.limits import BCRYPT_COST
from tests.functions.cloud import Call, denied
from tests.functions.inventory import body_of
from tests.functions.lambdas import Lambdas
from tests.functions.people import Person
from tests.functions.requests import request

SAMPLES = 200
WARM_UP = 10
_STATUS = {"password_forgot": 202, "login": 401}
PERSON = Person()
# Of equal length, so that only the account differs.
KNOWN, UNKNOWN = PERSON.email, "nobody@example.com"
# A difference must be both significant and large enough to be seen through a network, each time that it is measured.
SIGNIFICANT, LARGE, MEASURED = 1e-6, 0.05, 3


def rank_test(first: Sequence[float], second: Sequence[float]) -> float:
    """The probability of samples that differ this much from one distribution (Mann-Whitney U, normal approximation)."""
    ranked = sorted((value, side) for side, values in enumerate((first, second)) for value in values)
    rank_sum = sum(rank for rank, (_, side) in enumerate(ranked, 1) if side == 0)
    m, n = len(first), len(second)
    u = rank_sum - m * (m + 1) / 2
    z = (u - m * n / 2) / (m * n * (m + n + 1) / 12) ** 0.5
    return 2 * NormalDist().cdf(-abs(z))


def differ(first: Sequence[float], second: Sequence[float]) -> bool:
    """Whether an attacker who measures could distinguish the two."""
    middle = sorted((median(first), median(second)))
    return middle[1] > middle[0] * (1 + LARGE) and rank_test(first, second) < SIGNIFICANT


def test_the_comparison_detects_differences() -> None:
    """With synthetic samples: the same distribution twice, another order, and a fifth more."""
    source = random.Random(7)  # noqa: S311 - a fixed sequence
    first, second = ([source.lognormvariate(0, 0.2) for _ in range(SAMPLES)] for _ in range(2))

    assert not differ(first, second)
    assert not differ(first, sorted(first))
    assert differ(first, [1.2 * value for value in second])
    assert differ([1.2 * value for value in second], first)
    # An attacker cannot use a difference that is certain but small, or large but uncertain.
    assert not differ(first, [1.03 * value for value in first])
    assert not differ(first[:4], [1.3 * value for value in second[:4]])


def slow(call: Call) -> Exception:
    """SES as it may be: an error after two seconds."""
    time.sleep(2)
    return denied(call)


@dataclass
class Stopwatch:
    """Measures the service's own code: it pauses during calls to AWS. ``hashing`` is added to every request."""

    functions: Lambdas
    hashing: float
    away: float = 0.0
    _recorded: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    _responses: list[tuple[str, Any]] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        self._call = self.functions.cloud.make_api_call

    def make_api_call(self, *asked: Any) -> Any:
        """Make the call, or repeat the response that it had, and measure it."""
        begun = time.thread_time()
        try:
            return self._response(*asked)
        finally:
            self.away += time.thread_time() - begun

    def _response(self, client: Any, operation: str, parameters: Any) -> Any:
        if self._number == len(self._responses):
            self._responses.append((operation, self._call(client, operation, parameters)))
        recorded, response = self._responses[self._number]
        assert operation == recorded
        self._number += 1
        return deepcopy(response)

    def seconds(self, function: str, email: str) -> float:
        """The processor time of such a request, with all counters as they were at the first."""
        event = request(function, body=_body(function, email))
        self._responses, self._number = self._recorded.setdefault(email, []), 0
        self.away, begun = 0.0, time.thread_time()
        answer = self.functions.in_thread(function, event)
        taken = time.thread_time() - begun
        assert (answer["statusCode"], self._number) == (_STATUS[function], len(self._responses))
        return self.hashing + taken - self.away

    def sampled(self, function: str) -> tuple[list[float], list[float]]:
        """Both kinds in turn, and each first equally often, so that drift affects both."""
        taken: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
        for number in range(SAMPLES + WARM_UP):
            for email in (KNOWN, UNKNOWN) if number % 2 else (UNKNOWN, KNOWN):
                taken[email].append(self.seconds(function, email))
        return taken[KNOWN][WARM_UP:], taken[UNKNOWN][WARM_UP:]


@pytest.mark.parametrize("function", ["password_forgot", "login"])
def test_known_and_unknown_addresses_cannot_be_distinguished(
    functions: Lambdas, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """In 200 samples each, while SES takes two seconds for every email (EN-02, EN-04).

    One measurement may differ by chance, on a busy machine. A difference in the code is found each time.
    """
    functions.people.arrange()
    functions.cloud.failing["sesv2"] = slow
    functions.in_thread(function, request(function, body=_body(function, UNKNOWN)))  # which reads the secrets
    stopwatch = Stopwatch(functions, one_hash() if "password" in body_of(function) else 0.0)
    monkeypatch.setattr(functions.cloud, "make_api_call", stopwatch.make_api_call)
    measured = [stopwatch.sampled(function)]
    while differ(*measured[-1]) and len(measured) < MEASURED:
        measured.append(stopwatch.sampled(function))
    known, unknown = measured[-1]

    assert {call.service for call in functions.cloud.calls} <= {"dynamodb", "sqs", "secretsmanager"}
    assert not differ(known, unknown)
    assert differ(known, [1.5 * seconds for seconds in unknown])


def one_hash() -> float:
    """The processor time of comparing one password at the deployed cost."""
    hashed = bcrypt.hashpw(b"x" * 64, bcrypt.gensalt(BCRYPT_COST))
    begun = time.thread_time()
    bcrypt.checkpw(b"y" * 64, hashed)
    return time.thread_time() - begun


def _body(function: str, email: str) -> dict[str, Any]:
    secret = {"password": "not the password of anybody"} if "password" in body_of(function) else {}
    return body_of(function) | {"email": email} | secret
