"""Editions, their differences, and assessments of what changed: on rows of the bundled snapshot."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from aneos.archives import ArchiveIncomplete, assessments
from aneos.archives.difference import content_hash, difference, element_hash
from aneos.archives.sync import Sync
from aneos.archives.versions import VersionStore
from aneos.catalogue import Catalogue, load_bundled
from aneos.errors import InputError

MARCH, APRIL, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))


@pytest.fixture(scope="module")
def few() -> Catalogue:
    whole = load_bundled()
    look_alikes = ["2006 RH120", "2020 CD3", "2024 PT5", "2016 HO3", "2004 MN4", "2000 SG344"]
    table = pl.concat([whole.table.head(10), whole.table.filter(pl.col("designation").is_in(look_alikes))])
    return Catalogue(table, whole.provenance)


def changed(catalogue: Catalogue, designation: str, **values: object) -> Catalogue:
    """The catalogue with other values in one row."""
    here = pl.col("designation") == designation
    new = [
        pl.when(here).then(pl.lit(value, catalogue.table.schema[name])).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    ]
    return Catalogue(catalogue.table.with_columns(new), catalogue.provenance)


def without(catalogue: Catalogue, *designations: str) -> Catalogue:
    return Catalogue(catalogue.table.filter(~pl.col("designation").is_in(designations)), catalogue.provenance)


def test_equal_tables_have_no_difference(few: Catalogue) -> None:
    found = difference(few.table, few.table.sample(fraction=1.0, shuffle=True, seed=1))
    assert not found
    assert set(found.counts().values()) == {0}


def test_where_a_row_stood_is_no_difference(few: Catalogue) -> None:
    moved = few.table.with_columns(source=pl.lit("elsewhere"), source_line=pl.lit(7, pl.Int64))
    assert not difference(few.table, moved)


def test_added_removed_and_changed_objects_are_named(few: Catalogue) -> None:
    older = without(few, "2020 CD3").table
    newer = changed(without(few, "2024 PT5"), "2004 MN4", e=0.2, n_obs=9999).table
    found = difference(older, newer)
    assert (found.added, found.removed) == (("2020 CD3",), ("2024 PT5",))
    assert found.changed == (("2004 MN4", ("e", "n_obs")),)
    assert found.counts()["changed_elements"] == 1
    assert found.to_assess() == ("2020 CD3", "2004 MN4")


def test_the_smallest_change_of_a_number_is_seen(few: Catalogue) -> None:
    e = few.table.filter(designation="2004 MN4")["e"][0]
    newer = changed(few, "2004 MN4", e=float.fromhex((e).hex()) + 2.0**-54)
    assert difference(few.table, newer.table).changed == (("2004 MN4", ("e",)),)


def test_a_value_that_becomes_unknown_is_a_change(few: Catalogue) -> None:
    assert difference(few.table, changed(few, "2004 MN4", H=None).table).changed == (("2004 MN4", ("H",)),)


def test_an_object_under_another_designation_is_renamed(few: Catalogue) -> None:
    here = pl.col("designation") == "2020 CD3"
    linked = few.table.with_columns(
        designation=pl.when(here).then(pl.lit("2015 AB1")).otherwise("designation"),
        aliases=pl.when(here).then(pl.lit(["2020 CD3"])).otherwise("aliases"),
    )
    found = difference(few.table, linked)
    assert found.renamed == (("2020 CD3", "2015 AB1"),)
    assert (found.added, found.removed) == ((), ())


def test_hashes_do_not_depend_on_the_order_of_rows(few: Catalogue) -> None:
    assert content_hash(few.table) == content_hash(few.table.reverse())
    assert element_hash(few.table).n_unique() == few.table.height


def test_the_hash_of_a_row_is_the_same_for_ever(few: Catalogue) -> None:
    # Editions of different days are compared by it. Row: 2006 RH120 of the MPC's list of 2026-02-12.
    row = few.table.filter(designation="2006 RH120")
    assert element_hash(row)[0] == "310c194e68001bdecf795908f54f9675"


def test_the_first_edition_of_the_mpc_is_the_bundled_one(tmp_path: Path) -> None:
    store = VersionStore("mpc", tmp_path)
    (edition,) = store.editions()
    assert (edition.id, edition.objects) == ("bundled", 40_874)
    assert store.find("2026-02-12").id == "bundled"
    with pytest.raises(InputError, match="the first edition is of 2026-02-12"):
        store.find("2026-02-11")


def test_what_was_believed_on_a_day(tmp_path: Path, few: Catalogue) -> None:
    sync = Sync("sbdb", tmp_path)
    first = sync.update(few, taken_at=MARCH, assess=False).edition
    second = sync.update(changed(few, "2004 MN4", e=0.2), taken_at=APRIL, assess=False).edition
    store = VersionStore("sbdb", tmp_path)
    assert store.find("2026-03-31").id == first.id
    assert store.find("2026-04-01").id == second.id
    assert store.find("latest").id == second.id
    assert store.find(first.id[:12]).id == first.id
    assert store.load(store.find("2026-03-31")).table.equals(few.table)
    assert store.load(first).provenance == few.provenance
    for name in ("2026", "nothing", "2026-02-30", ""):
        with pytest.raises(InputError):
            store.find(name)


def test_the_same_list_makes_no_edition(tmp_path: Path, few: Catalogue) -> None:
    sync = Sync("sbdb", tmp_path)
    first = sync.update(few, taken_at=MARCH, assess=False)
    again = sync.update(few, taken_at=APRIL)
    assert first.changed
    assert not again.changed
    assert again.assessed.is_empty()
    assert len(sync.store.editions()) == 1


def test_only_what_changed_is_assessed(tmp_path: Path, few: Catalogue) -> None:
    sync = Sync("sbdb", tmp_path)
    sync.update(without(few, "2024 PT5"), taken_at=MARCH, assess=False)
    result = sync.update(changed(few, "2004 MN4", n_obs=9999), taken_at=APRIL)
    rows = {row["designation"]: row for row in result.assessed.iter_rows(named=True)}
    assert set(rows) == {"2024 PT5", "2004 MN4"}
    assert (rows["2024 PT5"]["reason"], rows["2024 PT5"]["class_before"]) == ("added", None)
    assert rows["2004 MN4"]["class"] == rows["2004 MN4"]["class_before"] == "natural"
    stored = sync.assessments(result.edition)
    assert stored is not None
    assert stored.equals(result.assessed)


def test_a_change_of_class_is_told(tmp_path: Path, few: Catalogue) -> None:
    # An object moves from the orbit of Apophis to that of 2006 RH120: the data alone make the difference.
    nameless = {name: pl.lit(None, few.table.schema[name]) for name in ("name", "number", "aliases")}
    new = few.table.filter(designation="2004 MN4").with_columns(designation=pl.lit("2099 AA"), **nameless)
    with_new = Catalogue(pl.concat([few.table, new]), few.provenance)
    model = few.table.filter(designation="2006 RH120").row(0, named=True)
    names = ("epoch_tdb_jd", "a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg", "H")
    sync = Sync("sbdb", tmp_path)
    sync.update(with_new, taken_at=MARCH, assess=False)
    result = sync.update(
        changed(with_new, "2099 AA", **{name: model[name] for name in names}), taken_at=APRIL
    )
    (change,) = result.class_changes().iter_rows(named=True)
    assert change["designation"] == "2099 AA"
    assert change["class_before"] == "natural"
    assert change["class"] != "natural"
    json.dumps(result.to_dict())


def test_an_object_outside_the_screen_says_why(tmp_path: Path, few: Catalogue) -> None:
    sync = Sync("sbdb", tmp_path)
    sync.update(few, taken_at=MARCH, assess=False)
    result = sync.update(changed(few, "2004 MN4", e=1.2, a_au=-2.0), taken_at=APRIL)
    (row,) = result.assessed.iter_rows(named=True)
    assert row["class"] is None
    assert "not elliptic" in row["not_assessed"]


def test_a_run_that_was_broken_off_is_finished_without_repeating(
    tmp_path: Path, few: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessments, "PART_OBJECTS", 3)
    calls: list[int] = []
    part = assessments._part

    def fails_at_the_third(work, older, newer):  # type: ignore[no-untyped-def]
        calls.append(len(work))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return part(work, older, newer)

    monkeypatch.setattr(assessments, "_part", fails_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        Sync("sbdb", tmp_path).update(few, taken_at=MARCH)
    sync = Sync("sbdb", tmp_path)
    (edition,) = sync.store.editions()
    assert sync.assessments(edition) is None
    result = sync.update(few, taken_at=APRIL)
    assert result.resumed
    assert result.edition.id == edition.id
    assert sorted(result.assessed["designation"]) == sorted(few.table["designation"])
    assert len(calls) == 3 + 4, "of six parts, two were done before"
    assert sync.resume() is None


def test_a_list_that_lost_many_objects_is_taken_for_cut_short(tmp_path: Path, few: Catalogue) -> None:
    sync = Sync("sbdb", tmp_path)
    sync.update(few, taken_at=MARCH, assess=False)
    smaller = without(few, "2004 MN4")
    with pytest.raises(ArchiveIncomplete, match="lacks 1 of the 16 objects"):
        sync.update(smaller, taken_at=APRIL)
    assert len(sync.store.editions()) == 1
    sync.update(smaller, taken_at=APRIL, assess=False, accept_smaller=True)
    assert len(sync.store.editions()) == 2


def test_an_older_list_is_refused(tmp_path: Path, few: Catalogue) -> None:
    sync = Sync("sbdb", tmp_path)
    sync.update(few, taken_at=MAY, assess=False)
    with pytest.raises(InputError, match="not newer than the newest edition"):
        sync.update(changed(few, "2004 MN4", e=0.2), taken_at=APRIL)


def test_a_damaged_edition_is_named(tmp_path: Path, few: Catalogue) -> None:
    sync = Sync("sbdb", tmp_path)
    edition = sync.update(few, taken_at=MARCH, assess=False).edition
    assert edition.path is not None
    edition.path.write_bytes(b"PAR1 nothing")
    with pytest.raises(InputError, match="is no edition of a catalogue"):
        sync.store.editions()


def test_rejected_rows_stay_with_the_edition(tmp_path: Path, few: Catalogue) -> None:
    from aneos.errors import RejectedRow

    refused = (RejectedRow(3, "e is not a number", "2030 AA", "list.json"),)
    sync = Sync("sbdb", tmp_path)
    edition = sync.update(Catalogue(few.table, few.provenance, refused), taken_at=MARCH, assess=False).edition
    assert sync.store.load(sync.store.find(edition.id)).rejected == refused
