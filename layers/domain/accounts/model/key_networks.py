"""The networks that an API key may come from. A key without any works everywhere.

Stored as text, in CIDR notation with spaces between. The caller's address is never one that the caller wrote.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any, cast

from accounts import text
from accounts.errors import InvalidInput
from accounts.limits import KEY_NETWORKS_MAX

_EMPTY = "List at least one network, or send null for a key that works everywhere."
_TOO_MANY = "A key can have at most {at_most} networks."
_MALFORMED = "Write each network like 203.0.113.0/24 or 2001:db8::/32."
_HOST_BITS = "{network} has bits behind its prefix. Write {meant} for the whole network, or the address alone."
_TWICE = "The network {network} is listed twice."
# No zone, no netmask, and no more characters than an address and a prefix can have.
_WRITTEN = re.compile(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?", re.ASCII)
_MAPPED_BITS = 96


def checked(given: Iterable[str]) -> str:
    """The networks as stored; raises InvalidInput."""
    networks = [str(_network(text.trimmed(each))) for each in given]
    if not networks:
        raise InvalidInput(_EMPTY)
    if len(networks) > KEY_NETWORKS_MAX:
        raise InvalidInput(_TOO_MANY, at_most=KEY_NETWORKS_MAX)
    for network in networks:
        if networks.count(network) > 1:
            raise InvalidInput(_TWICE, network=network)
    return " ".join(networks)


def allow(networks: str, address: str) -> bool:
    """Whether a request from ``address`` is in one of the stored ``networks``.

    False when the address is not known. A stored text that cannot be read allows nothing.
    """
    try:
        caller = _folded(ipaddress.ip_address(address))
        return any(caller in ipaddress.ip_network(network) for network in networks.split())
    except ValueError:
        return False


def covers(before: str, after: str) -> bool:
    """Whether a key with the networks ``after`` works nowhere that one with ``before`` does not.

    False if in doubt: two halves do not cover the whole, and a stored text that cannot be read covers nothing.
    """
    if not before or not after:
        return not before
    try:
        outer, inner = ([ipaddress.ip_network(each) for each in stored.split()] for stored in (before, after))
    except ValueError:
        return False
    return all(any(_is_within(each, other) for other in outer) for each in inner)


def _is_within(network: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return network.version == other.version and network.subnet_of(cast("Any", other))


def _folded(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4-mapped address as IPv4, which it is."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _network(written: str) -> IPv4Network | IPv6Network:
    if not _WRITTEN.fullmatch(written):
        raise InvalidInput(_MALFORMED)
    try:
        network = ipaddress.ip_network(written, strict=False)
    except ValueError as error:
        raise InvalidInput(_MALFORMED) from error
    if not _has_no_host_bits(written, network):
        raise InvalidInput(_HOST_BITS, network=written, meant=_folded_network(network))
    return _folded_network(network)


def _has_no_host_bits(written: str, network: IPv4Network | IPv6Network) -> bool:
    return ipaddress.ip_address(written.partition("/")[0]) == network.network_address


def _folded_network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Addresses are compared after they are folded: an IPv6 rule for mapped ones would match none of them."""
    if isinstance(network, IPv4Network) or network.prefixlen < _MAPPED_BITS:
        return network
    mapped = network.network_address.ipv4_mapped
    return network if mapped is None else IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
