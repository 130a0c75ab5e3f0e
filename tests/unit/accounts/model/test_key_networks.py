"""Networks that an API key may come from: how they are written, and which addresses they allow."""

import pytest

from accounts.errors import InvalidInput
from accounts.limits import KEY_NETWORKS_MAX
from accounts.model import key_networks

MALFORMED = "Write each network like 203.0.113.0/24 or 2001:db8::/32."


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("203.0.113.0/24", "203.0.113.0/24"),
        (" 203.0.113.7\n", "203.0.113.7/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8:0::/48", "2001:db8::/48"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::/0", "::/0"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32"),
    ],
)
def test_a_network_has_one_spelling(written: str, stored: str) -> None:
    """Also an address alone, and an IPv4 network that is written as IPv6."""
    assert key_networks.checked([written]) == stored


def test_the_owners_order_stays() -> None:
    assert key_networks.checked(["203.0.113.0/24", "192.0.2.7"]) == "203.0.113.0/24 192.0.2.7/32"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "everywhere",
        "203.0.113",
        "203.0.113.0/33",
        "203.0.113.0/255.255.255.0",
        "203.0.113.0/-1",
        "203.0.113.0/",
        "203.0.113.007",
        "203.0.113.0/24/24",
        "203.0.113.0 /24",
        "203.0.113.0/24,192.0.2.0/24",
        "٢٠٣.0.113.0/24",
        "2001:db8::/129",
        "2001:db8::g/64",
        "2001:db8:::/64",
        "fe80::1%eth0",
        "fe80::1%eth0/64",
        "example.com",
        "1" * 10_000,
        "\ud800",
    ],
)
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        key_networks.checked(["192.0.2.7", written])

    assert refusal.value.message == MALFORMED


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("10.0.0.1/0", "0.0.0.0/0"),
        ("::ffff:203.0.113.7/120", "203.0.113.0/24"),
    ],
)
def test_host_bits_are_refused_with_the_network_that_was_meant(written: str, meant: str) -> None:
    """One address was meant, or all of them."""
    with pytest.raises(InvalidInput) as refusal:
        key_networks.checked([written])

    message = f"{written} has bits behind its prefix. Write {meant} for the whole network, or the address alone."
    assert refusal.value.message == message


def test_a_key_has_at_most_ten_networks() -> None:
    networks = [f"192.0.2.{number}" for number in range(KEY_NETWORKS_MAX + 1)]

    assert len(key_networks.checked(networks[:-1]).split()) == KEY_NETWORKS_MAX == 10
    with pytest.raises(InvalidInput) as refusal:
        key_networks.checked(networks)
    assert refusal.value.message == "A key can have at most 10 networks."


@pytest.mark.parametrize("again", ["192.0.2.7/32", "192.0.2.7", "::ffff:192.0.2.7"])
def test_a_network_is_listed_once(again: str) -> None:
    """In whatever spelling."""
    with pytest.raises(InvalidInput) as refusal:
        key_networks.checked(["192.0.2.7", "203.0.113.0/24", again])

    assert refusal.value.message == "The network 192.0.2.7/32 is listed twice."


def test_an_empty_list_is_not_everywhere() -> None:
    """It could be read as nowhere."""
    with pytest.raises(InvalidInput) as refusal:
        key_networks.checked([])

    assert refusal.value.message == "List at least one network, or send null for a key that works everywhere."


V4, V6 = "203.0.113.0/24 192.0.2.7/32", "2001:db8:7::/48 2001:db8:8::1/128"


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        (V4, "203.0.113.0", True),
        (V4, "203.0.113.255", True),
        (V4, "203.0.112.255", False),
        (V4, "203.0.114.0", False),
        (V4, "192.0.2.7", True),
        (V4, "192.0.2.8", False),
        (V4, "::ffff:203.0.113.7", True),
        (V4, "::ffff:cb00:7107", True),
        (V4, "::ffff:203.0.114.7", False),
        (V4, "::203.0.113.7", False),
        (V4, "64:ff9b::203.0.113.7", False),
        (V4, "2001:db8:7::1", False),
        (V6, "2001:db8:7::", True),
        (V6, "2001:DB8:7:ffff:ffff:ffff:ffff:ffff", True),
        (V6, "2001:db8:6:ffff::", False),
        (V6, "2001:db8:8::1", True),
        (V6, "2001:db8:8::2", False),
        (V6, "203.0.113.7", False),
        (f"{V4} {V6}", "2001:db8:7::1", True),
        ("::/0", "203.0.113.7", False),
        ("::/0", "::ffff:203.0.113.7", False),
        ("0.0.0.0/0", "203.0.113.7", True),
        ("0.0.0.0/0", "2001:db8::1", False),
    ],
)
def test_an_address_is_in_a_network_or_not(networks: str, address: str, *, allowed: bool) -> None:
    """An IPv4-mapped address is an IPv4 address (KX-03)."""
    assert key_networks.allow(networks, address) is allowed


@pytest.mark.parametrize(
    "address", ["", "unknown", "203.0.113.7:443", "[2001:db8:7::1]", "2001:db8:7::/64", "203.0.113.7, 192.0.2.7"]
)
def test_an_unknown_address_is_in_no_network(address: str) -> None:
    assert key_networks.allow(f"0.0.0.0/0 ::/0 {V4} {V6}", address) is False


@pytest.mark.parametrize(
    ("before", "after", "covered"),
    [
        ("", "", True),
        ("", V4, True),
        (V4, "", False),
        (V4, V4, True),
        (V4, "203.0.113.128/25 192.0.2.7/32", True),
        (V4, "203.0.112.0/23", False),
        (V4, "203.0.113.255/32 203.0.114.0/32", False),
        (V4, "192.0.2.6/31", False),
        (V6, "2001:db8:7:ffff::/64", True),
        (V6, "2001:db8:7::/47", False),
        (V6, "203.0.113.0/24", False),
        ("::/0", "0.0.0.0/0", False),
        ("0.0.0.0/0", "::/128", False),
        (f"{V4} {V6}", f"{V6} {V4}", True),
        ("203.0.113.0/25 203.0.113.128/25", "203.0.113.0/24", False),
        ("nonsense", V4, False),
        ("nonsense", "nonsense", False),
    ],
)
def test_networks_cover_those_that_allow_nothing_more(before: str, after: str, *, covered: bool) -> None:
    """In doubt, they do not."""
    assert key_networks.covers(before, after) is covered


@pytest.mark.parametrize(
    "networks", ["nonsense", "203.0.113.7/24", "nonsense 203.0.113.0/24", "10.0.0.0/8,0.0.0.0/0", " "]
)
def test_a_rule_that_cannot_be_read_closes_the_key(networks: str) -> None:
    """KX-03."""
    assert key_networks.allow(networks, "203.0.113.7") is False
