"""The command in this process, and small real catalogues for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from aneos.catalogue import load_bundled
from aneos.cli import main

REAL = ("2006 RH120", "2020 CD3", "2024 PT5", "2016 HO3", "2004 MN4", "2000 SG344")
"""Near-Earth asteroids of the bundled catalogue: look-alikes of artificial objects, and Apophis."""


@dataclass(frozen=True)
class Ran:
    """What a command gave back."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of a refused command; the test fails where it is not one line without result."""
        assert self.status == 2, self
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("aneos: ")
        assert "Traceback" not in self.err
        return lines[0].removeprefix("aneos: ")


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``aneos`` with the arguments given."""

    def call(*arguments: object) -> Ran:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of a few real objects in the elements format."""
    table = load_bundled().table.filter(pl.col("designation").is_in(REAL))
    columns = [
        "designation",
        "epoch_tdb_jd",
        "a_au",
        "e",
        "i_deg",
        "node_deg",
        "peri_deg",
        "mean_anomaly_deg",
        "H",
    ]
    path = tmp_path_factory.mktemp("catalogue") / "small.csv"
    table.select(*columns, "arc_days", "n_obs", "U").write_csv(path)
    assert table.height == len(REAL)
    return path


@pytest.fixture(autouse=True)
def _no_width_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are as wide as they need to be, whatever another test or the caller's terminal left in COLUMNS."""
    monkeypatch.delenv("COLUMNS", raising=False)
