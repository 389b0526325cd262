"""``aneos models``: list, show, compare and activate trained models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aneos.cli.emit import Result, check_output, emit
from aneos.cli.options import FormatOption, OutputOption

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

    from aneos.learning import ModelInfo
    from aneos.learning.posterior import OrbitBy

commands = typer.Typer(rich_markup_mode=None, add_completion=False)

ModelArgument = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Id of a model, or the beginning of one (4 characters or more)."),
]
OtherArgument = Annotated[str, typer.Argument(metavar="OTHER", help="Id of the model to compare with.")]


@commands.callback()
def models() -> None:
    """List, show, compare and activate trained models."""


@commands.command("list")
def list_models(form: FormatOption = None, output: OutputOption = None) -> None:
    """List every model, the champion first."""
    check_output(output, form)
    from aneos import learning

    emit(as_result(learning.list_models()), form, output)


@commands.command("show")
def show(model: ModelArgument, form: FormatOption = None, output: OutputOption = None) -> None:
    """Show the papers of one model: data, hyper-parameters, held-out figures."""
    check_output(output, form)
    from aneos import learning

    emit(as_result((learning.find(model),), single=True), form, output)


@commands.command("compare")
def compare(
    model: ModelArgument, other: OtherArgument, form: FormatOption = None, output: OutputOption = None
) -> None:
    """Compare two models: held-out figures, and how far they differ over the bundled catalogue."""
    check_output(output, form)
    from aneos import learning
    from aneos.learning.comparison import compare as compared

    facts = compared(learning.find(model).id, learning.find(other).id)
    emit(_comparison(facts), form, output)


@commands.command("rank")
def rank(
    by: Annotated[
        str,
        typer.Option("--by", metavar="JUDGE", help="Who judges orbits: generative, classifier or mixture."),
    ] = "mixture",
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=0, help="How many objects to give; 0 for all.")
    ] = 30,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Rank the bundled catalogue with the model's word on orbits; every other line stays as it is."""
    check_output(output, form)
    from aneos.catalogue import load_bundled
    from aneos.errors import InputError
    from aneos.learning.joint import joint_ranking
    from aneos.screening import screen

    judges: dict[str, OrbitBy] = {
        "generative": "generative",
        "classifier": "classifier",
        "mixture": "mixture",
    }
    if by not in judges:
        raise InputError(f"no judge {by!r}; there are {', '.join(judges)}", source="--by")
    ranked = joint_ranking(screen(load_bundled()), judges[by])
    emit(_ranking(ranked.head(top) if top else ranked, by), form, output)


@commands.command("activate")
def activate(model: ModelArgument, form: FormatOption = None, output: OutputOption = None) -> None:
    """Let this model answer; the one before is retired."""
    check_output(output, form)
    from aneos import learning

    emit(as_result((learning.activate(model),), single=True), form, output)


def as_result(infos: tuple[ModelInfo, ...], *, single: bool = False) -> Result:
    """Models in every form: a table of all, or all about one."""

    def table() -> pl.DataFrame:
        import polars as pl

        rows = [_flat(info) for info in infos]
        return pl.DataFrame(rows, infer_schema_length=None)

    def render(console: Console) -> None:
        from aneos.cli.tables import plain_table, write

        if not infos:
            write(console, "No model yet: aneos train makes one.")
        elif single:
            console.print(
                plain_table(("", ""), [(name, str(value)) for name, value in _flat(infos[0]).items()])
            )
        else:
            heads = ("id", "stage", "created", "escapes", "log score (bits)", "ECE", "ROC AUC")
            console.print(plain_table(heads, [_row(info) for info in infos], right=(3, 4, 5, 6)))

    def payload() -> dict[str, Any]:
        return infos[0].to_dict() if single else {"models": [info.to_dict() for info in infos]}

    return Result(render=render, payload=payload, table=table, signature=dict)


def _comparison(facts: dict[str, Any]) -> Result:
    def table() -> pl.DataFrame:
        import polars as pl

        return pl.DataFrame([facts])

    def render(console: Console) -> None:
        from aneos.cli.tables import plain_table

        console.print(
            plain_table(("", ""), [(name.replace("_", " "), str(value)) for name, value in facts.items()])
        )

    return Result(render=render, payload=lambda: facts, table=table, signature=dict)


def _ranking(ranked: pl.DataFrame, by: str) -> Result:
    def render(console: Console) -> None:
        from aneos.cli.tables import plain_table

        heads = ("rank", "designation", f"P ({by})", "log10 BF", "of it orbit", "P (screen)", "rank (screen)")
        rows = [
            (
                str(row["rank"]),
                row["designation"],
                f"{row['probability']:.3f}",
                f"{row['log10_bayes_factor']:+.2f}",
                f"{row['orbit']:+.2f}",
                f"{row['probability_generative']:.3f}",
                str(row["rank_generative"]),
            )
            for row in ranked.iter_rows(named=True)
        ]
        console.print(plain_table(heads, rows, right=(0, 2, 3, 4, 5, 6)))

    def payload() -> dict[str, Any]:
        return {"by": by, "objects": ranked.to_dicts()}

    return Result(render=render, payload=payload, table=lambda: ranked, signature=dict)


def _row(info: ModelInfo) -> tuple[str, ...]:
    figures = [f"{info.metrics[name]:.4f}" for name in ("log_score_bits", "ece", "roc_auc")]
    return (info.id, info.stage, info.created, str(info.data["escapes"]), *figures)


def _flat(info: ModelInfo) -> dict[str, Any]:
    """One row: figures and hyper-parameters by name, what is nested as JSON."""
    papers = info.to_dict()
    out: dict[str, Any] = {
        name: papers[name] for name in ("id", "name", "stage", "created", "aneos_version", "seed")
    }
    out["features"] = ", ".join(info.features)
    for group in ("metrics", "parameters", "calibration", "libraries"):
        out |= {f"{group}_{name}": value for name, value in papers[group].items()}
    out["data"] = json.dumps(papers["data"], sort_keys=True, ensure_ascii=False)
    return out
