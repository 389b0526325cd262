"""Where the known objects are at any epoch: osculating heliocentric elements and their widths.

``known_trajectories.parquet`` holds, for each object that can be followed, osculating elements at unevenly
spaced epochs, integrated from the published orbits with planets, Moon and radiation pressure
(``tools/registry_trajectories.py``); the spread of its clones gives the widths. Between two epochs everything
is interpolated linearly, which errs by less than 2e-5 au in a, 4e-5 in e and 2 sin(i/2), 0.005 degrees in
the mean longitude. Outside those epochs there is no prediction.

An object without such a table (one that a user adds) is carried from its published heliocentric orbits by
the motion of two bodies, with widths that grow by what the Earth can do to it on the way.

Orbits are compared in elements without singularity at e = 0 and i = 0: a; the vector e (cos varpi, sin varpi);
the vector 2 sin(i/2) (cos Omega, sin Omega); and the mean longitude lambda = Omega + omega + M.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.known import KnownObject, KnownOrbit, data_path, load_known
from aneos.artificial.twobody_widths import carried
from aneos.constants import GM_SUN_AU3_D2
from aneos.errors import InputError, MissingResourceError, UnknownDesignationError
from aneos.orbits import KeplerianElements

FloatArray = npt.NDArray[np.float64]

GAP_DAYS = 1.0
"""Two stretches that end and begin within this are taken as joined."""


@dataclass(frozen=True, slots=True, eq=False)
class Equinoctial:
    """Orbits of n objects: a (au), the two vectors (n, 2), and the mean longitude in degrees (n,)."""

    a_au: FloatArray
    e_vector: FloatArray
    i_vector: FloatArray
    longitude_deg: FloatArray

    def __len__(self) -> int:
        return len(self.a_au)

    def take(self, rows: npt.ArrayLike) -> Equinoctial:
        index = np.asarray(rows)
        return Equinoctial(
            self.a_au[index], self.e_vector[index], self.i_vector[index], self.longitude_deg[index]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Widths:
    """1-sigma widths of n orbits: a (au), either component of the e vector, of the i vector (radians,
    2 sin(i/2)), and the mean longitude in degrees; each of shape (n,)."""

    a_au: FloatArray
    e: FloatArray
    i: FloatArray
    longitude_deg: FloatArray

    def take(self, rows: npt.ArrayLike) -> Widths:
        index = np.asarray(rows)
        return Widths(self.a_au[index], self.e[index], self.i[index], self.longitude_deg[index])


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """One uninterrupted piece of a trajectory: epochs (m,), columns (m, 6) with the longitude unwrapped, and
    the logarithms of the widths (m, 4). A piece of one epoch stands for a published orbit."""

    fit_epoch_tdb_jd: float
    epoch_tdb_jd: FloatArray
    columns: FloatArray
    log_widths: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """All that is known of where one object is."""

    known: KnownObject
    stretches: tuple[Stretch, ...]
    integrated: bool

    def predict(self, epoch_tdb_jd: npt.ArrayLike) -> tuple[Equinoctial, Widths, FloatArray]:
        """Elements, widths and the epoch of the orbit they come from, at n epochs; NaN where unknown."""
        epochs = np.atleast_1d(np.asarray(epoch_tdb_jd, dtype=np.float64))
        columns = np.full((len(epochs), 6), np.nan)
        widths = np.full((len(epochs), 4), np.nan)
        fits = np.full(len(epochs), np.nan)
        for stretch in self.stretches:
            first, last = stretch.epoch_tdb_jd[0], stretch.epoch_tdb_jd[-1]
            inside = (epochs >= first - GAP_DAYS) & (epochs <= last + GAP_DAYS) & np.isnan(fits)
            if inside.any():
                columns[inside], widths[inside] = _interpolate(stretch, epochs[inside])
                fits[inside] = stretch.fit_epoch_tdb_jd
        if not self.integrated:
            columns, widths, fits = self._two_body(epochs)
        return _equinoctial(columns), Widths(*widths.T), fits

    def _two_body(self, epochs: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Carried from the nearest published orbit."""
        fits = np.array([stretch.fit_epoch_tdb_jd for stretch in self.stretches])
        nearest = np.argmin(np.abs(epochs[:, None] - fits[None, :]), axis=1)
        start = np.vstack([stretch.columns[0] for stretch in self.stretches])[nearest]
        widths = np.exp(np.vstack([stretch.log_widths[0] for stretch in self.stretches]))[nearest]
        moved, grown = carried(start, widths, fits[nearest], epochs)
        moved[~_in_flight(self.known, epochs)] = np.nan
        return moved, grown, fits[nearest]


def load_trajectories() -> tuple[Trajectory, ...]:
    """The trajectories of the bundled registry. Raises MissingResourceError where the table is absent."""
    return _bundled()


def osculating(object_id: str, epoch_tdb_jd: npt.ArrayLike) -> pl.DataFrame:
    """Predicted elements of a bundled object at n epochs (TDB JD), in the catalogue's columns, with widths.

    Heliocentric, ecliptic J2000. Epochs at which the object cannot be placed are left out; the columns
    ``sigma_a_au``, ``sigma_e``, ``sigma_i_deg``, ``sigma_lambda_deg`` are the 1-sigma widths of a, of the e vector,
    of the i vector and of the mean longitude. Raises UnknownDesignationError for an id without a trajectory.
    """
    found = [item for item in load_trajectories() if item.known.id == object_id]
    if not found:
        raise UnknownDesignationError(f"no trajectory is held of {object_id!r}")
    epochs = np.atleast_1d(np.asarray(epoch_tdb_jd, dtype=np.float64))
    orbit, widths, fits = found[0].predict(epochs)
    perihelion = np.degrees(np.arctan2(orbit.e_vector[:, 1], orbit.e_vector[:, 0]))
    node = np.degrees(np.arctan2(orbit.i_vector[:, 1], orbit.i_vector[:, 0]))
    bend = np.linalg.norm(orbit.i_vector, axis=1)
    table = pl.DataFrame(
        {
            "designation": [found[0].known.name] * len(epochs),
            "epoch_tdb_jd": epochs,
            "a_au": orbit.a_au,
            "e": np.linalg.norm(orbit.e_vector, axis=1),
            "i_deg": np.degrees(2.0 * np.arcsin(np.clip(bend / 2.0, 0.0, 1.0))),
            "node_deg": np.remainder(node, 360.0),
            "peri_deg": np.remainder(perihelion - node, 360.0),
            "mean_anomaly_deg": np.remainder(orbit.longitude_deg - perihelion, 360.0),
            "H": pl.Series([None] * len(epochs), dtype=pl.Float64),
            "sigma_a_au": widths.a_au,
            "sigma_e": widths.e,
            "sigma_i_deg": np.degrees(widths.i),
            "sigma_lambda_deg": widths.longitude_deg,
            "fit_epoch_tdb_jd": fits,
        }
    )
    return table.filter(pl.col("a_au").is_not_nan())


def build_trajectories(known: Iterable[KnownObject], table: pl.DataFrame | None) -> tuple[Trajectory, ...]:
    """Trajectories of the given objects from a table of integrated nodes (None: two-body only).

    Objects with neither nodes nor a published heliocentric orbit have none. Raises InputError where the
    table names an object that is not among ``known``.
    """
    pieces: dict[str, list[Stretch]] = {}
    if table is not None:
        for key, nodes in table.group_by(["object_id", "fit_epoch_tdb_jd", "piece"], maintain_order=True):
            pieces.setdefault(str(key[0]), []).append(_integrated(float(str(key[1])), nodes))
    out = []
    for item in known:
        integrated = pieces.pop(item.id, [])
        published = [_published(orbit) for orbit in item.orbits if orbit.centre == "sun"]
        if integrated or published:
            out.append(Trajectory(item, tuple(integrated or published), bool(integrated)))
    if pieces:
        raise InputError(f"trajectories of objects that are not in the registry: {', '.join(sorted(pieces))}")
    return tuple(out)


def equinoctial(elements: KeplerianElements) -> Equinoctial:
    """The comparison elements of n Keplerian orbits (ellipses)."""
    node, perihelion = np.radians(elements.node_deg), np.radians(elements.node_deg + elements.peri_deg)
    bend = 2.0 * np.sin(np.radians(elements.i_deg) / 2.0)
    return Equinoctial(
        np.array(elements.a_au),
        elements.e[:, None] * np.column_stack([np.cos(perihelion), np.sin(perihelion)]),
        bend[:, None] * np.column_stack([np.cos(node), np.sin(node)]),
        np.remainder(elements.node_deg + elements.peri_deg + elements.mean_anomaly_deg, 360.0),
    )


# -- below: reading and interpolation --------------------------------------------------------------


@cache
def _bundled() -> tuple[Trajectory, ...]:
    return build_trajectories(load_known(), read_nodes(data_path("known_trajectories.parquet")))


def read_nodes(path: Path) -> pl.DataFrame:
    """The table of nodes. Raises MissingResourceError where it is absent or unreadable."""
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise MissingResourceError(
            f"{path}: the trajectories of the registry are absent or damaged; rebuild them: "
            "python tools/registry_trajectories.py --out PATH"
        ) from error


def _integrated(fit: float, nodes: pl.DataFrame) -> Stretch:
    names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "epoch_tdb_jd")
    elements = KeplerianElements(*(nodes[name].to_numpy() for name in names))
    bend = np.radians(nodes["sigma_i_deg"].cast(pl.Float64).to_numpy())
    widths_of = ("sigma_a_au", "sigma_e", "sigma_lambda_deg")
    sigma_a, sigma_e, sigma_longitude = (nodes[name].cast(pl.Float64).to_numpy() for name in widths_of)
    widths = np.column_stack([sigma_a, sigma_e, bend, sigma_longitude])
    return _stretch(fit, equinoctial(elements), elements.epoch_tdb_jd, widths)


def _stretch(fit: float, orbit: Equinoctial, epochs: FloatArray, widths: FloatArray) -> Stretch:
    motion = np.degrees(np.sqrt(GM_SUN_AU3_D2 / orbit.a_au**3))
    turned = np.concatenate([[0.0], np.cumsum(0.5 * (motion[1:] + motion[:-1]) * np.diff(epochs))])
    offset = np.remainder(orbit.longitude_deg - orbit.longitude_deg[0] - turned + 180.0, 360.0) - 180.0
    longitude = orbit.longitude_deg[0] + turned + offset
    columns = np.column_stack([orbit.a_au, orbit.e_vector, orbit.i_vector, longitude])
    return Stretch(fit, np.array(epochs), columns, np.log(np.maximum(widths, 1e-12)))


def _published(orbit: KnownOrbit) -> Stretch:
    shape = (orbit.a_au, orbit.e, orbit.i_deg, orbit.node_deg, orbit.peri_deg, orbit.mean_anomaly_deg)
    values = np.array([*shape, orbit.epoch_tdb_jd], dtype=np.float64)[:, None]
    elements = KeplerianElements(*values)
    return _stretch(orbit.epoch_tdb_jd, equinoctial(elements), elements.epoch_tdb_jd, published_widths(orbit))


def published_widths(orbit: KnownOrbit) -> FloatArray:
    """Widths (1, 4) of a published orbit: its own, or 10 m/s of the orbital speed where it has none.

    10 m/s is the scatter between short fits of one object; in elements 7e-4 au, 7e-4, 3.4e-4 and 0.08 deg.
    """
    default = np.array([7e-4, 7e-4, 3.4e-4, 0.08])
    sigmas = (orbit.sigma_a_au, orbit.sigma_e, orbit.sigma_i_deg)
    angles = (orbit.sigma_node_deg, orbit.sigma_peri_deg, orbit.sigma_mean_anomaly_deg)
    if None in sigmas or None in angles:
        return default[None]
    a, e, i = (float(value or 0.0) for value in sigmas)
    node, peri, mean = (float(value or 0.0) for value in angles)
    bend = 2.0 * np.sin(np.radians(orbit.i_deg) / 2.0)
    return np.array(
        [
            [
                a,
                np.hypot(e, orbit.e * np.radians(np.hypot(node, peri))),
                np.hypot(np.radians(i), bend * np.radians(node)),
                np.sqrt(node**2 + peri**2 + mean**2),
            ]
        ]
    )


def _in_flight(known: KnownObject, epochs: FloatArray) -> npt.NDArray[np.bool_]:
    first = -np.inf if known.launch_date is None else known.launch_date.toordinal() + 1_721_424.5
    last = np.inf if known.ends is None else known.ends.toordinal() + 1_721_425.5
    return (epochs >= first) & (epochs <= last)


def _interpolate(stretch: Stretch, epochs: FloatArray) -> tuple[FloatArray, FloatArray]:
    t = stretch.epoch_tdb_jd
    columns, widths = _between(epochs, t, stretch.columns), np.exp(_between(epochs, t, stretch.log_widths))
    beyond = epochs - np.clip(epochs, t[0], t[-1])
    columns[:, 5] += beyond * np.degrees(np.sqrt(GM_SUN_AU3_D2 / columns[:, 0] ** 3))
    return columns, widths


def _between(epochs: FloatArray, t: FloatArray, values: FloatArray) -> FloatArray:
    """All columns of ``values`` (m, k) at once, as ``np.interp`` does it for one: (n, k)."""
    if len(t) == 1:
        return np.repeat(values, len(epochs), axis=0)
    left = np.clip(np.searchsorted(t, epochs, side="right") - 1, 0, len(t) - 2)
    slope = (values[left + 1] - values[left]) / (t[left + 1] - t[left])[:, None]
    out = slope * (epochs - t[left])[:, None] + values[left]
    out[epochs < t[0]] = values[0]
    out[epochs >= t[-1]] = values[-1]
    return np.asarray(out)


def _equinoctial(columns: FloatArray) -> Equinoctial:
    return Equinoctial(columns[:, 0], columns[:, 1:3], columns[:, 3:5], np.remainder(columns[:, 5], 360.0))
