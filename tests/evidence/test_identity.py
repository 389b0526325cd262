"""The identity line: what a match, no match and a mere label are worth."""

import numpy as np
import polars as pl
import pytest

from aneos.artificial.trajectories import osculating
from aneos.evidence.identity import COVERAGE, Parameters, explain, score, score_and_match
from tests.artificial.truth import ELSEWHERE, NATURAL_LOOK_ALIKES, table

ROADSTER = table(ELSEWHERE["2018-017A"][:1])
NATURAL = table(NATURAL_LOOK_ALIKES)


def test_a_known_object_convicts() -> None:
    evidence, match = explain(ROADSTER)
    assert match is not None
    assert match.identified
    assert evidence.status == "measured"
    assert evidence.log10_bayes_factor > 4.0
    assert "Tesla Roadster" in evidence.summary
    assert evidence.inputs["cospar"] == "2018-017A"
    low, high = evidence.interval
    assert low <= evidence.log10_bayes_factor <= high


def test_no_match_speaks_mildly_for_natural() -> None:
    columns = score(NATURAL)
    assert columns.measured.all()
    assert columns.log10_bayes_factor == pytest.approx(np.log10(1.0 - COVERAGE), abs=0.05)
    evidence, _ = explain(NATURAL, 1)
    assert "None of the" in evidence.summary


def test_the_cost_of_no_match_is_the_assumed_coverage() -> None:
    columns = score(NATURAL, parameters=Parameters(coverage=0.9))
    assert columns.log10_bayes_factor == pytest.approx(-1.0, abs=0.1)


def test_a_designation_has_no_weight() -> None:
    plain = NATURAL[1]
    dressed = plain.with_columns(designation=pl.lit("2018 CN41"))
    assert score(dressed).log10_bayes_factor[0] == score(plain).log10_bayes_factor[0]
    evidence, match = explain(dressed)
    assert match is None or not match.identified
    assert evidence.inputs["registry_label"] == "tesla-roadster"
    assert "a label has no weight" in evidence.summary


def test_the_designation_of_the_object_itself_is_not_argued_against() -> None:
    evidence, _ = explain(ROADSTER.with_columns(designation=pl.lit("2018 CN41")))
    assert "label" not in evidence.summary


def test_explanation_and_column_agree() -> None:
    both = pl.concat([ROADSTER, NATURAL])
    columns = score(both)
    for row in range(both.height):
        evidence, _ = explain(both, row)
        assert evidence.log10_bayes_factor == pytest.approx(columns.log10_bayes_factor[row])
        assert evidence.interval == pytest.approx((columns.lo[row], columns.hi[row]))


def test_matches_come_with_the_columns() -> None:
    scored = score_and_match(pl.concat([ROADSTER, NATURAL]))
    columns, matches = scored.columns, scored.matches
    assert matches[0] is not None
    assert matches[0].identified
    assert not any(match is not None and match.identified for match in matches[1:])
    assert columns.log10_bayes_factor[0] > columns.log10_bayes_factor[1:].max() + 4.0


def test_agreement_in_shape_alone_earns_nothing() -> None:
    turned = ROADSTER.with_columns(node_deg=pl.col("node_deg") + 120.0)
    assert score(turned).log10_bayes_factor[0] == pytest.approx(np.log10(1.0 - COVERAGE), abs=1e-6)


def test_a_worse_agreement_is_worth_less() -> None:
    shifts = [0.0, 0.1, 0.2, 0.4, 1.0]
    rows = pl.concat([osculating("tesla-roadster", 2459800.5)] * len(shifts))
    rows = rows.with_columns(mean_anomaly_deg=pl.col("mean_anomaly_deg") + pl.Series(shifts))
    values = score(rows).log10_bayes_factor
    assert np.all(np.diff(values) < 0.0)


def test_it_does_not_apply_where_nothing_can_be_placed() -> None:
    before = NATURAL.with_columns(epoch_tdb_jd=pl.lit(2430000.5))
    columns = score(before)
    assert not columns.measured.any()
    assert not columns.log10_bayes_factor.any()
    evidence, match = explain(before)
    assert match is None
    assert evidence.status == "not applicable"
    assert evidence.log10_bayes_factor == 0.0


def test_it_does_not_apply_to_hyperbolas() -> None:
    flyby = ROADSTER.with_columns(a_au=pl.lit(-1.3), e=pl.lit(1.2))
    evidence, _ = explain(flyby)
    assert evidence.status == "not applicable"
    assert "elliptic" in evidence.summary
