"""Files that nobody reads or changes without the key: AES-256-GCM in chunks.

The format: 16 bytes of magic, 8 random bytes, then chunks of 4 bytes length and their ciphertext. The nonce of a chunk
is the random bytes and its number; the additional data say whether it is the last, so that a file that was cut, or
whose chunks were moved, is refused (the STREAM construction: Hoang, Reyhanitabar, Rogaway & Vizár 2015).
"""

from __future__ import annotations

import hashlib
import secrets
import struct
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aneos.errors import InputError

MAGIC: Final = b"aNEOS sealed 1\n\x00"
CHUNK: Final = 1 << 20


def sealed(path: Path) -> bool:
    """Whether the file begins like a sealed one."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def seal(source: Path, target: Path, key: str) -> None:
    """Write ``source`` encrypted to ``target``; ``key`` is long random text."""
    cipher, start = _cipher(key), secrets.token_bytes(8)
    with source.open("rb") as plain, target.open("wb") as out:
        out.write(MAGIC + start)
        number, block = 0, plain.read(CHUNK)
        while True:
            following = plain.read(CHUNK)
            data = cipher.encrypt(start + struct.pack(">I", number), block, _last(not following))
            out.write(struct.pack(">I", len(data)) + data)
            if not following:
                return
            number, block = number + 1, following


def unseal(source: Path, target: Path, key: str) -> None:
    """Write ``source`` decrypted to ``target``. Raises InputError when the key is wrong or the file was changed."""
    cipher = _cipher(key)
    with source.open("rb") as file, target.open("wb") as out:
        if file.read(len(MAGIC)) != MAGIC:
            raise InputError("is not an encrypted backup", source=source)
        start, number, data = file.read(8), 0, _chunk(file, source)
        while True:
            following = _chunk(file, source)
            nonce = start + struct.pack(">I", number)
            try:
                out.write(cipher.decrypt(nonce, data, _last(not following)))
            except InvalidTag:
                raise InputError(
                    "cannot be decrypted: wrong key, or the file was changed", source=source
                ) from None
            if not following:
                return
            number, data = number + 1, following


def _cipher(key: str) -> AESGCM:
    return AESGCM(hashlib.blake2b(key.encode(), digest_size=32, person=b"aneos backup").digest())


def _last(last: bool) -> bytes:
    return b"last" if last else b"more"


def _chunk(file: BinaryIO, source: Path) -> bytes:
    head = file.read(4)
    if not head:
        return b""
    (length,) = struct.unpack(">I", head.ljust(4, b"\x00"))
    data = file.read(length) if length <= CHUNK + 16 else b""
    if len(data) != length or len(head) != 4:
        raise InputError("cannot be decrypted: the file was cut or changed", source=source)
    return data
