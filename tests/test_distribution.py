"""How tests are shared out among workers."""

from __future__ import annotations

import pytest

from tests.conftest import CHECKOUT
from tests.distribution import LONG, TOGETHER, piece, rank


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/orbits/test_moid.py::test_one", "tests/orbits/test_moid.py"),
        ("tests/orbits/test_moid.py::test_one[True]", "tests/orbits/test_moid.py"),
        ("tests/api/test_x.py::test_one[sqlite]", "tests/api/test_x.py[sqlite]"),
        ("tests/api/test_x.py::test_one[postgresql-3]", "tests/api/test_x.py[postgresql]"),
        ("tests/api/test_x.py::test_one[plain-sqlite-valkey]", "tests/api/test_x.py[sqlite]"),
        ("tests/dashboard/test_pages.py::test_one[viewer]", "tests/dashboard"),
    ],
)
def test_a_piece_is_a_file_its_part_on_a_database_or_a_folder(nodeid: str, expected: str) -> None:
    assert piece(nodeid) == expected


def test_what_is_called_long_or_of_one_piece_is_there_and_comes_first() -> None:
    assert [name for name in (*LONG, *TOGETHER) if not (CHECKOUT / name).exists()] == []
    assert rank(f"{LONG[0]}::test_one") == 0
    assert rank(f"{LONG[1]}::test_one[sqlite]") == 1
    assert rank("tests/test_output.py::test_one") == len(LONG)
