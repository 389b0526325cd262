"""JSON, CSV and Parquet: strict, complete, and written whole or not at all."""

from __future__ import annotations

import datetime as dt
import io
import json
import math
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aneos.assessment import Assessment, Identity, Missing, Report
from aneos.errors import InputError, RejectedRow
from aneos.evidence.base import Evidence, missing
from aneos.output import (
    SIGNATURE_KEY,
    choose_format,
    json_ready,
    prepare,
    report_table,
    to_csv,
    to_json,
    to_parquet,
    write_whole,
)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


@given(
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
)
def test_every_value_becomes_strict_json(value: object) -> None:
    text = to_json(value).encode("utf-8", "backslashreplace").decode()
    json.loads(text, parse_constant=refuse_constant)


def test_what_is_not_finite_becomes_null() -> None:
    assert json_ready([math.nan, math.inf, -math.inf, np.float64("nan"), 1.5]) == [
        None,
        None,
        None,
        None,
        1.5,
    ]


def test_numpy_and_dates_are_translated() -> None:
    value = {"n": np.int64(3), "yes": np.True_, "x": np.array([1.0, np.nan]), "day": dt.date(2026, 2, 12)}
    assert json_ready(value) == {"n": 3, "yes": True, "x": [1.0, None], "day": "2026-02-12"}


def test_a_type_without_json_shape_is_an_error() -> None:
    with pytest.raises(TypeError, match="no JSON shape for object"):
        to_json({"x": object()})


def test_big_integers_and_floats_survive() -> None:
    assert json.loads(to_json({"x": 0.1 + 0.2, "n": 2**63})) == {"x": 0.1 + 0.2, "n": 2**63}


@pytest.mark.parametrize(
    ("given", "output", "chosen"),
    [
        (None, None, "table"),
        ("json", None, "json"),
        (None, Path("x.CSV"), "csv"),
        (None, Path("x.parquet"), "parquet"),
        (None, Path("x.txt"), "table"),
        ("json", Path("x.csv"), "json"),
    ],
)
def test_the_format_is_the_given_one_or_the_suffix(
    given: str | None, output: Path | None, chosen: str
) -> None:
    assert choose_format(given, output) == chosen  # type: ignore[arg-type]


def test_a_suffix_that_names_no_format_is_refused() -> None:
    with pytest.raises(InputError, match=r"result\.dat: cannot tell the format"):
        choose_format(None, Path("result.dat"))


def test_csv_is_empty_where_unknown_and_joins_lists() -> None:
    table = pl.DataFrame({"a": [1.0, math.nan], "b": [["x", "y"], None], "c": ['say "1,2"', None]})
    assert to_csv(table).decode() == 'a,b,c\n1.0,x; y,"say ""1,2"""\n,,\n'


def test_parquet_carries_the_signature_and_no_nan() -> None:
    table = pl.DataFrame({"a": [1.0, math.nan], "name": ["2020 SO", "é"]})
    data = to_parquet(table, {"source": "aNEOS", "x": math.nan})
    back = pl.read_parquet(io.BytesIO(data))
    assert back.rows() == [(1.0, "2020 SO"), (None, "é")]
    assert json.loads(pl.read_parquet_metadata(io.BytesIO(data))[SIGNATURE_KEY]) == {
        "source": "aNEOS",
        "x": None,
    }


def example_report() -> Report:
    evidence = (
        Evidence("orbit", "measured", 2.5, (2.0, 3.0), "Slow.", {"v_kms": 0.6}),
        missing("area_to_mass", "Not fitted."),
    )
    item = Assessment(
        designation="2020 SO",
        rank=1,
        object_class="known_artificial",
        probability_artificial=0.9,
        interval=(0.5, 0.95),
        prior=2.75e-4,
        log10_bayes_factor=2.5,
        p_value=None,
        q_value=None,
        evidence=evidence,
        identity=Identity("Surveyor 2 Centaur", "1966-084B", 1e-6),
        missing=(Missing("area_to_mass", "an arc of 20 days", "2026-12-01"),),
        orbit={"a_au": 1.03, "e": 0.02, "covariance": None},
        verdict="Known.",
    )
    return Report({"source": "aNEOS"}, (item,), (RejectedRow(3, "e < 0"),))


def test_a_report_is_flat_with_one_row_per_object() -> None:
    row = report_table(example_report()).row(0, named=True)
    assert row["bf_orbit"] == 2.5
    assert row["status_area_to_mass"] == "missing"
    assert row["identity_cospar"] == "1966-084B"
    assert row["missing"] == "area_to_mass: an arc of 20 days"
    assert row["a_au"] == 1.03


def test_an_empty_report_gives_an_empty_table() -> None:
    assert to_csv(report_table(Report({}, ()))).decode().strip() == ""


def test_writing_makes_folders_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deeper" / "x.json"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(path.parent) == ["x.json"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.json"
    path.write_text("old")

    def no_room(self: Path, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_room)
    with pytest.raises(InputError, match=r"x\.json: cannot be written: No space left on device"):
        write_whole(path, b"new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    link.symlink_to(target)
    write_whole(link, b"x")
    assert link.is_symlink()
    assert target.read_bytes() == b"x"


def test_a_device_is_written_directly() -> None:
    write_whole(Path(os.devnull), b"x")
    assert not Path(os.devnull).is_file()


def test_a_folder_and_a_path_below_a_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: it is a folder"):
        prepare(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        prepare(tmp_path / "file" / "x.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(InputError, match="no permission"):
        prepare(tmp_path / "x.json")
