"""Approaches to the Earth and the Moon: every minimum of the distance, captures, collisions.

The search runs inside the integrator, on the polynomial of each of its steps (``_watch.h``), not on a grid of
samples: stretches are left out only where the object cannot come within the chosen distance, and the rest is
halved until each piece holds one extremum at most. Rows may be clones of one object or many objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from aneos.constants import AU_KM, AU_PER_DAY_KMS, GM_EARTH_KM3_S2, J2000_TDB_JD
from aneos.dynamics import native
from aneos.dynamics.bodies import KM3_S2, MOON
from aneos.dynamics.engine import DEFAULT_FORCES, Propagated, propagated
from aneos.dynamics.ephemeris import TO_ECLIPTIC, check_span
from aneos.dynamics.forces import ForceModel
from aneos.dynamics.states import States, concatenate
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

EARTH_AU: Final = 0.1
"""Default distance from the Earth within which approaches are recorded, au."""
MOON_AU: Final = 0.001
"""Default distance from the Moon, au: 150,000 km, twice the Moon's own Hill radius."""
KINDS: Final = ("minimum", "start", "end", "collision")
BODIES: Final = ("", "Earth", "Moon")
"""Names by the kernel's numbers of bodies."""


@dataclass(frozen=True, slots=True, eq=False)
class Encounters:
    """k approaches, in order of rows and, within a row, of the integration.

    ``row`` (k,) is the row of the states given. ``body``: ``"Earth"`` or ``"Moon"``. ``kind``: ``"minimum"`` of the
    distance; ``"start"``, ``"end"``: the nearest point is where the integration starts or ends; ``"collision"``: the
    surface was reached and the row ends there. ``epoch_tdb_jd``; place and velocity relative to the body along ICRF
    axes, ``position_km`` and ``velocity_kms`` (k, 3).
    """

    row: IntArray
    body: npt.NDArray[np.str_]
    kind: npt.NDArray[np.str_]
    epoch_tdb_jd: FloatArray
    position_km: FloatArray
    velocity_kms: FloatArray

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def take(self, rows: npt.ArrayLike | slice) -> Self:
        """The encounters given by indices, a boolean mask or a slice."""
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))

    @property
    def distance_km(self) -> FloatArray:
        """Distance from the centre of the body."""
        return np.asarray(np.linalg.norm(self.position_km, axis=1))

    @property
    def speed_kms(self) -> FloatArray:
        """Speed relative to the body at that moment."""
        return np.asarray(np.linalg.norm(self.velocity_kms, axis=1))

    @property
    def energy_km2s2(self) -> FloatArray:
        """Two-body energy relative to the body per unit mass, v^2/2 - GM/r; negative where bound."""
        return np.asarray(0.5 * self.speed_kms**2 - self._gm / self.distance_km)

    @property
    def v_inf_kms(self) -> FloatArray:
        """Hyperbolic excess speed sqrt(2 energy); NaN where bound."""
        energy = self.energy_km2s2
        return np.sqrt(2.0 * np.where(energy > 0.0, energy, np.nan))

    @property
    def impact_parameter_km(self) -> FloatArray:
        """Distance from the body of the line of the incoming asymptote, |r x v| / v_inf (B-plane); NaN if bound."""
        return np.asarray(
            np.linalg.norm(np.cross(self.position_km, self.velocity_kms), axis=1) / self.v_inf_kms
        )

    @property
    def perigee_km(self) -> FloatArray:
        """Nearest point of the osculating conic about the body, from its centre."""
        h2 = np.sum(np.cross(self.position_km, self.velocity_kms) ** 2, axis=1)
        return np.asarray(h2 / self._gm / (1.0 + self._eccentricity))

    def asymptote(self, *, outgoing: bool = True) -> FloatArray:
        """Unit vectors (k, 3), ICRF: direction of motion far from the body, after (or before) the passage.

        NaN where bound. The outgoing one is what a launch must aim at.
        """
        r, v = self.position_km, self.velocity_kms
        momentum = np.cross(r, v)
        with np.errstate(invalid="ignore", divide="ignore"):
            toward = np.cross(v, momentum) / self._gm[:, None] - r / self.distance_km[:, None]
            e = np.linalg.norm(toward, axis=1)
            toward = toward / e[:, None]
            ahead = np.cross(momentum, toward) / np.linalg.norm(momentum, axis=1)[:, None]
            cosine = (-1.0 if outgoing else 1.0) / np.where(e > 1.0, e, np.nan)
            return np.asarray(cosine[:, None] * toward + np.sqrt(1.0 - cosine**2)[:, None] * ahead)

    def asymptote_radec_deg(self, *, outgoing: bool = True) -> tuple[FloatArray, FloatArray]:
        """Right ascension and declination (ICRF, degrees) of :meth:`asymptote`."""
        return _angles(self.asymptote(outgoing=outgoing))

    def asymptote_ecliptic_deg(self, *, outgoing: bool = True) -> tuple[FloatArray, FloatArray]:
        """Ecliptic longitude and latitude (J2000, degrees) of :meth:`asymptote`."""
        return _angles(self.asymptote(outgoing=outgoing) @ TO_ECLIPTIC.T)

    @property
    def _gm(self) -> FloatArray:
        return np.where(self.body == "Earth", GM_EARTH_KM3_S2, MOON.gm_au3_d2 / KM3_S2)

    @property
    def _eccentricity(self) -> FloatArray:
        h2 = np.sum(np.cross(self.position_km, self.velocity_kms) ** 2, axis=1)
        return np.asarray(np.sqrt(np.maximum(1.0 + 2.0 * self.energy_km2s2 * h2 / self._gm**2, 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class Captures:
    """Spells of negative geocentric energy within 0.03 au of the Earth (three Hill radii), (k,).

    The definition of a temporary capture of Granvik, Vaubaillon & Jedicke (2012, Icarus 218, 262), who also ask for a
    revolution: ``revolutions`` counts turns about the Earth in the frame that keeps the Sun in place, negative where
    retrograde. ``begin_tdb_jd`` < ``end_tdb_jd`` whichever way the integration ran. ``begins_open`` and
    ``ends_open`` mark spells cut off by the span of the integration. Spells shorter than half a day may be missed.
    """

    row: IntArray
    begin_tdb_jd: FloatArray
    end_tdb_jd: FloatArray
    least_distance_km: FloatArray
    revolutions: FloatArray
    begins_open: BoolArray
    ends_open: BoolArray

    def __len__(self) -> int:
        return int(self.row.shape[0])

    def take(self, rows: npt.ArrayLike | slice) -> Self:
        """The spells given by indices, a boolean mask or a slice."""
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        return type(self)(*(getattr(self, f.name)[index] for f in fields(self)))


_Table = TypeVar("_Table", Encounters, Captures)


@dataclass(frozen=True, slots=True, eq=False)
class EncounterHistory:
    """What a search found: ``encounters``, ``captures``, and where each row ended (``final``).

    ``rows`` says which rows of the states given this part covers. ``provenance`` names the force model, kernels,
    span and distances.
    """

    rows: slice
    encounters: Encounters
    captures: Captures
    final: Propagated
    provenance: dict[str, Any]


def find_encounters(
    states: States,
    until_tdb_jd: float,
    *,
    earth_au: float = EARTH_AU,
    moon_au: float = MOON_AU,
    captures: bool = True,
    forces: ForceModel = DEFAULT_FORCES,
    threads: int | None = None,
    chunk: int = native.CHUNK,
    progress: Callable[[int], None] | None = None,
) -> EncounterHistory:
    """All approaches of every row between its epoch and ``until_tdb_jd`` (TDB JD), forward or backward.

    ``earth_au`` and ``moon_au`` are the distances from the centres below which minima are recorded (0: only
    collisions with that body are). ``progress`` is called with the number of rows done so far. Raises
    InputError for epochs outside the kernels, for rows on both sides of ``until_tdb_jd``, for bad distances.
    """
    parts = []
    for part in iter_encounters(
        states,
        until_tdb_jd,
        earth_au=earth_au,
        moon_au=moon_au,
        captures=captures,
        forces=forces,
        threads=threads,
        chunk=chunk,
    ):
        parts.append(part)
        if progress is not None:
            progress(part.rows.stop)
    if not parts:
        raise InputError("there is no object to search for encounters")
    return EncounterHistory(
        slice(0, len(states)),
        _joined([part.encounters for part in parts]),
        _joined([part.captures for part in parts]),
        _joined_final([part.final for part in parts]),
        parts[0].provenance,
    )


def iter_encounters(
    states: States,
    until_tdb_jd: float,
    *,
    earth_au: float = EARTH_AU,
    moon_au: float = MOON_AU,
    captures: bool = True,
    forces: ForceModel = DEFAULT_FORCES,
    threads: int | None = None,
    chunk: int = native.CHUNK,
) -> Iterator[EncounterHistory]:
    """The same as :func:`find_encounters`, chunk after chunk: memory does not grow with the number of rows."""
    for name, value in (("earth_au", earth_au), ("moon_au", moon_au)):
        if not 0.0 <= value < 1.0:
            raise InputError(f"the distance must lie between 0 and 1 au, not {value}", source=name)
    until = float(check_span(until_tdb_jd, "until_tdb_jd"))
    provenance = {
        "engine": "aneos Gauss-Radau 15",
        "tolerance": native.TOLERANCE,
        "forces": forces.to_dict(),
        "until_tdb_jd": until,
        "earth_au": earth_au,
        "moon_au": moon_au,
    }
    for part in native.integrate(
        states,
        until,
        forces,
        within_au=(earth_au, moon_au),
        captures=captures and earth_au > 0.0,
        chunk=chunk,
        threads=threads,
    ):
        rows = slice(part.offset, part.offset + len(part.rows))
        yield EncounterHistory(
            rows,
            _encounters(part),
            _captures(part),
            propagated(states.take(rows), until, part.rows, forces),
            provenance,
        )


def _encounters(part: native.Chunk) -> Encounters:
    table = part.encounters
    return Encounters(
        table[:, 0].astype(np.int64) + part.offset,
        np.array(BODIES)[table[:, 1].astype(np.intp)],
        np.array(KINDS)[table[:, 2].astype(np.intp)],
        table[:, 3] + J2000_TDB_JD,
        table[:, 4:7] * AU_KM,
        table[:, 7:10] * AU_PER_DAY_KMS,
    )


def _captures(part: native.Chunk) -> Captures:
    table = part.captures
    first, last = np.minimum(table[:, 1], table[:, 2]), np.maximum(table[:, 1], table[:, 2])
    backward = table[:, 1] > table[:, 2]
    at_start, at_end = table[:, 5] % 2 == 1, table[:, 5] >= 2
    sign = np.where(backward, -1.0, 1.0)
    return Captures(
        table[:, 0].astype(np.int64) + part.offset,
        first + J2000_TDB_JD,
        last + J2000_TDB_JD,
        table[:, 3] * AU_KM,
        sign * table[:, 4],
        np.where(backward, at_end, at_start),
        np.where(backward, at_start, at_end),
    )


def _joined(parts: list[_Table]) -> _Table:
    return type(parts[0])(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(parts[0])))


def _joined_final(parts: list[Propagated]) -> Propagated:
    return Propagated(
        concatenate([part.states for part in parts]),
        np.concatenate([part.status for part in parts]),
        np.concatenate([part.struck for part in parts]),
        np.concatenate([part.stopped_tdb_jd for part in parts]),
    )


def _angles(direction: FloatArray) -> tuple[FloatArray, FloatArray]:
    longitude = np.degrees(np.arctan2(direction[:, 1], direction[:, 0])) % 360.0
    return longitude, np.degrees(np.arcsin(np.clip(direction[:, 2], -1.0, 1.0)))
