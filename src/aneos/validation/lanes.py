"""Real hardware in four lanes, the joined posterior with its ablation, hard negatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import log_expit

from aneos.artificial.known import find
from aneos.assessment import posterior
from aneos.catalogue import COLUMNS, Catalogue
from aneos.learning.calibration import log_score, pr_auc
from aneos.learning.posterior import OrbitBy, joined
from aneos.screening import Scored, assess, screen
from aneos.validation.context import BUDGETS, LN10, Context, Hardware, real_hardware, scores_without_launch
from aneos.validation.hardware_baselines import baselines_on_hardware
from aneos.validation.held_out import hard_cut
from aneos.validation.rates import Rate, above, by_group
from aneos.validation.screen import HARD_NEGATIVES, LEAKER_INCLINATION_DEG, LEAKER_SPEED_KMS
from aneos.validation.sections import table

FloatArray = npt.NDArray[np.float64]

LANES: Final = {
    "identity allowed": ("orbit", "area_to_mass", "physical", "identity"),
    "identity withheld": ("orbit", "area_to_mass", "physical"),
    "orbit only": ("orbit",),
    "area-to-mass ratio only": ("area_to_mass",),
}
"""Lines of evidence that each lane may use."""

MODES: Final[tuple[OrbitBy, ...]] = ("generative", "classifier", "mixture")


@dataclass(frozen=True)
class Mixed:
    """Real hardware beside the catalogue: lines of both, the classifier's log10 Bayes factors of both."""

    hardware: Hardware
    hardware_scored: Scored
    natural_scored: Scored
    hardware_classifier: FloatArray
    natural_classifier: FloatArray

    def total(self, lane: str, by: OrbitBy) -> tuple[FloatArray, FloatArray]:
        """log10 Bayes factors of hardware and of the catalogue in a lane."""
        out = []
        for scored, classifier in (
            (self.hardware_scored, self.hardware_classifier),
            (self.natural_scored, self.natural_classifier),
        ):
            lines = {name: scored.lines[name] for name in LANES[lane]}
            if "orbit" in lines:
                out.append(joined(lines, classifier, by).log10_bayes_factor)
            else:
                out.append(np.sum([line.log10_bayes_factor for line in lines.values()], axis=0))
        return out[0], out[1]


def mix(context: Context) -> Mixed:
    """Score the registry's orbits and the catalogue with every line and with classifiers that never saw them."""
    hardware = real_hardware()
    extra = hardware.table.select(*COLUMNS)
    hardware_scored = _in_table_order(extra, context)
    natural = context.screened.scored
    held_out = dict(zip(context.data.designation, context.classifier / LN10, strict=True))
    classifier = np.array([held_out[name] for name in natural.prepared.table["designation"].to_list()])
    return Mixed(
        hardware,
        hardware_scored,
        natural,
        scores_without_launch(context, hardware),
        classifier,
    )


def run(context: Context, mixed: Mixed) -> tuple[str, dict[str, Any]]:
    """The section's Markdown and its figures."""
    hardware = mixed.hardware
    rows, facts = [], []
    for lane in LANES:
        for by in MODES if "orbit" in LANES[lane] else MODES[:1]:
            item = _lane(mixed, lane, by)
            facts.append(item)
            rates: dict[str, Rate] = item["rates"]
            orbit = by if "orbit" in LANES[lane] else "–"
            rows.append([lane, orbit, *(rates[key] for key in _columns())])
    tags = np.array(hardware.launch)
    slow, fast = (len(set(tags[chosen])) for chosen in (hardware.leaker, ~hardware.leaker))
    ablation, negatives = _ablation(context, mixed), _negatives(context)
    baselines = baselines_on_hardware(context, hardware)
    text = "\n\n".join(
        [
            "## Real hardware in four lanes, one launch left out at a time",
            f"{len(hardware)} published heliocentric orbits of {len(set(hardware.launch))} launches, none "
            "of them in any training set; where the simulation has objects of the same launch, the "
            f"classifier was trained without them. {slow} launches are slow leakers (below "
            f"{LEAKER_SPEED_KMS} km/s and {LEAKER_INCLINATION_DEG}°), {fast} direct escapes or steered "
            "spacecraft. An object is recalled at a budget of k alerts "
            "where fewer than k catalogued objects score as high in the same lane. Rates count launches "
            "(at least half of the orbits of a launch recalled), with exact 95% intervals. In the lane "
            "with identity the registry's orbits are compared with the registry's own trajectories, so "
            "this lane shows that the parts work together and no more; [the registry's page](registry.md) "
            "measures identity.",
            table(["lane", "orbit judged by", *_columns()], [[*map(str, row)] for row in rows]),
            "The near-failure on direct escapes with identity withheld is real: leaving on a hyperbola "
            "puts a stage among natural orbits. What the classifier adds there rests on the simulated "
            "directions of departure.",
            _direct_table(mixed),
            "### Baselines on the same hardware",
            baselines[0],
            "### Does the model earn its place? Ablation",
            *ablation[0],
            "### Hard negatives",
            negatives[0],
        ]
    )
    plain = [
        {**item, "rates": {key: rate.to_dict() for key, rate in item["rates"].items()}} for item in facts
    ]
    return text, {
        "lanes": plain,
        "ablation": ablation[1],
        "baselines": baselines[1],
        "hard_negatives": negatives[1],
    }


def _columns() -> list[str]:
    return [f"{kind} at {budget}" for kind in ("leakers", "direct") for budget in BUDGETS]


def _lane(mixed: Mixed, lane: str, by: OrbitBy) -> dict[str, Any]:
    score, natural = mixed.total(lane, by)
    higher = above(score, natural)
    rates = {}
    for kind, chosen in (("leakers", mixed.hardware.leaker), ("direct", ~mixed.hardware.leaker)):
        tags = tuple(tag for tag, part in zip(mixed.hardware.launch, chosen, strict=True) if part)
        for budget in BUDGETS:
            rates[f"{kind} at {budget}"] = by_group(higher[chosen] < budget, tags)
    return {"lane": lane, "orbit_by": by, "rates": rates}


def _direct_table(mixed: Mixed) -> str:
    """Direct escapes one by one: naturals above each, by orbit alone."""
    rows = []
    counts = {by: above(*mixed.total("orbit only", by)) for by in MODES}
    for row in np.flatnonzero(~mixed.hardware.leaker):
        record = mixed.hardware.table.row(int(row), named=True)
        found = find(record["designation"])
        note = "steered" if found is not None and found.manoeuvring else ""
        rows.append(
            [record["designation"], note, f"{mixed.hardware.prepared.speed_kms[row]:.2f}"]
            + [int(counts[by][row]) for by in MODES]
        )
    return table(
        ["direct escape, by orbit alone", "", "v (km/s)", *(f"naturals above: {by}" for by in MODES)], rows
    )


def _ablation(context: Context, mixed: Mixed) -> tuple[list[str], dict[str, Any]]:
    """Log score of real hardware by launch against the catalogue, with lines added one by one, for each judge "
    "of orbits."""
    steps = [("orbit",), ("orbit", "area_to_mass"), ("orbit", "area_to_mass", "physical")]
    groups = np.array(mixed.hardware.launch)
    sizes = {name: int(np.sum(groups == name)) for name in set(mixed.hardware.launch)}
    share = np.array([1.0 / sizes[name] for name in mixed.hardware.launch])
    rows, facts = [], []
    for names in steps:
        for by in MODES:
            parts = []
            for scored, classifier in (
                (mixed.hardware_scored, mixed.hardware_classifier),
                (mixed.natural_scored, mixed.natural_classifier),
            ):
                lines = {name: scored.lines[name] for name in names}
                parts.append(joined(lines, classifier, by).log10_bayes_factor * LN10)
            positive = float(np.average(log_expit(parts[0]), weights=share) / np.log(2.0))
            negative = float(np.mean(log_expit(-parts[1])) / np.log(2.0))
            alarms = int(np.sum(posterior(parts[1] / LN10, mixed.natural_scored.prior) >= 0.5))
            item: dict[str, Any] = {
                "lines": list(names),
                "orbit_by": by,
                "hardware_bits": positive,
                "catalogue_bits": negative,
            }
            item |= {"both_bits": 0.5 * (positive + negative), "catalogued_above_one_half": alarms}
            facts.append(item)
            figures = (positive, negative, 0.5 * (positive + negative))
            rows.append([" + ".join(names), by, *(f"{value:.3f}" for value in figures), alarms])
    best: dict[str, float] = {item["orbit_by"]: item["both_bits"] for item in facts[-3:]}
    verdict, rule = _verdict(context, mixed, best)
    header = [
        "lines",
        "orbit judged by",
        "real hardware (bits)",
        "catalogue (bits)",
        "both",
        "catalogued with P ≥ 0.5",
    ]
    cut = hard_cut(context, LEAKER_SPEED_KMS, LEAKER_INCLINATION_DEG)
    text = [
        "Mean log2 of the probability given to the truth at equal prior: over launches of real hardware, "
        "over the catalogue (whose objects are taken as natural here), and the mean of both. Only the "
        "judge of the orbit changes. The log score on real hardware looks at all lines together.",
        table(header, rows),
        verdict,
        f"The plain cut at {LEAKER_SPEED_KMS} km/s and {LEAKER_INCLINATION_DEG}° passes {cut['escapes']} "
        f"of the simulated escapes and {cut['catalogue']} of the catalogue.",
    ]
    return text, {"rows": facts, **rule}


def _verdict(context: Context, mixed: Mixed, real: dict[str, float]) -> tuple[str, dict[str, Any]]:
    """The rule of the posterior, applied: ahead by every measure, or not in the posterior."""
    data = context.data
    scores = dict(zip(MODES, (context.generative, context.classifier, context.mixed), strict=True))
    measures: dict[str, dict[OrbitBy, float]] = {
        "log score on injections": {by: log_score(scores[by], data.y, data.weight) for by in MODES},
        "log score on real hardware": {by: real[by] for by in MODES},
        "PR-AUC at 3e-4": {by: pr_auc(scores[by], data.y, data.weight, 3e-4) for by in MODES},
        "leakers recalled at 30 by orbit alone": {
            by: _lane(mixed, "orbit only", by)["rates"]["leakers at 30"].value for by in MODES
        },
    }
    rows = [[name, *(f"{values[by]:.3f}" for by in MODES)] for name, values in measures.items()]
    behind = {
        by: [name for name, values in measures.items() if values[by] < values["generative"]]
        for by in MODES[1:]
    }
    eligible = [by for by in MODES[1:] if not behind[by]]
    if eligible:
        chosen = max(eligible, key=lambda by: real[by])
        verdict = (
            f"**Verdict: the {chosen} may take the place of the orbit line.** It is behind by no measure. "
            "The screen as it ships still judges orbits by the generative line; "
            "`aneos.learning.posterior.joined` gives the posterior with either."
        )
    else:
        losses = "; ".join(f"the {by} is behind in {', '.join(behind[by])}" for by in MODES[1:])
        verdict = f"**Verdict: the generative orbit line stays in the posterior:** {losses}."
    text = "\n\n".join(
        [
            "The rule: a learned judge takes the place of the orbit line only where it is behind by none "
            "of these, which look at probabilities, at the prior that the screen works with, and at the "
            "alerts:",
            table(["measure", *MODES], rows),
            verdict,
        ]
    )
    return text, {"measures": measures, "behind": behind, "verdict": verdict}


def _negatives(context: Context) -> tuple[str, dict[str, Any]]:
    report = assess(context.catalogue, HARD_NEGATIVES)
    wrong = [item.designation for item in report.assessments if "artificial" in item.object_class]
    rate = Rate(len(wrong), len(report.assessments))
    names = ", ".join(wrong) or "none"
    return f"Natural look-alikes called artificial: {rate}: {names}.", {
        "rate": rate.to_dict(),
        "names": wrong,
    }


def _in_table_order(extra: pl.DataFrame, context: Context) -> Scored:
    """Lines over the hardware alone; a screen ranks its table but its ``scored`` keeps the order given."""
    named = extra.with_columns(designation=pl.format("{} #{}", pl.col("designation"), pl.int_range(pl.len())))
    scored = screen(Catalogue(named, context.catalogue.provenance)).scored
    assert scored.prepared.table.height == extra.height
    return scored
