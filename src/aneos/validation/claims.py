"""What the README may claim: sentences made from the figures of the report, and from nothing else."""

from __future__ import annotations

from typing import Any


def claims(figures: dict[str, Any]) -> list[str]:
    """One sentence each, from the figures of an evaluation (as in ``docs/validation.json``)."""
    lanes = {(item["lane"], item["orbit_by"]): item["rates"] for item in figures["lanes"]["lanes"]}
    withheld, orbit = lanes["identity withheld", "generative"], lanes["orbit only", "generative"]
    scores = figures["held_out"]["scores"]
    learned = scores["classifier (boosting)"]
    injected = figures["recovery"]["overall"]["generative"]["recall_30"]
    bound = figures["unexplained"]["orbit"]["kinds"]["circular at 1 au, retrograde"][-1]["limit"]
    beside = max(item["log_score_bits"] for name, item in scores.items() if "classifier" not in name)
    bounded = "not bounded" if bound is None else f"less than a share of {bound:.1e} of the catalogue (95%)"
    negatives, nulls = figures["lanes"]["hard_negatives"]["rate"], figures["patterns"]["false_rate"]
    return [
        "Launches that leaked slowly, identity withheld: "
        f"{_rate(withheld['leakers at 30'])} among the first 30 alerts.",
        "Launches that left directly, by orbit alone: "
        f"{_rate(orbit['direct at 30'])} among the first 30 alerts, the honest near-failure.",
        f"Natural look-alikes called artificial: {_rate(negatives)}.",
        "Simulated hardware put into the catalogue as surveys would report it, identity withheld: "
        f"{_share(injected)} among the first 30 alerts.",
        f"The learned classifier on held-out injections: calibration error {learned['ece']:.4f}, "
        f"log score {learned['log_score_bits']:.3f} bits against {beside:.3f} of the best other judge.",
        f"Objects of the catalogue called unexplained: {figures['unexplained']['called']}; "
        f"circular retrograde orbits at 1 au are {bounded}.",
        f"A catalogue without pattern is said to have one in {_rate(nulls)} runs.",
    ]


def section(figures: dict[str, Any]) -> str:
    """The section of the report that holds the claims."""
    lines = "\n".join(f"- {line}" for line in claims(figures))
    return f"## What the README claims\n\nMade from the figures of this page.\n\n{lines}"


def _rate(rate: dict[str, Any]) -> str:
    return f"{rate['successes']} of {rate['trials']} ({_interval(rate)})"


def _share(rate: dict[str, Any]) -> str:
    return f"{100.0 * rate['rate']:.0f}% ({_interval(rate)})"


def _interval(rate: dict[str, Any]) -> str:
    low, high = rate["interval"]
    return f"95% interval {low:.2f} to {high:.2f}"
