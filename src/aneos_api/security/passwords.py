"""Passwords: argon2id hashes, made and checked in threads of which only a few run at once.

One hash takes 64 MiB and some 100 ms of a core, so an unbounded log-in route is a way to starve the service. At
most ``concurrency`` hashes run at a time and at most ``waiting`` requests queue; the next one gets
:class:`~aneos_api.errors.Unavailable`. A log-in for a name that does not exist costs the same as a wrong password.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from aneos_api.errors import Unavailable

MAX_LENGTH: Final = 256
"""Longest password in characters. NIST SP 800-63B asks for length and for no other rule of composition."""

COMMON: Final = frozenset(
    {
        "password1234", "123456789012", "1234567890123", "qwertyuiop12", "qwertyuiop123", "passwordpassword",
        "administrator", "adminadminadmin", "letmeinletmein", "iloveyouiloveyou", "correcthorsebatterystaple",
        "aneosaneosaneos", "changemechangeme", "111111111111", "000000000000", "abcdefghijkl", "asdfghjkl123",
    }
)  # fmt: skip
"""Passwords of enough length that stand in every attacker's list."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a password was right, and a new hash to store where the old one has outdated parameters."""

    ok: bool
    replacement: str | None = None


class Passwords:
    """Hashes and checks passwords with argon2id (RFC 9106).

    ``memory_kib``, ``time_cost`` and ``parallelism`` are argon2's parameters; the defaults are the second
    recommendation of RFC 9106, section 4.
    """

    def __init__(
        self,
        *,
        memory_kib: int = 65_536,
        time_cost: int = 3,
        parallelism: int = 4,
        concurrency: int = 2,
        waiting: int = 64,
    ) -> None:
        self._hash = PasswordHash(
            (Argon2Hasher(memory_cost=memory_kib, time_cost=time_cost, parallelism=parallelism),)
        )
        self._slots = asyncio.Semaphore(concurrency)
        self._waiting = waiting
        self._queued = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """The argon2id hash of ``password`` in the PHC string format."""
        async with self._slot():
            return await asyncio.to_thread(self._hash.hash, password)

    async def check(self, password: str, stored: str | None) -> Checked:
        """Compare ``password`` with a stored hash; without one (no such user) the same work is done in vain."""
        async with self._slot():
            return await asyncio.to_thread(self._check, password, stored)

    def _check(self, password: str, stored: str | None) -> Checked:
        if stored is None:
            if self._decoy is None:
                self._decoy = self._hash.hash(secrets.token_urlsafe(16))
            self._hash.verify(password, self._decoy)
            return Checked(False)
        try:
            ok, replacement = self._hash.verify_and_update(password, stored)
        except PwdlibError:  # not a hash of ours: nobody can log in with it
            return Checked(False)
        return Checked(ok, replacement if ok else None)

    def _slot(self) -> _Slot:
        return _Slot(self)


class _Slot:
    """One place in the bounded queue of hashes."""

    def __init__(self, owner: Passwords) -> None:
        self._owner = owner

    async def __aenter__(self) -> None:
        if self._owner._queued >= self._owner._waiting:
            raise Unavailable("Too many log-ins at the moment", retry_after=2)
        self._owner._queued += 1
        try:
            await self._owner._slots.acquire()
        except BaseException:
            self._owner._queued -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._owner._queued -= 1
        self._owner._slots.release()


def weakness(password: str, username: str, *, min_length: int = 12) -> str | None:
    """Why ``password`` is not acceptable, or None where it is."""
    if len(password) < min_length:
        return f"the password needs at least {min_length} characters"
    if len(password) > MAX_LENGTH:
        return f"the password may have at most {MAX_LENGTH} characters"
    plain = password.casefold()
    if len(set(plain)) < 5 or plain in COMMON:
        return "the password is too easily guessed"
    if username and username.casefold() in plain and len(plain) - len(username) < 8:
        return "the password must not be built on the user's name"
    return None


def generate_password() -> str:
    """A random password of 120 bits, in groups that can be read aloud."""
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(6)) for _ in range(4))
