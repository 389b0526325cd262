"""Rows of measured results, kept in ``results/astrometry.json`` as they are made: a run that was ended goes on where
it stopped, and rows made by other code are made anew. The tables of docs/astrometry.md are written from it."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import aneos

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "results" / "astrometry.json"
PAGE = ROOT / "docs" / "astrometry.md"


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """A digest of the code that fits and judges observations."""
    house = Path(aneos.__file__).parent
    sources = sorted((house / "astrometry").glob("*.py"))
    sources += [house / "dynamics/fitting.py", house / "observed.py", house / "evidence/short_arc.py"]
    sources += [house / "evidence/open_orbit.py", house / "evidence/sky_identity.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def rows(table: str) -> dict[str, dict[str, Any]]:
    """All rows of a table, by key."""
    if not RECORD.is_file():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(RECORD.read_text(encoding="utf-8")).get(table, {})
    return found


def keep(table: str, key: str, row: dict[str, Any]) -> None:
    """Add or replace one row; the file is whole at every moment."""
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    record.setdefault(table, {})[key] = row | {"code": fingerprint()}
    part = RECORD.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(RECORD)


def write_page(tables: dict[str, list[str]]) -> None:
    """Put tables (lines of Markdown) between their marks ``<!-- NAME -->`` and ``<!-- /NAME -->`` in the page."""
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in tables.items():
        head, rest = text.split(f"<!-- {name} -->\n", 1)
        _, tail = rest.split(f"<!-- /{name} -->", 1)
        text = f"{head}<!-- {name} -->\n\n" + "\n".join(lines) + f"\n\n<!-- /{name} -->{tail}"
    PAGE.write_text(text, encoding="utf-8")
