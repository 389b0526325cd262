from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.astrometry import Track, digest2_classes, match_tracks, systematic_ranging
from aneos.astrometry.stations import station_position_km
from aneos.dynamics.fitting import FloatArray, propagate_with_partials, utc_to_tdb
from aneos.errors import InputError
from tests.astrometry.synthetic import EPOCH, geocentric, observe

BOUND = geocentric((250_000.0, 120_000.0, 60_000.0), (-0.45, 0.95, 0.25))
FAR = geocentric((9e6, -5e6, 2e6), (4.0, 9.0, -3.0))


def track(state: FloatArray, name: str, late: float = 0.0, sigma: float = 1e-6) -> Track:
    def positions(times: FloatArray) -> FloatArray:
        return propagate_with_partials(EPOCH, state, times - late, np.zeros(3))[0][:, :3]

    return Track(name, None, positions, lambda times: np.full(times.size, sigma))


@pytest.mark.slow
def test_ranging_knows_a_bound_object_from_a_passing_one() -> None:
    near = systematic_ranging(observe(BOUND, np.linspace(0.0, 0.03, 4), noise=0.4))
    far = systematic_ranging(observe(FAR, np.linspace(0.0, 0.08, 5), noise=0.4))
    assert near.probability_bound > 0.9
    assert far.probability_bound < 0.1
    assert near.weight.sum() == pytest.approx(1.0)


def test_digest2_works_without_a_network_and_calls_a_fast_mover_a_neo() -> None:
    classes = digest2_classes(observe(FAR, np.linspace(0.0, 0.08, 5), noise=0.4))
    assert classes.neo > 90.0
    assert set(classes.scores) >= {"NEO", "MC", "MB1"}


def test_a_known_object_is_matched_on_the_sky_and_another_is_not() -> None:
    table = observe(BOUND, np.linspace(0.0, 0.05, 4))
    found = match_tracks(table, [track(FAR, "other"), track(BOUND, "it")])
    assert [match.name for match in found] == ["it"]
    assert found[0].chance_probability < 1e-6


def test_an_object_an_hour_late_on_its_track_does_not_match() -> None:
    table = observe(BOUND, np.linspace(0.0, 0.05, 4))
    assert match_tracks(table, [track(BOUND, "late", late=1.0 / 24.0)]) == []


def test_stations_are_placed_where_the_mpc_has_them() -> None:
    place = station_position_km("703")
    assert place is not None
    assert float(np.linalg.norm(place)) == pytest.approx(6374.0, abs=6.0)
    assert station_position_km("C51") is None


def test_tdb_is_69_184_seconds_ahead_of_utc_in_2026() -> None:
    ahead = (utc_to_tdb(np.array([2_461_041.5])) - 2_461_041.5)[0] * 86400.0
    assert ahead == pytest.approx(69.184, abs=3e-3)


def test_digest2_leaves_out_positions_from_unknown_observatories() -> None:
    table = observe(FAR, np.linspace(0.0, 0.08, 5), noise=0.4)
    strange = pl.Series(["ZZ9", *table["station"].to_list()[1:]])
    assert digest2_classes(table.with_columns(station=strange)) == digest2_classes(table[1:])
    with pytest.raises(InputError, match="known observatories"):
        digest2_classes(table.with_columns(station=pl.lit("247")))
