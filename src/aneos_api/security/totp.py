"""The second factor: time-based one-time passwords (RFC 6238) and recovery codes.

A code counts once: the step of the last accepted code is stored, and a code of that step or an earlier one is
refused. Recovery codes are stored hashed and struck out when used.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Final

import pyotp

from aneos_api.security.keys import digest

STEP_S: Final = 30
DIGITS: Final = 6
DRIFT_STEPS: Final = 1
"""Steps by which the user's clock may be early or late."""

RECOVERY_CODES: Final = 10
RECOVERY_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """``shown`` to the user once; ``hashed`` are stored."""

    shown: tuple[str, ...]
    hashed: tuple[str, ...]


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, username: str, issuer: str = "aNEOS") -> str:
    """The ``otpauth://`` address that an authenticator reads as a QR code."""
    return pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S).provisioning_uri(
        name=username, issuer_name=issuer
    )


def accepted_step(secret: str, code: str, last_step: int | None, now: float | None = None) -> int | None:
    """The time step that ``code`` belongs to, to be stored; None where it is wrong or was used before.

    All steps within the drift are compared, in constant time, whether or not one has matched.
    """
    if len(code) != DIGITS or not code.isascii() or not code.isdigit():
        return None
    current = int((time.time() if now is None else now) // STEP_S)
    totp = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    found: int | None = None
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and (last_step is None or step > last_step):
            found = step
    return found


def new_recovery_codes() -> RecoveryCodes:
    """Ten codes of 50 bits each."""
    shown = tuple(f"{_random(5)}-{_random(5)}" for _ in range(RECOVERY_CODES))
    return RecoveryCodes(shown, tuple(hash_recovery_code(code) for code in shown))


def hash_recovery_code(code: str) -> str:
    """Hash of a code without regard to case, spaces and the hyphen."""
    return digest("recovery:" + "".join(code.lower().split()).replace("-", ""))


def _random(length: int) -> str:
    return "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(length))
