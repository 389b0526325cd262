"""Ephemerides of the registry: places, brightness, widths, and what cannot be placed."""

import json

import numpy as np
import pytest

from aneos.artificial.ephemerides import apparent_magnitude, ephemeris, not_placed
from aneos.artificial.follow import follow
from aneos.artificial.known import resolve
from aneos.dynamics.timescales import utc_to_tdb_jd
from aneos.errors import InputError, UnknownDesignationError


def test_2020_so_passes_the_earth_when_jpl_says():
    """2020-12-01 08:50 UTC at 50,476 km (JPL, 2020-12-01: about 31,400 miles)."""
    times = 2_459_184.5 + np.arange(0.0, 1.0, 1.0 / 96.0)
    found = ephemeris("2020 SO", times)
    nearest = int(np.argmin(found.sky.range_au))
    assert abs(times[nearest] - (2_459_184.5 + 8.83 / 24.0)) < 0.02
    assert found.sky.range_au[nearest] * 149_597_870.7 == pytest.approx(50_500.0, rel=0.02)


def test_the_topocentre_differs_from_the_geocentre_by_the_parallax():
    centre = ephemeris("2020 SO", [2_459_184.8])
    ground = ephemeris("2020 SO", [2_459_184.8], observer="703")
    shift = np.hypot(
        (centre.sky.ra_deg - ground.sky.ra_deg) * np.cos(np.radians(centre.sky.dec_deg)),
        centre.sky.dec_deg - ground.sky.dec_deg,
    )[0]
    assert 0.5 < shift < np.degrees(6378.0 / (centre.sky.range_au[0] * 149_597_870.7)) * 1.05


def test_widths_grow_away_from_the_fit():
    found = ephemeris("2018-017A", [2_458_190.5, 2_459_000.5, 2_461_000.5])
    assert np.all(np.diff(found.sky.sigma_range_km) > 0.0)
    assert np.all(found.sky.sigma_major_arcsec >= found.sky.sigma_minor_arcsec)


def test_rates_are_those_of_the_places():
    found = ephemeris("2018-017A", [2_460_000.5, 2_460_000.5 + 10.0 / 1440.0]).sky
    east = (found.ra_deg[1] - found.ra_deg[0]) * np.cos(np.radians(found.dec_deg[0])) * 360.0
    north = (found.dec_deg[1] - found.dec_deg[0]) * 360.0
    assert east == pytest.approx(found.ra_rate_arcsec_min[0], rel=2e-3)
    assert north == pytest.approx(found.dec_rate_arcsec_min[0], rel=5e-3)


def test_times_without_a_place_say_why():
    found = ephemeris("2018-017A", [2_458_000.5, 2_458_190.5])
    assert "before its launch" in found.reason[0]
    assert np.isnan(found.sky.ra_deg[0])
    assert np.isfinite(found.sky.ra_deg[1])


def test_no_magnitude_is_made_up_where_the_phase_is_too_large():
    V = apparent_magnitude(28.5, np.full(3, 1.0), np.full(3, 0.1), np.radians([0.0, 119.0, 121.0]))
    assert V[0] == pytest.approx(28.5 - 5.0)
    assert V[1] > V[0]
    assert np.isnan(V[2])


def test_an_object_without_a_magnitude_names_it_missing():
    found = ephemeris("Kepler", [2_460_000.5])
    assert np.isnan(found.sky.V[0])
    assert [text[:1] for text in found.missing] == ["V"]


def test_every_object_without_a_usable_orbit_is_named_with_the_reason():
    reasons = {item.object_id: item.reason for item in not_placed()}
    assert "no elements" in reasons["gaia"]
    assert "hyperbola" in reasons["hera-falcon-9"]
    with pytest.raises(InputError, match="hyperbola"):
        ephemeris("hera-falcon-9", [2_460_700.5])


def test_clones_of_one_seed_are_the_same_again():
    epochs = utc_to_tdb_jd([2_459_000.5])
    first, second = (follow(resolve("2018-017A"), epochs, clones=8).position_au for _ in range(2))
    assert np.array_equal(first, second)


def test_json_has_no_number_that_is_none():
    text = json.dumps(ephemeris("2018-017A", [2_458_000.5, 2_458_190.5]).to_dict(), allow_nan=False)
    assert json.loads(text)["points"][0]["ra_deg"] is None


@pytest.mark.parametrize(
    ("name", "times", "observer", "error"),
    [
        ("2018", [2_460_000.5], "500", UnknownDesignationError),
        ("2018-017A", [2_460_000.5], "XYZ", InputError),
        ("2018-017A", [2_460_000.5], "C51", InputError),
        ("2018-017A", [float("nan")], "500", InputError),
        ("2018-017A", [3_000_000.5], "500", InputError),
        ("2018-017A", [], "500", InputError),
    ],
)
def test_bad_input_is_one_clear_error(name, times, observer, error):
    with pytest.raises(error):
        ephemeris(name, times, observer=observer)
