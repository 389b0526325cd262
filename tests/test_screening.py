"""The screen of the real catalogue, with known hardware and natural look-alikes among it."""

import numpy as np
import polars as pl
import pytest

from aneos.catalogue import COLUMNS, Catalogue, load_bundled
from aneos.errors import InputError, UnknownDesignationError
from aneos.screening import LINES, ScreenResult, assess, screen
from tests.evidence.test_orbit import DIRECT, LEAKERS, table

NATURAL = (
    "2006 RH120", "2009 BD", "2011 MD", "2012 LA", "2012 TC4", "2015 TC25", "2020 CD3", "2020 GE", "2020 WY",
    "2021 GM1", "2021 VH2", "2024 PT5", "2016 HO3", "2022 NX1",
)  # fmt: skip


def catalogue_of(frame: pl.DataFrame) -> Catalogue:
    return Catalogue(frame.select(*COLUMNS), ())


@pytest.fixture(scope="module")
def natural() -> ScreenResult:
    return screen(load_bundled())


@pytest.fixture(scope="module")
def mixed() -> ScreenResult:
    both = pl.concat([load_bundled().table.select(*COLUMNS), table(LEAKERS | DIRECT).select(*COLUMNS)])
    return screen(catalogue_of(both), without=("identity",))


def rank(result: ScreenResult, designation: str) -> int:
    return int(result.table.filter(pl.col("designation") == designation)["rank"][0])


def test_every_object_is_ranked_once(natural: ScreenResult) -> None:
    assert natural.table["rank"].to_list() == list(range(1, 40875))
    assert natural.table["designation"].n_unique() == 40874
    assert sum(natural.summary["classes"].values()) == 40874


def test_leakers_rank_in_the_top_thirty_without_identity(mixed: ScreenResult) -> None:
    assert all(rank(mixed, name) <= 30 for name in LEAKERS)


def test_direct_escapes_do_not_rank_in_the_top_thirty_without_identity(mixed: ScreenResult) -> None:
    assert all(rank(mixed, name) > 30 for name in DIRECT)


def test_known_objects_are_named_with_identity() -> None:
    report = assess(load_bundled(), catalogue_of(table(LEAKERS | DIRECT)))
    for item in report.assessments:
        assert item.object_class == "known_artificial"
        assert item.identity is not None
        assert item.identity.cospar == item.designation
        assert item.identity.chance_probability < 1e-3


def test_no_natural_object_is_identified(natural: ScreenResult) -> None:
    assert natural.summary["classes"]["known_artificial"] == 0


def test_no_more_than_thirty_alerts_at_ten_percent(natural: ScreenResult) -> None:
    assert natural.summary["alerts"] <= 30


@pytest.mark.parametrize("designation", NATURAL)
def test_hard_negatives_are_natural(natural: ScreenResult, designation: str) -> None:
    assert natural.assessment(designation).object_class == "natural"


def test_a_stage_with_its_area_to_mass_ratio_is_artificial_without_identity() -> None:
    frame = table(LEAKERS).with_columns(amr_m2kg=pl.lit(0.0136), amr_sigma_m2kg=pl.lit(1.64e-4))
    for item in assess(load_bundled(), catalogue_of(frame), without=("identity",)).assessments:
        assert item.object_class == "probably_artificial"
        assert item.probability_artificial > 0.99


def test_leaving_every_line_out_returns_the_prior() -> None:
    report = assess(load_bundled(), ["2011 WE"], without=LINES)
    assert report.assessments[0].probability_artificial == pytest.approx(2.75e-4)
    assert report.assessments[0].evidence == ()
    assert report.assessments[0].p_value is None


def test_hyperbolic_orbits_are_rejected_with_line_and_reason() -> None:
    frame = table({"comet": (2460000.5, -5.0, 1.2, 10.0, 0.0, 0.0, 1.0)} | LEAKERS)
    result = screen(catalogue_of(frame.with_columns(source_line=pl.Series([2, 3, 4]))))
    assert [(row.line, row.designation) for row in result.rejected] == [(2, "comet")]
    assert "not elliptic" in result.rejected[0].reason
    assert result.summary["objects"] == 2


def test_the_bayes_factor_is_the_sum_of_its_lines(natural: ScreenResult) -> None:
    lines = natural.table.select(pl.sum_horizontal(pl.col("^bf_.*$"))).to_series().to_numpy()
    assert np.allclose(lines, natural.table["log10_bayes_factor"].to_numpy())


def test_the_report_is_the_screen_and_the_assessment() -> None:
    one = assess(load_bundled(), ["2011 WE"]).assessments[0]
    same = screen(load_bundled()).assessment("2011 WE")
    assert one.log10_bayes_factor == pytest.approx(same.log10_bayes_factor)
    assert one.verdict == same.verdict


def test_what_is_missing_is_named(natural: ScreenResult) -> None:
    item = natural.assessment("2011 WE")
    assert {"area_to_mass", "departure"} <= {entry.line for entry in item.missing}


def test_unknown_lines_rates_and_designations_are_refused() -> None:
    with pytest.raises(InputError, match="no line of evidence is called 'orbits'"):
        screen(load_bundled(), without=("orbits",))
    with pytest.raises(InputError, match="false discovery rate"):
        screen(load_bundled(), fdr=0.0)
    with pytest.raises(UnknownDesignationError):
        assess(load_bundled(), ["2020 SO"])


def test_an_empty_table_gives_an_empty_list() -> None:
    result = screen(catalogue_of(table(LEAKERS).head(0)))
    assert result.table.is_empty()
    assert result.report().assessments == ()
