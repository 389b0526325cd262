"""``aneos screen``: every form of the result, files of one's own, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from aneos.catalogue import load_bundled
from aneos.output import SIGNATURE_KEY
from aneos.screening import LINES
from tests.cli.conftest import REAL, Run

HEADER = "designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H"
GOOD = "fine,2461000.5,1.5,0.2,3,10,20,30,25"
ROADSTER = "another Roadster,2459600.5,1.325,0.256,1.08,317.0,177.5,100,28"
"""Size and shape of the Roadster's orbit (JPL Horizons); the node is as good as any for a test of the screen."""


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def elements(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def test_the_whole_catalogue_goes_to_file_picture_and_table(run: Run, tmp_path: Path) -> None:
    done = run(
        "screen", "--output", tmp_path / "results/screen.json", "--plot", tmp_path / "results/screen.png"
    )
    assert done.status == 0
    report = json.loads((tmp_path / "results/screen.json").read_text(), parse_constant=refuse_constant)
    assert [entry["rank"] for entry in report["assessments"]] == list(range(1, 31))
    assert sum(report["summary"]["classes"].values()) == 40_874 - len(report["rejected"])
    assert report["signature"]["catalogue"][0]["name"] == "mpc-nea"
    assert (tmp_path / "results/screen.png").read_bytes().startswith(b"\x89PNG")
    assert done.err.splitlines() == [
        f"aneos: wrote {tmp_path}/results/screen.{kind}" for kind in ("png", "json")
    ]
    table = done.out.splitlines()
    assert table[0].split()[:3] == ["rank", "designation", "alert"]
    first = report["assessments"][0]
    assert table[1].split()[0] == "1"
    assert first["designation"] in table[1]
    assert f"{first['rank']}  {first['designation']}: {first['verdict'][:40]}" in done.out


def test_json_has_the_documented_shape(run: Run, small: Path) -> None:
    report = json.loads(
        run("screen", "--catalogue", small, "--format", "json").out, parse_constant=refuse_constant
    )
    assert set(report) == {"signature", "summary", "assessments", "rejected"}
    assert set(report["signature"]) >= {"source", "version", "model", "catalogue", "created"}
    assert len(report["assessments"]) == len(REAL)
    for entry in report["assessments"]:
        assert set(entry) >= {
            *("designation", "rank", "class", "probability_artificial", "interval", "prior"),
            *("log10_bayes_factor", "p_value", "q_value", "evidence", "identity", "missing", "orbit"),
        }
        assert entry["interval"][0] <= entry["probability_artificial"] <= entry["interval"][1]
        assert [line["line"] for line in entry["evidence"]] == list(LINES)
        for line in entry["evidence"]:
            assert set(line) == {"line", "status", "log10_bayes_factor", "interval", "summary", "inputs"}


def test_csv_and_parquet_hold_the_same_flat_rows(run: Run, small: Path, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("screen", "--catalogue", small, "--format", "csv").out)))
    path = tmp_path / "x.parquet"
    run("screen", "--catalogue", small, "--output", path)
    table = pl.read_parquet(path)
    assert table["designation"].to_list() == [row["designation"] for row in rows]
    assert table.columns == list(rows[0])
    assert {"rank", "class", "q_value", "alert", "v_encounter_kms", "moid_au", "bf_orbit"} <= set(
        table.columns
    )
    assert json.loads(pl.read_parquet_metadata(path)[SIGNATURE_KEY])["source"] == "aNEOS"


def test_the_given_format_goes_before_the_suffix(run: Run, small: Path, tmp_path: Path) -> None:
    run("screen", "--catalogue", small, "--format", "csv", "--output", tmp_path / "x.json")
    assert (tmp_path / "x.json").read_text().startswith("rank,designation")


def test_parquet_can_be_piped(small: Path) -> None:
    words = [sys.executable, "-m", "aneos", "screen", "--catalogue", str(small), "--format", "parquet"]
    done = subprocess.run(words, capture_output=True, check=True)
    assert pl.read_parquet(io.BytesIO(done.stdout)).height == len(REAL)
    assert done.stderr == b""


@pytest.mark.parametrize(("top", "count"), [(2, 2), (0, len(REAL)), (1000, len(REAL))])
def test_top_limits_every_form(run: Run, small: Path, top: int, count: int) -> None:
    words = ("screen", "--catalogue", small, "--top", top)
    assert len(json.loads(run(*words, "--format", "json").out)["assessments"]) == count
    assert len(run(*words, "--format", "csv").out.splitlines()) == 1 + count
    assert sum(line.strip()[:1].isdigit() for line in run(*words).out.split("\n\n")[0].splitlines()) == count


def test_a_line_left_out_is_absent_and_the_summary_says_what_that_hides(run: Run, small: Path) -> None:
    report = json.loads(run("screen", "--catalogue", small, "--without", "identity", "--format", "json").out)
    assert all(line["line"] != "identity" for line in report["assessments"][0]["evidence"])
    (note,) = report["summary"]["notes"]
    assert "not distinguishable" in note
    table = run("screen", "--catalogue", small, "--without", "identity", "--without", "area-to-mass").out
    assert "not distinguishable" in table
    assert "area_to_mass" not in table.splitlines()[0]


def test_the_prior_moves_the_posterior(run: Run, small: Path) -> None:
    def first(*words: str) -> dict[str, Any]:
        out = run("screen", "--catalogue", small, "--format", "json", *words).out
        return dict(json.loads(out)["assessments"][0])

    low, high = first("--prior", "1e-6"), first("--prior", "0.1")
    assert (low["prior"], high["prior"]) == (1e-6, 0.1)
    assert low["probability_artificial"] < high["probability_artificial"]
    assert low["log10_bayes_factor"] == high["log10_bayes_factor"]


def test_extra_files_are_mixed_in(run: Run, small: Path, tmp_path: Path) -> None:
    mine = elements(tmp_path, GOOD)
    report = json.loads(
        run("screen", "--catalogue", small, "--extra", mine, "--top", 0, "--format", "json").out
    )
    assert {entry["designation"] for entry in report["assessments"]} == {*REAL, "fine"}


def test_a_direct_escape_does_not_stand_out_by_its_orbit(run: Run, tmp_path: Path) -> None:
    mine = elements(tmp_path, ROADSTER)
    words = ("screen", "--extra", mine, "--without", "identity", "--top", 0, "--format", "csv")
    rows = pl.read_csv(io.StringIO(run(*words).out))
    (row,) = rows.filter(pl.col("designation") == "another Roadster").to_dicts()
    assert row["rank"] > 30
    assert row["alert"] is False


BAD_ROWS = {
    "malformed": ("short,2461000.5,1.5", "has 3 fields"),
    "text": ("words,2461000.5,one and a half,0.2,3,10,20,30,25", "a_au"),
    "nan": ("hollow,2461000.5,NaN,0.2,3,10,20,30,25", "a_au"),
    "infinite": ("endless,2461000.5,inf,0.2,3,10,20,30,25", "a_au"),
    "contradiction": ("torn,2461000.5,1.5,1.2,3,10,20,30,25", "inconsistent elements"),
    "hyperbola": ("Oumuamua-like,2461000.5,-1.27,1.2,122.7,24.6,241.8,51.2,22", "not"),
    "negative e": ("inside out,2461000.5,1.5,-0.2,3,10,20,30,25", "e"),
    "no designation": (",2461000.5,1.5,0.2,3,10,20,30,25", "designation"),
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_named_and_does_not_stop_the_others(
    run: Run, tmp_path: Path, row: str, reason: str
) -> None:
    mine = elements(tmp_path, row, GOOD)
    done = run("screen", "--catalogue", mine, "--format", "json")
    assert done.status == 0
    report = json.loads(done.out, parse_constant=refuse_constant)
    assert [entry["designation"] for entry in report["assessments"]] == ["fine"]
    (rejected,) = report["rejected"]
    assert rejected["line"] == 2
    assert reason in rejected["reason"]
    (complaint,) = done.err.splitlines()
    assert complaint.startswith(f"aneos: {mine}, line 2")
    assert rejected["reason"] in complaint


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.values(), ids=BAD_ROWS)
@pytest.mark.parametrize("option", ["--catalogue", "--extra"])
def test_a_file_without_a_usable_row_is_refused(
    run: Run, tmp_path: Path, option: str, row: str, reason: str
) -> None:
    mine = elements(tmp_path, row)
    complaint = run("screen", option, mine).complaint
    assert complaint.startswith(f"{mine}, line 2: ")


def test_a_circle_in_the_ecliptic_is_valid(run: Run, tmp_path: Path) -> None:
    mine = elements(tmp_path, "flat circle,2461000.5,1.1,0,0,0,0,30,25")
    report = json.loads(
        run("screen", "--catalogue", mine, "--format", "json").out, parse_constant=refuse_constant
    )
    assert report["assessments"][0]["designation"] == "flat circle"
    assert report["rejected"] == []


def test_an_object_that_the_catalogue_has_is_not_added_twice(run: Run, small: Path) -> None:
    complaint = run("screen", "--extra", small).complaint
    assert complaint.startswith(f"{small}, line 2: ")
    assert "already" in complaint


BAD_FILES = {
    "absent": (None, "no such file"),
    "empty": (b"", "is empty"),
    "header only": (HEADER.encode() + b"\n", "no records"),
    "no header": (GOOD.encode() + b"\n", ""),
    "binary": (bytes(range(256)) * 512, ""),
    "picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "is a PNG image"),
    "huge line": (b"x" * 5_000_000, ""),
    "null bytes": (HEADER.encode() + b"\n" + b"\0" * 1000, ""),
    "cut gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\x03abc", "gzip"),
    "broken json": (b'{"data": [', ""),
    "broken parquet": (b"PAR1" + b"\0" * 50, ""),
}


@pytest.mark.parametrize(("content", "reason"), BAD_FILES.values(), ids=BAD_FILES)
@pytest.mark.parametrize(
    "command", [("screen", "--catalogue"), ("screen", "--extra"), ("assess", "--elements")]
)
def test_a_file_that_is_no_catalogue_is_one_line(
    run: Run, tmp_path: Path, command: tuple[str, str], content: bytes | None, reason: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    complaint = run(*command, path).complaint
    assert complaint.startswith(str(path))
    assert reason in complaint
    assert len(complaint) < 420 + len(str(path))


def test_a_folder_is_no_catalogue(run: Run, tmp_path: Path) -> None:
    assert run("screen", "--catalogue", tmp_path).complaint == f"{tmp_path}: is a directory, not a file"


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may read every file")
def test_an_unreadable_file_is_one_line(tmp_path: Path) -> None:
    path = elements(tmp_path, GOOD)
    path.chmod(0)
    words = [sys.executable, "-m", "aneos", "screen", "--catalogue", str(path)]
    if os.geteuid() == 0:
        words = ["setpriv", "--reuid=65534", "--clear-groups", *words]
        for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            folder.chmod(0o755)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"aneos: {path}: cannot be read (Permission denied)\n"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--format", "json", "--output", "{dir}"], "it is a folder"),
        (["--output", "{dir}/x.dat"], "cannot tell the format"),
        (["--output", "/proc/nowhere/x.json"], "cannot be written"),
        (["--plot", "{dir}/x.gif"], "end the name in .png, .svg or .pdf"),
        (["--plot", "/proc/nowhere/x.png"], "cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_output_that_cannot_be_is_told_before_the_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    monkeypatch.setattr("aneos.screening.screen", lambda *_, **__: pytest.fail("the screen was run"))
    assert reason in run("screen", *(word.format(dir=tmp_path) for word in words)).complaint


def test_a_narrow_terminal_loses_columns_and_says_so(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = run("screen", "--catalogue", small).out
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "Left out for want of room: " in out
    assert all(name in out for name in REAL)


def test_escape_codes_in_names_do_not_reach_the_terminal(run: Run, tmp_path: Path) -> None:
    mine = elements(tmp_path, "a\x1b[31mb,2461000.5,1.5,0.2,3,10,20,30,25", GOOD)
    done = run("screen", "--catalogue", mine)
    assert "\x1b" not in done.out + done.err


def test_markup_in_names_is_printed_as_it_stands(run: Run, tmp_path: Path) -> None:
    mine = elements(tmp_path, "[bold]x[/],2461000.5,1.5,0.2,3,10,20,30,25")
    assert "[bold]x[/]" in run("screen", "--catalogue", mine).out


def test_columns_of_one_own_do_no_harm(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(f"{HEADER},rank,class,note\n{GOOD},7,best,hello\n")
    assert run("screen", "--catalogue", path, "--format", "json").status == 0


def test_the_bundled_catalogue_as_a_file_gives_the_same_ranks(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "all.parquet"
    table = load_bundled().table
    table.write_parquet(path)
    words = ("screen", "--without", "identity", "--format", "csv")
    whole = pl.read_csv(io.StringIO(run(*words, "--catalogue", path).out))
    bundled = pl.read_csv(io.StringIO(run(*words).out))
    assert whole["designation"].to_list() == bundled["designation"].to_list()
