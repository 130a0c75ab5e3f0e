"""Which IP addresses a document may be fetched from: public ones, in no disguise (RFC 6890)."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

# Python calls these global. Anycast of 6to4 relays is deprecated (RFC 7526).
_REFUSED_V4 = (IPv4Network("192.88.99.0/24"),)
# The only unicast addresses that are assigned (RFC 3587 3): not IPv4-compatible or -mapped ones, NAT64, site-local.
_UNICAST_V6 = IPv6Network("2000::/3")
# Teredo and other protocols, documentation, 6to4, documentation: some contain an IPv4 address (RFC 4380, 3849, 3056,
# 9637), and not all are special to every release of Python.
_REFUSED_V6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


def is_public(text: str) -> bool:
    """Whether the address, as text without a zone, is public."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved and _is_unicast(address)


def _is_unicast(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    is_assigned = address in _UNICAST_V6 and address.scope_id is None
    return is_assigned and not any(address in network for network in _REFUSED_V6)
