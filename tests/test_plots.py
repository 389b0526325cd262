"""The picture of a screened catalogue: written whole, in three formats, with names and provenance."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from aneos.catalogue import load_bundled
from aneos.errors import InputError
from aneos.plots import FIRST_RANKS, check_plot, draw, footer, marked, plot_screen
from aneos.screening import ScreenResult, screen


@pytest.fixture(scope="module")
def result() -> ScreenResult:
    return screen(load_bundled(), without=["identity"])


def flag(table: pl.DataFrame, ranks: dict[int, str]) -> pl.DataFrame:
    """The table with other classes at some ranks."""
    return table.with_columns(pl.col("rank").replace_strict(ranks, default=pl.col("class")).alias("class"))


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_it_writes_the_format_of_the_suffix(
    result: ScreenResult, tmp_path: Path, suffix: str, start: bytes
) -> None:
    path = tmp_path / "new" / f"screen.{suffix}"
    plot_screen(result, path)
    content = path.read_bytes()
    assert content.startswith(start)
    assert len(content) < 1_500_000


def test_the_same_result_gives_the_same_file(result: ScreenResult, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        plot_screen(result, tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_the_first_ranks_are_named_and_the_source_is_told(result: ScreenResult) -> None:
    figure = draw(result.table, footer(result.signature, result.summary))
    texts = [text.get_text() for text in figure.texts]
    assert "40,874 near-Earth objects by speed past Earth and inclination" in texts
    assert any(text.startswith("Catalogue: mpc-nea 2026-02-12") for text in texts)
    names = result.table["designation"].head(FIRST_RANKS).to_list()
    assert sum(name in texts for name in names) >= FIRST_RANKS - 3


def test_flagged_objects_are_marked_wherever_they_rank(result: ScreenResult) -> None:
    table = flag(result.table, {5000: "unexplained", 20000: "known_artificial"})
    assert {5000, 20000} <= set(marked(table)["rank"].to_list())
    legend = draw(table, "").axes[0].get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert "unexplained (1)" in labels
    assert "known artificial object (1)" in labels


def test_many_flagged_objects_leave_names_out_and_say_so(result: ScreenResult) -> None:
    table = flag(result.table, dict.fromkeys(range(1, 200), "probably_artificial"))
    figure = draw(table, "")
    assert any("without room for a name" in text.get_text() for text in figure.texts)


def test_an_empty_catalogue_is_drawn(result: ScreenResult) -> None:
    figure = draw(result.table.clear(), "")
    assert any(text.get_text().startswith("none flagged") for text in figure.texts)


def test_formula_signs_in_names_are_only_text(result: ScreenResult, tmp_path: Path) -> None:
    odd = result.table.with_columns(
        designation=pl.when(pl.col("rank") == 1).then(pl.lit(r"$\frac{")).otherwise(pl.col("designation"))
    )
    draw(odd, "").savefig(tmp_path / "odd.png")


def test_a_footer_names_what_was_left_out() -> None:
    signature = {"version": "1", "catalogue": [{"name": "x", "version": "2"}], "model": {"lines": ["orbit"]}}
    text = footer(signature, {"fdr": 0.1, "prior": 2.75e-4, "lines": ["orbit"]})
    assert "x 2" in text
    assert "lines: orbit" in text


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.gif: cannot tell what to draw"):
        check_plot(tmp_path / "x.gif")
