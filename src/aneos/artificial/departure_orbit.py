"""What a back-propagation starts from: one orbit, what is known of its uncertainty, and of the push of sunlight.

A catalogue row says much or little. In order of preference: a covariance; published standard deviations (with the
correlations that the arc implies, where the arc is known); the arc and the parameter U; nothing. What was assumed
is said in ``basis``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aneos.artificial.departure_arc import ArcUncertainty, element_correlations, uncertainty_from_arc
from aneos.artificial.departure_rows import (
    FORCE_COLUMNS,
    SIGMAS,
    SUPPOSED_ARC_DAYS,
    SUPPOSED_OBSERVATIONS,
    arc_of,
    first_seen,
    forces_of,
    number,
    sigmas_of,
)
from aneos.artificial.known_tables import KnownObject, KnownOrbit
from aneos.dynamics import ForceModel, States, check_span
from aneos.dynamics.uncertainty import COMETARY, KEPLERIAN, Centre, Frame, OrbitUncertainty
from aneos.errors import InputError

FloatArray = npt.NDArray[np.float64]

SCALE_OF_ARC: Final = (-1.0, 0.3)
SCALE_SUPPOSED: Final = (-3.0, 2.0)
"""How far supposed widths may be wrong (log10): from a tenth to twice of what an arc implies; where no arc is known,
from elements taken at their word on."""


@dataclass(frozen=True, slots=True, eq=False)
class TracedOrbit:
    """One orbit, ready for clones.

    ``states`` is the nominal orbit (one row). Either ``uncertainty`` or ``arc`` describes its errors; ``basis`` says
    where they come from and ``assumed`` whether they were supposed rather than fitted. ``force_sigma`` are the
    standard deviations of A1, A2, A3 (au/d²), NaN where the force itself is not known. ``first_seen_tdb_jd`` is the
    first observation: no launch after it is possible; the epoch where it is not known. Widths that were supposed are
    multiplied, clone by clone, by a factor drawn evenly in its logarithm between the two ends of ``scale_log10``.
    """

    designation: str
    states: States
    H: float
    uncertainty: OrbitUncertainty | None
    arc: ArcUncertainty | None
    basis: str
    assumed: bool
    force_sigma: FloatArray
    first_seen_tdb_jd: float
    scale_log10: tuple[float, float] = (0.0, 0.0)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def push_known(self) -> bool:
        """Whether the push of sunlight (A1 or the area-to-mass ratio) was fitted."""
        return bool(np.isfinite(self.force_sigma[0]))


def orbit_from_row(
    row: Mapping[str, Any],
    *,
    amr: tuple[float, float] | None = None,
    uncertainty: OrbitUncertainty | None = None,
    forces: ForceModel,
) -> TracedOrbit:
    """From a row of the catalogue table (:mod:`aneos.catalogue.schema`) and the optional columns :data:`SIGMAS`.

    Rows with ``centre`` "Earth" (and ``frame`` "equatorial" where their axes are the equator's) have geocentric
    elements. ``amr`` (m²/kg, value and standard deviation) replaces the row's own, ``uncertainty`` its widths. Raises
    InputError for elements that are no orbit, epochs outside the kernels, negative or partial sigmas.
    """
    name = str(row.get("designation") or "object")
    a1, force_sigma, given = forces_of(row, amr)
    if uncertainty is not None:
        return _from_uncertainty(name, uncertainty, row, a1, force_sigma, forces)
    centre, frame = _axes(row, name)
    exact = _elements(row, centre, frame, np.zeros((6, 6)), name)
    epoch = exact.epoch_tdb_jd
    states = replace(
        exact.nominal(),
        A1=np.array([a1]),
        A2=np.array([number(row, "A2", 0.0)]),
        A3=np.array([number(row, "A3", 0.0)]),
    )
    arc, details = arc_of(row, epoch)
    sigmas = sigmas_of(row, name)
    U = number(row, "U") if str(row.get("U") or "").strip().isdigit() else float("nan")
    found = uncertainty_from_arc(states, arc, U=None if np.isnan(U) else U, forces=forces)
    known_arc = details["arc_days"] is not None
    traced = TracedOrbit(
        designation=name,
        states=states,
        H=number(row, "H"),
        uncertainty=None,
        arc=found,
        basis=f"nothing known: {SUPPOSED_OBSERVATIONS} observations in {SUPPOSED_ARC_DAYS:.0f} days supposed, or more",
        assumed=True,
        force_sigma=force_sigma,
        first_seen_tdb_jd=first_seen(row, epoch),
        scale_log10=SCALE_OF_ARC if known_arc else SCALE_SUPPOSED,
        details={**details, "push": given, "A1_sigma_of_arc": found.A1_sigma},
    )
    if sigmas is not None:
        correlation = element_correlations(found, epoch, forces, centre, frame) if known_arc else np.eye(6)
        fitted = _elements(row, centre, frame, correlation * np.outer(sigmas, sigmas), name)
        basis = "published sigmas, " + ("correlated as the arc implies" if known_arc else "uncorrelated")
        return replace(
            traced, uncertainty=replace(fitted, assumed=True), arc=None, basis=basis, scale_log10=(0.0, 0.0)
        )
    if known_arc:
        return replace(traced, basis="assumed from the arc" + ("" if np.isnan(U) else f" and U = {U:.0f}"))
    return traced


def orbit_from_uncertainty(
    uncertainty: OrbitUncertainty,
    *,
    designation: str = "object",
    H: float = float("nan"),
    amr: tuple[float, float] | None = None,
    first_seen_tdb_jd: float | None = None,
) -> TracedOrbit:
    """From a fitted covariance in any coordinates (heliocentric or geocentric); forces among its labels are clones too.

    Raises InputError where the epoch lies outside the kernels.
    """
    row: dict[str, Any] = {"designation": designation, "H": H}
    a1, force_sigma, _ = forces_of(row, amr)
    found = _from_uncertainty(designation, uncertainty, row, a1, force_sigma, ForceModel())
    seen = uncertainty.epoch_tdb_jd if first_seen_tdb_jd is None else first_seen_tdb_jd
    return replace(found, first_seen_tdb_jd=float(check_span(seen, "first observation")))


def orbit_from_known(known: KnownObject, orbit: KnownOrbit, *, forces: ForceModel) -> TracedOrbit:
    """From a published orbit of the registry, about the Sun or the Earth.

    Raises InputError for an orbit about the Moon, and for a hyperbola about the Earth, whose time of perigee is not
    in the sources.
    """
    row: dict[str, Any] = {
        name: getattr(orbit, name) for name in (*KEPLERIAN, "epoch_tdb_jd", *FORCE_COLUMNS)
    }
    row |= {f"sigma_{name}": getattr(orbit, f"sigma_{name}") for name in KEPLERIAN}
    start, end = orbit.arc_start, orbit.arc_end
    days = float((end - start).days) if start is not None and end is not None else None
    row |= {
        "designation": known.name,
        "H": orbit.H,
        "n_obs": orbit.n_obs,
        "arc_days": days,
        "last_observation": end,
        "rms_arcsec": orbit.rms_arcsec,
    }
    if any(row[label] is None for label in SIGMAS):
        row = {name: value for name, value in row.items() if name not in SIGMAS}
    if orbit.centre == "moon" or orbit.a_au is None or orbit.mean_anomaly_deg is None:
        raise InputError(
            f"the orbit of JD {orbit.epoch_tdb_jd} about the {orbit.centre.title()} is not complete",
            source=known.name,
        )
    row |= {
        "centre": orbit.centre,
        "frame": "equatorial" if "equator" in orbit.frame.lower() else "ecliptic",
    }
    return orbit_from_row(row, forces=forces)


# -- below: steps ----------------------------------------------------------------------------------


def _from_uncertainty(
    name: str,
    uncertainty: OrbitUncertainty,
    row: Mapping[str, Any],
    a1: float,
    force_sigma: FloatArray,
    forces: ForceModel,
) -> TracedOrbit:
    epoch = float(check_span(uncertainty.epoch_tdb_jd, "epoch"))
    states = uncertainty.nominal()
    details: dict[str, Any] = {"push": "given with the orbit", "arc_days": None}
    basis = _basis(uncertainty)
    own = {"A1", "amr_m2kg"} & (set(uncertainty.labels) | set(uncertainty.fixed))
    if own:
        force_sigma = np.zeros(3)
    else:
        states = replace(
            states,
            A1=np.array([a1]),
            A2=states.A2 + number(row, "A2", 0.0),
            A3=states.A3 + number(row, "A3", 0.0),
        )
        arc, details = arc_of(row, epoch)
        details["push"] = (
            "of the row" if np.isfinite(force_sigma[0]) else "not known: drawn from what hardware has"
        )
        if details["arc_days"] is not None and (not np.isfinite(force_sigma[0]) or uncertainty.assumed):
            found = uncertainty_from_arc(states, arc, U=None, forces=forces)
            details["A1_sigma_of_arc"] = found.A1_sigma
            uncertainty, basis = _correlated(uncertainty, found, epoch, forces)
    return TracedOrbit(
        designation=name,
        states=states,
        H=number(row, "H"),
        uncertainty=uncertainty,
        arc=None,
        basis=basis,
        assumed=uncertainty.assumed,
        force_sigma=force_sigma,
        first_seen_tdb_jd=first_seen(row, epoch),
        details=details,
    )


SIGMAS_ALONE: Final = "published sigmas, uncorrelated"


def _basis(uncertainty: OrbitUncertainty) -> str:
    if not uncertainty.assumed:
        return "covariance given"
    alone = np.count_nonzero(uncertainty.matrix - np.diag(np.diag(uncertainty.matrix))) == 0
    return SIGMAS_ALONE if alone else "covariance assumed"


def _correlated(
    uncertainty: OrbitUncertainty, arc: ArcUncertainty, epoch: float, forces: ForceModel
) -> tuple[OrbitUncertainty, str]:
    """Sigmas that came alone with the correlations of the arc; a fitted covariance and a state vector as they are."""
    if uncertainty.labels != COMETARY or _basis(uncertainty) != SIGMAS_ALONE:
        return uncertainty, _basis(uncertainty)
    sigma = np.sqrt(np.diag(uncertainty.matrix))
    correlation = element_correlations(
        arc, epoch, forces, uncertainty.centre, uncertainty.frame, uncertainty.labels
    )
    return replace(
        uncertainty, matrix=correlation * np.outer(sigma, sigma)
    ), "published sigmas, correlated as the arc implies"


def _axes(row: Mapping[str, Any], name: str) -> tuple[Centre, Frame]:
    """The centre and the axes of a row's elements; the Sun and the ecliptic where it does not say."""
    centre = str(row.get("centre") or "Sun").strip().lower()
    frame = str(row.get("frame") or "ecliptic").strip().lower()
    if centre not in CENTRES:
        raise InputError(f"the centre of {name} is {centre!r}, not Sun or Earth", source="elements")
    if frame not in FRAMES:
        raise InputError(f"the frame of {name} is {frame!r}, not ecliptic or equatorial", source="elements")
    return CENTRES[centre], FRAMES[frame]


CENTRES: Final[dict[str, Centre]] = {
    "sun": "Sun",
    "heliocentric": "Sun",
    "earth": "Earth",
    "geocentric": "Earth",
}
FRAMES: Final[dict[str, Frame]] = {
    "ecliptic": "ecliptic",
    "equatorial": "equatorial",
    "equator": "equatorial",
}


def _elements(
    row: Mapping[str, Any], centre: Centre, frame: Frame, matrix: FloatArray, name: str
) -> OrbitUncertainty:
    """The six elements of a row as an orbit."""
    values = {label: number(row, label) for label in (*KEPLERIAN, "epoch_tdb_jd")}
    lacking = [label for label, value in values.items() if not np.isfinite(value)]
    if lacking:
        raise InputError(f"{name} has no {lacking[0]}", source="elements")
    epoch = float(check_span(values.pop("epoch_tdb_jd"), "epoch"))
    found = OrbitUncertainty(
        epoch, KEPLERIAN, np.array(list(values.values())), matrix, centre=centre, frame=frame
    )
    if not np.isfinite(found.nominal().position_au).all():
        raise InputError(f"the elements of {name} describe no orbit", source="elements")
    return found
