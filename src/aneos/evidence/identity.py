"""The identity line: does the orbit match a known artificial object at the candidate's epoch?

An artificial object is one of the K known ones that can be placed at that epoch with probability c (the
*coverage* of the registry, an assumption), and any other with 1 - c. A natural one matches by chance only.
Both are judged by where node, perihelion and mean longitude point, given a, e and i:

    BF = (1 - c) + (c/K) Σ_k L_k,    L_k = w_k · p(angles | same object) / p(angles | uniform)

with w_k = exp(-D²_aei/2) <= 1 for the disagreement in a, e and i. Agreement in a, e and i earns nothing: the
orbit line already judges how rare such an orbit is in nature, and the two lines may be added. The widths have
a heavy tail (a tenth of the weight is three times as wide). No match gives log10(1 - c), a mild argument for
natural. Matching the *designation* of a registry object has no weight at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import i0e

from aneos.artificial.comparison import REACH, Comparison, Pairs, compare, pairs_at
from aneos.artificial.identify import MAX_DISTANCE, Match, best_match, label_of
from aneos.artificial.known import KnownObject
from aneos.artificial.trajectories import Trajectory
from aneos.evidence.base import Evidence, EvidenceColumns, FloatArray, not_applicable

LINE: Final = "identity"

COVERAGE: Final = 0.5
"""Assumed share of the artificial objects that surveys pick up on heliocentric orbits which the registry can
place: it holds usable orbits of six of the eleven that were ever given a minor-planet designation."""

COVERAGE_INTERVAL: Final = (0.2, 0.8)
WIDTH_INTERVAL: Final = (0.7, 1.5)
"""The widths are believed within these factors."""

TAILS: Final = ((0.9, 1.0), (0.1, 3.0))
"""Weights and scales of the two widths."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the line assumes: the coverage of the registry."""

    coverage: float = COVERAGE


def score(
    table: pl.DataFrame,
    *,
    trajectories: Sequence[Trajectory] | None = None,
    parameters: Parameters | None = None,
) -> EvidenceColumns:
    """The line over a whole catalogue table (element columns as in ``aneos.catalogue.schema``).

    Not measured where the row has no ellipse or no known object can be placed at its epoch. The higher, the
    more the orbit is that of a known artificial object.
    """
    comparison = compare(table, trajectories=trajectories)
    return _columns(comparison, parameters or Parameters())


@dataclass(frozen=True, slots=True, eq=False)
class IdentityScore:
    """The line over a table: its columns, the matches within MAX_DISTANCE, and what :func:`explain` needs."""

    columns: EvidenceColumns
    matches: list[Match | None]
    comparison: Comparison
    parameters: Parameters


def score_and_match(
    table: pl.DataFrame,
    *,
    trajectories: Sequence[Trajectory] | None = None,
    parameters: Parameters | None = None,
) -> IdentityScore:
    """Both the line and the matches within MAX_DISTANCE (see :func:`aneos.artificial.identify.identify`)."""
    comparison, assumed = compare(table, trajectories=trajectories), parameters or Parameters()
    found: list[Match | None] = [None] * table.height
    for row in np.flatnonzero(comparison.nearest <= MAX_DISTANCE):
        found[int(row)] = best_match(comparison, int(row))
    return IdentityScore(_columns(comparison, assumed), found, comparison, assumed)


def explain(
    table: pl.DataFrame,
    row: int = 0,
    *,
    trajectories: Sequence[Trajectory] | None = None,
    parameters: Parameters | None = None,
) -> tuple[Evidence, Match | None]:
    """The line for one row in words, and the best match (None if nothing was comparable).

    The match names the object only where ``match.identified``.
    """
    single = table.slice(row, 1)
    return explain_scored(
        single, 0, score_and_match(single, trajectories=trajectories, parameters=parameters)
    )


def explain_scored(table: pl.DataFrame, row: int, scored: IdentityScore) -> tuple[Evidence, Match | None]:
    """The line for one row of a table that was scored as a whole; see :func:`explain`."""
    record = table.row(row, named=True)
    label = label_of(record)
    compared = int(np.count_nonzero(scored.comparison.known_at(row)))
    if compared == 0:
        return _not_comparable(record, label), None
    best = scored.matches[row]
    if best is None:
        best = best_match(scored.comparison, row)
    inputs = {
        "coverage": scored.parameters.coverage,
        "compared": compared,
        "registry_label": label.id if label else None,
    }
    inputs |= {} if best is None else best.to_dict()
    columns = scored.columns
    interval = (float(columns.lo[row]), float(columns.hi[row]))
    value = float(columns.log10_bayes_factor[row])
    return Evidence(LINE, "measured", value, interval, _sentence(best, compared, label), inputs), best


# -- words -----------------------------------------------------------------------------------------


def _sentence(best: Match | None, compared: int, label: KnownObject | None) -> str:
    named = best is not None and best.identified
    if best is None or best.distance > MAX_DISTANCE:
        text = f"None of the {compared} known artificial objects that can be placed at this epoch matches."
    elif best.identified:
        text = (
            f"The orbit is that of {_title(best.name, best.cospar)} at this epoch within {best.distance:.1f} widths; "
            f"a scrambled registry matches as well with probability {best.chance_probability:.0e}."
        )
    else:
        text = (
            f"The orbit agrees with {_title(best.name, best.cospar)} within {best.distance:.1f} widths, but so would "
            f"a scrambled registry with probability {best.chance_probability:.0e}: no identity."
        )
    if label is not None and not (named and best is not None and best.object_id == label.id):
        text += f" The designation is listed for {_title(label.name, label.cospar)}; a label has no weight."
    return text


def _title(name: str, cospar: str | None) -> str:
    return name if cospar is None else f"{name} ({cospar})"


def _not_comparable(record: Mapping[str, Any], label: KnownObject | None) -> Evidence:
    e = record["e"]
    inputs = {"registry_label": label.id if label else None}
    if e is None or not e < 1.0:
        return not_applicable(
            LINE, "Only elliptic heliocentric orbits are compared with the registry.", inputs
        )
    epoch = record["epoch_tdb_jd"]
    return not_applicable(
        LINE, f"No known artificial object can be placed at the epoch of these elements (JD {epoch}).", inputs
    )


# -- numbers ---------------------------------------------------------------------------------------


def _columns(comparison: Comparison, parameters: Parameters) -> EvidenceColumns:
    measured = comparison.compared > 0
    evidence = [np.zeros((len(comparison.widths), len(comparison.candidates))) for _ in range(3)]
    rows = np.flatnonzero(measured & (comparison.nearest <= REACH))
    for row in rows:
        for trial in range(int(comparison.trials[row])):
            pairs = pairs_at(comparison, int(row), trial)
            for values, scale in zip(evidence, (1.0, *WIDTH_INTERVAL), strict=True):
                values[trial, row] = float(np.mean(_likelihood_ratios(pairs, scale)))
    centre, narrow, wide = (values.sum(axis=0) / comparison.trials for values in evidence)
    ends = [
        _log10(coverage, ratio)
        for coverage in (parameters.coverage, *COVERAGE_INTERVAL)
        for ratio in (centre, narrow, wide)
    ]
    zero = np.zeros(len(measured))
    return EvidenceColumns(
        LINE,
        measured,
        np.where(measured, _log10(parameters.coverage, centre), zero),
        np.where(measured, np.min(ends, axis=0), zero),
        np.where(measured, np.max(ends, axis=0), zero),
    )


def _log10(coverage: float, ratio: FloatArray) -> FloatArray:
    return np.asarray(np.log10((1.0 - coverage) + coverage * ratio))


def _likelihood_ratios(pairs: Pairs, scale: float) -> npt.NDArray[np.float64]:
    """L_k of one candidate and each known object, shape (n,)."""
    e_lengths, i_lengths = pairs.lengths("e_vector"), pairs.lengths("i_vector")
    shape = (
        pairs.delta_a**2
        + ((e_lengths[0] - e_lengths[1]) / pairs.sigma.e) ** 2
        + ((i_lengths[0] - i_lengths[1]) / pairs.sigma.i) ** 2
    )
    e_turn, i_turn = pairs.turn("e_vector"), pairs.turn("i_vector")
    longitude, sigma_longitude = np.radians(pairs.longitude_deg), np.radians(pairs.sigma.longitude_deg)
    total = np.zeros(len(pairs.index))
    for weight, tail in TAILS:
        s2 = (scale * tail) ** 2
        concentrated = (
            _von_mises(e_turn, e_lengths[0] * e_lengths[1] / (s2 * pairs.sigma.e**2))
            * _von_mises(i_turn, i_lengths[0] * i_lengths[1] / (s2 * pairs.sigma.i**2))
            * _von_mises(longitude, 1.0 / (s2 * sigma_longitude**2))
            * (pairs.phase_range_deg / 360.0)
        )
        total += weight * np.exp(-0.5 * shape / s2) * concentrated
    return total


def _von_mises(angle: FloatArray, concentration: FloatArray) -> FloatArray:
    """Density of a von Mises distribution at ``angle`` over the uniform density."""
    return np.asarray(np.exp(-2.0 * concentration * np.sin(angle / 2.0) ** 2) / i0e(concentration))
