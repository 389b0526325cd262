"""Names that a file itself says are one object: a record with a temporary and a provisional designation links the two.

Records of the file that carry only the temporary one then belong to the same object.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from aneos.astrometry.table import Row

LONGEST_CHAIN: Final = 4
"""Number, provisional designation, artificial satellite, temporary name."""


def relabel(rows: list[Row], links: Iterable[tuple[str, ...]]) -> None:
    """Give the rows of one object one name.

    ``links`` are the names that a record carried, the best first. A name that two records link with different better
    names stays as it is: surveys use temporary names again.
    """
    better: defaultdict[str, set[str]] = defaultdict(set)
    for best, *others in links:
        for name in others:
            if name != best:
                better[name].add(best)
    if not better:
        return
    for row in rows:
        name = str(row["object"])
        for _ in range(LONGEST_CHAIN):
            if len(better.get(name, ())) != 1:
                break
            (name,) = better[name]
        row["object"] = name
