"""The populations that models learn from: simulated escapes of real launches, and what stands against them.

The escapes ship as one table with its recipe (:data:`SHIPPED`); folders of finished chunks, as
:func:`aneos.artificial.escapes.simulate` leaves them, can be read too. Rebuild the shipped table from such a folder:
``python -m aneos.learning.pack FOLDER...``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from aneos.catalogue import COLUMNS, load_bundled
from aneos.constants import AU_PER_DAY_KMS
from aneos.errors import InputError, MissingResourceError
from aneos.evidence.prepared import prepare
from aneos.learning.survey import faintest_magnitude
from aneos.orbits import KeplerianElements, elements_to_state, state_to_elements

FloatArray = npt.NDArray[np.float64]

SHIPPED: Final = Path(__file__).with_name("data") / "escapes-20260212.parquet"
NEA_PERIHELION_AU: Final = 1.3
"""An escape with a larger perihelion is no near-Earth object: no catalogue of NEAs could hold it."""

NEVER_SEEN_H: Final = -30.0
"""Stands for "at no magnitude": the orbit never left the glare of the Sun."""

REGIME_SHARE: Final = {"escape": 0.5, "distant": 0.25, "leak": 0.25}
"""Share of what surveys meet that left on a hyperbola, that left a translunar or Lagrange-point orbit within months,
and that leaked later. Of the objects that were ever designated as asteroids and then identified, about half left
fast and half slowly; the simulation does not follow distant orbits for decades, so it does not say. An
assumption, as in the orbit line's mixture."""

FAINT_H: Final = 25.0
"""Catalogued objects fainter than this lend their arcs and uncertainties to simulated ones."""

KEPT: Final = (
    "designation", "launch", "vehicle", "regime", "launch_jd", "epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg",
    "peri_deg", "mean_anomaly_deg", "H", "amr_m2kg", "diameter_km", "albedo",
)  # fmt: skip


@dataclass(frozen=True)
class Escapes:
    """Simulated hardware on closed heliocentric orbits with q < 1.3 au, and where it came from.

    ``table`` has the catalogue's columns and ``launch``, ``vehicle``, ``family``, ``regime``, ``launch_jd``,
    ``faintest_H`` (see :mod:`aneos.learning.survey`) and ``weight``: the share of the population's sizes at which a
    body on this orbit would have been found, times the share of its regime (:data:`REGIME_SHARE`), scaled to a mean
    of 1. ``recipe`` holds what the simulation depends on, the
    number of draws and what became of them; ``sha256`` is that of the artefact.
    """

    table: pl.DataFrame = field(repr=False)
    recipe: dict[str, Any]
    sha256: str

    def __len__(self) -> int:
        return self.table.height

    @property
    def weight(self) -> FloatArray:
        """Survey weights, shape (n,), mean 1."""
        return self.table["weight"].to_numpy()

    def take(self, chosen: npt.NDArray[np.bool_]) -> Escapes:
        """Those rows alone (weights are not scaled again)."""
        return Escapes(self.table.filter(pl.Series(chosen)), self.recipe, self.sha256)


@lru_cache(maxsize=4)
def load_escapes(path: Path = SHIPPED) -> Escapes:
    """The simulated population from its artefact. Raises MissingResourceError where the file is absent or altered."""
    if not path.exists():
        raise MissingResourceError(f"{path}: simulated population not found; reinstall aneos (make env)")
    content = path.read_bytes()
    metadata = pl.read_parquet_metadata(path)
    if "recipe" not in metadata:
        raise MissingResourceError(f"{path}: holds no recipe, so it is no simulated population of aneos")
    table = pl.read_parquet(content)
    return Escapes(_as_catalogue(table), json.loads(metadata["recipe"]), hashlib.sha256(content).hexdigest())


def pack(folders: Path | Sequence[Path], out: Path = SHIPPED) -> Escapes:
    """Write the artefact from folders of finished chunks; unfinished ones are left out and counted in the recipe."""
    parts: list[pl.DataFrame] = []
    runs: list[dict[str, Any]] = []
    for folder in [folders] if isinstance(folders, Path) else folders:
        chunks = sorted(folder.glob("chunk-*.parquet"))
        if not chunks:
            raise InputError("holds no finished chunk of a simulation", source=folder)
        parts += [pl.read_parquet(chunk) for chunk in chunks]
        runs.append(json.loads((folder / "recipe.json").read_text(encoding="utf-8")))
    drawn = pl.concat(parts)
    if drawn["designation"].is_duplicated().any():
        raise InputError("two folders hold the same draws", source="folders")
    recipe: dict[str, Any] = {"seed": runs[0]["seed"], "runs": runs}
    fates = drawn.group_by("regime", "fate").len().sort("regime", "fate")
    recipe["drawn"] = drawn.height
    recipe["fates"] = {f"{row['regime']}: {row['fate']}": row["len"] for row in fates.iter_rows(named=True)}
    closed = (pl.col("e") < 1.0) & (pl.col("a_au") * (1.0 - pl.col("e")) < NEA_PERIHELION_AU)
    kept = drawn.filter((pl.col("fate") == "escaped") & closed).select(KEPT)
    kept = observed(kept, int(recipe["seed"]))
    faintest = np.maximum(faintest_magnitude(KeplerianElements.from_table(kept)), NEVER_SEEN_H)
    recipe["kept"] = kept.height
    kept = kept.with_columns(faintest_H=pl.Series(faintest)).sort("designation")
    narrow = [
        pl.col(name).cast(pl.Float32) for name in ("H", "amr_m2kg", "diameter_km", "albedo", "faintest_H")
    ]
    kept.with_columns(narrow).write_parquet(
        out, compression="zstd", compression_level=19, metadata={"recipe": json.dumps(recipe, sort_keys=True)}
    )
    return load_escapes(out)


def observed(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The orbits as surveys would know them: with the uncertainty and the arc of a catalogued object.

    Each body takes ``U``, ``arc_days`` and ``n_obs`` of a random catalogued NEA fainter than :data:`FAINT_H`, and its
    velocity gets a Gaussian error, of the size which that U implies, in each of three components. Otherwise perfect
    simulated orbits would be told from real ones by their precision. Rows that the error opens (e ≥ 1) are left out.
    """
    known = load_bundled().table.filter((pl.col("H") > FAINT_H) & (pl.col("e") < 1.0))
    sigma = prepare(known).sigma_speed_kms
    rng = np.random.default_rng([seed, 7])
    pool = np.flatnonzero(np.isfinite(sigma) & known["arc_days"].is_not_null().to_numpy())
    lent = pool[rng.integers(pool.size, size=table.height)]
    position, velocity = elements_to_state(KeplerianElements.from_table(table))
    noise = rng.standard_normal((table.height, 3)) * (sigma[lent] / AU_PER_DAY_KMS)[:, None]
    elements = state_to_elements(position, velocity + noise, table["epoch_tdb_jd"].to_numpy())
    names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    seen = table.with_columns(*(pl.Series(name, getattr(elements, name)) for name in names))
    lent_columns = known[lent].select("U", "arc_days", "n_obs")
    return pl.concat([seen, lent_columns], how="horizontal").filter(
        (pl.col("e") < 1.0) & (pl.col("a_au") > 0.0)
    )


def family_of(vehicle: str) -> str:
    """The family of a launch vehicle: its first word, with the names of one design put together."""
    first = vehicle.replace("-", " ").split()[0]
    return FAMILIES.get(first, first)


FAMILIES: Final = {
    "Chang": "Chang Zheng", "CZ": "Chang Zheng", "Molniya": "R-7", "Soyuz": "R-7", "Luna": "R-7", "Vostok": "R-7",
    "8K72": "R-7", "Thor": "Delta", "Thorad": "Delta", "Saturn": "Saturn", "H": "H-II", "Mu": "M-V", "M": "M-V",
    "UR": "Proton", "GSLV": "PSLV/GSLV", "LVM3": "PSLV/GSLV", "PSLV": "PSLV/GSLV", "Juno": "Juno", "Titan": "Titan",
}  # fmt: skip


def _as_catalogue(table: pl.DataFrame) -> pl.DataFrame:
    """The catalogue's columns first, null where a simulated body has none; σ of the area-to-mass ratio is unknown."""
    double = [
        pl.col(name).cast(pl.Float64) for name in ("H", "amr_m2kg", "diameter_km", "albedo", "faintest_H")
    ]
    table = table.with_columns(double)
    sizes, limit = np.sort(table["H"].to_numpy()), table["faintest_H"].to_numpy()
    share = np.searchsorted(sizes, limit, side="right") / sizes.size
    regime, weight = table["regime"].to_numpy(), np.zeros(table.height)
    for name, part in REGIME_SHARE.items():
        chosen = regime == name
        seen = float(share[chosen].sum())
        weight[chosen] = 0.0 if seen == 0.0 else share[chosen] * part / seen
    weight *= table.height / max(float(weight.sum()), 1e-300)
    blank = [pl.lit(None, dtype).alias(name) for name, dtype in COLUMNS.items() if name not in table.columns]
    extra = ("launch", "vehicle", "family", "regime", "launch_jd", "faintest_H", "weight")
    return table.with_columns(
        *blank,
        weight=pl.Series(weight),
        family=pl.col("vehicle").map_elements(family_of, return_dtype=pl.String),
    ).select(*COLUMNS, *extra)
