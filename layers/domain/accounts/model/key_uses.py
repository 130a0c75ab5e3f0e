"""Where an API key is used: its owner should know when it is used from a network that is new to it.

A key remembers the networks of its last uses. Only the gateway's word about a caller's address counts, as for the
networks that a key may come from (``model.key_networks``). The first use of a key is not new: it is expected.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from accounts.limits import (
    ACTIVITY_INTERVAL,
    SEEN_NETWORK_IPV4_BITS,
    SEEN_NETWORK_IPV6_BITS,
    SEEN_NETWORKS_PER_KEY,
)
from accounts.model.api_keys import ApiKey
from accounts.model.audit import Caller


class Use(Struct, frozen=True):
    """A use that should be recorded. ``seen`` are the networks to remember, the latest last, or empty for no change.

    ``is_new``: it came from a network that the key does not remember.
    """

    seen: str
    is_new: bool = False


def due(key: ApiKey, caller: Caller, now: datetime) -> Use | None:
    """The use to record; None when one was recorded a short time ago, as most are.

    A new network is recorded at once, so that uses from elsewhere do not hide it; but like any use, at most once in
    ACTIVITY_INTERVAL, so that an attacker with many networks causes few writes.
    """
    network, seen = network_of(caller.source), key.seen_networks.split()
    is_unseen = bool(network and seen) and network not in seen
    if is_unseen and (key.new_network_at is None or now - key.new_network_at >= ACTIVITY_INTERVAL):
        return Use(_remembering(network, seen), is_new=True)
    if not key.is_due_for_touch(now):
        return None
    # One that is not recorded as new stays new.
    return Use("" if is_unseen or not network else _remembering(network, seen))


@lru_cache(maxsize=256)
def network_of(source: str) -> str:
    """The network of a caller's ``source``; empty when that is not known. Cached: it is read with each use of a key."""
    try:
        address = ipaddress.ip_network(source)
    except ValueError:
        return ""
    bits = SEEN_NETWORK_IPV4_BITS if address.version == 4 else SEEN_NETWORK_IPV6_BITS  # noqa: PLR2004 - IPv4
    return str(address.supernet(new_prefix=bits))


def _remembering(network: str, seen: list[str]) -> str:
    """The networks of the last uses, the one that was used longest ago left out when there are too many."""
    others = [each for each in seen if each != network]
    return " ".join([*others, network][-SEEN_NETWORKS_PER_KEY:])
