"""Google's keys: fetched when needed, cached for an hour, and a caller cannot cause many fetches (OA-05)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from accounts.errors import ProviderNotTrusted, ProviderUnavailable
from accounts.identity_providers.google import PinnedKeys
from tests.unit.accounts.identity_providers import forgery
from tests.unit.accounts.identity_providers.forgery import claims, key_set, public_jwk
from tests.unit.accounts.stage import NOW

KNOWN = forgery.token(claims(NOW))
NEXT = forgery.token(claims(NOW), {"kid": "next"}, key="google-next")
UNKNOWN = [forgery.token(claims(NOW), {"kid": f"made-up-{number}"}, key="attacker") for number in range(5)]


@dataclass
class Certificates:
    """The answer at the keys' address, and how often it was fetched."""

    answer: Any
    reads: int = 0

    def __call__(self) -> Any:
        self.reads += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def _after(**amount: float) -> Any:
    return NOW + timedelta(**amount)


def test_keys_are_fetched_once_an_hour() -> None:
    """Not at the start and not twice: at the first token, and at the first one after an hour."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    reads = [certificates.reads]
    for moment in (NOW, NOW, _after(minutes=59), _after(minutes=60), _after(minutes=119), _after(hours=3)):
        keys.for_token(KNOWN, moment)
        reads.append(certificates.reads)

    assert reads == [0, 1, 1, 1, 2, 2, 3]


def test_unknown_key_ids_cause_one_fetch_in_five_minutes() -> None:
    """Tokens with invented ids must not cause a call to Google each (ASVS 10.5.3)."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    reads = []
    for minute in (0, 1, 4.99, 5, 6, 9.99, 10):
        for token in UNKNOWN:
            keys.for_token(token, _after(minutes=minute))
        reads.append(certificates.reads)

    assert reads == [1, 1, 1, 2, 2, 2, 3]


def test_a_new_key_is_found_within_five_minutes() -> None:
    """Google rotates its keys; tokens signed with the new one work without a deployment."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    keys.for_token(KNOWN, NOW)
    certificates.answer = key_set(public_jwk(), public_jwk("google-next", "next"))

    found = {key.kid for key in keys.for_token(NEXT, _after(minutes=5))}
    assert found == {"google", "next"}


def test_a_key_that_google_withdrew_is_dropped_after_an_hour() -> None:
    """A stolen key must not work forever."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    keys.for_token(KNOWN, NOW)
    certificates.answer = key_set(public_jwk("google-next", "next"))

    found = {key.kid for key in keys.for_token(KNOWN, _after(hours=1))}
    assert found == {"next"}


def test_an_outage_of_the_keys_address_is_googles_error_and_is_not_cached() -> None:
    """ProviderUnavailable while it lasts."""
    certificates = Certificates(ProviderUnavailable())
    keys = PinnedKeys(certificates)
    with pytest.raises(ProviderUnavailable):
        keys.for_token(KNOWN, NOW)
    certificates.answer = key_set()

    assert [key.kid for key in keys.for_token(KNOWN, NOW)] == ["google"]


def test_a_malformed_key_set_does_not_replace_valid_keys() -> None:
    """It is refused, and the cached keys are used for the rest of their hour."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    keys.for_token(KNOWN, NOW)
    certificates.answer = {"keys": []}
    with pytest.raises(ProviderNotTrusted):
        keys.for_token(NEXT, _after(minutes=5))

    assert [key.kid for key in keys.for_token(KNOWN, _after(minutes=6))] == ["google"]


def test_a_token_with_another_algorithm_is_refused_before_any_key_is_fetched() -> None:
    """Nor does a token without a key id cause a call."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    for header in ({"alg": "none"}, {"alg": "HS256"}, {"kid": None}):
        with pytest.raises(ProviderNotTrusted):
            keys.for_token(forgery.token(claims(NOW), header), NOW)

    assert certificates.reads == 0
