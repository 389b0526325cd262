"""The physical line: weak for anything of hardware's size, strong against what is too large."""

import polars as pl
import pytest

from aneos.evidence import physical
from aneos.evidence.prepared import prepare
from tests.evidence.test_area_to_mass import table


def value(**columns) -> float:
    return float(physical.score(prepare(table(**columns))).log10_bayes_factor[0])


def test_a_typical_magnitude_says_little() -> None:
    assert abs(value(H=[28.0])) < 0.2


def test_a_kilometre_body_is_natural() -> None:
    assert value(H=[17.0]) < -3.0


def test_a_measured_diameter_beyond_any_hardware_is_natural() -> None:
    assert value(H=[28.0], diameter_km=[0.2]) < -2.0


def test_a_spin_counts_by_no_more_than_a_factor_of_two() -> None:
    assert value(H=[28.0], rotation_h=[60 / 3600]) - value(H=[28.0]) == pytest.approx(0.301, abs=1e-3)


def test_a_spectral_type_speaks_for_a_natural_body() -> None:
    frame = table(H=[28.0]).with_columns(spectral_type=pl.lit("S"))
    prepared = prepare(frame)
    columns = physical.score(prepared)
    assert columns.log10_bayes_factor[0] < -1.5
    assert "spectral type S" in physical.explain(prepared, 0, columns).summary


def test_nothing_known_is_missing() -> None:
    prepared = prepare(table(H=[None]).with_columns(H=pl.lit(None, pl.Float64)))
    columns = physical.score(prepared)
    assert physical.explain(prepared, 0, columns).status == "missing"
    assert columns.log10_bayes_factor[0] == 0.0
