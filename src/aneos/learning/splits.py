"""Which fold a row belongs to: decided by its name alone, so that it never depends on the other rows or their order.

Simulated objects fall by *launch*, so no launch is on both sides of a split; catalogue objects by designation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Folds = npt.NDArray[np.intp]


def fold_of(name: str, folds: int, salt: str = "") -> int:
    """The fold, 0 to folds - 1, of one name."""
    digest = hashlib.sha256(f"{salt}|{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % folds


def folds_of(names: Iterable[str], folds: int, salt: str = "") -> Folds:
    """The folds of many names, shape (n,)."""
    known: dict[str, int] = {}
    out = []
    for name in names:
        if name not in known:
            known[name] = fold_of(name, folds, salt)
        out.append(known[name])
    return np.array(out, dtype=np.intp)
