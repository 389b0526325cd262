"""What the adapters make of good replies: values, units, and the archives' own "no such object"."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from aneos.archives import (
    Ambiguous,
    ArchiveChanged,
    ArchiveError,
    ArchiveIncomplete,
    ArchiveRefused,
    Archives,
    NotFound,
)
from aneos.archives.horizons import TIMES_PER_REQUEST, command
from aneos.archives.neodys import keplerian
from aneos.errors import InputError
from tests.archives import written_replies as written
from tests.archives.server import Answer, ArchiveServer


def reply(value: object, status: int = 200) -> Answer:
    return Answer(written.encoded(value), status)


async def test_an_sbdb_object_has_catalogue_and_covariance(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/jpl/sbdb.api", reply(written.sbdb_object()))
    apophis = await archives.sbdb.object("99942")
    assert (apophis.designation, apophis.orbit_id) == ("2004 MN4", "220")
    row = apophis.catalogue.table.row(0, named=True)
    assert (row["number"], row["epoch_tdb_jd"], row["e"]) == (99942, 2461000.5, 0.19116634)
    assert row["A2"] == -2.9018e-14
    assert apophis.catalogue.provenance[0].source.startswith(f"{server.url}/jpl/sbdb.api?sstr=99942&cov=mat")
    covariance = apophis.covariance
    assert covariance is not None
    assert covariance.epoch_tdb_jd == 2459215.5
    assert covariance.value("e") == 0.19152169, "its own nominal value, not that at the other epoch"
    assert covariance.sigma("A2") == pytest.approx(1.9e-16)


@pytest.mark.parametrize("status", [200, 404])
async def test_sbdb_without_such_an_object(status: int, archives: Archives, server: ArchiveServer) -> None:
    answer = {"code": str(status), "message": "specified object was not found", "moreInfo": "…"}
    server.answer("/jpl/sbdb.api", reply(answer, status))
    with pytest.raises(NotFound, match="knows no object 'nobody'"):
        await archives.sbdb.object("nobody")


async def test_sbdb_with_several_such_objects(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/jpl/sbdb.api", reply({"code": "300", "list": [{"pdes": "1"}, {"pdes": "2"}]}, 300))
    with pytest.raises(Ambiguous) as caught:
        await archives.sbdb.object("141P")
    assert caught.value.candidates == ("1", "2")


async def test_the_sbdb_table_is_a_catalogue(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/jpl/sbdb_query.api", reply(written.sbdb_query()))
    catalogue = await archives.catalogue("sbdb")
    assert catalogue.table["designation"].to_list() == ["2004 MN4", "2006 RH120"]
    assert server.asked[0].query["sb-group"] == ["neo"]


async def test_a_field_of_the_sbdb_table_that_is_gone_is_named(
    archives: Archives, server: ArchiveServer
) -> None:
    table = written.sbdb_query()
    place = table["fields"].index("condition_code")
    del table["fields"][place]
    for row in table["data"]:
        del row[place]
    server.answer("/jpl/sbdb_query.api", reply(table))
    with pytest.raises(ArchiveChanged, match="without condition_code"):
        await archives.sbdb.near_earth_asteroids()


async def test_close_approaches_are_typed_and_in_order_of_time(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer("/jpl/cad.api", reply(written.cad()))
    table = (await archives.close_approaches.of("99942")).table
    assert table["designation"].to_list() == ["2024 PT5", "99942"]
    assert table["v_inf_kms"].to_list() == [None, 5.84135]
    assert table["distance_au"][1] == 0.000254099


@pytest.mark.parametrize("count", [0, "0"])
async def test_no_close_approach_is_an_empty_table(
    count: object, archives: Archives, server: ArchiveServer
) -> None:
    server.answer("/jpl/cad.api", reply({"signature": written.cad()["signature"], "count": count}))
    assert len(await archives.close_approaches.of("433")) == 0


async def test_a_value_that_is_no_number_is_a_change(archives: Archives, server: ArchiveServer) -> None:
    other = written.cad()
    other["data"][0][4] = "near"
    server.answer("/jpl/cad.api", reply(other))
    with pytest.raises(ArchiveChanged, match="dist of record 1 is 'near'"):
        await archives.close_approaches.of("99942")


async def test_horizons_states_have_frame_and_units(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/ssd/horizons.api", reply(written.horizons("VECTORS")))
    states = await archives.horizons.vectors("99942", [2451544.5, 2451545.5])
    assert states.position_au[1].tolist() == [-0.19, 0.96, 0.0]
    assert states.velocity_au_d.shape == (2, 3)
    assert (states.target, states.solution) == ("99942 Apophis (2004 MN4)", "JPL#220")
    assert states.center == "Sun (10)"
    assert server.asked[0].query["COMMAND"] == ["'99942;'"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("Ecliptic of J2000.0", "ICRF", "its frame"),
        ("AU-D", "KM-S", "its units"),
        (" VX,", " RR,", "the columns of its table"),
        ("Target body name", "Body", "its header"),
    ],
)
async def test_horizons_in_another_form_is_not_read(
    old: str, new: str, what: str, archives: Archives, server: ArchiveServer
) -> None:
    page = written.horizons("VECTORS")
    page["result"] = page["result"].replace(old, new)
    server.answer("/ssd/horizons.api", reply(page))
    with pytest.raises(ArchiveChanged) as caught:
        await archives.horizons.vectors("99942", [2451544.5, 2451545.5])
    assert caught.value.what == what


@pytest.mark.parametrize("times", [[2451544.5], [2451544.5, 2451546.5], [2451544.5, 2451545.5, 2451546.5]])
async def test_horizons_times_other_than_asked_are_incomplete(
    times: list[float], archives: Archives, server: ArchiveServer
) -> None:
    server.answer("/ssd/horizons.api", reply(written.horizons("VECTORS")))
    with pytest.raises(ArchiveIncomplete):
        await archives.horizons.vectors("99942", times)


async def test_a_horizons_table_without_its_end_is_incomplete(
    archives: Archives, server: ArchiveServer
) -> None:
    page = written.horizons("VECTORS")
    page["result"] = page["result"].split("$$EOE")[0]
    server.answer("/ssd/horizons.api", reply(page))
    with pytest.raises(ArchiveIncomplete, match="EOE"):
        await archives.horizons.vectors("99942", [2451544.5, 2451545.5])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("No matches found.", NotFound),
        ("Matching small-bodies:\n  90000031  1986  1P\n  90000032  1986  1P", Ambiguous),
        ('No ephemeris for target "x" after A.D. 2200-JAN-01', ArchiveRefused),
    ],
)
async def test_what_horizons_says_instead_of_a_table(
    text: str, error: type[ArchiveError], archives: Archives, server: ArchiveServer
) -> None:
    signature = written.horizons("VECTORS")["signature"]
    server.answer("/ssd/horizons.api", reply({"signature": signature, "result": text}))
    with pytest.raises(error) as caught:
        await archives.horizons.vectors("1P", [2451544.5])
    assert type(caught.value) is error


async def test_many_times_are_asked_in_parts(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/ssd/horizons.api", reply(written.horizons("VECTORS")))
    with pytest.raises(ArchiveIncomplete):
        await archives.horizons.vectors("99942", 2451544.5 + np.arange(TIMES_PER_REQUEST + 1))
    asked = server.asked[0].query["TLIST"][0].strip("'").split()
    assert len(asked) == TIMES_PER_REQUEST


def test_bodies_are_named_so_that_horizons_cannot_mistake_them() -> None:
    assert command("433") == "433;"
    assert command("2004 MN4") == "DES=2004 MN4;"
    assert command("major:399") == "399"
    with pytest.raises(InputError):
        command("1'; DROP")


async def test_sentry_tells_removed_from_never_listed(archives: Archives, server: ArchiveServer) -> None:
    signature = written.sentry_summary()["signature"]
    removed = {"signature": signature, "error": "specified object removed", "removed": "2021-03-27 00:00:00"}
    unknown = {"signature": signature, "error": "specified object not found"}
    server.answer("/jpl/sentry.api", reply(removed), reply(unknown))
    with pytest.raises(NotFound, match="off the list on 2021-03-27"):
        await archives.sentry.object("99942")
    with pytest.raises(NotFound, match="does not list"):
        await archives.sentry.object("1 Ceres")


async def test_fewer_virtual_impactors_than_announced_is_incomplete(
    archives: Archives, server: ArchiveServer
) -> None:
    bennu = written.sentry_object()
    bennu["summary"]["n_imp"] = 157
    server.answer("/jpl/sentry.api", reply(bennu))
    with pytest.raises(ArchiveIncomplete, match="157"):
        await archives.sentry.object("101955")


async def test_scout_gives_the_chance_of_an_orbit_about_the_earth(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer("/jpl/scout.api", reply(written.scout_summary()), reply(written.scout_orbits()))
    summary = (await archives.scout.summary()).table
    assert summary["geocentric_score"][0] == 91
    assert summary["v_inf_kms"][0] is None
    orbits = (await archives.scout.orbits("P10vY9r")).table
    assert orbits.row(0, named=True)["q_au"] == 0.499


async def test_scout_without_such_an_object(archives: Archives, server: ArchiveServer) -> None:
    signature = written.scout_summary()["signature"]
    server.answer(
        "/jpl/scout.api", reply({"signature": signature, "error": "specified object does not exist"})
    )
    with pytest.raises(NotFound):
        await archives.scout.orbits("gone")


async def test_the_mpc_list_keeps_refused_records_with_their_reason(
    archives: Archives, server: ArchiveServer
) -> None:
    records = written.nea_records(200)
    records[7]["e"] = -1
    path = "/mpc/Extended_Files/nea_extended.json.gz"
    server.answer(path, Answer(written.encoded(records), content_type="application/json"))
    catalogue = await archives.mpc.near_earth_asteroids()
    assert len(catalogue) == 199
    assert catalogue.rejected[0].line == 8
    assert catalogue.rejected[0].source == f"{server.url}{path}"
    assert catalogue.provenance[0].source == f"{server.url}{path}"


async def test_an_mpc_list_with_a_field_renamed_is_a_change(
    archives: Archives, server: ArchiveServer
) -> None:
    records = [{("ecc" if key == "e" else key): v for key, v in row.items()} for row in written.nea_records()]
    path = "/mpc/Extended_Files/nea_extended.json.gz"
    server.answer(path, Answer(written.encoded(records), content_type="application/json"))
    with pytest.raises(ArchiveChanged, match="not usable in 6 of 6"):
        await archives.mpc.near_earth_asteroids()


async def test_an_mpc_orbit_has_our_units(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/data/get-orb", reply(written.mpc_orbit()))
    aten = await archives.mpc.orbit("2062")
    assert json.loads(server.asked[0].body) == {"desig": "2062"}
    row = aten.catalogue.table.row(0, named=True)
    assert row["designation"] == "1976 AA"
    assert row["a_au"] == pytest.approx(0.790166373 / (1 - 0.182804965), rel=1e-12)
    # The period of this orbit is 347.286 d; perihelion is 126.57 d after the epoch.
    assert row["mean_anomaly_deg"] == pytest.approx(360 * (1 - 126.57152603 / 347.2863099), abs=1e-3)
    assert row["A2"] == pytest.approx(-1.55008e-14)
    assert aten.covariance.value("tp_tdb_jd") == 2459927.07152603
    assert aten.covariance.sigma("A2") == pytest.approx(1.3e-15)
    assert aten.n_observations == 6


@pytest.mark.parametrize(
    ("block", "key", "value"),
    [
        ("software_data", "mpcorb_version", "2.0"),
        ("system_data", "refsys", "Equatorial"),
        ("system_data", "EclipticObliquityArcseconds", "84381.406"),
        ("epoch_data", "timeform", "JD"),
    ],
)
async def test_an_mpc_orbit_in_another_form_is_not_read(
    block: str, key: str, value: str, archives: Archives, server: ArchiveServer
) -> None:
    orbit = written.mpc_orbit()
    orbit[0]["mpc_orb"][0][block][key] = value
    server.answer("/data/get-orb", reply(orbit))
    with pytest.raises(ArchiveChanged) as caught:
        await archives.mpc.orbit("2062")
    assert caught.value.what in (key, f"its {key}")


@pytest.mark.parametrize("body", [[None, 404], [], [{"mpc_orb": []}, 200]])
async def test_the_mpc_without_such_an_orbit(body: object, archives: Archives, server: ArchiveServer) -> None:
    server.answer("/data/get-orb", reply(body))
    with pytest.raises(NotFound):
        await archives.mpc.orbit("nobody")


async def test_observations_fewer_than_are_known_to_exist_are_incomplete(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer("/data/get-obs", reply(written.mpc_observations()))
    with pytest.raises(ArchiveIncomplete, match="187 observations of '2024 XX' exist, 2 came"):
        await archives.mpc.observations("2024 XX", at_least=187)
    found = await archives.mpc.observations("2024 XX", at_least=2)
    assert (found.lines, found.obs80) == (2, written.OBS80)


async def test_a_line_of_observations_cut_short_is_incomplete(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer("/data/get-obs", reply([{"OBS80": written.OBS80[:-20]}]))
    with pytest.raises(ArchiveIncomplete, match="characters, not 80"):
        await archives.mpc.observations("2024 XX")


async def test_the_identifier_answers_every_name(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/data/query-identifier", reply(written.identities()))
    found = await archives.mpc.identify(["Ceres", "nobody", "Boriso", "Ceres"])
    assert found["Ceres"].designation == "A801 AA"
    assert found["Ceres"].aliases == ("A899 OF", "1943 XB")
    assert found["nobody"].found == 0
    assert found["Boriso"].candidates == ("7794", "9999")
    with pytest.raises(ArchiveIncomplete, match="no answer to 'Vesta'"):
        await archives.mpc.identify(["Ceres", "Vesta"])
    with pytest.raises(InputError):
        await archives.mpc.identify([])


async def test_neodys_elements_become_keplerian(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/neodys/epoch/2004MN4.eq1", Answer(written.oef().encode(), content_type=None))
    orbit = await archives.neodys.orbit("2004 MN4")
    row = orbit.catalogue.table.row(0, named=True)
    names = ("a_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg")
    assert [row[name] for name in names] == pytest.approx(written.KEPLERIAN, abs=1e-10)
    assert (row["designation"], row["epoch_tdb_jd"], row["H"]) == ("2004 MN4", 2461000.5, 19.09)
    assert row["A2"] == pytest.approx(-2.901766637153165e-14)
    assert orbit.covariance.labels == ("a_au", "h", "k", "p", "q", "mean_longitude_deg", "A2")
    assert orbit.covariance.sigma("A2") == pytest.approx(0.002e-10)


def test_equinoctial_elements_of_a_circle_in_the_ecliptic_are_finite() -> None:
    assert keplerian(np.array([1.0, 0.0, 0.0, 0.0, 0.0, 30.0])) == (1.0, 0.0, 0.0, 0.0, 0.0, 30.0)


async def test_neodys_without_such_a_file(archives: Archives, server: ArchiveServer) -> None:
    server.answer("/neodys/epoch/99942.eq1", Answer(written.oef().encode(), content_type="text/plain"))
    with pytest.raises(NotFound):
        await archives.neodys.orbit("1999 XX99")


async def test_neodys_without_any_file_has_moved(archives: Archives, server: ArchiveServer) -> None:
    for name in ("1999 XX99", "99942"):
        with pytest.raises(ArchiveChanged, match="its folder"):
            await archives.neodys.orbit(name)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("OEF2.0", "OEF3.0", ArchiveChanged),
        ("ECLM J2000", "EQUM J2000", ArchiveChanged),
        (" TDT", " UTC", ArchiveChanged),
        ("LSP   1  1    7    2", "LSP   1  1    7    5", ArchiveChanged),
        (" MJD ", " XXX ", ArchiveIncomplete),
        ("NGR", "XXX", ArchiveIncomplete),
        ("EQU   9", "EQU   abc 9", ArchiveIncomplete),
    ],
)
async def test_a_neodys_file_in_another_form_is_not_read(
    old: str, new: str, error: type[ArchiveError], archives: Archives, server: ArchiveServer
) -> None:
    text = written.oef()
    assert old in text
    server.answer(
        "/neodys/epoch/99942.eq1", Answer(text.replace(old, new).encode(), content_type="text/plain")
    )
    with pytest.raises(error):
        await archives.neodys.orbit("99942")


def test_the_written_orbit_file_is_of_the_elements_it_says() -> None:
    a, h, k, *_ = (float(value) for value in written.equinoctial().split())
    assert (a, math.hypot(h, k)) == pytest.approx(written.KEPLERIAN[:2])
