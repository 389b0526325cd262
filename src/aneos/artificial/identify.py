"""Which known artificial object is this? Orbits matched at a common epoch, with a chance probability.

Each candidate is compared, at its own epoch, with every object of the registry whose place is known then
(:mod:`aneos.artificial.comparison`). The distance D is in standard widths of both orbits, in six elements;
the chance probability is that of any object of a scrambled registry coming as close
(:mod:`aneos.artificial.chance`). A designation is only a label: see :func:`labels`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from aneos.artificial.comparison import REACH, Comparison, Pairs, compare, pairs_at
from aneos.artificial.known import KnownObject, find
from aneos.artificial.trajectories import Trajectory

__all__ = ["MAX_CHANCE", "MAX_DISTANCE", "REACH", "Match", "best_match", "compare", "identify", "labels"]

MAX_DISTANCE: Final = 6.0
"""A pair farther apart than this, in widths, is not the same object."""

MAX_CHANCE: Final = 1e-3
"""A match is called an identity when chance gives as good a one less often than this."""


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate's best agreement with the registry.

    ``distance`` is D in widths; ``chance_probability`` that of any scrambled object doing as well.
    ``identified`` is true where D <= MAX_DISTANCE and the chance <= MAX_CHANCE. ``fit_epoch_tdb_jd`` is the
    epoch of the published orbit behind the prediction; ``integrated`` says whether it was integrated with
    planets and radiation pressure (else two-body motion). ``compared`` counts the known objects that could be
    placed at the candidate's epoch. ``residuals`` and ``widths`` are candidate minus registry and 1-sigma,
    in au, 1, degrees and degrees.
    """

    object_id: str
    name: str
    cospar: str | None
    status: str
    distance: float
    chance_probability: float
    fit_epoch_tdb_jd: float
    days_from_fit: float
    integrated: bool
    compared: int
    residuals: dict[str, float]
    widths: dict[str, float]

    @property
    def identified(self) -> bool:
        """Whether this match names the object."""
        return self.distance <= MAX_DISTANCE and self.chance_probability <= MAX_CHANCE

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "object_id": self.object_id,
            "name": self.name,
            "cospar": self.cospar,
            "status": self.status,
            "identified": self.identified,
            "distance_sigma": self.distance,
            "chance_probability": self.chance_probability,
            "fit_epoch_tdb_jd": self.fit_epoch_tdb_jd,
            "days_from_fit": self.days_from_fit,
            "integrated": self.integrated,
            "compared": self.compared,
            "residuals": self.residuals,
            "widths": self.widths,
        }


def identify(
    table: pl.DataFrame,
    *,
    trajectories: Sequence[Trajectory] | None = None,
    max_distance: float = MAX_DISTANCE,
) -> list[Match | None]:
    """The best match of each row of a catalogue table, None where nothing lies within ``max_distance``.

    ``table`` has the catalogue's element columns (heliocentric, ecliptic J2000, TDB); ``U``, ``arc_days`` and
    ``last_observation`` widen the candidate where present. ``trajectories`` default to the bundled registry;
    ``max_distance`` may be up to REACH. A Match may still be too likely by chance to be an identity: see
    ``Match.identified``. Raises InputError where an element column is absent.
    """
    comparison = compare(table, trajectories=trajectories)
    out: list[Match | None] = [None] * table.height
    for row in np.flatnonzero(comparison.nearest <= max_distance):
        out[int(row)] = best_match(comparison, int(row))
    return out


def best_match(comparison: Comparison, row: int) -> Match | None:
    """The best match of one candidate, None where no known object lies within REACH.

    Of the sets of candidate widths that were tried, the one with the least chance probability counts (of those
    that bring an object within MAX_DISTANCE, if any does), and the probability is multiplied by their number.
    """
    trials = int(comparison.trials[row])
    least = comparison.distance[:trials, :, row].min(axis=1, initial=np.inf, where=comparison.known_at(row))
    if not np.isfinite(least).any():
        return None
    tried = np.flatnonzero(least <= max(MAX_DISTANCE, float(least.min())))
    found = [_likeliest(pairs_at(comparison, row, int(trial))) for trial in tried]
    chance, pairs, place = min(found, key=lambda item: item[0])
    trajectory = comparison.trajectories[int(pairs.index[place])]
    residuals, sigmas = pairs.residuals(place)
    fit = float(pairs.fit_epoch_tdb_jd[place])
    return Match(
        object_id=trajectory.known.id,
        name=trajectory.known.name,
        cospar=trajectory.known.cospar,
        status=trajectory.known.status,
        distance=float(pairs.distance[place]),
        chance_probability=min(1.0, trials * chance),
        fit_epoch_tdb_jd=fit,
        days_from_fit=float(comparison.epoch_tdb_jd[row]) - fit,
        integrated=trajectory.integrated,
        compared=len(pairs.index),
        residuals=residuals,
        widths=sigmas,
    )


def labels(table: pl.DataFrame) -> list[KnownObject | None]:
    """The registry entry that bears the row's designation, name or one of its aliases (matched whole).

    A label, not evidence: it says what the row was called, not that its orbit is that object's.
    """
    held = [name for name in ("designation", "name", "aliases") if name in table.columns]
    return [label_of(row) for row in table.select(held).iter_rows(named=True)]


def label_of(row: Mapping[str, Any]) -> KnownObject | None:
    """The same for one row as a mapping of columns."""
    texts = [row.get("designation"), row.get("name"), *(row.get("aliases") or [])]
    return next((known for text in texts if text and (known := find(str(text)))), None)


def _likeliest(pairs: Pairs) -> tuple[float, Pairs, int]:
    """Chance probability, pairs and position of the object with the highest likelihood ratio.

    Only objects within MAX_DISTANCE compete, if there are any.
    """
    near = pairs.distance <= max(MAX_DISTANCE, float(pairs.distance.min()))
    place = int(np.argmax(np.where(near, pairs.log_ratio, -np.inf)))
    return pairs.chance(place), pairs, place
