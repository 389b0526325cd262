"""``aneos cite``, ``aneos catalogue info`` and the forms they share."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl

from aneos.citations import references
from tests.cli.conftest import Run


def test_cite_quotes_the_acknowledgement_of_the_minor_planet_center(run: Run) -> None:
    assert "International Astronomical Union's Minor Planet Center" in " ".join(run("cite").out.split())


def test_cite_names_every_source_in_every_form(run: Run) -> None:
    keys = [source.key for source in references()]
    assert [entry["key"] for entry in json.loads(run("cite", "--format", "json").out)["references"]] == keys
    assert [row["key"] for row in csv.DictReader(io.StringIO(run("cite", "--format", "csv").out))] == keys
    bibtex = run("cite", "--bibtex").out
    assert [line.split("{")[1].rstrip(",") for line in bibtex.splitlines() if line.startswith("@")] == keys
    assert bibtex.count("{") == bibtex.count("}")


def test_bibtex_goes_to_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "refs.bib"
    assert run("cite", "--bibtex", "--output", path).status == 0
    assert path.read_text().startswith("@")


def test_info_counts_the_bundled_objects_in_every_form(run: Run, tmp_path: Path) -> None:
    assert "40,874 near-Earth asteroids" in run("catalogue", "info").out
    facts = json.loads(run("catalogue", "info", "--format", "json").out)
    assert facts["objects"] == 40_874
    assert facts["provenance"][0]["name"] == "mpc-nea"
    done = run("catalogue", "info", "--output", tmp_path / "info.parquet")
    assert "40,874" in done.out
    assert done.err == f"aneos: wrote {tmp_path / 'info.parquet'}\n"
    assert pl.read_parquet(tmp_path / "info.parquet")["objects"].to_list() == [40_874]


def test_an_output_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    complaint = run("catalogue", "info", "--format", "json", "--output", tmp_path).complaint
    assert complaint == f"{tmp_path}: cannot be written: it is a folder"
