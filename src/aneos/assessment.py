"""Assessment of one object: posterior, class, what is missing and what would decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from aneos.errors import InputError, RejectedRow
from aneos.evidence.base import Evidence, FloatArray

ObjectClass = Literal[
    "known_artificial", "probably_artificial", "natural", "insufficient_data", "unexplained"
]
CLASSES: Final[tuple[ObjectClass, ...]] = (
    "known_artificial",
    "probably_artificial",
    "unexplained",
    "insufficient_data",
    "natural",
)

LINES: Final = ("orbit", "area_to_mass", "identity", "physical")
"""Lines of evidence of the quick screen, in the order in which they are shown."""

DEFAULT_PRIOR: Final = 2.75e-4
"""Prior probability that a designated NEA is artificial: 11 ever designated of about 40,000."""

ARTIFICIAL_FROM: Final = 0.5
"""Posterior from which an unidentified object is called probably artificial."""

NATURAL_BELOW: Final = 1e-3
"""Posterior below which an object is called natural; between the two the data do not decide."""

MEASURED_NATURAL: Final = -1.5
MEASURED_NATURAL_BELOW: Final = 0.05
"""A body whose push or whose size and spectrum were measured and speak for natural by this log10 Bayes factor is
called natural already below this posterior."""

IDENTITY_BELOW: Final = 1e-3
"""Chance probability of a match below which an object is named."""

NULL_REJECTED_BELOW: Final = 0.1
"""q-value below which the natural population does not explain an object."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The known artificial object that an orbit matches. ``cospar`` is null for unidentified registry objects."""

    name: str
    cospar: str | None
    chance_probability: float

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "cospar": self.cospar, "chance_probability": self.chance_probability}


@dataclass(frozen=True, slots=True)
class Departure:
    """A launch that the object may have come from. ``date`` is ISO (UTC)."""

    launch: str
    date: str
    score: float
    chance_probability: float

    def to_dict(self) -> dict[str, Any]:
        return {
            "launch": self.launch,
            "date": self.date,
            "score": self.score,
            "chance_probability": self.chance_probability,
        }


@dataclass(frozen=True, slots=True)
class Missing:
    """A line that lacks data: what it needs, and when (ISO date) it would become decisive if observed."""

    line: str
    needs: str
    decisive_on: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"line": self.line, "needs": self.needs, "decisive_on": self.decisive_on}


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer for one object, in the shape shared by library, command line and API."""

    designation: str
    rank: int | None
    object_class: ObjectClass
    probability_artificial: float
    interval: tuple[float, float]
    prior: float
    log10_bayes_factor: float
    p_value: float | None
    q_value: float | None
    evidence: tuple[Evidence, ...]
    identity: Identity | None = None
    departures: tuple[Departure, ...] | None = None
    missing: tuple[Missing, ...] = ()
    orbit: dict[str, Any] = field(default_factory=dict)
    verdict: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape; lines that were not run are absent."""
        out: dict[str, Any] = {
            "designation": self.designation,
            "rank": self.rank,
            "class": self.object_class,
            "probability_artificial": self.probability_artificial,
            "interval": list(self.interval),
            "prior": self.prior,
            "log10_bayes_factor": self.log10_bayes_factor,
            "p_value": self.p_value,
            "q_value": self.q_value,
            "verdict": self.verdict,
            "evidence": [item.to_dict() for item in self.evidence],
            "identity": None if self.identity is None else self.identity.to_dict(),
        }
        if self.departures is not None:
            out["departures"] = [item.to_dict() for item in self.departures]
        out["missing"] = [item.to_dict() for item in self.missing]
        out["orbit"] = self.orbit
        return out


@dataclass(frozen=True, slots=True)
class Report:
    """What every command returns: who answered, the assessments, and the rows that were rejected."""

    signature: dict[str, Any]
    assessments: tuple[Assessment, ...]
    rejected: tuple[RejectedRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "signature": self.signature,
            "assessments": [item.to_dict() for item in self.assessments],
            "rejected": [item.to_dict() for item in self.rejected],
        }


def check_prior(prior: float) -> float:
    """The prior itself when it is a probability strictly between 0 and 1; raises InputError otherwise."""
    if not 0.0 < prior < 1.0:
        raise InputError(f"the prior must lie strictly between 0 and 1, not {prior}", source="prior")
    return prior


def posterior(log10_bayes_factor: npt.ArrayLike, prior: float) -> FloatArray:
    """P(artificial) from the total log10 Bayes factor and the prior probability; shape as given."""
    log_odds = np.asarray(log10_bayes_factor, dtype=np.float64) * np.log(10.0) + np.log(prior / (1.0 - prior))
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)))


def classify(
    probability: FloatArray,
    *,
    identified: npt.NDArray[np.bool_],
    natural_rejected: npt.NDArray[np.bool_],
    artificial_rejected: npt.NDArray[np.bool_],
    natural_measured: npt.NDArray[np.bool_],
    informed: npt.NDArray[np.bool_],
) -> npt.NDArray[np.str_]:
    """The class of each object, shape (n,).

    ``informed`` says where any line that can speak for a natural body was measured: without one the prior alone
    would call an object natural. An identity needs a posterior of at least :data:`ARTIFICIAL_FROM` too: a match that
    the other lines refute is not called known. Unexplained means that neither population accounts for the object.
    """
    return np.select(
        [
            identified & (probability >= ARTIFICIAL_FROM),
            natural_rejected & artificial_rejected & ~identified,
            (probability >= ARTIFICIAL_FROM) & ~artificial_rejected,
            (probability >= np.where(natural_measured, MEASURED_NATURAL_BELOW, NATURAL_BELOW)) | ~informed,
        ],
        ["known_artificial", "unexplained", "probably_artificial", "insufficient_data"],
        default="natural",
    )


def q_values(p_values: FloatArray) -> FloatArray:
    """False discovery rate at which each object would be listed (Benjamini & Hochberg 1995), shape (n,).

    NaN p-values (no line that can reject the natural null) stay NaN and are not counted as tests.
    """
    q = np.full(p_values.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    ranked = p_values[order] * order.size / np.arange(1, order.size + 1)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


def combine_independent(p_values: FloatArray) -> FloatArray:
    """Fisher's combination over axis 0 of p-values of lines that share no input; NaN entries are left out.

    Shape (lines, n) → (n,); NaN where no line was measured. Used for orbit and area-to-mass ratio only: one rests on
    the geometry of the orbit, the other on the push of sunlight at given size.
    """
    from scipy.special import gammaincc

    known = np.isfinite(p_values)
    statistic = -np.sum(
        np.where(known, np.log(np.maximum(np.where(known, p_values, 1.0), 1e-300)), 0.0), axis=0
    )
    count = known.sum(axis=0)
    return np.where(count > 0, gammaincc(np.maximum(count, 1), statistic), np.nan)
