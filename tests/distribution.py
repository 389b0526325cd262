"""Which worker runs what under ``pytest -n``: a file at a time, the long ones first.

What a file sets up for its tests is then made by one worker alone, and no long file is left for the end, when the
other worker has nothing more to do. A file that runs on both databases is two pieces; a folder whose files share what
takes long to make is one.
"""

from __future__ import annotations

import re
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TOGETHER: Final = ("tests/dashboard", "tests/learning")
ENGINE: Final = re.compile(r"\[(?:.*-)?(sqlite|postgresql)\b")
LONG: Final = (
    "tests/validation/test_evaluate.py",
    "tests/api/contract/test_contract.py",
    "tests/learning",
    "tests/api/jobs/test_kill.py",
    "tests/operations/test_nginx.py",
    "tests/dashboard",
    "tests/operations/test_sdk.py",
    "tests/astrometry/test_fit.py",
    "tests/operations/test_prometheus.py",
    "tests/artificial/test_departures.py",
    "tests/api/events/test_night.py",
)
"""Pieces with more than 20 s of work, the longest first."""


def piece(nodeid: str) -> str:
    """What is given to one worker as a whole: a file, its tests on one of the databases, or a folder."""
    path, _, test = nodeid.partition("::")
    for folder in TOGETHER:
        if path.startswith(f"{folder}/"):
            return folder
    engine = ENGINE.search(test)
    return f"{path}[{engine[1]}]" if engine else path


def rank(nodeid: str) -> int:
    """Place of a test's piece among the long ones; all others come after them."""
    path = piece(nodeid).partition("[")[0]
    return LONG.index(path) if path in LONG else len(LONG)


class ByFile(LoadScopeScheduling):
    """Pieces in the order in which their first tests were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def remove_node(self, node: WorkerController) -> str | None:
        """Give on what a worker that ended has not done, but not the test that ended it: that one has failed."""
        units = self.assigned_work.pop(node)
        left = [(unit, nodeid) for unit in units.values() for nodeid, done in unit.items() if not done]
        if not left:
            return None
        unit, failed = left[0]
        unit[failed] = True
        self.workqueue.update({name: unit for name, unit in units.items() if not all(unit.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return failed

    def _split_scope(self, nodeid: str) -> str:
        return piece(nodeid)
