"""A recorded night as the archive tells it: its list, again and again, with objects that are new or better known.

Records are those of the bundled snapshot of the MPC's list (2026-02-12), so the objects and their orbits are real;
what is made up is the order in which they come, and the orbits that were a little different before.
"""

from __future__ import annotations

import gzip
import json
from typing import Any, Final

from tests.archives.server import Answer, ArchiveServer
from tests.archives.written_replies import nea_records

LIST: Final = "/mpc/Extended_Files/nea_extended.json.gz"


def lists(*, start: int = 400, new: int = 3, changed: int = 2, times: int = 6) -> list[list[dict[str, Any]]]:
    """The list at the beginning, and after each of ``times`` updates, each with ``new`` objects more and the orbits of
    ``changed`` of the others improved."""
    records = nea_records(start + new * times)
    out = [records[:start]]
    for turn in range(1, times + 1):
        listed = [dict(record) for record in records[: start + new * turn]]
        for number in range(changed):
            record = listed[7 * turn + number]
            record["a"] *= 1 + 2e-4 * turn
            record["Num_obs"] += 4 * turn
        out.append(listed)
    return out


def publish(server: ArchiveServer, listed: list[dict[str, Any]]) -> None:
    """Let the archive give this list from now on."""
    body = gzip.compress(json.dumps(listed).encode())
    server.answer(LIST, Answer(body, content_type="application/x-gzip"))
