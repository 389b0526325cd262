"""``aneos assess`` and ``aneos identify``: one object by name, or those of a file."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

from aneos.artificial.known import heliocentric_orbits
from aneos.screening import LINES
from tests.artificial.test_departure_files import FIND_ORB
from tests.cli.conftest import REAL, Run


@pytest.mark.parametrize(
    "words",
    [["99942"], ["Apophis"], ["2004 MN4"], ["2004", "MN4"], ["(99942)", "Apophis"]],
    ids=" ".join,
)
def test_an_object_goes_by_any_of_its_names(run: Run, words: list[str]) -> None:
    report = json.loads(run("assess", *words, "--format", "json").out)
    assert [entry["designation"] for entry in report["assessments"]] == ["2004 MN4"]
    assert report["assessments"][0]["class"] == "natural"


def test_the_table_says_verdict_evidence_and_what_is_missing(run: Run) -> None:
    done = run("assess", "2006", "RH120")
    assert done.status == 0
    assert done.out.splitlines()[0] == "2006 RH120 · natural"
    assert "P(artificial)" in done.out
    for line in LINES:
        assert any(row.startswith(line) for row in done.out.splitlines()), line
    assert "missing" in done.out
    assert done.err == ""


@pytest.mark.parametrize("name", ["2006 RH120", "2020 CD3", "2024 PT5", "2016 HO3"])
def test_natural_look_alikes_are_not_called_artificial(run: Run, name: str) -> None:
    (entry,) = json.loads(run("assess", name, "--format", "json").out)["assessments"]
    assert "artificial" not in entry["class"]


def test_the_objects_of_a_file_keep_their_order(run: Run, small: Path) -> None:
    given = pl.read_csv(small)["designation"].to_list()
    rows = list(csv.DictReader(io.StringIO(run("assess", "--elements", small, "--format", "csv").out)))
    assert [row["designation"] for row in rows] == given
    assert len(given) == len(REAL)
    assert {f"status_{line}" for line in LINES} <= set(rows[0])


def test_a_file_and_a_screen_agree_on_an_object(run: Run, small: Path) -> None:
    alone = json.loads(run("assess", "--elements", small, "--format", "json").out)["assessments"]
    among = json.loads(run("screen", "--catalogue", small, "--top", 0, "--format", "json").out)["assessments"]
    probability = {entry["designation"]: entry["probability_artificial"] for entry in among}
    assert {entry["designation"]: entry["probability_artificial"] for entry in alone} == pytest.approx(
        probability
    )


def test_a_line_left_out_is_absent(run: Run) -> None:
    report = json.loads(run("assess", "433", "--without", "physical", "--format", "json").out)
    assert [line["line"] for line in report["assessments"][0]["evidence"]] == [
        line for line in LINES if line != "physical"
    ]


@pytest.mark.parametrize("command", ["assess", "identify"])
def test_an_unknown_designation_is_one_line_with_close_ones(run: Run, command: str) -> None:
    complaint = run(command, "2006", "RH12").complaint
    assert complaint.startswith("no object of the catalogue is called '2006 RH12'")
    assert "2006 RH120" in complaint


@pytest.mark.parametrize("name", ["", "   ", "\x1b[31m", "é" * 5000, "0", "-1e9", "2020 SO'; --"])
@pytest.mark.parametrize("command", ["assess", "identify"])
def test_no_text_given_as_a_name_breaks_it(run: Run, command: str, name: str) -> None:
    assert "\x1b" not in run(command, "--", name).complaint


def test_a_withdrawn_designation_names_the_known_object(run: Run) -> None:
    (entry,) = json.loads(run("identify", "2018", "CN41", "--format", "json").out)["assessments"]
    assert entry["identity"]["cospar"] == "2018-017A"
    assert entry["identity"]["chance_probability"] < 1e-3
    assert [line["line"] for line in entry["evidence"]] == ["identity"]
    table = run("identify", "2018 CN41").out
    assert "Roadster" in table
    assert "2018-017A" in table


def test_an_artificial_object_without_heliocentric_orbit_is_named_and_refused(run: Run) -> None:
    complaint = run("assess", "2015", "HP116").complaint
    assert "Gaia (2013-074A)" in complaint
    assert "no heliocentric orbit" in complaint


def test_an_asteroid_is_identified_with_nothing(run: Run) -> None:
    (entry,) = json.loads(run("identify", "Apophis", "--format", "json").out)["assessments"]
    assert entry["identity"] is None
    assert entry["class"] == "insufficient_data"


def test_a_known_object_is_named_from_its_elements_alone(run: Run, tmp_path: Path) -> None:
    columns = ["epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "H"]
    centaur = heliocentric_orbits().filter(pl.col("cospar") == "2021-093B").head(1)
    path = tmp_path / "new.csv"
    centaur.select(pl.lit("A11new").alias("designation"), *columns).write_csv(path)
    (entry,) = json.loads(run("identify", "--elements", path, "--format", "json").out)["assessments"]
    assert entry["designation"] == "A11new"
    assert entry["identity"]["name"] == "Lucy Centaur"


def test_results_go_to_a_file_in_the_form_of_its_suffix(run: Run, tmp_path: Path) -> None:
    done = run("identify", "Apophis", "--output", tmp_path / "deep" / "x.parquet")
    assert done.err == f"aneos: wrote {tmp_path}/deep/x.parquet\n"
    table = pl.read_parquet(tmp_path / "deep" / "x.parquet")
    assert table["designation"].to_list() == ["2004 MN4"]
    assert table["identity_name"].to_list() == [None]


def test_identify_reads_what_find_orb_prints_and_says_how_much_was_compared(run: Run, tmp_path: Path) -> None:
    elements = tmp_path / "so.txt"
    elements.write_text(FIND_ORB)
    told = json.loads(run("identify", "--elements", str(elements), "--format", "json").out)
    (name,) = told["integrated"]
    assert told["integrated"][name]["name"].startswith("Surveyor 2 Centaur")
    assert told["integrated"][name]["identified"]
    held = told["coverage"][name]
    assert held["compared"] + sum(held["not_compared"].values()) == held["known"]
    table = run("identify", "--elements", str(elements)).out
    assert "were not compared" in table


@pytest.mark.parametrize("name", ["2020 SO", "K20S00O", "2020so"])
def test_a_registry_object_goes_by_its_designation_in_any_spelling_with_what_was_fitted(
    run: Run, name: str
) -> None:
    (entry,) = json.loads(run("assess", name, "--format", "json").out)["assessments"]
    assert entry["identity"]["cospar"] == "1966-084B"
    lines = {line["line"]: line for line in entry["evidence"]}
    assert lines["area_to_mass"]["status"] == "measured"
    assert lines["physical"]["status"] == "measured"


@pytest.mark.parametrize("command", ["assess", "identify"])
def test_a_file_of_open_orbits_alone_is_refused(run: Run, tmp_path: Path, command: str) -> None:
    path = tmp_path / "visitors.csv"
    path.write_text(
        "name,epoch,q,e,incl,node,peri,tp\n1I,2458080.5,0.2553,1.1995,122.687,24.599,241.703,2458005.99\n"
    )
    assert "the orbit is not closed" in run(command, "--elements", path).complaint


def test_an_epoch_that_the_kernels_lack_does_not_stop_the_identification_of_others(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "orbits.csv"
    head = "designation,epoch_tdb_jd,a_au,e,i_deg,node_deg,peri_deg,mean_anomaly_deg,H"
    path.write_text(f"{head}\nold,2396758.5,1.03,0.03,1,9,2,1,28\nnew,2460000.5,1.03,0.03,1,9,2,1,28\n")
    done = json.loads(run("identify", "--elements", path, "--format", "json").out)
    assert [item["designation"] for item in done["assessments"]] == ["old", "new"]
    assert list(done["coverage"]) == ["new"]
