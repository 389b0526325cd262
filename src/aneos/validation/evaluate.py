"""The evaluation as a whole: every section, its figures as JSON, its pictures. ``aneos evaluate`` calls it."""

from __future__ import annotations

import json
import math
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aneos.learning import train
from aneos.learning.prediction import predict
from aneos.learning.training import SEED
from aneos.populations import patterns
from aneos.validation import (
    claims,
    controls,
    faint,
    held_out,
    lanes,
    recovery,
    short_arc,
    temporal,
    unexplained,
)
from aneos.validation.context import Context
from aneos.validation.figures import recovery_by_speed, reliability_curve
from aneos.validation.rates import Rate
from aneos.validation.sections import table, write_section

Progress = Callable[[str, int, int], None]

STEPS: Final = (
    "held-out", "lanes", "recovery", "short arcs", "controls", "unexplained", "faint", "temporal", "patterns", "cost",
)  # fmt: skip


QUICK_EVERY: Final = 6
"""The quick form looks for patterns in every sixth object."""


@dataclass
class Evaluation:
    """Sections of Markdown by name, and every figure in them, JSON-ready. ``cost`` varies from run to run."""

    sections: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, Any] = field(default_factory=dict)


def evaluate(
    *,
    quick: bool = False,
    seed: int = SEED,
    cost: bool = True,
    context: Context | None = None,
    into: Evaluation | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Run every part. The same seed and data give the same figures; only ``cost`` (times, memory) varies.

    ``into`` is filled section by section, so that ``progress`` may look at what is finished.
    """
    context = Context(seed=seed, quick=quick) if context is None else context
    out = Evaluation() if into is None else into
    watch, step = _Watch().__enter__(), _stepper(progress)
    step("held-out")
    out.sections["held-out"], out.figures["held_out"], pictures = held_out.run(context)
    out.pictures |= pictures
    step("lanes")
    mixed = lanes.mix(context)
    out.sections["lanes"], out.figures["lanes"] = lanes.run(context, mixed)
    step("recovery")
    out.sections["recovery"], out.figures["recovery"], pictures = recovery.run(context, mixed)
    out.pictures |= pictures
    step("short arcs")
    out.sections["short-arcs"], out.figures["short_arcs"] = short_arc.run(context)
    step("controls")
    out.sections["controls"], out.figures["controls"] = controls.run(context)
    step("unexplained")
    out.sections["unexplained"], out.figures["unexplained"] = unexplained.run(context)
    step("faint")
    out.sections["faint"], out.figures["faint"] = faint.run(context, mixed)
    step("temporal")
    out.sections["temporal"], out.figures["temporal"] = temporal.run(context)
    step("patterns")
    out.sections["patterns"], out.figures["patterns"] = _patterns(context)
    if cost:
        step("cost")
        out.cost = _cost(context)
        watch.__exit__()
        out.cost["evaluation"] = watch.spent
        out.sections["cost"] = _cost_section(out.cost)
    if progress is not None:
        progress("done", len(STEPS), len(STEPS))
    return out


def write(evaluation: Evaluation, report: Path, *, quick: bool, seed: int) -> list[Path]:
    """Write the sections into the report, the figures beside it as JSON and PNG; returns the files written."""
    report.parent.mkdir(parents=True, exist_ok=True)
    folder = report.parent / "figures"
    form = "quick form: `aneos evaluate --quick`" if quick else "`aneos evaluate`"
    for name, text in evaluation.sections.items():
        extra = {
            "held-out": "\n\n![Calibration](figures/calibration.png)",
            "recovery": "\n\n![Recall](figures/recovery.png)",
        }
        note = f"\n\nPrinted by {form}, seed {seed}."
        write_section(report, name, text + extra.get(name, "") + note)
    write_section(report, "claims", claims.section(evaluation.figures))
    reliability_curve(evaluation.pictures["reliability"], folder / "calibration.png")
    recovery_by_speed(
        evaluation.pictures["recovery"]["encounter speed (km/s)"], lanes.MODES, folder / "recovery.png"
    )
    facts = report.with_suffix(".json")
    facts.write_text(to_json(evaluation, quick=quick, seed=seed), encoding="utf-8")
    return [report, facts, folder / "calibration.png", folder / "recovery.png"]


def to_json(evaluation: Evaluation, *, quick: bool, seed: int) -> str:
    """Every figure of the report; no figure is NaN or infinite, which JSON cannot say."""
    payload = {"seed": seed, "quick": quick, **evaluation.figures, "cost": evaluation.cost}
    return json.dumps(_plain(payload), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def _patterns(context: Context) -> tuple[str, dict[str, Any]]:
    runs = (199, 100) if context.quick else (150, 100)
    objects = context.natural.gather_every(QUICK_EVERY) if context.quick else context.natural
    found = patterns.search(objects, nulls=runs[0], checks=runs[1], seed=context.seed)
    rate = Rate(found.false, found.checks)
    shown = "; ".join(f"{item.name}: {Rate(item.false, item.checks)}" for item in found.patterns)
    text = (
        f"{objects.height} objects, {runs[0]} null catalogues. Of {runs[1]} further catalogues without "
        f"pattern, any pattern was called significant in {rate}; a catalogue without pattern must be "
        f"called significant in at most 5% of runs. By statistic: {shown}."
    )
    return f"{patterns.describe(found)}\n\n{text}", {**found.to_dict(), "false_rate": rate.to_dict()}


def _cost(context: Context) -> dict[str, Any]:
    with _Watch() as training:
        model = train(context.catalogue, context.escapes, seed=context.seed, search=1 if context.quick else 8)
    with _Watch() as prediction:
        predict(context.natural, model=model)
    return {
        "training": training.spent,
        "prediction": prediction.spent,
        "objects": context.natural.height,
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }


class _Watch:
    """Wall and CPU seconds of a block, in ``spent``."""

    spent: dict[str, float]

    def __enter__(self) -> _Watch:
        self._begun = time.perf_counter(), time.process_time()
        self.spent = {}
        return self

    def __exit__(self, *_: object) -> None:
        wall, cpu = time.perf_counter() - self._begun[0], time.process_time() - self._begun[1]
        self.spent = {"wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1)}


def _cost_section(cost: dict[str, Any]) -> str:
    def row(name: str, spent: dict[str, float], goal: str) -> list[str]:
        return [name, f"{spent['wall_seconds']:g} s", f"{spent['cpu_seconds']:g} s", goal]

    rows = [
        row("training, with the search for hyper-parameters", cost["training"], "600 s"),
        row(f"prediction with contributions, {cost['objects']} objects", cost["prediction"], "10 s"),
        row("this evaluation", cost["evaluation"], "1800 s (quick: 180 s)"),
        ["most memory in use", f"{cost['peak_memory_gb']:g} GB", "", "4 GB"],
    ]
    return (
        "## Cost\n\nOn a machine of two cores. Wall time includes waiting for whatever else ran at the same "
        "time; the CPU time does not.\n\n" + table(["", "wall time", "CPU time", "goal (wall)"], rows)
    )


def _stepper(progress: Progress | None) -> Callable[[str], None]:
    def step(name: str) -> None:
        if progress is not None:
            progress(name, STEPS.index(name), len(STEPS))

    return step
