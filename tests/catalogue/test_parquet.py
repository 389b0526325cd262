"""Parquet files from outside are decoded by a child process, whose end is an error and not ours."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from aneos.catalogue import parquet, parquet_child
from aneos.catalogue.files import SourceFile
from aneos.catalogue.parquet import load_parquet
from aneos.errors import InputError


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "table.parquet"
    pl.DataFrame({"x": [1.5, None], "names": [["a", "b"], None], "text": ["é", ""]}).write_parquet(path)
    return path


def test_the_table_arrives_unchanged(good: Path) -> None:
    assert load_parquet(SourceFile(good)).equals(pl.read_parquet(good))


def test_a_reader_that_dies_is_a_damaged_file(
    good: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = tmp_path / "child.py"
    child.write_text("import os; os.abort()")
    monkeypatch.setattr(parquet_child, "__file__", str(child))
    with pytest.raises(InputError, match=r"damaged Parquet file \(its reader ended with status -6\)"):
        load_parquet(SourceFile(good))


def test_a_reader_that_hangs_is_stopped(good: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = tmp_path / "child.py"
    child.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(parquet_child, "__file__", str(child))
    monkeypatch.setattr(parquet, "TIMEOUT_S", 0.2)
    with pytest.raises(InputError, match="not read within 0 s"):
        load_parquet(SourceFile(good))


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    pl.DataFrame({"x": [0]}).select(
        pl.col("x").repeat_by(parquet_child.MAX_ROWS + 1).explode()
    ).write_parquet(path)
    with pytest.raises(InputError, match="holds 10,000,001 rows; the limit is 10,000,000"):
        load_parquet(SourceFile(path))


def test_too_large_files_are_refused(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "MAX_PARQUET_BYTES", 100)
    with pytest.raises(InputError, match="is larger than the limit"):
        load_parquet(SourceFile(good))
