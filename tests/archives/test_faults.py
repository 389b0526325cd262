"""Every adapter against everything that archives do: the right error each time, and nothing invented."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from aneos.archives import (
    ArchiveChanged,
    ArchiveError,
    ArchiveIncomplete,
    ArchiveRefused,
    Archives,
    ArchiveUnreachable,
    NotFound,
)
from aneos.catalogue import Provenance
from tests.archives.adapters import ADAPTERS, COUNTED, JSON, SIGNED, Adapter
from tests.archives.conftest import QUICK
from tests.archives.server import Answer, ArchiveServer

every = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: adapter.name)
HTML = b"<!DOCTYPE html>\n<html><body>Down for maintenance</body></html>"


async def failure(archives: Archives, adapter: Adapter) -> ArchiveError:
    """The error of a call that must fail; it names the archive, in one line."""
    with pytest.raises(ArchiveError) as caught:
        await adapter.call(archives)
    assert caught.value.archive == adapter.service
    assert str(caught.value).startswith(f"{adapter.service}: ")
    assert "\n" not in str(caught.value)
    return caught.value


def reordered(value: Any) -> Any:
    """The same JSON with all fields in another order, and the columns of tables with them."""
    if isinstance(value, list):
        return [reordered(item) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: reordered(item) for key, item in reversed(value.items())}
    if isinstance(value.get("fields"), list):
        out["fields"] = value["fields"][::-1]
        out["data"] = [row[::-1] for row in value["data"]]
    return out


@every
async def test_a_good_reply_is_read(adapter: Adapter, archives: Archives, server: ArchiveServer) -> None:
    server.answer(adapter.path, Answer(adapter.body(), content_type=adapter.content_type))
    assert await adapter.call(archives) is not None
    assert len(server.asked) == 1


@pytest.mark.parametrize("adapter", JSON, ids=lambda adapter: adapter.name)
async def test_the_order_of_fields_does_not_matter(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    other = json.dumps(reordered(adapter.reply())).encode()
    server.answer(adapter.path, Answer(adapter.body()), Answer(other))
    first = await adapter.call(archives)
    archives.fetcher.cache.find = lambda request: None  # type: ignore[method-assign]
    again = await adapter.call(archives)
    assert plain(again) == plain(first)
    assert len(server.asked) == 2


def plain(result: Any) -> Any:
    """A result as Python's own types, without what names the reply: its hash and its moment."""
    if isinstance(result, Provenance):
        return None
    if isinstance(result, pl.DataFrame):
        return result.select(sorted(set(result.columns) - {"source"})).to_dicts()
    if isinstance(result, np.ndarray):
        return result.tolist()
    if is_dataclass(result):
        return {field.name: plain(getattr(result, field.name)) for field in fields(result)}
    if isinstance(result, tuple | list):
        return [plain(item) for item in result]
    return {key: plain(item) for key, item in result.items()} if isinstance(result, dict) else result


@every
async def test_a_reply_whose_text_ends_early_is_incomplete(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    body = adapter.body()
    server.answer(adapter.path, Answer(body[: len(body) * 2 // 3], content_type=adapter.content_type))
    assert isinstance(await failure(archives, adapter), ArchiveIncomplete)


@every
async def test_a_connection_that_breaks_off_is_incomplete(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    body = adapter.body()
    server.answer(adapter.path, Answer(body, content_type=adapter.content_type, cut=len(body) // 2))
    assert isinstance(await failure(archives, adapter), ArchiveIncomplete)


@every
async def test_an_empty_reply_is_incomplete(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    server.answer(adapter.path, Answer(b"", content_type=adapter.content_type))
    assert isinstance(await failure(archives, adapter), ArchiveIncomplete)


@every
async def test_an_html_page_is_a_change(adapter: Adapter, archives: Archives, server: ArchiveServer) -> None:
    server.answer(adapter.path, Answer(HTML, content_type="text/html; charset=utf-8"))
    error = await failure(archives, adapter)
    assert isinstance(error, ArchiveChanged)
    assert error.seen == "an HTML page"
    assert len(server.asked) == 1, "a change is not cured by asking again"


@every
async def test_another_content_type_is_a_change(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    server.answer(adapter.path, Answer(adapter.body(), content_type="application/pdf"))
    error = await failure(archives, adapter)
    assert isinstance(error, ArchiveChanged)
    assert error.what == "its content type"
    assert error.seen == "application/pdf"


@every
async def test_too_many_requests_is_a_refusal_after_the_tries(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    server.answer(adapter.path, Answer(b"slow down", 429, "text/plain"))
    error = await failure(archives, adapter)
    assert isinstance(error, ArchiveRefused)
    assert error.status == 429
    assert len(server.asked) == 2


@every
async def test_forbidden_is_a_refusal_at_once(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    server.answer(adapter.path, Answer(b"no", 403, "text/plain"))
    error = await failure(archives, adapter)
    assert isinstance(error, ArchiveRefused)
    assert len(server.asked) == 1


@every
async def test_a_server_error_is_unreachable_after_the_tries(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    server.answer(adapter.path, Answer(b"later", 503, "text/plain"))
    error = await failure(archives, adapter)
    assert isinstance(error, ArchiveUnreachable)
    assert not isinstance(error, NotFound)
    assert len(server.asked) == 2


@every
async def test_a_time_out_is_unreachable(adapter: Adapter, archives: Archives, server: ArchiveServer) -> None:
    archives.fetcher.patience = replace(QUICK, attempts=1)
    archives.fetcher._client.timeout = 0.05
    server.answer(adapter.path, Answer(adapter.body(), content_type=adapter.content_type, delay_s=0.2))
    assert isinstance(await failure(archives, adapter), ArchiveUnreachable)


@every
async def test_a_second_try_may_succeed(adapter: Adapter, archives: Archives, server: ArchiveServer) -> None:
    good = Answer(adapter.body(), content_type=adapter.content_type)
    server.answer(adapter.path, Answer(b"later", 503, "text/plain"), good)
    assert await adapter.call(archives) is not None


@pytest.mark.parametrize("adapter", SIGNED, ids=lambda adapter: adapter.name)
async def test_another_version_is_named_with_the_expected_one(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    reply = adapter.reply()
    expected = reply["signature"]["version"]
    reply["signature"]["version"] = "9.7"
    server.answer(adapter.path, Answer(json.dumps(reply).encode()))
    error = await failure(archives, adapter)
    assert isinstance(error, ArchiveChanged)
    assert "9.7" in error.seen
    assert expected in error.expected


@pytest.mark.parametrize("adapter", SIGNED, ids=lambda adapter: adapter.name)
async def test_a_reply_without_signature_is_a_change(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    reply = adapter.reply()
    del reply["signature"]
    server.answer(adapter.path, Answer(json.dumps(reply).encode()))
    assert isinstance(await failure(archives, adapter), ArchiveChanged)


@pytest.mark.parametrize("announced", [1234, "1234"])
@pytest.mark.parametrize("adapter", COUNTED, ids=lambda adapter: adapter.name)
async def test_fewer_records_than_announced_is_incomplete(
    adapter: Adapter, announced: object, archives: Archives, server: ArchiveServer
) -> None:
    reply = adapter.reply()
    reply["count"] = announced
    server.answer(adapter.path, Answer(json.dumps(reply).encode()))
    error = await failure(archives, adapter)
    assert isinstance(error, ArchiveIncomplete)
    assert "announces 1,234 records" in str(error)


@pytest.mark.parametrize("adapter", COUNTED, ids=lambda adapter: adapter.name)
async def test_a_reply_without_its_count_is_a_change(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    reply = adapter.reply()
    del reply["count"]
    server.answer(adapter.path, Answer(json.dumps(reply).encode()))
    assert isinstance(await failure(archives, adapter), ArchiveChanged)


@every
async def test_json_of_another_shape_gives_an_error_of_the_archive(
    adapter: Adapter, archives: Archives, server: ArchiveServer
) -> None:
    for body in (b"[]", b"{}", b"null", b"3", b'"text"', b'{"message": "?"}', b"[{}]", b"[[]]"):
        if (adapter.name, body) != ("mpc neocp", b"[]"):  # an empty page is an answer
            server.answer(adapter.path, Answer(body, content_type=adapter.content_type))
            await failure(archives, adapter)
