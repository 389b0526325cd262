"""``aneos simulate``, ``train``, ``models`` and ``evaluate``: what they print and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aneos.learning import champion
from aneos.learning.population import load_escapes
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def own_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder for the user's models."""
    monkeypatch.setenv("ANEOS_MODELS", str(tmp_path / "models"))


def test_models_are_listed_with_the_champion_first(run: Run) -> None:
    listed = json.loads(run("models", "list", "--format", "json").out)["models"]
    assert listed[0]["stage"] == "champion"
    assert listed[0]["id"] == champion().id
    assert champion().id in run("models", "list").out


def test_the_papers_of_the_champion_name_its_population(run: Run) -> None:
    papers = json.loads(run("models", "show", champion().id[:6], "--format", "json").out)
    assert papers["data"]["escapes_sha256"] == load_escapes().sha256
    assert papers["data"]["recipe"]["drawn"] == 26_000
    assert papers["metrics"]["ece"] <= 0.02
    assert papers["metrics"]["training_seconds"] < 600.0


def test_activating_the_champion_changes_nothing(run: Run) -> None:
    assert run("models", "activate", champion().id, "--format", "json").status == 0
    assert champion().stage == "champion"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("models", "show", "ffffffff"), "not in the registry"),
        (("models", "compare", "ffffffff", "00000000"), "not in the registry"),
        (("models", "rank", "--by", "coin"), "no judge"),
        (("train", "--search", "0"), "--search"),
        (("train", "--seed", "-1"), "--seed"),
        (("train", "--escapes", "nowhere.parquet"), "not found"),
        (("evaluate", "--report", "report.html"), "ends in .md"),
        (("simulate", "chunks", "--draws", "0"), "at least one object"),
        (("simulate", "chunks", "--kind", "odd"), "no kind"),
        (("simulate", "chunks", "--executor", "cloud"), "no executor"),
        (("simulate", "chunks", "--scheduler", "tcp://x:1"), "belongs to --executor dask"),
    ],
)
def test_bad_input_is_one_line(
    run: Run, words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.status == 2
    assert said in " ".join(done.err.split())
    assert len(done.err.strip().splitlines()) == 1


def test_a_small_population_is_simulated_and_packed(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "leaks.parquet"
    done = run(
        "simulate", tmp_path / "chunks", "--draws", "12", "--seed", "2", "--kind", "leaks", "--workers", "1",
        "--pack", out,
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "leak: escaped:" in done.out
    assert load_escapes(out).recipe["drawn"] == 12
