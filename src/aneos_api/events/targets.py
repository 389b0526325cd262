"""Where a webhook may be sent: the host is resolved once, every address is judged, and one of those judged is used.

The name is not resolved again for the connection, so that an answer that changes in between changes nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from urllib.parse import urlsplit, urlunsplit

EMBEDDING: Final = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))
"""IPv6 networks whose last 32 bits are an IPv4 address that a gateway would connect to."""


class TargetRefused(Exception):  # noqa: N818 - a decision, told as the delivery's error
    """The target may not be, or cannot be, connected to. ``final`` where trying again is of no use."""

    def __init__(self, reason: str, *, final: bool) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True, slots=True)
class Target:
    """What to connect to: ``url`` with an address for its host, and the host that it stands for."""

    url: str
    host: str
    host_header: str


async def resolve(url: str, *, private: bool) -> Target:
    """The target of ``url``. Raises :class:`TargetRefused` where any of its addresses is not public.

    ``private`` allows private and local addresses too.
    """
    parts = urlsplit(url)
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host:
        raise TargetRefused("the target is no web address", final=True)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise TargetRefused(f"the host {host!r} cannot be resolved", final=False) from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    for address in addresses:
        if not private and not is_public(address):
            raise TargetRefused(f"the target {host!r} is at {address}, which is not public", final=True)
    chosen = addresses[0]
    literal = f"[{chosen}]" if chosen.version == 6 else str(chosen)
    there = urlunsplit((parts.scheme, f"{literal}:{port}", parts.path or "/", parts.query, ""))
    return Target(there, host, parts.netloc.rpartition("@")[2])


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public Internet, those that it embeds included."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in EMBEDDING):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            return False
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
