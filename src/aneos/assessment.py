"""Assessment of one object: posterior, class, what is missing and what would decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from aneos.errors import RejectedRow
from aneos.evidence.base import Evidence

ObjectClass = Literal["known_artificial", "probably_artificial", "natural", "insufficient_data", "unexplained"]


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
