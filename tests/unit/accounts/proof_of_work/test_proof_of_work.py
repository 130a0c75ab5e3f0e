"""Proofs of work in ALTCHA's scheme: signed, bound, expiring."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import altcha
import pytest

from accounts import limits, proof_of_work
from accounts.errors import Unavailable
from accounts.model.proofs import Proof
from accounts.proof_of_work import AltchaProofs
from tests.unit.accounts.stage import NOW, later

SOURCE = "192.0.2.1"
PROOFS = AltchaProofs(lambda: lambda: "k" * 48)


@pytest.fixture(autouse=True)
def _little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen tries of one iteration."""
    monkeypatch.setattr(proof_of_work, "PROOF_ITERATIONS", 1)
    monkeypatch.setattr(proof_of_work, "PROOF_PREFIX", "0")


def solved(proofs: AltchaProofs = PROOFS) -> dict[str, Any]:
    challenge = altcha.Challenge.from_dict(dict(proofs.challenge("login", SOURCE, NOW)))
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution).to_dict()


def text_of(payload: object) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


def test_a_solved_challenge_is_accepted_until_it_expires() -> None:
    """As the same proof each time, so that its use can be counted."""
    text = text_of(solved())
    first = PROOFS.check(text, "login", SOURCE, NOW)

    assert isinstance(first, Proof)
    assert first.expires_at == (NOW + limits.PROOF_LIFETIME).replace(microsecond=0)
    assert PROOFS.check(text, "login", SOURCE, first.expires_at - timedelta(seconds=1)) == first
    assert PROOFS.check(text, "login", SOURCE, first.expires_at) is None


def test_a_challenge_tells_what_to_do_and_does_not_contain_the_source() -> None:
    """PBKDF2 is as slow in native code as in a browser."""
    parameters = PROOFS.challenge("signup", SOURCE, NOW)["parameters"]

    assert (parameters["algorithm"], parameters["cost"], parameters["keyPrefix"]) == ("PBKDF2/SHA-256", 1, "0")
    assert parameters["data"]["for"] == "signup"
    assert SOURCE not in json.dumps(parameters)
    assert (limits.PROOF_ITERATIONS, limits.PROOF_PREFIX) == (1000, "00")


def test_another_route_or_source_is_refused() -> None:
    text = text_of(solved())

    assert PROOFS.check(text, "signup", SOURCE, NOW) is None
    assert PROOFS.check(text, "login", "192.0.2.2", NOW) is None


def test_a_challenge_of_another_deployment_is_refused() -> None:
    assert AltchaProofs(lambda: lambda: "o" * 48).check(text_of(solved()), "login", SOURCE, NOW) is None


def _less_work(payload: dict[str, Any]) -> None:
    payload["challenge"]["parameters"]["keyPrefix"] = ""


def _longer(payload: dict[str, Any]) -> None:
    payload["challenge"]["parameters"]["data"]["until"] += 1


def _unsigned(payload: dict[str, Any]) -> None:
    del payload["challenge"]["signature"]


def _unsolved(payload: dict[str, Any]) -> None:
    payload["solution"]["counter"] += 1


def _no_key(payload: dict[str, Any]) -> None:
    payload["solution"]["derivedKey"] = ""


@pytest.mark.parametrize("change", [_less_work, _longer, _unsigned, _unsolved, _no_key])
def test_a_changed_payload_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    payload = solved()
    change(payload)

    assert PROOFS.check(text_of(payload), "login", SOURCE, NOW) is None


@pytest.mark.parametrize(
    "text",
    ["x", "ü", "e30=", text_of([]), text_of({"challenge": [], "solution": {}}), text_of(None), "[" * 2000, text_of(1)],
)
def test_what_is_no_payload_is_refused(text: str) -> None:
    """And is not an error of the service."""
    assert PROOFS.check(text, "login", SOURCE, NOW) is None


def test_a_secret_that_is_too_short_fails_closed() -> None:
    """An empty one would sign anything."""
    short = AltchaProofs(lambda: lambda: "k" * 31)
    with pytest.raises(Unavailable):
        short.challenge("login", SOURCE, NOW)
    with pytest.raises(Unavailable):
        short.check("x", "login", SOURCE, later(seconds=1))
