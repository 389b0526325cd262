"""The cookies of a browser's session.

The session cookie is HttpOnly and SameSite=Lax; over HTTPS it has the ``__Host-`` prefix, which no other host or path
can set. The CSRF cookie is readable by the page, which sends it back in a header.
"""

from __future__ import annotations

from dataclasses import dataclass

from aneos_api.security.csrf import SAFE_METHODS

__all__ = ["SAFE_METHODS", "CookieNames", "clear_cookie", "make_cookie", "parse_cookies"]

MAX_COOKIE_HEADER = 8192


@dataclass(frozen=True, slots=True)
class CookieNames:
    """Names of the two cookies."""

    session: str
    csrf: str
    secure: bool

    @classmethod
    def choose(cls, secure: bool) -> CookieNames:
        start = "__Host-" if secure else ""
        return cls(f"{start}aneos_session", f"{start}aneos_csrf", secure)


def make_cookie(name: str, value: str, *, max_age: int, secure: bool, http_only: bool) -> str:
    """A ``Set-Cookie`` value: whole site, SameSite=Lax."""
    parts = [f"{name}={value}", "Path=/", f"Max-Age={max_age}", "SameSite=Lax"]
    if secure:
        parts.append("Secure")
    if http_only:
        parts.append("HttpOnly")
    return "; ".join(parts)


def clear_cookie(name: str, *, secure: bool) -> str:
    """A ``Set-Cookie`` value that removes the cookie."""
    return make_cookie(name, "", max_age=0, secure=secure, http_only=True)


def parse_cookies(header: str) -> dict[str, str]:
    """Cookies of a request header; of two with one name the first counts, since browsers send the longer path first."""
    found: dict[str, str] = {}
    for part in header[:MAX_COOKIE_HEADER].split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name not in found:
            found[name] = value
    return found
