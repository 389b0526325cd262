"""The anomaly ensemble of the unexplained lane: what is unlike the catalogue, whatever hardware looks like.

The rule, stated once: each detector's score becomes a rank among held-out catalogue objects; the combined score is the
mean over the detectors of -log10 of those ranks; the p-value is the rank of that mean among the same held-out objects.
No detector can veto and none needs a threshold of its own, and the p-value is valid under any dependence between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from aneos.learning.calibration import conformal_p
from aneos.learning.detectors import ANOMALY, _Anomaly

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AnomalyEnsemble:
    """Fitted detectors by name, their sorted held-out scores, and the sorted combined ones."""

    members: Mapping[str, _Anomaly]
    held_out: Mapping[str, FloatArray]
    combined: FloatArray

    @classmethod
    def fit(
        cls,
        X: FloatArray,
        calibrate: npt.NDArray[np.bool_],
        *,
        seed: int,
        members: Mapping[str, _Anomaly] | None = None,
    ) -> AnomalyEnsemble:
        """Learn the rows outside ``calibrate`` (n,) and rank by those inside it."""
        chosen = (
            {name: kind(random_state=seed) for name, kind in ANOMALY.items()} if members is None else members
        )
        fitted = {name: clone(member).fit(X[~calibrate]) for name, member in chosen.items()}
        held_out = {name: np.sort(member.score_samples(X[calibrate])) for name, member in fitted.items()}
        half = cls(fitted, held_out, np.empty(0))
        return cls(fitted, held_out, np.sort(half.score_samples(X[calibrate])))

    def score_samples(self, X: FloatArray) -> FloatArray:
        """Combined score, shape (n,); the higher, the less like the catalogue."""
        ranks = [
            conformal_p(member.score_samples(X), self.held_out[name]) for name, member in self.members.items()
        ]
        return np.asarray(-np.mean(np.log10(ranks), axis=0))

    def p_values(self, score: FloatArray) -> FloatArray:
        """Chance that a catalogued object scores as high, from held-out objects; shape (n,)."""
        return conformal_p(score, self.combined)
