"""The bundled snapshot and the module that builds it."""

from __future__ import annotations

import gzip
import json
import time
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from aneos.catalogue import COLUMNS, find, load_bundled, read_nea_extended
from aneos.catalogue.bundled import bundled_path, load_snapshot
from aneos.catalogue.snapshot import SNAPSHOT_COLUMNS, build_snapshot, content_sha256, main
from aneos.errors import InputError, MissingResourceError
from tests.catalogue.records import NEA_EXTENDED, write


def test_all_objects_of_the_list_are_there() -> None:
    catalogue = load_bundled()
    assert len(catalogue) == 40_874
    assert catalogue.rejected == ()
    assert dict(catalogue.table.schema) == COLUMNS
    assert catalogue.table["designation"].n_unique() == 40_874
    assert catalogue.table["last_observation"].max() == date(2026, 2, 12)


def test_only_the_magnitude_is_unknown_of_some() -> None:
    table = load_bundled().table
    needed = ["epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg"]
    assert sum(table[name].null_count() for name in needed) == 0
    # 2 without magnitude in the list and 9 with the MPC's mark for "unknown", 99.99.
    assert table["H"].null_count() == 11
    assert table["H"].max() < 40.0


def test_kamooalewa_as_the_mpc_prints_it() -> None:
    row = find(load_bundled(), "2016 HO3")
    assert (row["number"], row["name"], row["H"], row["U"]) == (469219, "Kamo`oalewa", 24.31, "0")
    assert (row["a_au"], row["e"], row["i_deg"]) == (1.0009765, 0.10237, 7.80322)
    assert (row["node_deg"], row["peri_deg"], row["mean_anomaly_deg"]) == (65.65103, 304.54827, 46.23445)
    assert (row["n_obs"], row["n_oppositions"], row["last_observation"]) == (324, 12, date(2025, 1, 10))
    assert row["source"] == "mpc-nea 2026-02-12"


def test_provenance_and_acknowledgement_travel_in_the_file() -> None:
    (provenance,) = load_bundled().provenance
    assert (provenance.name, provenance.version) == ("mpc-nea", "2026-02-12")
    assert provenance.source == "nea_extended.json.gz"
    assert provenance.sha256 == "0b38baf5ebece8c22adb0488943b87565e0cf42dfc9e9cbe7c1f9f7c4a79ff32"
    assert "Minor Planet Center" in provenance.acknowledgement


def test_the_file_is_small_and_its_content_is_what_was_written() -> None:
    assert bundled_path().stat().st_size < 3_000_000
    table = pl.read_parquet(bundled_path())
    assert table.columns == list(SNAPSHOT_COLUMNS)
    metadata = pl.read_parquet_metadata(bundled_path())
    assert content_sha256(table) == metadata["aneos:content_sha256"]


def test_loading_takes_less_than_150_ms() -> None:
    def seconds() -> float:
        start = time.perf_counter()
        load_bundled()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.15


def test_a_snapshot_reads_back_as_it_was_read(tmp_path: Path) -> None:
    source = write(tmp_path / "nea_extended.json.gz", json.dumps(NEA_EXTENDED))
    built = build_snapshot(source, tmp_path / "out.parquet", "2026-02-12")
    back = load_snapshot(tmp_path / "out.parquet")
    columns = [name for name in SNAPSHOT_COLUMNS if name != "source"]
    assert back.table.select(columns).equals(built.table.select(columns))
    assert back.provenance[0].sha256 == built.provenance[0].sha256


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    source = write(tmp_path / "nea_extended.json", json.dumps(NEA_EXTENDED))
    for name in ("one", "two"):
        build_snapshot(source, tmp_path / name, "2026-02-12")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_snapshot_is_whole_or_not_made(tmp_path: Path) -> None:
    source = write(tmp_path / "nea_extended.json", json.dumps([*NEA_EXTENDED, NEA_EXTENDED[0]]))
    with pytest.raises(
        InputError, match="line 3: 1 records rejected, the first: designation A898 PA repeats line 1"
    ):
        build_snapshot(source, tmp_path / "out.parquet", "2026-02-12")
    assert not (tmp_path / "out.parquet").exists()


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "nea_extended.json", json.dumps(NEA_EXTENDED))
    out = tmp_path / "out.parquet"
    assert main([str(source), "--out", str(out), "--version", "2026-02-12"]) == 0
    assert "2 objects" in capsys.readouterr().out
    assert main([str(tmp_path / "absent"), "--out", str(out), "--version", "2026-02-12"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_an_absent_or_damaged_snapshot_names_the_command_that_mends_it(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(bundled_path().read_bytes()[:5000])
    for path in (tmp_path / "absent.parquet", damaged):
        with pytest.raises(MissingResourceError, match=r"python -m aneos\.catalogue\.snapshot"):
            load_snapshot(path)


@pytest.mark.shared
def test_values_agree_with_the_printed_decimals(shared_data: Path) -> None:
    with gzip.open(shared_data / "catalogue" / "mpc_nea_2026-02-12.csv.gz") as stream:
        printed = pl.read_csv(stream.read(), infer_schema=False)
    table = load_bundled().table
    pairs = {
        "a": "a_au",
        "e": "e",
        "i": "i_deg",
        "Node": "node_deg",
        "Peri": "peri_deg",
        "M": "mean_anomaly_deg",
    }
    for field, column in {**pairs, "Epoch": "epoch_tdb_jd", "rms": "rms_arcsec"}.items():
        assert list(map(float, printed[field])) == table[column].to_list(), field
    assert printed["Principal_desig"].to_list() == table["designation"].to_list()


def test_reading_the_json_gives_the_bundled_row(tmp_path: Path) -> None:
    row = read_nea_extended(write(tmp_path / "nea.json", json.dumps(NEA_EXTENDED))).table.row(0, named=True)
    bundled = find(load_bundled(), "433")
    names = [name for name in SNAPSHOT_COLUMNS if name != "source"]
    assert {name: row[name] for name in names} == {name: bundled[name] for name in names}
