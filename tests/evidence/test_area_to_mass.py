"""The area-to-mass line on measured objects. AMR values: B. Gray (Find_Orb) and the papers named beside them."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from aneos.catalogue import COLUMNS
from aneos.evidence import area_to_mass
from aneos.evidence.prepared import prepare


def table(**columns: list[float | None]) -> pl.DataFrame:
    n = len(next(iter(columns.values())))
    base = {
        "designation": [f"object {k}" for k in range(n)],
        "epoch_tdb_jd": [2460000.5] * n,
        "a_au": [1.02] * n,
        "e": [0.04] * n,
        "i_deg": [0.3] * n,
        "node_deg": [10.0] * n,
        "peri_deg": [20.0] * n,
        "mean_anomaly_deg": [30.0] * n,
        "H": [28.0] * n,
    }
    frame = pl.DataFrame(base | columns)
    return frame.with_columns(
        pl.lit(None, dtype).alias(n) for n, dtype in COLUMNS.items() if n not in frame.columns
    )


def value(**columns: list[float | None]) -> np.ndarray:
    return area_to_mass.score(prepare(table(**columns))).columns.log10_bayes_factor


def test_known_hardware_is_recognised() -> None:
    """2020 SO, WT1190F, the Roadster with its stage, the stage of IM-1."""
    amr, sigma = [0.01342, 0.013562, 0.013296, 0.013599], [2e-5, 9.9e-4, 4.46e-4, 1.64e-4]
    assert (value(amr_m2kg=amr, amr_sigma_m2kg=sigma) > 3.0).all()


def test_measured_natural_bodies_are_natural() -> None:
    """2009 BD (Micheli et al. 2012), 2024 PT5 (Bolin et al. 2025), and the smallest, 2020 CD3."""
    amr, sigma = [2.97e-4, 7e-5, 5.99e-4], [3.3e-5, 2.1e-5, 1.1e-5]
    assert (value(amr_m2kg=amr, amr_sigma_m2kg=sigma, H=[28.1, 27.4, 31.7]) < -1.5).all()


def test_A1_and_the_equal_area_to_mass_ratio_give_the_same_answer() -> None:
    a1, amr = 3.04e-9, 3.04e-9 / 2.265e-7
    assert value(A1=[a1], A1_sigma=[4.6e-12])[0] == pytest.approx(
        value(amr_m2kg=[amr], amr_sigma_m2kg=[4.6e-12 / 2.265e-7])[0]
    )


def test_missing_contributes_exactly_nothing() -> None:
    prepared = prepare(table(H=[28.0]))
    scored = area_to_mass.score(prepared)
    evidence = area_to_mass.explain(prepared, 0, scored)
    assert (evidence.status, evidence.log10_bayes_factor, evidence.interval) == ("missing", 0.0, (0.0, 0.0))


def test_an_assumed_uncertainty_is_said() -> None:
    prepared = prepare(table(amr_m2kg=[0.0134]))
    evidence = area_to_mass.explain(prepared, 0, area_to_mass.score(prepared))
    assert "no uncertainty was given" in evidence.summary
    assert evidence.inputs["amr_sigma_m2kg"] is None


def test_a_dark_comet_is_not_taken_for_a_stage() -> None:
    """2005 VL1 and 2010 RF12, A1 to A3 as fitted (Seligman et al. 2024)."""
    got = value(
        A1=[-8.4e-10, 3.4e-11], A1_sigma=[6.9e-10, 6.7e-11],
        A3=[-2.41e-11, -1.69e-11], A3_sigma=[4e-12, 1.4e-12],
    )  # fmt: skip
    assert (got < -1.0).all()


def test_the_interval_holds_the_value() -> None:
    columns = area_to_mass.score(
        prepare(table(amr_m2kg=[0.0134, 3e-4, 0.003], amr_sigma_m2kg=[1e-3] * 3))
    ).columns
    assert (columns.lo <= columns.log10_bayes_factor).all()
    assert (columns.hi >= columns.log10_bayes_factor).all()


def test_forecast_names_the_day_only_while_observing_goes_on() -> None:
    last = date(2026, 2, 1)
    needs, when = area_to_mass.forecast(3.0, last, date(2026, 2, 3))
    assert when is not None
    assert date(2026, 2, 8) < date.fromisoformat(when) < date(2026, 2, 20)
    assert area_to_mass.forecast(3.0, last, date(2030, 1, 1))[1] is None
    assert "existing observations" in area_to_mass.forecast(400.0, last, date(2030, 1, 1))[0]
    assert "3.0 days are observed" in needs
