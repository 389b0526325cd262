"""The evaluation in its quick form: what the issue's acceptance asks for is in the report, and the report is whole."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from aneos.validation.evaluate import Evaluation, evaluate, write

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def quick() -> tuple[Evaluation, float]:
    started = time.process_time()
    return evaluate(quick=True), time.process_time() - started


@pytest.fixture(scope="module")
def figures(quick: tuple[Evaluation, float]) -> dict[str, Any]:
    return quick[0].figures


def test_probabilities_are_calibrated_and_ahead_of_every_baseline(figures: dict[str, Any]) -> None:
    scores = figures["held_out"]["scores"]
    classifier = scores["classifier (boosting)"]
    assert classifier["ece"] <= 0.02
    others = [item["log_score_bits"] for name, item in scores.items() if "classifier" not in name]
    assert len(others) >= 5
    assert classifier["log_score_bits"] > max(others)


def test_leakers_are_recalled_with_identity_withheld(figures: dict[str, Any]) -> None:
    lane = next(
        item
        for item in figures["lanes"]["lanes"]
        if item["lane"] == "identity withheld" and item["orbit_by"] == "generative"
    )
    assert lane["rates"]["leakers at 30"]["rate"] == 1.0
    assert lane["rates"]["leakers at 30"]["trials"] >= 10
    assert lane["rates"]["direct at 30"]["rate"] < 1.0


def test_no_hard_negative_is_called_artificial(figures: dict[str, Any]) -> None:
    rate = figures["lanes"]["hard_negatives"]["rate"]
    assert rate["successes"] == 0
    assert rate["trials"] >= 14


def test_every_null_control_is_as_it_should_be(figures: dict[str, Any]) -> None:
    assert {name for name, item in figures["controls"].items() if not item["passed"]} == set()
    assert {"scrambled labels", "planted leak"} <= set(figures["controls"])


def test_a_judge_that_is_behind_stays_out_of_the_posterior(figures: dict[str, Any]) -> None:
    rule = figures["lanes"]["ablation"]
    for by, behind in rule["behind"].items():
        if behind:
            assert f"the {by} may take" not in rule["verdict"]


def test_the_cost_is_within_bounds(quick: tuple[Evaluation, float]) -> None:
    found, seconds = quick
    assert found.cost["peak_memory_gb"] < 4.0
    assert seconds < 360.0  # CPU seconds: 180 s of wall time on two cores


def test_every_section_is_written_with_its_figures(quick: tuple[Evaluation, float], tmp_path: Path) -> None:
    report = tmp_path / "validation.md"
    report.write_text("# Validation\n\n<!-- begin screen -->\nkept\n<!-- end screen -->\n")
    files = write(quick[0], report, quick=True, seed=1)
    assert all(path.stat().st_size > 0 for path in files)
    text = report.read_text()
    assert "kept" in text
    assert all(f"<!-- begin {name} -->" in text for name in quick[0].sections)
    assert json.loads(report.with_suffix(".json").read_text())["held_out"]["ahead"] is True
