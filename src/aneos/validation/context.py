"""What every part of the evaluation shares: the catalogue scored once, the simulated escapes, held-out scores.

Everything random follows from one seed. ``quick`` takes a tenth of the work where the full form takes minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.artificial.known import heliocentric_orbits, load_known
from aneos.catalogue import COLUMNS, Catalogue, load_bundled
from aneos.evidence import orbit
from aneos.evidence.prepared import Prepared, prepare
from aneos.learning.calibration import LIMIT, BetaCalibration, unmix
from aneos.learning.features import features
from aneos.learning.model import CONTAMINATION
from aneos.learning.population import Escapes, load_escapes
from aneos.learning.posterior import mixture
from aneos.learning.splits import fold_of
from aneos.learning.training import (
    SEED,
    TrainingSet,
    best_parameters,
    cross_calibrated,
    out_of_fold,
    training_set,
)
from aneos.screening import ScreenResult, screen

FloatArray = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LN10: Final = float(np.log(10.0))
BUDGETS: Final = (10, 30, 100)
THREADS: Final = 2
"""Models that are fitted side by side; the numbers do not depend on it."""
SEARCH: Final = 4
"""Sets of hyper-parameters tried for each outer fold."""


@dataclass(frozen=True)
class Context:
    """The stage of an evaluation. Properties are computed once, when first asked for."""

    seed: int = SEED
    quick: bool = False
    catalogue: Catalogue = field(default_factory=load_bundled)
    escapes: Escapes = field(default_factory=load_escapes)

    @cached_property
    def natural(self) -> pl.DataFrame:
        """Catalogued objects on closed orbits."""
        return self.catalogue.table.filter((pl.col("e") < 1.0) & (pl.col("a_au") > 0.0)).select(*COLUMNS)

    @cached_property
    def data(self) -> TrainingSet:
        """Simulated escapes first, then the catalogue."""
        return training_set(self.natural, self.escapes)

    def search(self, seen: Bools, tries: int = SEARCH) -> Mapping[str, Any]:
        """Hyper-parameters searched within the rows ``seen`` (n,) alone; the quick form takes the default set."""
        return best_parameters(self.data.take(seen), self.seed, 1 if self.quick else tries)

    @cached_property
    def nested(self) -> list[Mapping[str, Any]]:
        """Hyper-parameters of each outer fold, searched without that fold."""
        folds = range(int(self.data.fold.max()) + 1)
        return [self.search(self.data.fold != fold) for fold in folds]

    @cached_property
    def raw(self) -> FloatArray:
        """Score of every row by a booster that has seen neither its launch nor itself."""
        out = np.full(len(self.data.y), np.nan)
        for fold, parameters in enumerate(self.nested):
            test = self.data.fold == fold
            booster = self.data.take(~test).fit(parameters, self.seed)
            out[test] = booster.score_samples(self.data.X[test])
        return out

    @cached_property
    def classifier(self) -> FloatArray:
        """Held-out calibrated natural log ratios of every row, cut where any learned ratio is."""
        return np.clip(cross_calibrated(self.data, self.raw), -LIMIT * LN10, LIMIT * LN10)

    @cached_property
    def generative(self) -> FloatArray:
        """The orbit line's natural log Bayes factor of every row."""
        both = pl.concat([self.escapes.table.select(*COLUMNS), self.natural])
        return orbit.score(prepare(both)).log10_bayes_factor * LN10

    @cached_property
    def mixed(self) -> FloatArray:
        """Natural log ratio of the mixture of both."""
        return mixture(self.generative / LN10, self.classifier / LN10) * LN10

    @cached_property
    def screened(self) -> ScreenResult:
        """The whole catalogue with every line, as shipped."""
        return screen(self.catalogue)

    def row_of(self, designations: pl.Series) -> npt.NDArray[np.intp]:
        """Rows of :attr:`data` by designation, shape (n,)."""
        rows = {name: row for row, name in enumerate(self.data.designation)}
        return np.array([rows[name] for name in designations], dtype=np.intp)

    @property
    def simulated(self) -> Bools:
        """Rows of :attr:`data` that are simulated."""
        return np.asarray(self.data.y == 1.0)


@dataclass(frozen=True)
class Hardware:
    """Published heliocentric orbits of real hardware: the table, its geometry, and the launch each came from.

    ``launch`` is the tag of the launch ("2018-017"), or the object's id where the launch is not known. ``leaker`` marks
    slow leaks (see ``aneos.validation.screen``).
    """

    table: pl.DataFrame
    prepared: Prepared
    launch: tuple[str, ...]
    year: npt.NDArray[np.intp]
    leaker: Bools

    def __len__(self) -> int:
        return self.table.height


def real_hardware() -> Hardware:
    """The registry's closed heliocentric orbits; spacecraft that were steered meanwhile are kept and named."""
    from aneos.validation.screen import LEAKER_INCLINATION_DEG, LEAKER_SPEED_KMS

    table = heliocentric_orbits().filter((pl.col("e") < 1.0) & (pl.col("a_au") > 0.0))
    prepared = prepare(table)
    launch = tuple(
        row["object_id"] if row["cospar"] is None else row["cospar"][:8]
        for row in table.select("object_id", "cospar").iter_rows(named=True)
    )
    year = ((table["epoch_tdb_jd"].to_numpy() - 2_451_544.5) // 365.25 + 2000).astype(np.intp)
    slow = (prepared.speed_kms < LEAKER_SPEED_KMS) & (prepared.column("i_deg") < LEAKER_INCLINATION_DEG)
    return Hardware(table, prepared, launch, year, slow)


def steered(object_id: str) -> bool:
    """Whether the registry says that the object manoeuvred."""
    return any(known.id == object_id and known.manoeuvring for known in load_known())


def scores_without_launch(context: Context, hardware: Hardware) -> FloatArray:
    """log10 Bayes factor of real hardware by classifiers that never saw its launch, shape (n,).

    All objects of a launch lie in one fold, and hyper-parameters are those searched without that fold; the calibration
    leaves the launch out too.
    """
    X, data = features(hardware.prepared), context.data
    out = np.full(len(hardware), np.nan)
    group = np.array(data.group)
    for launch in sorted(set(hardware.launch)):
        rows = np.array([tag == launch for tag in hardware.launch])
        keep = group != launch
        parameters = context.nested[fold_of(launch, len(context.nested))]
        raw = data.take(keep).fit(parameters, context.seed).score_samples(X[rows])
        learned = BetaCalibration.fit(context.raw[keep], data.y[keep], data.weight[keep])
        out[rows] = learned.log_ratio(raw)
    return unmix(out, CONTAMINATION)


def fit_and_calibrate(
    data: TrainingSet, parameters: Mapping[str, Any], seed: int
) -> tuple[Any, BetaCalibration]:
    """A booster that has seen all of ``data`` and the calibration of held-out scores within it."""
    _, raw = out_of_fold(data, parameters, seed)
    return data.fit(parameters, seed), BetaCalibration.fit(raw, data.y, data.weight)
