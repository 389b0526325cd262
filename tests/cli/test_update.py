"""``aneos catalogue update``, ``versions``, ``diff``, and screening what an archive gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.archives import written_replies as written
from tests.archives.server import Answer, running_server
from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANEOS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("ANEOS_CACHE", str(tmp_path / "cache"))


def listed(path: Path, records: list[dict[str, object]]) -> Path:
    path.write_text(json.dumps(records))
    return path


def test_two_lists_make_two_editions_and_a_difference(run: Run, tmp_path: Path) -> None:
    records = written.nea_records(5)
    first = listed(tmp_path / "first.json", records[:4])
    second = listed(tmp_path / "second.json", [*records[1:4], records[4]])
    update = ["catalogue", "update", "--source", "sbdb", "--format", "json"]
    done = run(*update, "--from", first, "--date", "2026-03-01", "--no-assess")
    assert done.status == 0, done.err
    done = run(*update, "--from", second, "--date", "2026-03-02", "--accept-smaller")
    result = json.loads(done.out)
    assert result["difference"]["n_added"] == result["difference"]["n_removed"] == 1
    assert result["assessed"] == 1
    assert result["signature"]["edition"] == result["edition"]["id"]

    editions = json.loads(run("catalogue", "versions", "--source", "sbdb", "--format", "json").out)[
        "editions"
    ]
    assert [edition["objects"] for edition in editions] == [4, 4]
    shown = run("catalogue", "diff", "2026-03-01", "latest", "--source", "sbdb").out
    assert "1 added, 1 removed, 0 renamed, 0 changed" in shown
    assert str(records[4]["Principal_desig"]) in shown
    screened = json.loads(run("screen", "--catalogue", "sbdb@2026-03-01", "--format", "json").out)
    names = {item["designation"] for item in screened["assessments"]}
    assert names == {record["Principal_desig"] for record in records[:4]}


def test_the_same_list_again_says_no_change(run: Run, tmp_path: Path) -> None:
    file = listed(tmp_path / "list.json", written.nea_records(3))
    run("catalogue", "update", "--source", "sbdb", "--from", file, "--no-assess")
    assert "no change since edition" in run("catalogue", "update", "--source", "sbdb", "--from", file).out


def test_a_list_far_smaller_than_the_bundled_one_is_refused(run: Run, tmp_path: Path) -> None:
    file = listed(tmp_path / "list.json", written.nea_records(3))
    assert "taken for cut short" in run("catalogue", "update", "--from", file).complaint
    assert len(json.loads(run("catalogue", "versions", "--format", "json").out)["editions"]) == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["update", "--date", "2026-03-01"], "--date: needs --from"),
        (["update", "--from", "x.json", "--date", "March"], "must be a day"),
        (["update", "--from", "x.json", "--date", "2999-01-01"], "has not come yet"),
        (["update", "--from", "nowhere.json"], "nowhere.json: no such file"),
        (["versions", "--source", "sbdb"], "no edition is kept yet"),
        (["diff", "bundled", "2020-01-01"], "the first edition is of 2026-02-12"),
        (["diff", "bundled", "xyz"], "is no edition of mpc"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_slip_is_one_line(run: Run, words: list[str], expected: str) -> None:
    assert expected in run("catalogue", *words).complaint


def test_an_archive_is_screened_as_it_is_now(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_server() as server:
        monkeypatch.setenv("ANEOS_MPC_URL", server.url)
        server.answer("/Extended_Files/nea_extended.json.gz", Answer(written.encoded(written.nea_records(4))))
        report = json.loads(run("screen", "--catalogue", "mpc", "--format", "json").out)
    assert len(report["assessments"]) == 4
    assert report["signature"]["catalogue"][0]["source"].startswith(server.url)


def test_an_archive_that_refuses_is_one_line_and_changes_nothing(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with running_server() as server:
        monkeypatch.setenv("ANEOS_JPL_URL", server.url)
        server.answer("/sbdb_query.api", Answer(b"no", 403, "text/plain"))
        for words in (["screen", "--catalogue", "sbdb"], ["catalogue", "update", "--source", "sbdb"]):
            assert run(*words).complaint.startswith("JPL SBDB query: refused the request: HTTP 403")
    assert not (tmp_path / "data").exists()
