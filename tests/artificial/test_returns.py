"""The calendar of returns: known dates come out, what cannot be followed is named, the shipped file is current."""

from datetime import datetime

import pytest

from aneos.artificial.build_returns import bundled_returns, digests
from aneos.artificial.known import load_known
from aneos.artificial.returns import returns
from aneos.errors import InputError, UnknownDesignationError

SINCE, UNTIL = 2_461_041.5, 2_466_154.5


def test_the_dart_stage_comes_back_in_may_2026():
    """B. Gray announces the return for May 2026."""
    (found,) = returns(["DART Falcon 9 second stage"], since_tdb_jd=SINCE, until_tdb_jd=SINCE + 365.0).objects
    (first,) = found.approaches
    assert datetime.fromisoformat(first.time_utc).strftime("%Y-%m") == "2026-05"
    assert first.distance_low_au <= first.distance_high_au < 0.02
    assert first.fraction == 1.0
    assert first.V is not None
    assert first.elongation_deg is not None


def test_2018_av2_comes_back_in_july_2037():
    """B. Gray announces the return for July 2037."""
    (found,) = returns(["2018 AV2"], since_tdb_jd=SINCE, until_tdb_jd=UNTIL).objects
    assert [item.time_utc[:7] for item in found.approaches] == ["2037-07"]
    assert found.approaches[0].V is None  # no H was published


def test_what_cannot_be_followed_is_in_the_calendar_with_the_reason():
    calendar = returns(["Gaia", "Spektr-RG", "IMP-8"], since_tdb_jd=SINCE, until_tdb_jd=UNTIL)
    gaia, craft, satellite = calendar.objects
    assert (gaia.status, gaia.reason) == ("no orbit", "no elements of it are held")
    assert craft.status == satellite.status == "not followed"
    assert "manoeuvre" in craft.reason
    assert calendar.to_table().is_empty()


def test_the_shipped_calendar_is_of_the_installed_tables_and_has_every_object():
    calendar = bundled_returns()
    assert calendar is not None, "rebuild it: python -m aneos.artificial.build_returns"
    assert [item.object_id for item in calendar.objects] == [item.id for item in load_known()]
    assert set(digests()) == {"known_objects.csv", "known_orbits.csv"}


def test_the_shipped_calendar_is_what_is_computed():
    shipped = bundled_returns()
    assert shipped is not None
    chosen = shipped.only("dart-falcon-9").objects[0]
    (now,) = returns(
        ["dart-falcon-9"], since_tdb_jd=shipped.since_tdb_jd, until_tdb_jd=shipped.until_tdb_jd
    ).objects
    assert len(now.approaches) == len(chosen.approaches)
    for one, other in zip(now.approaches, chosen.approaches, strict=True):
        assert one.epoch_tdb_jd == pytest.approx(other.epoch_tdb_jd, abs=1e-4)
        assert one.distance_au == pytest.approx(other.distance_au, rel=1e-6)


def test_a_part_of_the_calendar_is_a_part():
    shipped = bundled_returns()
    assert shipped is not None
    part = shipped.between(shipped.since_tdb_jd, 2_462_502.5)
    assert all(item.epoch_tdb_jd <= 2_462_502.5 for found in part.objects for item in found.approaches)
    assert part.to_table()["epoch_tdb_jd"].is_sorted()


@pytest.mark.parametrize(
    ("names", "since", "until", "clones", "error"),
    [
        (["nobody"], SINCE, UNTIL, 8, UnknownDesignationError),
        (["2018 AV2"], UNTIL, SINCE, 8, InputError),
        (["2018 AV2"], SINCE, 3_000_000.5, 8, InputError),
        (["2018 AV2"], SINCE, UNTIL, 2, InputError),
    ],
)
def test_bad_input_is_one_clear_error(names, since, until, clones, error):
    with pytest.raises(error):
        returns(names, since_tdb_jd=since, until_tdb_jd=until, clones=clones)
