"""When the use of a key is recorded, and when its network is new."""

from copy import replace
from typing import Any

import pytest

from accounts.limits import SEEN_NETWORKS_PER_KEY
from accounts.model import key_uses
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller
from accounts.model.key_uses import Use
from tests.unit.accounts.stage import NOW, later

UNUSED = ApiKey("d" * 64, "u" * 28, "laptop", "", "comfyui-12345678", NOW)
HOME, OFFICE, ELSEWHERE = "192.0.2.0/24", "2001:db8:7::/48", "203.0.113.0/24"
USED = replace(UNUSED, last_used_at=NOW, seen_networks=f"{OFFICE} {HOME}")


def due(key: ApiKey, source: str, **after: float) -> Use | None:
    return key_uses.due(key, Caller(source, ""), later(**after))


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.1", HOME),
        ("192.0.2.255", HOME),
        ("192.0.3.0", "192.0.3.0/24"),
        ("2001:db8:7::/64", OFFICE),
        ("2001:db8:7:ffff::/64", OFFICE),
        ("2001:db8:8::/64", "2001:db8:8::/48"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_networks_are_told_apart_by_24_bits_of_ipv4_and_48_of_ipv6(source: str, network: str) -> None:
    assert key_uses.network_of(source) == network


def test_the_first_use_is_not_new() -> None:
    """Also that of a key which was used before networks were remembered, or by unknown callers."""
    assert due(UNUSED, "192.0.2.1") == Use(HOME)
    assert due(replace(UNUSED, last_used_at=NOW), "192.0.2.1", minutes=5) == Use(HOME)


def test_a_use_from_a_known_network_is_recorded_every_five_minutes() -> None:
    """The network moves to the end."""
    assert due(USED, "2001:db8:7:1::/64", seconds=299) is None
    assert due(USED, "2001:db8:7:1::/64", seconds=300) == Use(f"{HOME} {OFFICE}")


def test_a_new_network_is_recorded_at_once() -> None:
    """A busy key's own uses do not hide it."""
    assert due(USED, "203.0.113.9") == Use(f"{OFFICE} {HOME} {ELSEWHERE}", is_new=True)


@pytest.mark.parametrize("source", ["", "unknown"])
def test_an_unknown_address_is_no_network(source: str) -> None:
    """It is not new, and not remembered."""
    assert due(USED, source, seconds=299) is None
    assert due(USED, source, minutes=5) == Use("")
    assert due(UNUSED, source) == Use("")


def test_a_new_network_is_noticed_at_most_every_five_minutes() -> None:
    """An attacker with many networks causes few writes. What is not noticed stays new."""
    noticed = replace(USED, new_network_at=NOW)

    assert due(noticed, "203.0.113.9", seconds=299) is None
    assert due(replace(noticed, last_used_at=None), "203.0.113.9", seconds=299) == Use("")
    assert due(noticed, "203.0.113.9", seconds=300) == Use(f"{OFFICE} {HOME} {ELSEWHERE}", is_new=True)


def test_a_key_remembers_ten_networks() -> None:
    """The one that was used longest ago makes room."""
    full = [f"198.51.{number}.0/24" for number in range(SEEN_NETWORKS_PER_KEY)]
    key = replace(USED, seen_networks=" ".join(full))

    assert SEEN_NETWORKS_PER_KEY == 10
    assert due(key, "203.0.113.9") == Use(" ".join([*full[1:], ELSEWHERE]), is_new=True)
    assert due(key, "198.51.0.7", minutes=5) == Use(" ".join([*full[1:], full[0]]))


def test_a_flood_of_networks_makes_the_owners_new_again() -> None:
    """Networks that are forgotten are noticed, not hidden."""
    key: Any = USED
    for number in range(SEEN_NETWORKS_PER_KEY):
        use = due(key, f"198.51.{number}.7")
        assert use is not None
        assert use.is_new
        key = replace(key, seen_networks=use.seen)

    assert due(key, "192.0.2.1") == Use(" ".join([*key.seen_networks.split()[1:], HOME]), is_new=True)
