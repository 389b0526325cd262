"""Builds ``known_returns.json``: the calendar of returns of the whole registry, as it is shipped.

    python -m aneos.artificial.build_returns

The result depends on the registry's tables, the force model and the seed alone. It carries the digests of the tables,
so that a calendar of other tables is known as such and computed anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import fields
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from aneos.artificial.known import data_path
from aneos.artificial.returns import Approach, Calendar, ObjectReturns, returns
from aneos.errors import MissingResourceError

SINCE_TDB_JD: Final = 2_461_041.5
UNTIL_TDB_JD: Final = 2_473_459.5
"""2026-01-01 to 2060-01-01."""
TABLES: Final = ("known_objects.csv", "known_orbits.csv")
FILE: Final = "known_returns.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=data_path(FILE))
    args = parser.parse_args()
    calendar = returns(
        since_tdb_jd=SINCE_TDB_JD,
        until_tdb_jd=UNTIL_TDB_JD,
        progress=lambda name: print(name, file=sys.stderr),
    )
    args.out.write_text(json.dumps({"tables": digests()} | calendar.to_dict(), indent=1) + "\n", "utf-8")


def digests() -> dict[str, str]:
    """SHA-256 of the tables that the calendar rests on."""
    return {name: sha256(data_path(name).read_bytes()).hexdigest() for name in TABLES}


@lru_cache(maxsize=1)
def bundled_returns() -> Calendar | None:
    """The shipped calendar; None where it belongs to other tables than those installed.

    Raises MissingResourceError where it is absent or damaged.
    """
    path = data_path(FILE)
    try:
        record: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if record["tables"] != digests():
            return None
        objects = tuple(_object(item) for item in record["objects"])
        return Calendar(record["since_tdb_jd"], record["until_tdb_jd"], objects, record["provenance"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MissingResourceError(
            f"{path}: the calendar of returns is absent or damaged; rebuild it: "
            "python -m aneos.artificial.build_returns"
        ) from error


def _object(item: dict[str, Any]) -> ObjectReturns:
    approaches = tuple(
        Approach(**{field.name: row[field.name] for field in fields(Approach)}) for row in item["approaches"]
    )
    return ObjectReturns(**{**item, "approaches": approaches})


if __name__ == "__main__":
    main()
