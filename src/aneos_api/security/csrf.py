"""Protection of cookie sessions against forged requests: a token of the session, submitted twice.

The token is made with the session and stored with it. The page reads it from the cookie ``aneos_csrf`` and sends it
back in the header ``X-CSRF-Token`` of every request that changes something. Header, cookie and session must agree, so
that neither a cookie planted by another host nor a leaked header alone is of use.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

HEADER: Final = b"x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def new_csrf_token() -> str:
    """A random token of 192 bits."""
    return secrets.token_urlsafe(24)


def csrf_valid(stored: str, cookie: str | None, header: str | None) -> bool:
    """Whether header and cookie both are the token of the session; compared in constant time."""
    if not stored or cookie is None or header is None:
        return False
    expected = stored.encode()
    header_agrees = hmac.compare_digest(expected, header.encode())
    cookie_agrees = hmac.compare_digest(expected, cookie.encode())
    return header_agrees and cookie_agrees
