"""``aneos ephemeris``, ``returns`` and ``encounters`` as they are typed."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run


def test_ephemeris_prints_a_row_a_time(run: Run) -> None:
    ran = run("ephemeris", "2018-017A", "--start", "2026-01-01", "--stop", "2026-01-03", "--format", "json")
    found = json.loads(ran.out)
    assert [point["time_utc"][:10] for point in found["points"]] == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert found["cospar"] == "2018-017A"
    assert found["signature"]["forces"]["kernels"]


def test_ephemeris_lists_what_cannot_be_placed(run: Run) -> None:
    ran = run("ephemeris", "--missing", "--format", "json")
    reasons = {item["object_id"]: item["reason"] for item in json.loads(ran.out)["not_placed"]}
    assert "no elements" in reasons["gaia"]


def test_returns_gives_the_shipped_calendar_of_one_object(run: Run) -> None:
    ran = run("returns", "2018 AV2", "--since", "2030", "--until", "2040", "--format", "json")
    found = json.loads(ran.out)
    assert found["signature"]["calendar"] == "shipped"
    assert [item["time_utc"][:7] for item in found["objects"][0]["approaches"]] == ["2037-07"]


def test_returns_names_in_its_table_what_is_not_followed(run: Run) -> None:
    ran = run("returns", "Gaia", "--since", "2030", "--until", "2040")
    assert "Without a usable orbit (1): Gaia" in ran.out


def test_encounters_tests_each_pattern_against_look_alikes(run: Run) -> None:
    ran = run(
        "encounters", "2006 RH120", "--since", 2020, "--until", 2030, "--look-alikes", 19, "--format", "json"
    )
    found = json.loads(ran.out)
    assert {item["name"] for item in found["patterns"]} == {
        "periodicity",
        "resonance",
        "co-orbital",
        "capture",
    }
    assert all(0.0 < item["p_value"] <= item["adjusted_p"] <= 1.0 for item in found["patterns"])
    assert found["signature"]["look_alikes"] == 19


@pytest.mark.parametrize(
    "words",
    [
        ("ephemeris",),
        ("ephemeris", "Gaia", "--start", "2026-01-01"),
        ("ephemeris", "2018-017A", "--start", "yesterday"),
        ("ephemeris", "2018-017A", "--step", "0d"),
        ("ephemeris", "2018-017A", "--observer", "???"),
        ("ephemeris", "2018-017A", "--start", "2026-02-01", "--stop", "2026-01-01"),
        ("returns", "--until", "soon"),
        ("returns", "--since", "2050", "--until", "2040"),
        ("returns", "--within", "nan"),
        ("encounters", "2006 RH120", "--since", 1800),
        ("encounters", "2006 RH120", "--look-alikes", 3),
    ],
)
def test_bad_input_is_one_line_and_status_2(run: Run, words: tuple[object, ...]) -> None:
    ran = run(*words)
    assert ran.status == 2
    assert ran.complaint
