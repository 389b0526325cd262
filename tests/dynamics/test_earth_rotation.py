"""Times and the turning Earth without kete, against kete and the IERS."""

import numpy as np
import pytest

from aneos.constants import AU_KM
from aneos.dynamics.earth_rotation import earth_fixed_to_icrf
from aneos.dynamics.timescales import tdb_to_utc_jd, utc_to_tdb_jd
from aneos.errors import InputError


def test_the_leap_second_of_2016_lengthens_tdb():
    before, after = utc_to_tdb_jd([2_457_754.4, 2_457_754.6])
    assert (after - before) * 86_400.0 == pytest.approx(0.2 * 86_400.0 + 1.0, abs=1e-3)


def test_utc_and_tdb_are_inverse():
    utc = np.array([2_441_400.2, 2_455_000.123, 2_457_754.4, 2_457_754.6, 2_461_000.3])
    assert np.abs(tdb_to_utc_jd(utc_to_tdb_jd(utc)) - utc).max() * 86_400.0 < 1e-4


def test_today_tt_is_69_184_s_ahead_of_utc():
    assert (utc_to_tdb_jd(2_461_000.5) - 2_461_000.5) * 86_400.0 == pytest.approx(69.184, abs=2.5e-3)


def test_a_place_on_the_ground_is_where_the_fit_has_it():
    from aneos.dynamics.fitting import earth_fixed_states, utc_to_tdb

    epochs = np.array([2_441_000.5, 2_455_000.123, 2_461_000.3])
    place = np.tile([6378.0, 10.0, 300.0], (3, 1))
    position, velocity = earth_fixed_to_icrf(place, epochs)
    theirs = earth_fixed_states(place, epochs)
    assert np.abs(position - theirs[:, :3]).max() * AU_KM < 1e-6
    assert np.abs(velocity - theirs[:, 3:]).max() * AU_KM / 86_400.0 < 1e-5
    assert np.abs(utc_to_tdb_jd(epochs[1:]) - utc_to_tdb(epochs[1:])).max() * 86_400.0 < 1e-4


def test_an_unknown_orientation_is_said():
    with pytest.raises(InputError, match="orientation"):
        earth_fixed_to_icrf(np.array([6378.0, 0.0, 0.0]), np.array([2_430_000.5]))
