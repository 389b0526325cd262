"""Keys for each purpose, derived from the service's one secret, and secrets kept encrypted at rest."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SecretUnreadableError(Exception):
    """A stored secret was encrypted under a key that the service no longer has."""


def derive(secret: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose (HKDF-Expand of RFC 5869 with one block): knowing one tells nothing of another."""
    extracted = hmac.digest(b"aneos", secret, hashlib.sha256)
    return hmac.digest(extracted, f"{purpose}\x01".encode(), hashlib.sha256)


def key_id(secret: bytes) -> str:
    """A short public name of a secret, by which a token says what it was signed with."""
    return derive(secret, "key-id").hex()[:12]


class Vault:
    """Encrypts what must be read back (TOTP secrets, webhook secrets): Fernet, the newest secret first.

    ``secrets`` are the service's secret and the retired ones that old rows may still be encrypted with.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        keys = [base64.urlsafe_b64encode(derive(secret, "vault")) for secret in secrets]
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises :class:`SecretUnreadableError` where no known secret opens it."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SecretUnreadableError("encrypted under a secret that is no longer configured") from error
