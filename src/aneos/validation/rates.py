"""Exact intervals of rates, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aneos.validation.screen import clopper_pearson

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """``successes`` of ``trials`` with the exact 95% interval (Clopper & Pearson 1934)."""

    successes: int
    trials: int

    @property
    def value(self) -> float:
        return self.successes / self.trials if self.trials else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        return clopper_pearson(self.successes, self.trials) if self.trials else (0.0, 1.0)

    def __str__(self) -> str:
        low, high = self.interval
        shown = "–" if self.trials == 0 else f"{self.value:.3f}"
        return f"{shown} [{low:.3f}, {high:.3f}] ({self.successes}/{self.trials})"

    def to_dict(self) -> dict[str, object]:
        value = None if self.trials == 0 else self.value
        return {
            "successes": self.successes,
            "trials": self.trials,
            "rate": value,
            "interval": list(self.interval),
        }


def above(score: FloatArray, natural: FloatArray) -> npt.NDArray[np.intp]:
    """How many natural objects score at least as high as each score, shape (n,). Ties count against the object."""
    ordered = np.sort(natural)
    return np.asarray(ordered.size - np.searchsorted(ordered, score, side="left"))


def by_group(values: npt.NDArray[np.bool_], groups: tuple[str, ...]) -> Rate:
    """Groups (launches) of which at least half of the members succeed: members are no independent trials."""
    names = np.array(groups)
    wins = [float(values[names == name].mean()) >= 0.5 for name in dict.fromkeys(groups)]
    return Rate(int(np.sum(wins)), len(wins))
