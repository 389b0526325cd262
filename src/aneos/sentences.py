"""One sentence that a planetary scientist would sign: the verdict, why, and what would settle it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aneos.assessment import Identity, Missing, ObjectClass
from aneos.evidence.base import Evidence


def verdict(
    object_class: ObjectClass,
    probability: float,
    evidence: Sequence[Evidence],
    identity: Identity | None,
    missing: Sequence[Missing],
    record: Mapping[str, Any],
) -> str:
    """The verdict on one object. ``record`` is its catalogue row (notes on published measurements included)."""
    chance = f"P(artificial) = {figure(probability)}"
    leading = _leading(evidence, artificial=object_class not in ("natural",))
    note = record.get("measurement_note")
    if object_class == "known_artificial" and identity is not None:
        cospar = f" ({identity.cospar})" if identity.cospar else ""
        return (
            f"Known artificial object: the orbit is that of {identity.name}{cospar}; a match this good has a chance "
            f"probability of {figure(identity.chance_probability)}."
        )
    if object_class == "probably_artificial":
        return f"Probably artificial, not identified ({chance}). {leading}{_needs(missing)}"
    if object_class == "unexplained":
        return (
            f"Unexplained: neither the natural population nor known kinds of hardware account for it ({chance}). "
            f"{leading}{_needs(missing)}"
        )
    if object_class == "insufficient_data":
        return f"Not decided by the data ({chance}). {leading}{f' {note}' if note else ''}{_needs(missing)}"
    return f"Natural ({chance}). {leading}{f' {note}' if note else ''}"


def _leading(evidence: Sequence[Evidence], *, artificial: bool) -> str:
    """The sentence of the line that weighs most in the direction of the verdict."""
    measured = [item for item in evidence if item.status == "measured"]
    if not measured:
        return "No line of evidence could be measured."
    sign = 1.0 if artificial else -1.0
    return max(measured, key=lambda item: sign * item.log10_bayes_factor).summary


def _needs(missing: Sequence[Missing]) -> str:
    if not missing:
        return ""
    first = missing[0]
    when = f" (decisive on {first.decisive_on})" if first.decisive_on else ""
    return f" What would decide: {first.needs}{when}."


def figure(probability: float) -> str:
    """A probability in words of a verdict."""
    if probability < 0.001:
        return f"{probability:.1e}"
    if probability > 0.999:
        return f"1 - {max(1.0 - probability, 1e-16):.0e}"
    return f"{probability:.3f}" if probability < 0.1 else f"{probability:.2f}"
