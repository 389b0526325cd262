"""Where aNEOS keeps replies of archives and versions of catalogues, after the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Folder of things that can be fetched again: ``ANEOS_CACHE``, else ``aneos`` in the user's cache folder."""
    return _folder("ANEOS_CACHE", "XDG_CACHE_HOME", ".cache")


def data_dir() -> Path:
    """Folder of things to keep: ``ANEOS_DATA``, else ``aneos`` in the user's data folder."""
    return _folder("ANEOS_DATA", "XDG_DATA_HOME", ".local/share")


def _folder(own: str, xdg: str, default: str) -> Path:
    if given := os.environ.get(own):
        return Path(given)
    base = os.environ.get(xdg, "")
    # The specification: a relative path is invalid and to be ignored.
    root = Path(base) if os.path.isabs(base) else Path.home() / default
    return root / "aneos"
