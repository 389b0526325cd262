"""Objects are found by any designation, matched whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aneos.catalogue import Catalogue, find, find_index, load_bundled, read_elements, select
from aneos.catalogue.designations import unpacked
from aneos.errors import UnknownDesignationError
from tests.catalogue.records import csv, write


@pytest.fixture(scope="module")
def bundled() -> Catalogue:
    return load_bundled()


@pytest.mark.parametrize(
    "text",
    [
        "99942", "(99942)", "Apophis", "APOPHIS", "99942 Apophis", "(99942) Apophis", "99942 Apophis (2004 MN4)",
        "Apophis (2004 MN4)", "99942 (2004 MN4)", "2004 MN4", "2004MN4", " 2004  mn4 ", "(2004 MN4)", "K04M04N",
    ],
)  # fmt: skip
def test_every_form_of_apophis(bundled: Catalogue, text: str) -> None:
    row = find(bundled, text)
    assert (row["designation"], row["number"], row["name"]) == ("2004 MN4", 99942, "Apophis")


@pytest.mark.parametrize(
    ("text", "designation"),
    [
        ("433", "A898 PA"),
        ("00433", "A898 PA"),
        ("1956 PC", "A898 PA"),
        ("A898 PA", "A898 PA"),
        ("K06RC0H", "2006 RH120"),
        ("A0004", "1983 VA"),
        ("PLS6743", "6743 P-L"),
        ("Kamoʻoalewa", "2016 HO3"),
        ("Kamo'oalewa", "2016 HO3"),
        ("1991 VG", "1991 VG"),
    ],
)
def test_aliases_packed_forms_and_apostrophes(bundled: Catalogue, text: str, designation: str) -> None:
    assert find(bundled, text)["designation"] == designation


@pytest.mark.parametrize(
    "text",
    [
        "2020 SO",
        "2020",
        "2020 SO99",
        "2020 S",
        "Apoph",
        "99942 Eros",
        "433 (2004 MN4)",
        "",
        " ",
        "()",
        "(",
        "0",
    ],
)
def test_parts_and_mixtures_match_nothing(text: str, bundled: Catalogue) -> None:
    present = set(bundled.table["designation"])
    if text in present:
        pytest.fail(f"{text} is in the catalogue: the example proves nothing")
    with pytest.raises(UnknownDesignationError):
        find(bundled, text)


def test_whole_designations_differ_from_their_beginnings(tmp_path: Path) -> None:
    orbit = "2459200.5,1.03,0.02,0.1,1,2,3,28"
    names = ["2020", "2020 SO", "2020 SO1", "2020 SO11"]
    catalogue = read_elements(write(tmp_path / "so.csv", csv(*[f"{name},{orbit}" for name in names])))
    for index, name in enumerate(names):
        assert find_index(catalogue, name) == index
    with pytest.raises(UnknownDesignationError):
        find_index(catalogue, "2020 S")


def test_close_designations_are_suggested(bundled: Catalogue) -> None:
    with pytest.raises(UnknownDesignationError, match=r"called 'Apophys'; did you mean Apophis\?"):
        find(bundled, "Apophys")
    with pytest.raises(UnknownDesignationError, match=r"did you mean 2024 PT5"):
        find(bundled, "2024 PT55")
    with pytest.raises(UnknownDesignationError, match=r"called '2020'$"):
        find(bundled, "2020")


def test_select_gives_a_catalogue_of_one(bundled: Catalogue) -> None:
    one = select(bundled, "Apophis")
    assert one.table["designation"].to_list() == ["2004 MN4"]
    assert one.provenance == bundled.provenance


@pytest.mark.parametrize("text", ["Apophis", "2004 MN4", "", "K04", "K04M04N ", "zzzzz", "~~~~~", "K25BL"])
def test_unpacked_refuses_what_is_not_packed(text: str) -> None:
    assert unpacked(text) is None


@settings(max_examples=max(25, settings().max_examples // 4))
@given(st.text(max_size=12))
def test_any_text_is_found_or_unknown(bundled: Catalogue, text: str) -> None:
    try:
        row = find(bundled, text)
    except UnknownDesignationError as error:
        unknown = error
    else:
        assert row["designation"]
        return
    assert "\n" not in str(unknown)
