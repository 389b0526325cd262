"""Sections of the report are replaced between their marks and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

from aneos.validation.sections import table, write_section


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_section(path, "one", "first")
    write_section(path, "two", "second")
    write_section(path, "one", "changed")
    text = path.read_text()
    assert text.startswith("# Validation\n")
    assert "first" not in text
    assert text.index("changed") < text.index("second")


def test_bars_in_cells_are_escaped() -> None:
    assert table(["a"], [["|A1|"]]).splitlines()[-1] == r"| \|A1\| |"
