"""The address a request really comes from.

``X-Forwarded-For`` is believed only as far as trusted proxies wrote it: read from the right, the first address that is
no trusted proxy is the client. Without trusted proxies the header is ignored, whoever sends it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final

UNKNOWN: Final = "unknown"
MAX_HOPS: Final = 20

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(items: Iterable[str]) -> tuple[Network, ...]:
    """Networks from their text ("10.0.0.0/8", "::1"); raises ValueError naming the bad one."""
    networks = []
    for item in items:
        try:
            networks.append(ipaddress.ip_network(item.strip(), strict=False))
        except ValueError as error:
            raise ValueError(f"{item!r} is no network address") from error
    return tuple(networks)


def client_address(peer: str | None, forwarded_for: str | None, trusted: Sequence[Network]) -> str:
    """The client's address, given the peer of the connection and the forwarded-for header."""
    if peer is None:
        return UNKNOWN
    if not trusted or not forwarded_for or not _is_trusted(peer, trusted):
        return peer
    client = peer
    for hop in reversed(forwarded_for.split(",")[-MAX_HOPS:]):
        address = _bare(hop)
        if address is None:  # nonsense: what stands to the right of it was written by a proxy we trust
            return client
        client = address
        if not _is_trusted(address, trusted):
            return client
    return client


def bucket_address(address: str) -> str:
    """What limits are counted by: an IPv4 address, or the /64 network that one IPv6 customer has."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))


def _bare(hop: str) -> str | None:
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def _is_trusted(address: str, trusted: Sequence[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in trusted)
