"""What is stored of an object's past: batches that carried it back to the launches, as the object page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aneos_api.database.models import CatalogueObject
from aneos_api.database.models.work import OPEN_STATES
from aneos_api.database.unit import Work
from aneos_api.security.permissions import Principal

CLONES: Final = 500
LOOK_ALIKES: Final = 200
LOOKED_AT: Final = 10
"""Newest batches in which an answer is looked for."""


async def past_of(work: Work, who: Principal, found: CatalogueObject) -> dict[str, Any]:
    """The newest ``answer`` (None before the first), the ``batch`` at work, and the ``error`` of a newer failure."""
    out: dict[str, Any] = {"answer": None, "batch": None, "error": None}
    names = [found.designation, *(found.aliases or ()), *([found.name] if found.name else [])]
    for batch, item in await work.batches.traced(who.tenant_id, names, limit=LOOKED_AT):
        if item.status == "pending" and batch.status in OPEN_STATES:
            out["batch"] = out["batch"] or batch
        elif item.status == "failed" and out["answer"] is None:
            out["error"] = out["error"] or item.error
        elif item.status == "succeeded" and (line := _line(item.result)) is not None:
            out["answer"] = _answer(line) | {"finished_at": item.finished_at, "batch": batch.id}
            break
    return out | {"clones": CLONES, "look_alikes": LOOK_ALIKES}


def _line(result: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The line of evidence on the departure, where the answer has one that was measured."""
    lines = (result or {}).get("evidence", ())
    return next((one for one in lines if one["line"] == "departure" and one["status"] == "measured"), None)


def _answer(line: Mapping[str, Any]) -> dict[str, Any]:
    inputs = line["inputs"]
    return {
        "summary": line["summary"],
        "log10_bayes_factor": line["log10_bayes_factor"],
        "interval": line["interval"],
        "candidates": [
            item | {"name": str(item["name"]).removeprefix(f"{item['launch']} ")}
            for item in inputs["candidates"]
        ],
        "lost_before": inputs["history_lost_before"],
        "clones": inputs["clones"],
        "clones_failed": inputs["clones_failed"],
        "within_reach": inputs["clones_within_reach"],
        "look_alikes": inputs["look_alikes"],
        "uncertainty": inputs["uncertainty"],
        "missing": _missing(inputs),
    }


def _missing(inputs: Mapping[str, Any]) -> list[str]:
    """What was not known and had to be assumed."""
    out = []
    if inputs["uncertainty_assumed"]:
        out.append(f"a covariance of the orbit (the errors are {inputs['uncertainty']})")
    if str(inputs.get("push", "")).startswith("not known"):
        out.append(f"a measured push of sunlight ({inputs['push']})")
    return out
