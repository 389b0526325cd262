"""The project's own elements files: CSV and Parquet."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from aneos.catalogue import COLUMNS, Catalogue, read_elements
from aneos.catalogue.elements import MAX_COLUMNS, MAX_RECORD_LINES
from aneos.errors import InputError
from tests.catalogue.records import APOPHIS, HEADER, RH120, VG, csv, write


def read(tmp_path: Path, text: str | bytes, name: str = "orbits.csv") -> Catalogue:
    return read_elements(write(tmp_path / name, text))


def only_rejection(catalogue: Catalogue) -> tuple[int, str]:
    (row,) = catalogue.rejected
    return row.line, row.reason


def refusal(tmp_path: Path, text: str | bytes, name: str = "orbits.csv") -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_values_arrive_unchanged_in_the_types_of_the_schema(tmp_path: Path) -> None:
    catalogue = read(tmp_path, csv(APOPHIS, RH120))
    assert catalogue.table.columns == list(COLUMNS)
    assert dict(catalogue.table.schema) == COLUMNS
    assert catalogue.table["a_au"].to_list() == [0.9223803, 1.0332894]
    assert catalogue.table["designation"].to_list() == ["2004 MN4", "2006 RH120"]
    assert catalogue.rejected == ()


def test_source_and_line_travel_with_each_row(tmp_path: Path) -> None:
    catalogue = read(tmp_path, csv("bad", APOPHIS))
    assert catalogue.table["source_line"].to_list() == [3]
    assert catalogue.table["source"].to_list() == [str(tmp_path / "orbits.csv")]
    (provenance,) = catalogue.provenance
    assert provenance.source == str(tmp_path / "orbits.csv")
    assert len(provenance.sha256) == 64


def test_optional_columns_are_read_and_unknown_ones_pass_through(tmp_path: Path) -> None:
    text = (
        f"{HEADER},amr_m2kg,amr_sigma_m2kg,n_obs,U,last_observation,aliases,note\n"
        f"{APOPHIS},0.011,0.002,77,3,2021-02-02,a | b,007\n{RH120},,,,,,,\n"
    )
    table = read(tmp_path, text).table
    assert table["amr_m2kg"].to_list() == [0.011, None]
    assert table["n_obs"].to_list() == [77, None]
    assert table["last_observation"].to_list() == [date(2021, 2, 2), None]
    assert table["aliases"].to_list() == [["a", "b"], None]
    assert table["note"].to_list() == ["007", None]
    assert table.columns[-1] == "note"


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_delimiters_are_seen_in_the_header(tmp_path: Path, mark: str) -> None:
    assert read(tmp_path, csv(APOPHIS).replace(",", mark)).table["H"].to_list() == [19.0]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path: Path, end: str) -> None:
    catalogue = read(tmp_path, csv(APOPHIS, "x", RH120, end=end))
    assert len(catalogue) == 2
    assert only_rejection(catalogue)[0] == 3


def test_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"\xef\xbb\xbf" + csv(APOPHIS).encode())) == 1


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    path = tmp_path / "orbits.csv"
    path.write_bytes(gzip.compress(csv(APOPHIS).encode()))
    assert len(read_elements(path)) == 1


def test_blank_lines_are_no_records_but_count_as_lines(tmp_path: Path) -> None:
    catalogue = read(tmp_path, f"\n{HEADER}\n\n{APOPHIS}\n   \nbad\n")
    assert catalogue.table["source_line"].to_list() == [4]
    assert only_rejection(catalogue)[0] == 6


def test_quoted_fields_may_span_lines_and_the_first_is_reported(tmp_path: Path) -> None:
    text = f'{HEADER},note\n{APOPHIS},"two\nlines"\n{RH120},"1\n2\n3",too much\n{VG},x\n'
    catalogue = read(tmp_path, text)
    assert catalogue.table["note"].to_list() == ["two\nlines", "x"]
    assert catalogue.table["source_line"].to_list() == [2, 7]
    assert only_rejection(catalogue) == (
        4,
        "has 11 fields where the header has 10 (the record spans lines 4–6)",
    )


def test_one_bad_row_does_not_stop_the_others(tmp_path: Path) -> None:
    catalogue = read(tmp_path, csv(APOPHIS, "2020 XX,2461000.5,abc,0.1,1,2,3,4,20", RH120))
    assert len(catalogue) == 2
    (row,) = catalogue.rejected
    assert (row.line, row.reason) == (3, "a_au: 'abc' is not a number")
    assert (row.designation, row.source) == ("2020 XX", str(tmp_path / "orbits.csv"))


def test_all_rows_rejected_leaves_an_empty_table(tmp_path: Path) -> None:
    catalogue = read(tmp_path, csv("a,b,c", "d"))
    assert len(catalogue) == 0
    assert catalogue.table.columns == list(COLUMNS)
    assert len(catalogue.rejected) == 2


def test_a_stray_byte_costs_its_row_only(tmp_path: Path) -> None:
    catalogue = read(tmp_path, csv(APOPHIS, RH120, VG).encode().replace(b"2006 RH120", b"2006 R\xf6"))
    assert len(catalogue) == 2
    assert only_rejection(catalogue) == (3, "is not UTF-8 text")


def test_a_nul_byte_costs_its_row_only(tmp_path: Path) -> None:
    catalogue = read(tmp_path, csv(APOPHIS, RH120).replace("2006 RH120", "2006\0"))
    assert only_rejection(catalogue) == (3, "is not UTF-8 text")


def test_a_quote_in_the_wrong_place_costs_its_row_only(tmp_path: Path) -> None:
    catalogue = read(tmp_path, csv(APOPHIS, '"2006" RH120,1', VG))
    assert len(catalogue) == 2
    line, reason = only_rejection(catalogue)
    assert line == 3
    assert "not valid CSV" in reason


def test_a_quote_never_closed_is_refused_where_it_opens(tmp_path: Path) -> None:
    assert ", line 3: a quoted field that opens here is never closed" in refusal(
        tmp_path, csv(APOPHIS, '"2006 RH120', VG)
    )
    swallowed = [VG] * MAX_RECORD_LINES
    assert f", line 2: a quoted field that opens here is not closed within {MAX_RECORD_LINES}" in refusal(
        tmp_path, csv('"2006 RH120', *swallowed)
    )


def test_the_format_has_no_decimal_comma(tmp_path: Path) -> None:
    text = csv(APOPHIS).replace(",", ";").replace("0.9223803", "0,9223803")
    assert only_rejection(read(tmp_path, text)) == (2, "a_au: '0,9223803' is not a number")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (HEADER + "\n", "holds no records"),
        (APOPHIS + "\n", "line 1: no header with the columns designation"),
        (
            csv(APOPHIS).replace(",H", ",h", 1),
            "line 1: missing column H (found 'h': names are case-sensitive)",
        ),
        (csv(APOPHIS).replace("e,i_deg", "ecc,inc", 1), "line 1: missing columns e, i_deg"),
        (HEADER + ",e\n" + APOPHIS + ",0.1\n", "line 1: column 'e' appears twice"),
        (b"\x80\x81\x82\x83" * 9, "is not a text file"),
        ("x" * 3_000_000, "line 1: is longer than"),
        (HEADER + "," * MAX_COLUMNS + "\n", f"line 1: has {MAX_COLUMNS + 9:,} columns"),
    ],
)
def test_unusable_files_are_refused_in_one_line(tmp_path: Path, text: str | bytes, reason: str) -> None:
    message = refusal(tmp_path, text)
    assert str(tmp_path / "orbits.csv") in message
    assert reason in message


def test_absent_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_elements(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="is a directory, not a file"):
        read_elements(tmp_path)
    with pytest.raises(InputError, match="not a file name"):
        read_elements("a\0b")
    with pytest.raises(InputError, match="cannot be read"):
        read_elements("x" * 5000)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(csv(*[APOPHIS] * 2000).encode())
    path = tmp_path / "orbits.csv.gz"
    for damaged in (packed[: len(packed) // 2], packed[:40] + b"\0" * 9 + packed[49:], b"\x1f\x8b"):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged gzip file"):
            read_elements(path)


def test_thousands_of_columns_pass_through(tmp_path: Path) -> None:
    extra = [f"c{k}" for k in range(5000)]
    text = f"{HEADER},{','.join(extra)}\n{APOPHIS},{','.join('7' for _ in extra)}\n"
    catalogue = read(tmp_path, text)
    assert catalogue.table.width == len(COLUMNS) + 5000


# --- Parquet ------------------------------------------------------------------------------------------------


def parquet(tmp_path: Path, **changes: object) -> Path:
    base = {
        "designation": ["2004 MN4", "2006 RH120"],
        "epoch_tdb_jd": [2461000.5, 2461000.5],
        "a_au": [0.9223803, 1.0332894],
        "e": [0.1911663, 0.0245099],
        "i_deg": [3.34096, 0.59435],
        "node_deg": [203.89965, 51.21756],
        "peri_deg": [126.67283, 10.06515],
        "mean_anomaly_deg": [312.80547, 45.97861],
        "H": [19.0, 29.5],
    }
    path = tmp_path / "orbits.parquet"
    pl.DataFrame({**base, **changes}).write_parquet(path)
    return path


def test_parquet_gives_the_same_table_as_csv(tmp_path: Path) -> None:
    from_parquet = read_elements(parquet(tmp_path)).table.drop("source", "source_line")
    assert from_parquet.equals(read(tmp_path, csv(APOPHIS, RH120)).table.drop("source", "source_line"))


def test_parquet_records_are_counted_from_one(tmp_path: Path) -> None:
    catalogue = read_elements(parquet(tmp_path, e=[float("nan"), 0.02]))
    assert only_rejection(catalogue) == (1, "e is missing")
    assert catalogue.table["source_line"].to_list() == [2]


def test_parquet_columns_of_other_types_are_read_or_refused(tmp_path: Path) -> None:
    changes = {"U": [3.0, None], "number": [99942.0, None], "n_obs": ["12", "x"], "note": [1, 2]}
    catalogue = read_elements(parquet(tmp_path, **changes))
    assert catalogue.table.select("U", "number", "n_obs", "note").row(0) == ("3", 99942, 12, 1)
    assert only_rejection(catalogue) == (2, "n_obs: 'x' is not a whole number")
    with pytest.raises(InputError, match="column e has type List"):
        read_elements(parquet(tmp_path, e=[[0.1], [0.2]]))
    path = parquet(tmp_path)
    pl.read_parquet(path).drop("H").write_parquet(path)
    with pytest.raises(InputError, match="missing column H"):
        read_elements(path)


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    content = parquet(tmp_path).read_bytes()
    for damaged in (b"PAR1", content[:100] + content[200:]):
        path = tmp_path / "damaged.parquet"
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="damaged Parquet file"):
            read_elements(path)


def test_an_empty_parquet_table_holds_no_records(tmp_path: Path) -> None:
    path = parquet(tmp_path)
    pl.read_parquet(path).head(0).write_parquet(path)
    with pytest.raises(InputError, match="holds no records"):
        read_elements(path)
