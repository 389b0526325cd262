"""What every line of evidence returns.

A line answers with a base-10 log Bayes factor for *artificial* against *natural*: the higher, the more the
data speak for an artificial object. Missing data contribute exactly 0 and are named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Status = Literal["measured", "missing", "not applicable"]
STATUSES: tuple[Status, ...] = ("measured", "missing", "not applicable")

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of evidence for one object.

    ``log10_bayes_factor`` and the two ends of ``interval`` (90% credible, sampling error of the reference
    populations and of the measurement) are finite; they are 0 unless ``status`` is ``"measured"``.
    ``summary`` is one plain sentence. ``inputs`` holds the numbers that went in, JSON-ready, units in the names.
    """

    line: str
    status: Status
    log10_bayes_factor: float
    interval: tuple[float, float]
    summary: str
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        values = (self.log10_bayes_factor, *self.interval)
        if not all(math.isfinite(value) for value in values):
            raise ValueError(f"evidence line {self.line!r} is not finite: {values}")
        if self.status != "measured" and any(value != 0.0 for value in values):
            raise ValueError(f"evidence line {self.line!r} has status {self.status!r} but a value: {values}")

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape shared by the command line and the API."""
        return {
            "line": self.line,
            "status": self.status,
            "log10_bayes_factor": self.log10_bayes_factor,
            "interval": list(self.interval),
            "summary": self.summary,
            "inputs": dict(self.inputs),
        }


def missing(line: str, summary: str, inputs: Mapping[str, Any] | None = None) -> Evidence:
    """A line that lacks its data: it contributes exactly 0 and says what is lacking."""
    return Evidence(line, "missing", 0.0, (0.0, 0.0), summary, inputs or {})


def not_applicable(line: str, summary: str, inputs: Mapping[str, Any] | None = None) -> Evidence:
    """A line that cannot speak about this object: it contributes exactly 0 and says why."""
    return Evidence(line, "not applicable", 0.0, (0.0, 0.0), summary, inputs or {})


@dataclass(frozen=True, slots=True)
class EvidenceColumns:
    """One line of evidence over a whole table: arrays of shape (n,) in the table's order."""

    line: str
    measured: npt.NDArray[np.bool_]
    log10_bayes_factor: FloatArray
    lo: FloatArray
    hi: FloatArray
