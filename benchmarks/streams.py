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
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import psutil
import uvloop

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


class Listener(asyncio.Protocol):
    """One client, as cheap as can be: it only looks for the benchmark's events in what comes."""

    def __init__(self, key: str, heard: Heard, *, read: bool) -> None:
        self._key = key
        self._heard = heard
        self._read = read
        self._buffer = b""
        self.ready = asyncio.get_running_loop().create_future()
        self.ended = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name
        self.transport.write(self.request())

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = self.ended or f"the service closed the connection ({error})"
        if not self.ready.done():
            self.ready.set_exception(AssertionError(self.ended))

    def data_received(self, data: bytes) -> None:
        self._buffer = data if not self._buffer else self._buffer + data
        try:
            while (end := self.part(self._buffer)) > 0:
                part, self._buffer = self._buffer[:end], self._buffer[end:]
                self.take(part)
        except AssertionError as error:
            self.ended = str(error)
            self.transport.abort()

    def set_up(self) -> None:
        """The subscription holds: from now on events are expected, or the client goes deaf."""
        self.ready.set_result(None)
        if not self._read:
            self.transport.pause_reading()

    def request(self) -> bytes:
        raise NotImplementedError

    def part(self, data: bytes) -> int:
        """Bytes of the first message in ``data``; 0 where it is not whole yet."""
        raise NotImplementedError

    def take(self, part: bytes) -> None:
        raise NotImplementedError


class BySse(Listener):
    def request(self) -> bytes:
        target = "/api/v1/stream/events?topics=notices"
        return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nX-API-Key: {self._key}\r\n\r\n".encode()

    def part(self, data: bytes) -> int:
        return data.find(b"\n\n") + 2 if b"\n\n" in data else 0

    def take(self, part: bytes) -> None:
        if self.ready.done():
            self._heard.note(part)
            return
        assert part.startswith(b"HTTP/1.1 200"), part[:200]
        self.set_up()


class BySocket(Listener):
    """The frames by hand: a library's client would take more time and memory than the service."""

    def request(self) -> bytes:
        self._steps = 0
        nonce = base64.b64encode(os.urandom(16)).decode()
        return (
            f"GET /api/v1/stream/ws HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: aneos.v1, aneos.token.{self._key}\r\n\r\n"
        ).encode()

    def part(self, data: bytes) -> int:
        if self._steps == 0:
            return data.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in data else 0
        if len(data) < 4:
            return 0
        size, start = data[1] & 0x7F, 2
        if size >= 126:
            start = 4 if size == 126 else 10
            size = int.from_bytes(data[2:start])
        return start + size if len(data) >= start + size else 0

    def take(self, part: bytes) -> None:
        if self._steps and part[0] & 0x0F == PING:
            self.transport.write(_masked(part[2:], PONG))
            return
        self._steps += 1
        if self._steps == 1:
            assert b" 101 " in part, part[:200]
        elif self._steps == 2:  # the welcome
            self.transport.write(_masked(json.dumps({"type": "subscribe", "topics": ["notices"]}).encode()))
        elif self._steps == 3:
            self.set_up()
        else:
            self._heard.note(part)


def _masked(payload: bytes, kind: int = TEXT) -> bytes:
    assert len(payload) < 126
    return bytes([0x80 | kind, 0x80 | len(payload)]) + bytes(4) + payload


async def measure(options: argparse.Namespace, port: int, key: str, pid: int) -> dict[str, Any]:
    heard = Heard()
    before = memory(pid)
    clients: list[Listener] = []
    started = time.perf_counter()
    try:
        async with asyncio.timeout(CONNECTING_S):
            kinds = {"sse": (BySse,), "websocket": (BySocket,), None: (BySse, BySocket)}[options.only]
            await join(clients, options.clients, port, key, heard, read=True, kinds=kinds)
            joined_s = time.perf_counter() - started
            each = (memory(pid) - before) / options.clients
            if options.slow:
                await join(clients, options.slow, port, key, heard, read=False, kinds=kinds)
        idle = await cost(pid, 5.0)
        spent, began, own = cpu_s(pid), time.perf_counter(), time.process_time()
        for number in range(options.events):
            await emit(options.folder, number, options.padding)
            async with asyncio.timeout(WAITING_S):
                while len(heard.delays_s.get(number, ())) < options.clients:
                    assert not heard.lost, "a client lost events"
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
        own = time.process_time() - own
        spent = cpu_s(pid) - spent - idle * (time.perf_counter() - began)
    finally:
        for text in [one.ended for one in clients if one.ended][:3]:
            print("a client ended:", text, file=sys.stderr)
        for one in clients:
            one.transport.abort()
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
        "of the clients per delivery, us": round(1e6 * own / options.events / options.clients),
        "p50 ms": round(1000 * every[len(every) // 2]),
        "p99 ms": round(1000 * every[int(0.99 * len(every))]),
        "last client, median of events, ms": round(1000 * statistics.median(slowest)),
        "last client, worst event, ms": round(1000 * max(slowest)),
        "load average": round(os.getloadavg()[0], 1),
    }


async def join(
    clients: list[Listener],
    count: int,
    port: int,
    key: str,
    heard: Heard,
    *,
    read: bool,
    kinds: tuple[type[Listener], ...],
) -> None:
    loop = asyncio.get_running_loop()
    for begin in range(0, count, AT_ONCE):
        made = []
        for number in range(begin, min(begin + AT_ONCE, count)):
            kind = kinds[number % len(kinds)]
            _, one = await loop.create_connection(partial(kind, key, heard, read=read), HOST, port)
            made.append(one)
        clients += made
        await asyncio.gather(*(one.ready for one in made))


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
            found = uvloop.run(measure(options, port, key, process.pid))
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
