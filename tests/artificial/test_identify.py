"""Identification: known objects at other epochs are named, natural ones are not."""

import numpy as np
import polars as pl
import pytest

from aneos.artificial.candidate_widths import FLOOR_A_AU, LOOSE, candidate_widths
from aneos.artificial.comparison import compare
from aneos.artificial.controls import scrambled, shifted
from aneos.artificial.identify import MAX_CHANCE, MAX_DISTANCE, best_match, identify, labels
from aneos.artificial.known import load_known
from aneos.artificial.trajectories import build_trajectories, load_trajectories, osculating
from aneos.catalogue import load_bundled
from aneos.errors import InputError
from aneos.orbits import KeplerianElements
from tests.artificial.truth import COLUMNS, ELSEWHERE, NATURAL_LOOK_ALIKES, table

CASES = [(cospar, row) for cospar, rows in ELSEWHERE.items() for row in rows]


@pytest.mark.parametrize(("cospar", "row"), CASES, ids=[str(row[0]) for _, row in CASES])
def test_an_orbit_from_elsewhere_is_named(cospar: str, row: tuple[object, ...]) -> None:
    match = identify(table([row]))[0]
    assert match is not None
    assert match.identified
    assert match.cospar == cospar
    assert match.chance_probability < 1e-4


@pytest.mark.parametrize(("arc_days", "n_obs"), [(None, None), (1.1, 17), (30.0, 60)])
def test_a_short_arc_is_no_obstacle(arc_days: float | None, n_obs: int | None) -> None:
    # Find_Orb's orbit of 2022 UQ1 from 25.6 hours, 3 sigma away from JPL's over a year
    row = ("2022 UQ1", 2459511.5, 1.00022968, 0.162293, 0.13452, 202.51249, 82.17124, 87.3105583)
    rows = table([row]).with_columns(
        arc_days=pl.lit(arc_days, dtype=pl.Float64), n_obs=pl.lit(n_obs, dtype=pl.Int64)
    )
    match = identify(rows)[0]
    assert match is not None
    assert match.identified
    assert match.name == "Lucy Centaur"


def test_a_slow_leaker_is_named_years_later() -> None:
    for object_id in ("im-1-falcon-9", "lunar-trailblazer", "wmap", "jwst-esc-d", "kepler"):
        rows = osculating(object_id, [2460900.5, 2461600.5])
        for match in identify(rows):
            assert match is not None
            assert match.identified
            assert match.object_id == object_id


def test_no_object_of_the_natural_catalogue_is_named() -> None:
    matches = [match for match in identify(load_bundled().table) if match is not None]
    assert [match for match in matches if match.identified] == []
    assert all(match.chance_probability > 0.1 for match in matches)


@pytest.mark.parametrize("row", NATURAL_LOOK_ALIKES, ids=[str(row[0]) for row in NATURAL_LOOK_ALIKES])
def test_an_earth_like_natural_orbit_is_not_named(row: tuple[object, ...]) -> None:
    match = identify(table([row]))[0]
    assert match is None or not match.identified


def test_a_scrambled_or_shifted_registry_names_nothing() -> None:
    everything, known = load_bundled().table, load_trajectories()
    rng = np.random.default_rng(20260212)
    for control in (scrambled(known, rng), scrambled(known, rng), shifted(known, 3), shifted(known, -7)):
        assert not any(
            match is not None and match.identified for match in identify(everything, trajectories=control)
        )


def test_chance_probabilities_are_honest() -> None:
    """Orbits with a known object's a, e, i and random angles reach p as seldom as p says."""
    rng, n = np.random.default_rng(5), 20_000
    shape = osculating("surveyor-2-centaur", 2461000.5).select("a_au", "e", "i_deg").row(0)
    angles = {name: rng.uniform(0.0, 360.0, n) for name in COLUMNS[-3:]}
    columns = dict(zip(COLUMNS[2:5], shape, strict=True))
    rows = pl.DataFrame({"epoch_tdb_jd": np.full(n, 2461000.5), **columns, **angles})
    p = np.array([1.0 if match is None else match.chance_probability for match in identify(rows)])
    assert 0 < np.sum(p <= 1e-2) <= 1e-2 * n
    assert np.sum(p <= 1e-3) <= 1e-3 * n + 3 * np.sqrt(1e-3 * n)


def test_the_probability_counts_the_whole_registry() -> None:
    rows = table([ELSEWHERE["2018-017A"][0]])
    alone = identify(rows, trajectories=[t for t in load_trajectories() if t.known.cospar == "2018-017A"])[0]
    whole = identify(rows)[0]
    assert alone is not None
    assert whole is not None
    assert whole.compared > alone.compared == 1
    assert whole.chance_probability >= alone.chance_probability > 0.0


def test_the_thresholds_are_what_makes_an_identity() -> None:
    match = identify(table([ELSEWHERE["2018-017A"][0]]))[0]
    assert match is not None
    assert match.distance <= MAX_DISTANCE
    assert match.chance_probability <= MAX_CHANCE
    assert match.to_dict()["identified"] is True


def test_two_bodies_alone_still_name_a_direct_escape() -> None:
    two_body = build_trajectories(load_known(), None)
    match = identify(table(ELSEWHERE["2018-017A"][:1]), trajectories=two_body)[0]
    assert match is not None
    assert match.identified
    assert not match.integrated


# -- labels ----------------------------------------------------------------------------------------


def test_a_label_is_found_by_designation_or_alias_and_is_not_a_match() -> None:
    natural = table([("2018 CN41", *NATURAL_LOOK_ALIKES[0][1:]), ("x", *NATURAL_LOOK_ALIKES[1][1:])])
    natural = natural.with_columns(aliases=pl.Series([[], ["2020 SO", "y"]]))
    found = labels(natural)
    assert [known.cospar if known else None for known in found] == ["2018-017A", "1966-084B"]
    assert not any(match is not None and match.identified for match in identify(natural))


def test_an_unlisted_name_has_no_label() -> None:
    assert labels(table(NATURAL_LOOK_ALIKES)) == [None] * len(NATURAL_LOOK_ALIKES)


# -- rows that cannot be compared ------------------------------------------------------------------


def test_rows_without_an_ellipse_have_no_match() -> None:
    row = dict(zip(COLUMNS, ELSEWHERE["2018-017A"][0], strict=True))
    broken = [
        {**row, "a_au": -1.3, "e": 1.2},
        {**row, "a_au": None},
        {**row, "mean_anomaly_deg": float("nan")},
    ]
    frame = pl.DataFrame([*broken, row], schema_overrides={"a_au": pl.Float64})
    assert [match is not None for match in identify(frame)] == [False, False, False, True]
    assert compare(frame).compared.tolist()[:3] == [0, 0, 0]


def test_an_empty_table_has_no_matches() -> None:
    assert identify(table([ELSEWHERE["2018-017A"][0]]).clear()) == []


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="peri_deg"):
        identify(table([ELSEWHERE["2018-017A"][0]]).drop("peri_deg"))


def test_before_the_space_age_nothing_can_be_compared() -> None:
    rows = table(NATURAL_LOOK_ALIKES).with_columns(epoch_tdb_jd=pl.lit(2430000.5))
    comparison = compare(rows)
    assert not comparison.compared.any()
    assert best_match(comparison, 0) is None


# -- widths of the candidate -----------------------------------------------------------------------


def test_candidates_are_tried_at_their_word_and_looser() -> None:
    rows = table(NATURAL_LOOK_ALIKES)
    floor, loose = candidate_widths(rows, KeplerianElements.from_table(rows))
    assert np.all(floor.a_au == FLOOR_A_AU)
    assert np.all(loose.a_au == LOOSE * FLOOR_A_AU)


def test_the_uncertainty_parameter_widens_and_the_worst_says_nothing() -> None:
    rows = table(NATURAL_LOOK_ALIKES[:4]).with_columns(U=pl.Series(["0", "6.0", "8", "9"]))
    _, loose, own = candidate_widths(rows, KeplerianElements.from_table(rows))
    assert own.a_au[0] < 2 * FLOOR_A_AU
    assert FLOOR_A_AU < own.a_au[1] < own.a_au[2]
    assert own.a_au[3] == loose.a_au[3]
