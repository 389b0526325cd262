"""Both clients, generated from the service's own document, against a running service."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from aneos.catalogue import Catalogue
from tests.api.conftest import apart
from tests.api.endpoints.conftest import DESIGNATIONS, Person, small_catalogue
from tests.api.postgres import Postgres
from tests.conftest import CHECKOUT
from tests.operations.programs import PATIENCE_S, TOOLS, program, run
from tests.operations.running import Installation, free_port, wait_for

__all__ = ["small_catalogue"]

SDK = CHECKOUT / "sdk"
Live = tuple[str, dict[str, Person]]


@pytest.fixture(scope="module")
def live(
    postgres: Postgres,
    postgres_template: str,
    small_catalogue: Catalogue,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:
    """One API process that works its own jobs."""
    folder = tmp_path_factory.mktemp("sdk")
    url = postgres.url(apart(postgres.create(template=postgres_template)))
    installation = Installation(url, folder, ANEOS_JOBS__IN_PROCESS="true")
    people = installation.people(small_catalogue)
    port = free_port()
    try:
        wait_for(f"http://127.0.0.1:{port}/health/ready", installation.api(port))
        yield f"http://127.0.0.1:{port}", people
    finally:
        installation.close()


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which the freshly generated Python client can be imported."""
    generator = program("openapi-python-client")
    copy = tmp_path_factory.mktemp("sdk-python") / "sdk"
    shutil.copytree(SDK, copy, ignore=shutil.ignore_patterns("node_modules", "generated", "dist"))
    environment = {
        **os.environ,
        "PYTHON_SERVICE": sys.executable,
        "OPENAPI_PYTHON_CLIENT": generator,
        "PYTHONPATH": str(copy / "python" / "src"),
    }
    run(["bash", copy / "generate.sh", "--python-only"], env=environment)
    return environment


def test_the_python_client_does_what_it_says(live: Live, python_client: dict[str, str]) -> None:
    url, people = live
    script = SDK / "python" / "check.py"
    done = run([TOOLS / "python", script, url, people["admin"].key], env=python_client)
    seen = json.loads(done.stdout)
    assert seen["first"] == 2
    assert len(seen["rows"]) == len(set(seen["rows"])) == len(DESIGNATIONS)
    assert seen["assessed"] == 1
    assert seen["answered"] == ["succeeded", "succeeded"]
    assert seen["refused"] == {"status": 404, "error": "not_found", "requestId": True}
    assert "from Python" in json.dumps(seen["notice"])


def test_the_typescript_client_does_what_it_says(live: Live, tmp_path: Path) -> None:
    npm, node = program("npm", "install Node 20"), program("node", "install Node 20")
    url, people = live
    copy = tmp_path / "typescript"
    shutil.copytree(SDK / "typescript", copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    document = httpx2.get(f"{url}/openapi.json", timeout=PATIENCE_S)
    (tmp_path / "openapi.json").write_text(document.raise_for_status().text)
    run([npm, "--prefix", copy, "ci", "--ignore-scripts", "--silent"])
    run([npm, "--prefix", copy, "run", "generate", "--silent"])
    run([npm, "--prefix", copy, "run", "build", "--silent"])
    done = run([node, copy / "check.mjs", url, people["admin"].key])
    seen = json.loads(done.stdout)
    assert seen["first"] == 2
    assert len(seen["rows"]) == len(set(seen["rows"])) == len(DESIGNATIONS)
    assert seen["assessed"] == 1
    assert seen["refused"] == {"status": 404, "error": "not_found", "requestId": True}
    assert "from TypeScript" in json.dumps(seen["notice"])


class Flaky(http.server.BaseHTTPRequestHandler):
    """Answers 503 twice, then well; keeps what it was asked."""

    asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - one list for the test

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.asked.append((self.command, self.headers.get("idempotency-key")))
        bad = len(self.asked) % 3 != 0
        body = b'{"error": "unavailable", "detail": "later"}' if bad else b'{"items": [], "next": null}'
        self.send_response(503 if bad else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        if bad:
            self.send_header("retry-after", "0")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_the_python_client_repeats_what_is_safe_and_nothing_else(python_client: dict[str, str]) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Flaky)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    program_text = (
        "import sys, httpx\n"
        "from aneos_client import AneosClient\n"
        "client = AneosClient(sys.argv[1], 'k')\n"
        "client.get('x')\n"
        "client.post('x', {})\n"
        "print(client.generated.get_httpx_client().post('/bare').status_code)\n"
    )
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        done = run([TOOLS / "python", "-c", program_text, url], env=python_client)
    finally:
        server.shutdown()
        server.server_close()
    assert done.stdout.strip() == "503", "a POST without an Idempotency-Key is not repeated"
    gets, posts, bare = Flaky.asked[:3], Flaky.asked[3:6], Flaky.asked[6:]
    assert gets == [("GET", None)] * 3
    assert len(set(posts)) == 1, "the same key each time"
    assert posts[0][1]
    assert bare == [("POST", None)]


def test_every_cell_of_the_notebook_runs(live: Live, python_client: dict[str, str]) -> None:
    """Its code in one process, cell after cell, as a kernel would; the texts are not run."""
    url, people = live
    notebook = json.loads((SDK / "examples" / "watchlist.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) == 5
    environment = {**python_client, "ANEOS_URL": url, "ANEOS_KEY": people["analyst"].key}
    printed = run([TOOLS / "python", "-c", "\n".join(cells)], env=environment).stdout
    assert "2006 RH120" in printed
    assert f"{len(DESIGNATIONS)} objects in all" in printed
