"""API keys: made once, shown once, stored as a hash.

A key reads ``aneos_<prefix>_<secret>``: the prefix (12 characters) names the row and may be shown in lists and
logs, the secret has 256 bits. Because the secret is random and long, a plain SHA-256 is as safe as a slow
hash and costs a microsecond.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass
from typing import Final

START: Final = "aneos_"
PREFIX_LENGTH: Final = 12
SECRET_LENGTH: Final = 43
ALPHABET: Final = string.ascii_letters + string.digits
LENGTH: Final = len(START) + PREFIX_LENGTH + 1 + SECRET_LENGTH


@dataclass(frozen=True, slots=True)
class NewKey:
    """A fresh key: ``text`` is for its owner's eyes, ``prefix`` and ``digest`` are stored."""

    text: str
    prefix: str
    digest: str


def new_key() -> NewKey:
    """A random key."""
    prefix = _random(PREFIX_LENGTH)
    text = f"{START}{prefix}_{_random(SECRET_LENGTH)}"
    return NewKey(text, prefix, digest(text))


def prefix_of(text: str) -> str | None:
    """The prefix of a well-formed key; None where ``text`` cannot be a key."""
    if len(text) != LENGTH or not text.startswith(START) or not text.isascii():
        return None
    prefix, _, secret = text[len(START) :].partition("_")
    if len(prefix) != PREFIX_LENGTH or len(secret) != SECRET_LENGTH or not (prefix + secret).isalnum():
        return None
    return prefix


def digest(text: str) -> str:
    """SHA-256 of a secret of high entropy, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, stored_digest: str) -> bool:
    """Whether ``text`` has this digest, compared in constant time."""
    return hmac.compare_digest(digest(text), stored_digest)


def new_token() -> str:
    """A random token of 256 bits for a session cookie."""
    return secrets.token_urlsafe(32)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
