"""SF-01: a document is fetched from public addresses only, whatever a host's DNS servers answer."""

import pytest

from accounts.document_fetching.addresses import is_public
from tests.unit.accounts.document_fetching.host import ADDRESS, IPV6, NAME, SECOND_ADDRESS, Host, Internet

PRIVATE = {
    "this network": ["0.0.0.0", "0.1.2.3"],  # noqa: S104 - not bound
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "shared by carriers": ["100.64.0.1", "100.127.255.255"],
    "loopback, where Lambda's own API listens": ["127.0.0.1", "127.1.2.3"],
    "link-local": ["169.254.0.1"],
    "metadata of EC2, ECS and others": ["169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254"],
    "protocols, documentation, benchmarks": ["192.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"],
    "relays of 6to4": ["192.88.99.1"],
    "multicast": ["224.0.0.1", "239.255.255.255"],
    "reserved and broadcast": ["240.0.0.1", "255.255.255.255"],
    "unspecified and loopback of IPv6": ["::", "::1"],
    "link-local, with a zone": ["fe80::1", "fe80::1%eth0", "2606:2800:21f:cb07::1%eth0"],
    "unique local": ["fc00::1", "fdff::1"],
    "site-local": ["fec0::1"],
    "multicast of IPv6": ["ff02::1", "ff0e::1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.215.14"],
    "IPv4-compatible and -translated": ["::127.0.0.1", "::93.184.215.14", "::ffff:0:127.0.0.1"],
    "NAT64 of private and of public addresses": [
        "64:ff9b::7f00:1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::93.184.215.14",
        "64:ff9b:1::1",
    ],
    "6to4 of a private and of a public address": ["2002:7f00:1::1", "2002:5db8:d70e::1"],
    "Teredo and other protocols": ["2001::1", "2001:0:7f00:1::1", "2001:10::1", "2001:20::1", "2001:1::1"],
    "documentation of IPv6": ["2001:db8::1", "3fff::1"],
    "discard, segment routing": ["100::1", "5f00::1"],
    "unassigned": ["4000::1", "8000::1", "e000::1"],
    "no address": ["", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1 ", "1.2.3.4/32"],
}
PUBLIC = [ADDRESS, "8.8.8.8", "100.63.255.255", "172.32.0.1", IPV6, "2a00:1450::1", "2400:cb00::1", "2003::1"]


@pytest.mark.parametrize("address", [it for kind in PRIVATE.values() for it in kind])
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_accepted(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [it for kind in PRIVATE.values() for it in kind])
def test_no_connection_is_made_to_such_an_address(host: Host, address: str) -> None:
    internet = Internet(host, dns={NAME: [[address]]})

    assert internet.answer() == {"problem": "not_public"}
    assert (internet.dialled, host.connections) == ([], 0)


@pytest.mark.parametrize("addresses", [[ADDRESS, "10.0.0.1"], ["::1", ADDRESS], [IPV6, SECOND_ADDRESS, "fe80::1"]])
def test_a_host_with_one_address_that_is_not_public_is_refused(host: Host, addresses: list[str]) -> None:
    """Otherwise the second try could go there."""
    internet = Internet(host, dns={NAME: [addresses]})

    assert internet.answer() == {"problem": "not_public"}
    assert internet.dialled == []


def test_a_host_without_addresses_is_refused(host: Host) -> None:
    assert Internet(host, dns={NAME: [[]]}).answer() == {"problem": "not_public"}
    assert Internet(host, dns={}).answer() == {"problem": "unreachable"}


def test_the_connection_is_made_to_the_address_that_was_checked(host: Host) -> None:
    """DNS rebinding: the second answer would be loopback, but there is no second lookup."""
    internet = Internet(host, dns={NAME: [[ADDRESS], ["127.0.0.1"]]})

    assert "text" in internet.answer()
    assert (internet.looked_up, internet.dialled) == ([NAME], [ADDRESS])
    assert internet.answer() == {"problem": "not_public"}


def test_the_second_address_is_tried_when_the_first_fails(host: Host) -> None:
    """IPv4 first, and no third one: two seconds are not enough for more."""
    internet = Internet(host, dns={NAME: [[IPV6, ADDRESS, SECOND_ADDRESS]]}, unreachable={ADDRESS})
    assert "text" in internet.answer()
    assert internet.dialled == [ADDRESS, SECOND_ADDRESS]

    internet = Internet(host, dns={NAME: [[IPV6, ADDRESS, SECOND_ADDRESS]]}, unreachable={ADDRESS, SECOND_ADDRESS})
    assert internet.answer() == {"problem": "unreachable"}
    assert internet.dialled == [ADDRESS, SECOND_ADDRESS]


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example.com/client.json",
        "https://127.0.0.1/client.json",
        "https://93.184.215.14/client.json",
        "https://2130706433/client.json",
        "https://0x7f.1/client.json",
        "https://[::1]/client.json",
        "https://localhost/client.json",
        "https://client.example.com:8443/client.json",
        "https://user@client.example.com/client.json",
        "https://client.example.com./client.json",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_address_of_another_form_is_not_looked_up(host: Host, url: str) -> None:
    """The caller checks it, too."""
    internet = Internet(host)

    assert internet.answer(url) == {"problem": "not_public"}
    assert internet.looked_up == []
