"""What the README claims stands, word for word, in the report, and follows from the report's figures."""

from __future__ import annotations

import json
import re

from aneos.validation.claims import claims
from tests.conftest import CHECKOUT

README = CHECKOUT / "README.md"
REPORT = CHECKOUT / "docs" / "validation.md"


def claimed() -> list[str]:
    """The sentences between the marks of the README."""
    found = re.search(
        r"<!-- begin claims[^>]*-->\n(.*?)<!-- end claims -->", README.read_text("utf-8"), re.DOTALL
    )
    assert found is not None
    return [line.removeprefix("- ") for line in found[1].strip().splitlines()]


def test_every_claim_is_a_line_of_the_report() -> None:
    lines = REPORT.read_text("utf-8").splitlines()
    assert len(claimed()) >= 6
    assert [claim for claim in claimed() if f"- {claim}" not in lines] == []


def test_the_claims_follow_from_the_figures_of_the_full_report() -> None:
    figures = json.loads(REPORT.with_suffix(".json").read_text("utf-8"))
    assert figures["quick"] is False
    assert claims(figures) == claimed()


def test_the_acceptance_of_the_report_holds() -> None:
    figures = json.loads(REPORT.with_suffix(".json").read_text("utf-8"))
    assert figures["held_out"]["scores"]["classifier (boosting)"]["ece"] <= 0.02
    assert figures["held_out"]["ahead"]
    assert all(control["passed"] for control in figures["controls"].values())
    assert figures["patterns"]["false_rate"]["rate"] <= 0.05
    assert figures["recovery"]["injections"] >= 10_000
