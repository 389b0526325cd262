"""Files are recognised by content; whatever a file holds, the answer is a catalogue or one clear line."""

from __future__ import annotations

import gzip
import io
import json
import random
import zlib
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aneos.catalogue import Catalogue, read_any
from aneos.errors import InputError
from tests.catalogue.records import (
    APOPHIS,
    HEADER,
    MPCORB_APOPHIS,
    MPCORB_GH,
    NEA_EXTENDED,
    RH120,
    SBDB_OBJECT,
    SBDB_QUERY,
    VG,
    csv,
    write,
)


def parquet_bytes() -> bytes:
    buffer = io.BytesIO()
    pl.read_csv(csv(APOPHIS, RH120, VG).encode()).write_parquet(buffer)
    return buffer.getvalue()


KINDS = {
    "csv": (csv(APOPHIS, RH120).encode(), "elements"),
    "parquet": (parquet_bytes(), "elements"),
    "nea_extended": (json.dumps(NEA_EXTENDED).encode(), "mpc-nea"),
    "mpcorb": (f"header\n{'-' * 99}\n{MPCORB_APOPHIS}\n{MPCORB_GH}\n".encode(), "mpcorb"),
    "sbdb query": (json.dumps(SBDB_QUERY).encode(), "jpl-sbdb"),
    "sbdb object": (json.dumps(SBDB_OBJECT).encode(), "jpl-sbdb"),
    "sbdb csv": (
        b"pdes,epoch,e,a,i,om,w,ma,H\n433,2460000.5,0.2228,1.458,10.83,304.29,178.93,110.78,10.3\n",
        "jpl-sbdb",
    ),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_recognised_whatever_its_name(tmp_path: Path, kind: str, packed: bool) -> None:
    content, name = KINDS[kind]
    path = tmp_path / "download"
    path.write_bytes(gzip.compress(content) if packed else content)
    catalogue = read_any(path)
    assert len(catalogue) > 0
    assert catalogue.rejected == ()
    assert catalogue.provenance[0].name == name


OBSERVATION = "     K16R0TC* C2018 06 02.34468 15 52 24.31 -14 00 41.6          18.1 VVK044 G96"
TLE = (
    "2020 SO = Surveyor 2 Centaur\n"
    "1 02426U 66084B   20289.49919926  .00000000  00000-0  00000-0 2 11319\n"
    "2 02426 050.5330 210.7562 9985331 345.3241 358.2891 00.00013607    08\n"
)
"""Elements of 2020 SO fitted by Bill Gray with eph2tle, 2021."""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is blank"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "is a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "is a JPEG image"),
        (b"%PDF-1.7\n", "is a PDF document"),
        (b"PK\x03\x04" + bytes(50), "is a ZIP archive or office document"),
        (b"DAF/SPK " + bytes(50), "is a SPICE kernel"),
        (b"SIMPLE  =                    T", "is a FITS file"),
        (csv(APOPHIS).encode("utf-16"), "is UTF-16 text"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "is an HTML page"),
        (b"<?xml version='1.0'?><VOTABLE/>", "is a VOTable"),
        (b"<?xml version='1.0'?><ades version='2017'/>", "is a file of observations in ADES format"),
        (b"# version=2017\n# observatory\n", "is a file of observations in ADES format"),
        (b"permID |provID     |mode|stn |obsTime |ra\n", "is a file of observations in ADES format"),
        (f"{OBSERVATION}\n{OBSERVATION}\n".encode(), "is a file of MPC 80-column observations"),
        (TLE.encode(), "is a file of two-line elements"),
        (b"a" + bytes(200), "is a binary file"),
        (bytes(range(128, 256)) * 3, "is a binary file"),
        (b'{"a": 1}', "is JSON, but neither"),
        (b'{"a": 1}\n{"a": 2}\n', "line 2: is not valid JSON"),
        (b"hello world\n", "line 1: no header with the columns"),
        (gzip.compress(gzip.compress(b"x")), "is gzipped twice"),
        (gzip.compress(b""), "is empty"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_any(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gzip_bomb_is_refused_at_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(f"{HEADER}\n".encode() + b"\n" * 1_100_000))
    monkeypatch.setattr("aneos.catalogue.files.MAX_TEXT_BYTES", 1 << 20)
    with pytest.raises(InputError, match="is larger than the limit of 1 MiB"):
        read_any(path)


def answers(path: Path) -> Catalogue | InputError:
    """What ``read_any`` makes of a file; any other exception fails the test."""
    try:
        catalogue = read_any(path)
    except InputError as error:
        refusal = error
    else:
        assert all("\n" not in row.reason and row.reason for row in catalogue.rejected)
        assert len(catalogue) + len(catalogue.rejected) > 0
        return catalogue
    assert "\n" not in str(refusal)
    return refusal


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "file"


FEW = settings(max_examples=max(25, settings().max_examples // 4))
"""For the examples that read several files; scales with the profile."""


@given(st.binary(max_size=300))
def test_any_bytes(scratch: Path, content: bytes) -> None:
    answers(write(scratch, content))


@given(st.text(max_size=200))
def test_any_text_after_a_header(scratch: Path, text: str) -> None:
    answers(write(scratch, f"{HEADER}\n{text}\n".encode("utf-8", "surrogatepass")))


CELLS = st.one_of(
    st.floats().map(repr),
    st.text(max_size=6),
    st.sampled_from(
        ["", "nan", "inf", "1e999", '"', '"a\nb"', "2461000.5", "0.5", "-1", "\0", "💥", "\x1b[0m"]
    ),
)


@FEW
@given(st.lists(st.lists(CELLS, min_size=8, max_size=10), max_size=6))
def test_any_cells_under_a_header(scratch: Path, rows: list[list[str]]) -> None:
    text = "\n".join([HEADER, *(",".join(row) for row in rows), ""])
    answers(write(scratch, text.encode("utf-8", "surrogatepass")))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@FEW
@given(
    st.dictionaries(st.sampled_from(sorted({*NEA_EXTENDED[0], "Arc_length", "\0", "raw\0e", "e_"})), VALUES)
)
def test_any_values_in_an_mpc_record(scratch: Path, changes: dict[str, object]) -> None:
    records = [NEA_EXTENDED[0] | changes, NEA_EXTENDED[1]]
    assert isinstance(answers(write(scratch, json.dumps(records))), Catalogue)


@FEW
@given(VALUES, VALUES, VALUES)
def test_any_values_in_an_sbdb_reply(scratch: Path, fields: object, data: object, row: object) -> None:
    answers(write(scratch, json.dumps({"fields": fields, "data": data, "signature": row})))
    answers(write(scratch, json.dumps({**SBDB_QUERY, "data": [row, data]})))
    answers(
        write(
            scratch, json.dumps({**SBDB_OBJECT, "orbit": row if isinstance(row, dict) else {"elements": row}})
        )
    )
    answers(write(scratch, json.dumps({**SBDB_OBJECT, "phys_par": [row, fields]})))


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_files_of_every_kind(scratch: Path, kind: str) -> None:
    content, _ = KINDS[kind]
    generator = random.Random(zlib.crc32(kind.encode()))
    for _ in range(3 if kind == "parquet" else 15):
        damaged = bytearray(content)
        for _ in range(generator.randint(1, 8)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        answers(write(scratch, bytes(damaged[: generator.randint(1, 2 * len(damaged))])))
