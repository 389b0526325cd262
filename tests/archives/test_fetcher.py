"""Cache, turns, tries and the circuit breaker, on a real server."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest

from aneos.archives import (
    Addresses,
    ArchiveChanged,
    ArchiveIncomplete,
    ArchiveRefused,
    Archives,
    ArchiveUnreachable,
)
from aneos.archives.archives import ARCHIVES
from aneos.archives.cache import ReplyCache
from aneos.archives.contents import json_of
from aneos.archives.errors import NotAsked
from aneos.archives.fair_use import JPL_FAIR_USE, FairUse
from aneos.archives.health import Tried
from aneos.archives.paths import cache_dir, data_dir
from aneos.archives.patience import CircuitBreaker, Patience, retry_after_s
from aneos.archives.provider import Provider
from aneos.archives.reply import Reply, Request
from tests.archives import written_replies as written
from tests.archives.conftest import QUICK
from tests.archives.server import Answer, ArchiveServer

CAD = "/jpl/cad.api"


def good(**headers: str) -> Answer:
    return Answer(written.encoded(written.cad()), headers=dict(headers))


def asked_at(server: ArchiveServer, max_age_s: float = 0.0) -> Request:
    return Request("JPL CAD", f"{server.url}{CAD}", max_age_s=max_age_s)


async def test_a_new_reply_is_served_from_the_cache(archives: Archives, server: ArchiveServer) -> None:
    server.answer(CAD, good())
    first = await archives.close_approaches.of("99942")
    again = await archives.close_approaches.of("99942")
    assert len(server.asked) == 1
    assert again.table.equals(first.table)
    assert again.provenance == first.provenance


async def test_other_parameters_are_another_request(archives: Archives, server: ArchiveServer) -> None:
    server.answer(CAD, good())
    await archives.close_approaches.of("99942")
    await archives.close_approaches.of("433")
    assert [asked.query["des"] for asked in server.asked] == [["99942"], ["433"]]


async def test_an_old_reply_is_confirmed_with_its_validators(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer(CAD, good(ETag='"a1"', **{"Last-Modified": "Mon, 23 Nov 2026 10:00:00 GMT"}))
    request = asked_at(server)
    await archives.fetcher.get("jpl", request, json_of)
    dated = archives.fetcher.cache.find(request)
    assert await archives.fetcher.get("jpl", request, json_of) == written.cad()
    assert server.asked[1].headers["If-None-Match"] == '"a1"'
    assert server.asked[1].headers["If-Modified-Since"] == "Mon, 23 Nov 2026 10:00:00 GMT"
    confirmed = archives.fetcher.cache.find(request)
    assert dated is not None
    assert confirmed is not None
    assert confirmed.sha256 == dated.sha256
    assert confirmed.fetched_at > dated.fetched_at


async def test_a_reply_that_its_adapter_refused_is_kept_but_never_served(
    archives: Archives, server: ArchiveServer
) -> None:
    other = written.cad()
    other["signature"]["version"] = "7.0"
    server.answer(CAD, Answer(written.encoded(other)), good())
    with pytest.raises(ArchiveChanged):
        await archives.close_approaches.of("99942")
    kept = list((archives.fetcher.cache.folder / "replies").glob("??/*"))
    assert [json.loads(path.read_bytes()) for path in kept] == [other]
    assert len(await archives.close_approaches.of("99942")) == 2


async def test_a_damaged_reply_in_the_cache_is_fetched_anew(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer(CAD, good(ETag='"a1"'))
    await archives.close_approaches.of("99942")
    for path in (archives.fetcher.cache.folder / "replies").glob("??/*"):
        path.write_bytes(b"{}")
    assert len(await archives.close_approaches.of("99942")) == 2
    assert "If-None-Match" not in server.asked[1].headers


async def test_the_raw_reply_is_kept_under_its_hash(archives: Archives, server: ArchiveServer) -> None:
    server.answer(CAD, good())
    digest = (await archives.close_approaches.of("99942")).provenance.sha256
    body = archives.fetcher.cache.folder / "replies" / digest[:2] / digest
    assert body.read_bytes() == written.encoded(written.cad())


async def test_pruning_removes_the_oldest_replies(tmp_path: Path) -> None:
    cache = ReplyCache(tmp_path)
    for age in (3, 2, 1):
        path, _ = cache.store(bytes([age]) * 100)
        os.utime(path, (time.time() - age * 1000,) * 2)
    assert cache.prune(150) == 200
    assert [path.read_bytes()[:1] for path in tmp_path.glob("replies/??/*")] == [b"\x01"]


async def test_jpl_is_asked_one_request_at_a_time(archives: Archives, server: ArchiveServer) -> None:
    assert JPL_FAIR_USE.concurrent == 1
    server.answer(CAD, replace(good(), delay_s=0.02))
    server.answer("/jpl/sentry.api", Answer(written.encoded(written.sentry_summary()), delay_s=0.02))
    await asyncio.gather(
        *(archives.close_approaches.of(str(number)) for number in range(4)), archives.sentry.summary()
    )
    assert len(server.asked) == 5
    assert server.peak == 1


async def test_starts_keep_their_interval(tmp_path: Path) -> None:
    provider = Provider("mpc", tmp_path, FairUse(1, 0.05, "a test"))
    started = []
    for _ in range(3):
        async with provider.turn("MPC"):
            started.append(time.monotonic())
    assert min(b - a for a, b in pairwise(started)) >= 0.049


async def test_another_process_at_the_same_archive_is_waited_for(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer(CAD, good())
    lock = archives.fetcher.cache.folder / "locks" / "jpl.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = asyncio.create_task(archives.close_approaches.of("99942"))
        await asyncio.sleep(0.15)
        assert server.asked == []
        fcntl.flock(held, fcntl.LOCK_UN)
        assert len(await waiting) == 2


async def test_a_turn_that_does_not_come_is_unreachable(archives: Archives, server: ArchiveServer) -> None:
    server.answer(CAD, good())
    archives.fetcher.providers["jpl"].lock_timeout_s = 0.05
    lock = archives.fetcher.cache.folder / "locks" / "jpl.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(NotAsked, match="another process"):
            await archives.close_approaches.of("99942")
    assert server.asked == []


async def test_retry_after_is_obeyed(archives: Archives, server: ArchiveServer) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    archives.fetcher._sleep = sleep
    archives.fetcher.patience = replace(QUICK, retry_after_cap_s=60.0)
    server.answer(CAD, Answer(b"busy", 429, "text/plain", {"Retry-After": "7"}), good())
    assert len(await archives.close_approaches.of("99942")) == 2
    assert waits == [7.0]


async def test_a_retry_after_beyond_our_patience_ends_at_once(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer(CAD, Answer(b"busy", 429, "text/plain", {"Retry-After": "3600"}))
    with pytest.raises(ArchiveRefused, match="asks to wait 3600 s") as caught:
        await archives.close_approaches.of("99942")
    assert caught.value.retry_after_s == 3600
    assert len(server.asked) == 1


async def test_waits_double_and_jitter_below(archives: Archives, server: ArchiveServer) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    archives.fetcher._sleep = sleep
    archives.fetcher.patience = Patience(attempts=4, backoff_s=1.0)
    server.answer(CAD, Answer(b"later", 503, "text/plain"))
    with pytest.raises(ArchiveUnreachable):
        await archives.close_approaches.of("99942")
    assert len(server.asked) == 4
    for wait, longest in zip(waits, (1.0, 2.0, 4.0), strict=True):
        assert longest / 2 <= wait <= longest


def test_retry_after_may_be_a_date() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert retry_after_s(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert retry_after_s(format_datetime(now - timedelta(seconds=90), usegmt=True), now) == 0
    assert retry_after_s("soon", now) is None
    assert retry_after_s(None, now) is None


async def test_an_archive_that_fails_is_left_alone_for_a_while(
    archives: Archives, server: ArchiveServer
) -> None:
    server.answer(CAD, Answer(b"later", 503, "text/plain"))
    for _ in range(3):
        with pytest.raises(ArchiveUnreachable):
            await archives.close_approaches.of("99942")
    assert len(server.asked) == 5, "the breaker opens at the fifth failure, within the third call"
    with pytest.raises(NotAsked, match="failed 5 times in a row"):
        await archives.close_approaches.of("99942")
    assert len(server.asked) == 5


def test_an_open_breaker_lets_one_try_decide() -> None:
    now = [0.0]
    breaker = CircuitBreaker(threshold=2, open_s=10.0, clock=lambda: now[0])
    breaker.failed()
    assert breaker.closed_in_s() == 0
    breaker.failed()
    assert breaker.closed_in_s() == 10
    now[0] = 10.0
    assert breaker.closed_in_s() == 0
    breaker.failed()
    assert breaker.closed_in_s() == 10
    now[0] = 20.0
    breaker.succeeded()
    breaker.failed()
    assert breaker.closed_in_s() == 0


async def test_a_refused_connection_is_unreachable(tmp_path: Path) -> None:
    nowhere = Addresses(*["http://127.0.0.1:9"] * 5)
    async with Archives(tmp_path, addresses=nowhere, patience=QUICK) as archives:
        with pytest.raises(ArchiveUnreachable, match="JPL CAD: unreachable"):
            await archives.close_approaches.of("99942")


async def test_a_reply_beyond_the_limit_is_refused(
    archives: Archives, server: ArchiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aneos.archives.fetcher.MAX_REPLY_BYTES", 100)
    server.answer(CAD, good())
    with pytest.raises(ArchiveChanged, match="its size"):
        await archives.close_approaches.of("99942")


async def test_a_damaged_compression_is_incomplete(archives: Archives, server: ArchiveServer) -> None:
    server.answer(CAD, Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ArchiveIncomplete):
        await archives.close_approaches.of("99942")


def test_addresses_come_from_the_environment() -> None:
    given = Addresses.from_environment({"ANEOS_MPC_URL": "http://mirror/", "ANEOS_JPL_URL": ""})
    assert given.mpc == "http://mirror"
    assert given.jpl == Addresses().jpl


def test_folders_follow_the_xdg_rules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ANEOS_CACHE", "ANEOS_DATA", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_dir() == tmp_path / ".cache" / "aneos"
    assert data_dir() == tmp_path / ".local" / "share" / "aneos"
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert data_dir() == tmp_path / ".local" / "share" / "aneos"
    monkeypatch.setenv("XDG_DATA_HOME", "/xdg")
    assert data_dir() == Path("/xdg/aneos")
    monkeypatch.setenv("ANEOS_DATA", "/own")
    assert data_dir() == Path("/own")


def test_a_request_is_told_apart_by_everything_that_determines_it() -> None:
    base = Request("JPL", "http://x", {"a": 1})
    keys = {
        base.key(),
        replace(base, url="http://y").key(),
        replace(base, params={"a": 2}).key(),
        replace(base, body={"a": 1}).key(),
    }
    assert len(keys) == 4
    assert replace(base, max_age_s=9.0, service="other").key() == base.key()


def test_a_reply_knows_its_bytes(tmp_path: Path) -> None:
    path, digest = ReplyCache(tmp_path).store(b"[]")
    reply = Reply("X", "http://x", 200, "application/json", None, None, datetime.now(UTC), digest, path)
    assert reply.content() == b"[]"


async def test_every_try_is_told_and_the_circuit_with_it(archives: Archives, server: ArchiveServer) -> None:
    told: list[Tried] = []
    archives.fetcher._told = told.append
    server.answer(CAD, Answer(b"", 503))
    with pytest.raises(ArchiveUnreachable):
        await archives.close_approaches.of("99942")
    server.answer(CAD, Answer(b"<html>moved</html>", content_type="text/html"))
    with pytest.raises(ArchiveChanged):
        await archives.close_approaches.of("99942")
    server.answer(CAD, good())
    await archives.close_approaches.of("99942")
    await archives.close_approaches.of("99942")
    assert [(one.archive, one.provider, one.kind) for one in told] == [
        *[("JPL CAD", "jpl", "unreachable")] * QUICK.attempts,
        ("JPL CAD", "jpl", "changed"),
        ("JPL CAD", "jpl", None),
    ], "what came from the cache was not a try"
    assert [one.circuit_failures for one in told] == [1, 2, 2, 0]
    assert "503" in str(told[0].error)
    archives.fetcher.providers["jpl"].breaker.resume(5, 30.0)
    with pytest.raises(NotAsked, match="asked again in 30 s"):
        await archives.close_approaches.of("433")
    assert len(told) == 4, "what was not asked is not told"
    assert set(ARCHIVES.values()) == set(archives.fetcher.providers)
