"""Thousands of listeners at once: how soon an event reaches all, memory of each, and what slow ones do to the others.

    python -m benchmarks.streams [--clients N] [--events N] [--workers N] [--slow N] [--only sse|websocket]

Half of the clients listen by server-sent events, half by WebSocket, over real sockets, to a service of its own
processes on SQLite. The clients live in this one process, which runs on the same cores: what they cost is in the
figures. ``--slow`` clients connect and never read. Needs about 2.2 open files for each client.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

HOST: Final = "127.0.0.1"
STARTING_S: Final = 300.0
CONNECTING_S: Final = 240.0
WAITING_S: Final = 30.0
AT_ONCE: Final = 50
TEXT, PING, PONG = 0x1, 0x9, 0xA


@dataclass
class Heard:
    """Delays by event, of all clients that read."""

    delays_s: dict[int, list[float]] = field(default_factory=dict)
    lost: int = 0

    def note(self, payload: bytes) -> None:
        arrived = time.time()
        start = payload.find(b'"benchmark":')
        if start >= 0:
            number, sent = json.loads(payload[start + 12 : payload.index(b"]", start) + 1])
            self.delays_s.setdefault(number, []).append(arrived - sent)
        elif b'"dropped"' in payload:
            self.lost += 1


async def by_sse(port: int, key: str, heard: Heard, ready: asyncio.Event, *, read: bool = True) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    request = f"GET /api/v1/stream/events?topics=notices HTTP/1.1\r\nHost: {HOST}\r\nX-API-Key: {key}\r\n\r\n"
    writer.write(request.encode())
    head = await reader.readuntil(b"retry: 2000\n\n")
    assert head.startswith(b"HTTP/1.1 200"), head[:200]
    ready.set()
    while read:
        heard.note(await reader.readuntil(b"\n\n"))
    await asyncio.Event().wait()


async def by_socket(port: int, key: str, heard: Heard, ready: asyncio.Event, *, read: bool = True) -> None:
    """The frames by hand: a library's client would take more time and memory than the service."""
    reader, writer = await asyncio.open_connection(HOST, port)
    nonce = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /api/v1/stream/ws HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: aneos.v1, aneos.token.{key}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head, head[:200]
    await _frame(reader, writer)  # welcome
    writer.write(_masked(json.dumps({"type": "subscribe", "topics": ["notices"]}).encode()))
    await _frame(reader, writer)
    ready.set()
    while read:
        heard.note(await _frame(reader, writer))
    await asyncio.Event().wait()


async def _frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The next message; pings are answered."""
    while True:
        head = await reader.readexactly(2)
        size = head[1] & 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2))
        elif size == 127:
            size = int.from_bytes(await reader.readexactly(8))
        payload = await reader.readexactly(size)
        if head[0] & 0x0F != PING:
            return payload
        writer.write(_masked(payload, PONG))


def _masked(payload: bytes, kind: int = TEXT) -> bytes:
    assert len(payload) < 126
    return bytes([0x80 | kind, 0x80 | len(payload)]) + bytes(4) + payload


async def measure(options: argparse.Namespace, port: int, key: str, pid: int) -> dict[str, Any]:
    heard = Heard()
    before = memory(pid)
    tasks: list[asyncio.Task[None]] = []
    started = time.perf_counter()
    try:
        async with asyncio.timeout(CONNECTING_S):
            kinds = {"sse": (by_sse,), "websocket": (by_socket,), None: (by_sse, by_socket)}[options.only]
            await join(tasks, options.clients, port, key, heard, read=True, kinds=kinds)
            joined_s = time.perf_counter() - started
            each = (memory(pid) - before) / options.clients
            if options.slow:
                await join(tasks, options.slow, port, key, heard, read=False, kinds=kinds)
        idle = await cost(pid, 5.0)
        spent, began = cpu_s(pid), time.perf_counter()
        for number in range(options.events):
            await emit(options.folder, number, options.padding)
            async with asyncio.timeout(WAITING_S):
                while len(heard.delays_s.get(number, ())) < options.clients:
                    assert not heard.lost, "a client lost events"
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
        spent = cpu_s(pid) - spent - idle * (time.perf_counter() - began)
    finally:
        ended = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended[:3]:
            print("a client ended:", task.exception(), file=sys.stderr)
    slowest = [max(delays) for delays in heard.delays_s.values()]
    every = sorted(delay for delays in heard.delays_s.values() for delay in delays)
    return {
        "clients": options.clients,
        "slow clients besides": options.slow,
        "processes": options.workers,
        "events": options.events,
        "joined in s": round(joined_s, 1),
        "kB of the service per client": round(each / 1024, 1),
        "processor time per delivery, us": round(1e6 * spent / options.events / options.clients),
        "p50 ms": round(1000 * every[len(every) // 2]),
        "p99 ms": round(1000 * every[int(0.99 * len(every))]),
        "last client, median of events, ms": round(1000 * statistics.median(slowest)),
        "last client, worst event, ms": round(1000 * max(slowest)),
        "load average": round(os.getloadavg()[0], 1),
    }


async def join(
    tasks: list[asyncio.Task[None]],
    count: int,
    port: int,
    key: str,
    heard: Heard,
    *,
    read: bool,
    kinds: tuple[Any, ...],
) -> None:
    for begin in range(0, count, AT_ONCE):
        marks = []
        for number in range(begin, min(begin + AT_ONCE, count)):
            ready = asyncio.Event()
            kind = kinds[number % len(kinds)]
            tasks.append(asyncio.create_task(kind(port, key, heard, ready, read=read)))
            marks.append(ready.wait())
        await asyncio.gather(*marks)


async def emit(folder: Path, number: int, padding: int) -> None:
    """Store an event from outside, as a worker does; its moment is that of the commit's beginning."""
    from aneos_api.database import Database

    async with Database(f"sqlite:///{folder / 'aneos.db'}") as database, database.write() as work:
        data = {"benchmark": [number, time.time()], "padding": "x" * padding}
        await work.events.emit("notices", "notice", data)


def cpu_s(pid: int) -> float:
    """Processor seconds of a process and its children so far."""
    parent = psutil.Process(pid)
    times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
    return sum(one.user + one.system for one in times)


async def cost(pid: int, seconds: float) -> float:
    """Processor seconds per second while nothing happens: heartbeats, looking for events."""
    before = cpu_s(pid)
    await asyncio.sleep(seconds)
    return (cpu_s(pid) - before) / seconds


def memory(pid: int) -> int:
    """Resident bytes of a process and its children."""
    parent = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (parent, *parent.children(recursive=True)))


def prepare(folder: Path) -> str:
    """A database with one member, who has an API key."""
    from aneos_api.database import init_database
    from aneos_api.security.keys import new_key

    async def make() -> str:
        fresh = new_key()
        database = await init_database(f"sqlite:///{folder / 'aneos.db'}")
        async with database.write() as work:
            tenant = await work.tenants.create(slug="benchmark", name="Benchmark")
            user = await work.users.create(
                email="v@example.org",
                password_hash="none",  # pragma: allowlist secret
                tenant_id=tenant.id,
                role="viewer",
            )
            await work.keys.create(
                tenant_id=tenant.id, user_id=user.id, name="b", prefix=fresh.prefix, key_hash=fresh.digest,
                role="viewer",
            )  # fmt: skip
        await database.close()
        return fresh.text

    return asyncio.run(make())


def serve(folder: Path, workers: int, port: int) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANEOS_")}
    environment = kept | {
        "ANEOS_DATA_DIR": str(folder),
        "ANEOS_JOBS__IN_PROCESS": "false",
        "ANEOS_LIMITS__ENABLED": "false",
        "ANEOS_EVENTS__STREAM_LIFETIME_S": "3600",
        "ANEOS_SECURITY__FIRST_ADMIN_PASSWORD": "only for this run 1",  # pragma: allowlist secret
    }
    program = "import sys; from aneos_api.server import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "--port", str(port), "--workers", str(workers)]
    process = subprocess.Popen([*command, "--log-level", "ERROR"], env=environment)
    end = time.monotonic() + STARTING_S
    while time.monotonic() < end:
        assert process.poll() is None, "the service did not start"
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            time.sleep(8)  # both processes, and their warming up
            return process
    raise TimeoutError("the service did not start in time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--slow", type=int, default=0)
    parser.add_argument("--only", choices=("sse", "websocket"), help="clients of one kind")
    parser.add_argument("--padding", type=int, default=200, help="bytes that are added to each event")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    assert most > 1.1 * (options.clients + options.slow) + 200, f"too few open files are allowed: {most}"
    with tempfile.TemporaryDirectory(prefix="aneos-streams-") as name, socket.socket() as chosen:
        options.folder = Path(name)
        chosen.bind((HOST, 0))
        port = chosen.getsockname()[1]
        chosen.close()
        key = prepare(options.folder)
        process = serve(options.folder, options.workers, port)
        try:
            found = asyncio.run(measure(options, port, key, process.pid))
        finally:
            family = [process.pid, *(one.pid for one in psutil.Process(process.pid).children(recursive=True))]
            for pid in family:
                if psutil.pid_exists(pid):
                    os.kill(pid, signal.SIGKILL)
            process.wait(timeout=20)
    for what, value in found.items():
        print(f"{what:<36}{value}")


if __name__ == "__main__":
    main()
