"""Which addresses a webhook may have. What a name resolves to is checked again when something is sent."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def refusal(url: str, *, production: bool) -> str | None:
    """Why ``url`` may not be told anything; None where it may.

    Outside production, plain HTTP and hosts of one's own are allowed.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no web address"
    if parts.scheme not in ("http", "https") or not host:
        return "is no web address"
    if parts.username is not None or parts.password is not None:
        return "must not carry a password"
    if not production:
        return None
    if parts.scheme != "https":
        return "must be https"
    if (
        host == "localhost"
        or host.endswith((".localhost", ".local", ".internal"))
        or "." not in host.rstrip(".")
    ):
        return "must be a public host"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if address.is_global else "must be a public host"
