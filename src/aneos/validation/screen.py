"""What the quick screen achieves: ``python -m aneos.validation.screen`` rewrites its section of the report.

Identity withheld, the registry's heliocentric orbits are mixed into the catalogue and ranked; the hard negatives are
assessed with their published area-to-mass ratios; the alert list and the head of the watch list are named.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import beta

from aneos.artificial.known import heliocentric_orbits
from aneos.catalogue import COLUMNS, Catalogue, load_bundled
from aneos.catalogue.measurements import with_measurements
from aneos.catalogue.schema import in_columns
from aneos.evidence import orbit
from aneos.evidence.prepared import prepare
from aneos.populations.natural import load_natural_orbits
from aneos.screening import ScreenResult, assess, screen
from aneos.validation.sections import table, write_section

COMMAND = "python -m aneos.validation.screen"

HARD_NEGATIVES = (
    "2006 RH120", "2009 BD", "2011 MD", "2012 LA", "2012 TC4", "2015 TC25", "2020 CD3", "2020 GE", "2020 WY",
    "2021 GM1", "2021 VH2", "2024 PT5", "2016 HO3", "2022 NX1",
)  # fmt: skip
"""Natural look-alikes with a measured area-to-mass ratio, or natural by spectrum."""

LEAKER_SPEED_KMS, LEAKER_INCLINATION_DEG = 1.1, 0.6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/validation.md"))
    out: Path = parser.parse_args().out
    write_section(out, "screen", report())


def report() -> str:
    """The Markdown text of the section."""
    catalogue = load_bundled()
    full = screen(catalogue)
    parts = [
        "## The screen of the real catalogue",
        f"Every figure of this section is printed by `{COMMAND}`.",
        _summary(full),
        "### The natural null",
        _null(catalogue),
        "### Known hardware mixed in, identity withheld",
        _mixed(catalogue),
        "### Hard negatives",
        _negatives(catalogue),
        "### Alerts and the head of the watch list",
        _watch_list(full, catalogue),
    ]
    return "\n\n".join(parts)


def clopper_pearson(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Exact interval of a rate (Clopper & Pearson 1934)."""
    tail = 0.5 * (1.0 - level)
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(beta.ppf(1.0 - tail, successes + 1, trials - successes))
    return low, high


def mixed(catalogue: Catalogue) -> ScreenResult:
    """The catalogue with every heliocentric orbit of the registry, screened by orbit alone.

    Area-to-mass ratios and magnitudes of the registry are withheld too: what is tested is the orbit.
    """
    known = heliocentric_orbits()
    keep = ("epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    named = known.select(
        pl.format("{} @ JD {}", pl.col("designation"), pl.col("epoch_tdb_jd").round(1)).alias("designation"),
        *keep,
    ).filter((pl.col("e") < 1.0) & pl.col("designation").is_first_distinct())
    extra = in_columns(named).with_columns(source=pl.lit("registry"))
    joined = pl.concat([catalogue.table.select(*COLUMNS), extra])
    return screen(Catalogue(joined, catalogue.provenance), without=("identity", "area_to_mass", "physical"))


def _summary(result: ScreenResult) -> str:
    classes = result.summary["classes"]
    rows = [[name, count] for name, count in classes.items()]
    return (
        f"{result.summary['objects']} objects, prior {result.summary['prior']:g}. Alerts at a false discovery rate of "
        f"{result.summary['fdr']:.0%}: {result.summary['alerts']}.\n\n" + table(["class", "objects"], rows)
    )


def _null(catalogue: Catalogue) -> str:
    p = orbit.p_values(prepare(catalogue.table).encounters)
    n = load_natural_orbits().n_reference
    rows = []
    for threshold in (1e-4, 3e-4, 1e-3, 1e-2, 1e-1):
        rows.append([f"{threshold:g}", int(np.count_nonzero(p <= threshold)), f"{threshold * n:.1f}"])
    return (
        "How many catalogued NEAs look at least this artificial by orbit, against the number that the smooth null "
        "expects. The null takes its density below 6 km/s from all directions together; nothing is fitted in the "
        "corner.\n\n" + table(["p ≤", "observed", "expected"], rows)
    )


def _mixed(catalogue: Catalogue) -> str:
    result = mixed(catalogue)
    chosen = result.table.filter(pl.col("source") == "registry")
    rows, leakers, found = [], 0, 0
    natural_before = result.table.with_columns(
        above=(pl.col("source").fill_null("") != "registry").cum_sum()
    ).filter(pl.col("source") == "registry")["above"]
    for row, above in zip(chosen.iter_rows(named=True), natural_before, strict=True):
        leaker = row["v_encounter_kms"] < LEAKER_SPEED_KMS and row["i_deg"] < LEAKER_INCLINATION_DEG
        leakers += leaker
        found += leaker and above < 30
        rows.append(
            [
                row["designation"], row["rank"], above, "yes" if leaker else "no", f"{row['v_encounter_kms']:.2f}",
                f"{row['i_deg']:.2f}", f"{row['log10_bayes_factor']:.2f}", f"{row['probability_artificial']:.2g}",
            ]
        )  # fmt: skip
    low, high = clopper_pearson(found, leakers)
    header = [
        "object",
        "rank",
        "naturals above it",
        "leaker",
        "v (km/s)",
        "i (deg)",
        "log10 BF",
        "P(artificial)",
    ]
    return (
        f"{len(rows)} published heliocentric orbits of known hardware, by orbit alone (AMR and H withheld too). A "
        f"slow leaker meets Earth's orbit below {LEAKER_SPEED_KMS} km/s with an inclination below "
        f"{LEAKER_INCLINATION_DEG}°. "
        f"Leakers with fewer than 30 natural objects above them: {found} of {leakers} (95% interval {low:.2f} to "
        f"{high:.2f}). Several rows are one object at several epochs. Direct escapes such as the Tesla Roadster and "
        "the Lucy Centaur are not found by their orbit, and should not be.\n\n" + table(header, rows)
    )


def _negatives(catalogue: Catalogue) -> str:
    report = assess(catalogue, HARD_NEGATIVES)
    rows = [
        [item.designation, item.object_class, f"{item.probability_artificial:.1e}", item.verdict]
        for item in report.assessments
    ]
    wrong = sum("artificial" in item.object_class for item in report.assessments)
    low, high = clopper_pearson(wrong, len(rows))
    return f"Called artificial: {wrong} of {len(rows)} (95% interval {low:.2f} to {high:.2f}).\n\n" + table(
        ["object", "class", "P(artificial)", "verdict"], rows
    )


def _watch_list(result: ScreenResult, catalogue: Catalogue) -> str:
    alerts = result.table.filter("alert")
    listed = result.table.head(30)
    known = with_measurements(catalogue).table
    keyed = {row["designation"]: row for row in known.iter_rows(named=True)} if listed.height else {}
    rows = []
    for row in listed.iter_rows(named=True):
        record = keyed[row["designation"]]
        rows.append(
            [
                row["rank"], row["designation"], "yes" if row["alert"] else "no", row["class"],
                f"{row['probability_artificial']:.2f}", f"{row['q_value']:.2f}", f"{row['v_encounter_kms']:.2f}",
                f"{row['i_deg']:.2f}", f"{row['moid_au']:.4f}", record["H"], _known_of(record),
            ]
        )  # fmt: skip
    names = ", ".join(alerts["designation"]) or "none"
    header = [
        "rank",
        "object",
        "alert",
        "class",
        "P",
        "q",
        "v (km/s)",
        "i (deg)",
        "MOID (au)",
        "H",
        "what is known",
    ]
    return (
        f"Alerts at 10% false discovery rate in the natural catalogue: {alerts.height} ({names}). The first thirty "
        "of the watch list follow; none is claimed to be artificial by its orbit alone.\n\n"
        + table(header, rows)
    )


def _known_of(record: dict[str, object]) -> str:
    note = record.get("measurement_note")
    if note:
        return str(note)
    arc = record["arc_days"]
    span = (
        "arc not given"
        if arc is None
        else f"{'at least ' if record['arc_is_lower_bound'] else ''}{arc:.0f} d arc"
    )
    return (
        f"{span}, {record['n_obs']} observations, {record['n_oppositions']} opposition(s), U {record['U']}, last seen "
        f"{record['last_observation']}; no area-to-mass ratio or spectrum published in the sources used"
    )


if __name__ == "__main__":
    main()
