"""nginx as shipped, in front of two real API processes: TLS, streams, limits, a process killed under load."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import connect

from aneos.catalogue import Catalogue
from tests.api.conftest import apart
from tests.api.endpoints.conftest import Person, small_catalogue
from tests.api.postgres import Postgres
from tests.conftest import CHECKOUT
from tests.nursery import Nursery
from tests.operations.programs import program, run
from tests.operations.running import Installation, Process, free_port, wait_for

__all__ = ["small_catalogue"]

PATIENCE_S = 30.0
CONFIGURATION = CHECKOUT / "deploy" / "nginx" / "nginx.conf"


@dataclass
class Front:
    """nginx with two API processes behind it."""

    url: str
    plain_url: str
    port: int
    certificate: ssl.SSLContext
    installation: Installation
    ports: tuple[int, int]
    api: dict[int, Process]
    people: dict[str, Person]
    nursery: Nursery

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, verify=self.certificate, timeout=PATIENCE_S)

    def start(self, port: int) -> None:
        self.api[port] = self.installation.api_again(port, self.nursery)
        wait_for(f"http://127.0.0.1:{port}/health/ready", self.api[port])


def render(folder: Path, secrets: Path, ports: tuple[int, int], plain: int, tls: int) -> Path:
    """The shipped configuration with the paths and ports of this test."""
    text = CONFIGURATION.read_text("utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # the folders of tests are closed to others
    for old, new in {
        "/tmp/": f"{folder}/",
        "/etc/nginx/aneos/": f"{folder}/",
        "/run/secrets/": f"{secrets}/",
        "listen [::]:8080;": "",
        "listen [::]:8443 ssl http2;": "",
        "listen 8080": f"listen 127.0.0.1:{plain}",
        "listen 8443": f"listen 127.0.0.1:{tls}",
        "worker_processes auto;": f"worker_processes 1; daemon off; {user}",
        "rate=200r/s": "rate=100000r/s",  # the load of this test is no flood
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    upstream = (CONFIGURATION.parent / "upstream.conf").read_text("utf-8")
    line = "server aneos-api:8000 max_fails=1 fail_timeout=2s;"
    assert line in upstream
    servers = "\n".join(line.replace("aneos-api:8000", f"127.0.0.1:{port}") for port in ports)
    (folder / "upstream.conf").write_text(upstream.replace(line, servers))
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def front(
    postgres: Postgres,
    postgres_template: str,
    small_catalogue: Catalogue,
    tmp_path_factory: pytest.TempPathFactory,
    nursery: Nursery,
) -> Iterator[Front]:
    nginx = program("nginx", "apt-get install nginx")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    secrets = folder / "secrets"
    run(["bash", CHECKOUT / "deploy" / "make-secrets.sh", secrets])
    url = postgres.url(apart(postgres.create(template=postgres_template)))
    installation = Installation(url, folder)
    people = installation.people(small_catalogue)
    ports, plain, tls = (free_port(), free_port()), free_port(), free_port()
    configuration = render(folder, secrets, ports, plain, tls)
    run([nginx, "-t", "-c", configuration, "-e", folder / "error.log"])
    server: Process | None = None
    try:
        api = {port: installation.api(port) for port in ports}
        for port, process in api.items():
            wait_for(f"http://127.0.0.1:{port}/health/ready", process)
        server = Process([nginx, "-c", str(configuration), "-e", "stderr"], folder / "nginx.log")
        wait_for(f"http://127.0.0.1:{plain}/nginx-health", server)
        certificate = ssl.create_default_context(cafile=str(secrets / "tls.crt"))
        yield Front(
            f"https://localhost:{tls}",
            f"http://127.0.0.1:{plain}",
            tls,
            certificate,
            installation,
            ports,
            api,
            people,
            nursery,
        )
    finally:
        if server is not None:
            server.kill()
        installation.close()


def handshake(front: Front, version: ssl.TLSVersion) -> tuple[str | None, str | None]:
    """TLS version and protocol that come to be."""
    context = ssl.create_default_context(cafile=None)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(("127.0.0.1", front.port), timeout=PATIENCE_S) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as wrapped,
    ):
        return wrapped.version(), wrapped.selected_alpn_protocol()


def test_tls_is_new_enough_and_speaks_http2(front: Front) -> None:
    assert handshake(front, ssl.TLSVersion.TLSv1_3) == ("TLSv1.3", "h2")
    assert handshake(front, ssl.TLSVersion.TLSv1_2) == ("TLSv1.2", "h2")
    with pytest.warns(DeprecationWarning, match="TLS"), pytest.raises((ssl.SSLError, OSError)):
        handshake(front, ssl.TLSVersion.TLSv1_1)


def test_plain_http_is_sent_to_https_and_replies_say_hsts_once(front: Front) -> None:
    reply = httpx2.get(f"{front.plain_url}/health/live", timeout=PATIENCE_S)
    assert reply.status_code == 301
    assert reply.headers["location"].startswith("https://")
    with front.client() as client:
        live = client.get("/health/live")
    assert live.status_code == 200
    assert live.headers.get_list("strict-transport-security") == ["max-age=31536000; includeSubDomains"]
    assert "nginx/" not in live.headers["server"]


@pytest.mark.parametrize("path", ["/metrics", "/health/ready"])
def test_what_is_for_the_inside_is_not_seen_outside(front: Front, path: str) -> None:
    with front.client() as client:
        assert client.get(path).status_code == 404


def test_large_bodies_pass_where_files_are_uploaded_only(front: Front) -> None:
    body, headers = b"x" * (2 << 20), front.people["viewer"].headers
    with front.client() as client:
        assert client.post("/api/v1/analysis/assess", content=body, headers=headers).status_code == 413
        status = client.post("/api/v1/analysis/batch", content=body, headers=headers).status_code
    assert status in (403, 415, 422), "nginx let it pass; the service said no to a viewer"


def test_both_processes_are_used(front: Front) -> None:
    def answered() -> dict[int, float]:
        out = {}
        for port in front.ports:
            text = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S).text
            lines = [line for line in text.splitlines() if line.startswith("aneos_http_requests_total{")]
            out[port] = sum(float(line.rsplit(" ", 1)[1]) for line in lines if "watchlist" in line)
        return out

    before = answered()
    with front.client() as client:
        for _ in range(20):
            reply = client.get("/api/v1/analysis/watchlist", headers=front.people["viewer"].headers)
            assert reply.status_code == 200
    after = answered()
    assert all(after[port] > before[port] for port in front.ports)


def test_server_sent_events_are_not_held_back(front: Front) -> None:
    headers = front.people["admin"].headers
    with (
        front.client() as client,
        front.client() as other,
        client.stream("GET", "/api/v1/stream/events", headers=headers) as stream,
    ):
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        sent = other.post("/api/v1/stream/broadcast", json={"title": "through nginx"}, headers=headers)
        assert sent.is_success, sent.text
        end = time.monotonic() + PATIENCE_S
        for line in stream.iter_lines():
            if "through nginx" in line:
                break
            assert time.monotonic() < end
        else:
            pytest.fail("the stream ended before the event came")


async def test_the_websocket_passes(front: Front) -> None:
    key = front.people["viewer"].key
    address = front.url.replace("https", "wss") + "/api/v1/stream/ws"
    async with asyncio.timeout(PATIENCE_S), connect(address, ssl=front.certificate) as socket_:
        await socket_.send(json.dumps({"type": "auth", "token": key}))
        await socket_.send(json.dumps({"type": "subscribe", "topics": ["assessments"]}))
        kinds = set()
        while "subscribed" not in kinds:
            kinds.add(json.loads(await socket_.recv())["type"])
    assert "welcome" in kinds


class Load:
    """Readers that ask again and again until they are stopped; counts of the statuses that came back."""

    def __init__(self, front: Front, readers: int = 4) -> None:
        self.statuses: Counter[int | str] = Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(front,)) for _ in range(readers)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _read(self, front: Front) -> None:
        headers = front.people["viewer"].headers
        end = time.monotonic() + 180.0
        with front.client() as client:
            while not self._stop.is_set() and time.monotonic() < end:
                try:
                    status: int | str = client.get("/api/v1/analysis/watchlist", headers=headers).status_code
                except httpx2.HTTPError as error:
                    status = type(error).__name__
                self.statuses[status] += 1
                time.sleep(0.005)


def test_a_killed_process_is_not_noticed_by_readers(front: Front) -> None:
    victim = front.ports[0]
    with Load(front) as load:
        time.sleep(1.0)
        front.api[victim].kill()
        time.sleep(2.0)
        front.start(victim)
        time.sleep(1.0)
    assert set(load.statuses) == {200}, load.statuses
    assert load.statuses[200] > 100


def test_a_rolling_restart_loses_no_request(front: Front) -> None:
    with Load(front) as load:
        for port in front.ports:
            front.api[port].send(signal.SIGTERM)
            end = time.monotonic() + 40.0
            while not front.api[port].ended:
                assert time.monotonic() < end, "it does not end"
                time.sleep(0.05)
            front.start(port)
            time.sleep(2.5)  # until nginx asks it again
    assert set(load.statuses) == {200}, load.statuses
    assert load.statuses[200] > 100
