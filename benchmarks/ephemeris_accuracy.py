"""Ephemerides against JPL's trajectories: ``python -m benchmarks.ephemeris_accuracy [--report docs/validation.md]``.

Apophis from JPL's state, in km and in arcseconds as observers see it, and the registry's Spitzer (``aneos ephemeris
Spitzer``) against JPL's reconstructed trajectory. The trajectories are read from the reference data beside the checkout
(``ANEOS_SHARED`` or ``../shared``). The direction of the truth comes from JPL's own positions at the time at which
the light left, by iteration, not by the series of :func:`aneos.artificial.ephemerides.observe`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aneos.artificial.ephemerides import LIGHT_AU_D, barycentric, ephemeris, observe, observer_states
from aneos.dynamics import States, propagate, sample
from aneos.dynamics.ephemeris import TO_ECLIPTIC
from aneos.dynamics.kernels import load_kete
from aneos.dynamics.timescales import utc_to_tdb_jd
from aneos.validation.sections import table, write_section
from benchmarks.dynamics_accuracy import A1, A2, SHARED, SIXTEEN, date, horizons, jpl_trajectory, kilometres

FloatArray = npt.NDArray[np.float64]
Trajectory = Callable[[FloatArray], FloatArray]
"""Heliocentric ecliptic positions (m, 3) in au at m epochs (TDB)."""

STATIONS = ("500", "703")


def direction(path: Trajectory, epochs: FloatArray, observer: FloatArray) -> FloatArray:
    """Unit vectors (m, 3, ICRF) from barycentric observers to where the object was when its light left."""
    delay = np.zeros(epochs.size)
    for _ in range(6):
        then = epochs - delay
        line = path(then) @ TO_ECLIPTIC + barycentric("Sun", then)[:, :3] - observer[:, :3]
        delay = np.linalg.norm(line, axis=1) / LIGHT_AU_D
    return np.asarray(line / np.linalg.norm(line, axis=1)[:, None])


def arcseconds(ra_deg: FloatArray, dec_deg: FloatArray, truth: FloatArray) -> FloatArray:
    """Angle between places and unit vectors."""
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    seen = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=1)
    return np.asarray(np.degrees(2.0 * np.arcsin(0.5 * np.linalg.norm(seen - truth, axis=1))) * 3600.0)


def apophis() -> str:
    """Table of errors from JPL's state of 2021-01-01 with the solution's own A1 and A2."""
    start = 2_459_215.5
    epochs = start + np.array([0.0, 365.0, 1461.0, 2557.0, 2922.0, 3021.5, 3022.5, 3024.0, 3025.5, 3390.0])
    truth, speed = jpl_trajectory(220, epochs)
    whole = States(truth[0], speed[0], np.asarray(start), np.asarray(A1), np.asarray(A2), np.asarray(0.0))
    bare = States(truth[0], speed[0], np.asarray(start), *np.zeros((3, 1)))
    default, sixteen, without = (
        sample(whole, epochs),
        sample(whole, epochs, forces=SIXTEEN),
        sample(bare, epochs),
    )
    kete = [propagate(whole, e, forces=SIXTEEN, engine="kete").states.position_au[0] for e in epochs]
    columns = [kilometres(path.position_au[0], truth) for path in (default, sixteen)]
    columns += [kilometres(np.array(kete), truth), kilometres(without.position_au[0], truth)]
    for code in STATIONS:
        place = observer_states(code, epochs[1:])  # JPL's trajectory begins with the first
        sky = observe(epochs[1:], default.position_au[:, 1:], default.velocity_au_d[:, 1:], place, None)
        exact = direction(lambda times: jpl_trajectory(220, times)[0], epochs[1:], place)
        columns.append(np.append(0.0, arcseconds(sky.ra_deg, sky.dec_deg, exact)))
    head = (
        "date (TDB)", "km, five asteroids (default)", "km, sixteen", "km, kete, sixteen", "km, without A1 and A2",
        *(f"arcsec from {code}" for code in STATIONS),
    )  # fmt: skip
    rows = [
        (
            date(epochs[k]),
            *(_figure(column[k]) for column in columns[:4]),
            *(_figure(c[k], 5) for c in columns[4:]),
        )
        for k in range(1, epochs.size)
    ]
    before = epochs < 2_462_240.4
    largest = columns[0][before].max()
    return (
        f"{table(head, rows)}\n\nLargest error before the encounter of 2029-04-13: {largest:.2f} km "
        f"({'below' if largest < 100.0 else 'NOT below'} 100 km)."
    )


def spitzer() -> str:
    """The registry's Spitzer against JPL's reconstruction, over its flight."""
    kete = load_kete()
    kete.spice.kernel_reload([str(SHARED / "services" / "kete_spitzer.bsp")])

    def path(times: FloatArray) -> FloatArray:
        return np.array([list(kete.spice.get_state(-79, float(t), center=10).pos) for t in times])

    days = ("2003-12-01", "2005-01-01", "2008-09-15", "2009-09-01", "2012-01-01", "2016-01-01", "2019-12-01")
    utc = np.array([_julian(day) for day in days])
    epochs = utc_to_tdb_jd(utc)
    found = ephemeris("Spitzer", utc)
    truth = direction(path, epochs, observer_states("500", epochs))
    error = arcseconds(found.sky.ra_deg, found.sky.dec_deg, truth)
    rows = []
    for k, day in enumerate(days):
        fit = found.fit_epoch_tdb_jd[k]
        if not np.isfinite(error[k]):
            rows.append((day, "–", "–", "–", found.reason[k]))
            continue
        width = found.sky.sigma_major_arcsec[k]
        rows.append(
            (day, f"{epochs[k] - fit:+.0f}", _figure(error[k]), _figure(width), f"{error[k] / width:.2f}")
        )
    head = ("date", "days from the elements", "error (arcsec)", "σ major (arcsec)", "error / σ")
    return table(head, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--report", type=Path, help="also write the section `dynamics` of this report")
    given = parser.parse_args()
    if not SHARED.is_dir():
        raise SystemExit(f"no reference data at {SHARED}")
    text = f"""## Dynamics and ephemerides against JPL

Apophis, JPL's solution 220 (SPK), started from its state of 2021-01-01 with its own A1 and A2; at 38,000 km from the
Earth on 2029-04-13 errors grow some 5000-fold. Arcseconds are astrometric places of
`aneos.artificial.ephemerides.observe`, from the geocentre and from Catalina (703), against JPL's positions when the
light left.

{apophis()}

{horizons(2_459_215.5)}

`aneos ephemeris Spitzer` against JPL's reconstructed trajectory of the craft (SPK), seen from the geocentre. The
registry has two sets of its elements, without widths; the craft vented helium until 2009 and unloaded its wheels by
thrusters.

{spitzer()}

Printed by `python -m benchmarks.ephemeris_accuracy`; other accuracies, and the comparison with ASSIST, are in
[Dynamics](dynamics.md)."""
    print(text)
    if given.report is not None:
        write_section(given.report, "dynamics", text)


# -- below: steps ----------------------------------------------------------------------------------


def _figure(value: float, places: int = 2) -> str:
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.{places}f}"


def _julian(day: str) -> float:
    from aneos.artificial.dates import julian_date

    return julian_date(day)


if __name__ == "__main__":
    main()
