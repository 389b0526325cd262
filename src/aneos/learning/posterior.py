"""Joining the classifier with the other lines without counting the orbit twice.

The classifier and the orbit line judge the same thing, so one of them may speak, or a mixture of both densities of
hardware, never their product. :func:`joined` puts the chosen one in the place of the orbit line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from aneos.errors import InputError
from aneos.evidence.base import EvidenceColumns
from aneos.learning.calibration import LIMIT

FloatArray = npt.NDArray[np.float64]

OrbitBy = Literal["generative", "classifier", "mixture"]
MIXTURE_SHARE: Final = 0.5
"""Weight of the simulated population in the mixture. The simulation rests on assumed departure directions, the
generative line on assumed widths; neither is known better."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The sum of lines, log10, and the orbit's part of it; arrays of shape (n,)."""

    log10_bayes_factor: FloatArray
    orbit: FloatArray
    by: OrbitBy


def mixture(generative: FloatArray, classifier: FloatArray) -> FloatArray:
    """log10 Bayes factor of hardware that is of either population with equal chance, shape as given."""
    larger = np.maximum(generative, classifier)
    total = MIXTURE_SHARE * 10.0 ** (classifier - larger) + (1.0 - MIXTURE_SHARE) * 10.0 ** (
        generative - larger
    )
    return np.asarray(np.clip(larger + np.log10(total), -LIMIT, LIMIT))


def joined(
    lines: dict[str, EvidenceColumns], classifier: FloatArray | None = None, by: OrbitBy = "generative"
) -> Joined:
    """Sum of all lines with the orbit told by the generative line, by the classifier or by their mixture.

    ``lines`` are those of a screen; ``classifier`` log10 Bayes factors of the same rows, shape (n,). Raises InputError
    where the choice needs what is not there.
    """
    if by == "generative":
        return Joined(_total(lines.values()), _orbit(lines), by)
    if classifier is None:
        raise InputError(f"orbit by {by} needs the classifier's log Bayes factors")
    orbit = classifier if by == "classifier" else mixture(_orbit(lines), classifier)
    others = [line for name, line in lines.items() if name != "orbit"]
    return Joined(orbit + _total(others), orbit, by)


def _orbit(lines: dict[str, EvidenceColumns]) -> FloatArray:
    if "orbit" not in lines:
        raise InputError("the orbit line was left out of this screen")
    return lines["orbit"].log10_bayes_factor


def _total(lines: object) -> FloatArray:
    parts = [line.log10_bayes_factor for line in lines]  # type: ignore[attr-defined]
    return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros(1)
