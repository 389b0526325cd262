"""The places of many known objects at once are those that each trajectory gives."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from aneos.artificial.comparison import compare
from aneos.artificial.places import KEPT_EPOCHS, places_of, registry_places
from aneos.artificial.trajectories import load_trajectories
from aneos.catalogue import load_bundled

EPOCHS = np.linspace(2_451_545.0, 2_462_000.0, KEPT_EPOCHS + 3)


@pytest.mark.parametrize("count", [1, KEPT_EPOCHS, KEPT_EPOCHS + 1])
def test_places_are_those_of_each_trajectory(count: int) -> None:
    epochs = EPOCHS[:count]
    places = registry_places(epochs)
    for index, trajectory in enumerate(load_trajectories()):
        orbit, widths, fits = trajectory.predict(epochs)
        for day in range(count):
            place, sigma, fit = places.take([index], day)
            np.testing.assert_array_equal(place.e_vector[0], orbit.e_vector[day])
            np.testing.assert_array_equal(place.longitude_deg[0], orbit.longitude_deg[day])
            np.testing.assert_array_equal(sigma.i[0], widths.i[day])
            np.testing.assert_array_equal(fit[0], fits[day])


def test_between_nodes_as_numpy_interpolates() -> None:
    stretch = next(stretch for item in load_trajectories() for stretch in item.stretches if item.integrated)
    t = stretch.epoch_tdb_jd
    epochs = np.concatenate([t[:3], 0.5 * (t[:3] + t[1:4]), t[-1:], [t[0] - 0.5, t[-1] + 0.5]])
    item = next(one for one in load_trajectories() if stretch in one.stretches)
    found = item.predict(epochs)[0].a_au
    np.testing.assert_array_equal(found, np.interp(epochs, t, stretch.columns[:, 0]))


def test_an_object_alone_is_as_far_from_the_registry_as_among_others() -> None:
    table = load_bundled().table.filter((pl.col("a_au") > 0.95) & (pl.col("a_au") < 1.05)).head(300)
    together = compare(table).distance
    for row in range(0, table.height, 25):
        np.testing.assert_array_equal(compare(table[[row]]).distance[:, :, 0], together[:, :, row])


def test_no_object_has_no_places() -> None:
    assert places_of([], EPOCHS).fit_epoch_tdb_jd.shape == (0, len(EPOCHS))
