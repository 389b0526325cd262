"""Files of tables, read back by other libraries."""

import io
import json
from datetime import date

import polars as pl
import pytest
from astropy.io.votable import parse

from aneos_api.tables import encode, votable

SIGNATURE = {
    "source": "aNEOS",
    "version": "0.1.0",
    "model": None,
    "catalogue": [{"name": "mpc-nea"}],
    "created": "now",
}
TABLE = pl.DataFrame(
    {
        "designation": ["2006 RH120", "Kamoʻoalewa <&>", "1991 VG"],
        "rank": [1, 2, None],
        "a_au": [1.0333, float("nan"), None],
        "alert": [True, False, None],
        "last_observation": [date(2018, 6, 1), None, date(2017, 5, 1)],
        "aliases": [["a", "b"], [], None],
    }
)


@pytest.mark.filterwarnings("ignore")
def test_a_votable_is_read_by_astropy_as_it_was_written() -> None:
    document = parse(io.BytesIO(votable(TABLE, SIGNATURE)), verify="exception")
    table = document.get_first_table()
    assert [field.name for field in table.fields] == TABLE.columns
    assert [field.datatype for field in table.fields][:4] == ["unicodeChar", "long", "double", "boolean"]
    assert table.array["designation"].tolist() == TABLE["designation"].to_list()
    assert table.array["rank"].tolist() == [1, 2, None]
    assert table.array["a_au"][0] == 1.0333
    assert bool(table.array["a_au"].mask[1])
    assert str(table.get_field_by_id_or_name("a_au").unit) == "AU"
    assert table.array["last_observation"][0] == "2018-06-01"


@pytest.mark.filterwarnings("ignore")
def test_a_votable_tells_who_made_it() -> None:
    document = parse(io.BytesIO(votable(TABLE, SIGNATURE)))
    told = {info.name: info.value for info in document.resources[0].infos}
    assert told["QUERY_STATUS"] == "OK"
    assert told["source"] == "aNEOS"
    assert json.loads(told["catalogue"]) == [{"name": "mpc-nea"}]


def test_an_empty_votable_is_valid() -> None:
    document = parse(io.BytesIO(votable(TABLE.head(0), SIGNATURE)), verify="exception")
    assert len(document.get_first_table().array) == 0


def test_json_names_what_is_unknown_as_null() -> None:
    read = json.loads(encode(TABLE, "json", SIGNATURE))
    assert read["signature"]["source"] == "aNEOS"
    assert read["rows"][1]["a_au"] is None
    assert read["rows"][2]["rank"] is None


def test_csv_and_parquet_hold_the_same_rows() -> None:
    csv = pl.read_csv(io.BytesIO(encode(TABLE, "csv", SIGNATURE)))
    parquet = pl.read_parquet(io.BytesIO(encode(TABLE, "parquet", SIGNATURE)))
    assert csv["designation"].to_list() == parquet["designation"].to_list() == TABLE["designation"].to_list()
    assert parquet["a_au"].to_list() == [1.0333, None, None]


def test_characters_that_xml_forbids_do_not_break_the_file() -> None:
    table = pl.DataFrame({"designation": ["a\x01b\x08c ]]> d"]})
    document = parse(io.BytesIO(votable(table, SIGNATURE)), verify="exception")
    assert document.get_first_table().array["designation"][0] == "a b c ]]> d"
