"""A real ``aneos-worker`` process for the kill test, with a computation that takes no time.

Only the science is replaced: what is tested is that nothing is lost and nothing done twice, and 10,000 real
assessments take minutes. Every computation leaves its own mark in the answer, so that a second one would show.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from aneos_api.database import ItemResult
from aneos_api.jobs import command, tasks
from aneos_api.jobs.assessing import Assessed


def marked(
    positions: Sequence[int], records: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> Assessed:
    """An answer that names the object and this computation; every hundredth object cannot be assessed."""
    time.sleep(0.05)
    results = tuple(
        ItemResult(position, error="cannot be assessed")
        if position % 100 == 99
        else ItemResult(
            position,
            assessment={
                "designation": record["designation"],
                "class": "natural",
                "probability_artificial": 0.0,
                "mark": uuid4().hex,
            },
        )
        for position, record in zip(positions, records, strict=True)
    )
    return Assessed(results, {"source": "kill test"})


def main(arguments: Sequence[str]) -> int:
    tasks.assess_given = marked
    return command.main(arguments)
