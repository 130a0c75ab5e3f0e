"""Google's keys: fetched when needed, kept for an hour, and nobody can make us fetch them all the time (OA-05)."""

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
    """What stands at the keys' address, and how often it was read."""

    stands: Any
    reads: int = 0

    def __call__(self) -> Any:
        """Read it."""
        self.reads += 1
        if isinstance(self.stands, Exception):
            raise self.stands
        return self.stands


def _after(**amount: float) -> Any:
    return NOW + timedelta(**amount)


def test_keys_are_read_once_for_an_hour_of_sign_ins() -> None:
    """Not at the start, not twice: at the first token, and at the first after an hour."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    reads = [certificates.reads]
    for moment in (NOW, NOW, _after(minutes=59), _after(minutes=60), _after(minutes=119), _after(hours=3)):
        keys.for_token(KNOWN, moment)
        reads.append(certificates.reads)

    assert reads == [0, 1, 1, 1, 2, 2, 3]


def test_unknown_key_ids_cause_one_fetch_in_five_minutes() -> None:
    """Whoever sends tokens with made-up ids cannot have us call Google for each (ASVS 10.5.3)."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    reads = []
    for minute in (0, 1, 4.99, 5, 6, 9.99, 10):
        for token in UNKNOWN:
            keys.for_token(token, _after(minutes=minute))
        reads.append(certificates.reads)

    assert reads == [1, 1, 1, 2, 2, 2, 3]


def test_a_new_key_is_found_within_five_minutes() -> None:
    """Google changes its keys; those who come with the new one get in without a deployment."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    keys.for_token(KNOWN, NOW)
    certificates.stands = key_set(public_jwk(), public_jwk("google-next", "next"))

    found = {key.kid for key in keys.for_token(NEXT, _after(minutes=5))}
    assert found == {"google", "next"}


def test_a_key_that_google_took_away_is_forgotten_after_an_hour() -> None:
    """A stolen key that was withdrawn does not work for ever."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    keys.for_token(KNOWN, NOW)
    certificates.stands = key_set(public_jwk("google-next", "next"))

    found = {key.kid for key in keys.for_token(KNOWN, _after(hours=1))}
    assert found == {"next"}


def test_the_keys_address_being_down_is_googles_fault_and_passes() -> None:
    """ProviderUnavailable while it lasts; nothing of it is remembered."""
    certificates = Certificates(ProviderUnavailable())
    keys = PinnedKeys(certificates)
    with pytest.raises(ProviderUnavailable):
        keys.for_token(KNOWN, NOW)
    certificates.stands = key_set()

    assert [key.kid for key in keys.for_token(KNOWN, NOW)] == ["google"]


def test_nonsense_at_the_keys_address_does_not_replace_good_keys() -> None:
    """A bad answer is refused, and those that were known still stand for the rest of their hour."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    keys.for_token(KNOWN, NOW)
    certificates.stands = {"keys": []}
    with pytest.raises(ProviderNotTrusted):
        keys.for_token(NEXT, _after(minutes=5))

    assert [key.kid for key in keys.for_token(KNOWN, _after(minutes=6))] == ["google"]


def test_a_token_whose_algorithm_is_not_ours_is_refused_before_any_key_is_fetched() -> None:
    """Nor does a token without a key id cost a call."""
    certificates = Certificates(key_set())
    keys = PinnedKeys(certificates)
    for header in ({"alg": "none"}, {"alg": "HS256"}, {"kid": None}):
        with pytest.raises(ProviderNotTrusted):
            keys.for_token(forgery.token(claims(NOW), header), NOW)

    assert certificates.reads == 0
