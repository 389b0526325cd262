"""The service over HTTP, in a thread with an event loop of its own, over each database."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from aneos.catalogue import Catalogue
from aneos_api.app import create_app
from aneos_api.database import Database
from aneos_api.database.loading import screen_into_database
from tests.api.conftest import ENGINES, QUICK
from tests.api.endpoints.conftest import add_member, add_organisation, make_settings, small_catalogue
from tests.api.postgres import Postgres

__all__ = ["small_catalogue"]


@dataclass
class Served:
    """A running service: where it is, its specification, a key for each role, and ids of things that exist."""

    url: str = ""
    specification: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    failure: BaseException | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    server: uvicorn.Server | None = None


@pytest.fixture(scope="session", params=ENGINES)
def served(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    postgres: Postgres,
    postgres_template: str,
    small_catalogue: Catalogue,
) -> Iterator[Served]:
    """The service over SQLite and over PostgreSQL."""
    for name in ("aneos.learning", "aneos.dynamics", "aneos.astrometry"):
        importlib.import_module(name)  # seconds that no request of these tests is to wait for
    folder = tmp_path_factory.mktemp("served")
    if request.param == "sqlite":
        path = folder / "aneos.db"
        shutil.copyfile(sqlite_template, path)
        url = f"sqlite:///{path}"
    else:
        url = postgres.url(asyncio.run(postgres.create(template=postgres_template)))
    service = Served()
    thread = threading.Thread(
        target=lambda: asyncio.run(_serve(service, url, folder, small_catalogue)), daemon=True
    )
    thread.start()
    assert service.ready.wait(120), "the service did not start"
    if service.failure is not None:
        raise service.failure
    yield service
    assert service.server is not None
    service.server.should_exit = True
    thread.join(30)


async def _serve(service: Served, url: str, folder: Path, catalogue: Catalogue) -> None:
    try:
        async with Database(url, QUICK) as database:
            await screen_into_database(database, catalogue)
            app = create_app(make_settings(folder), database=database, tell=lambda _: None)
            context = app.state.context
            people = await add_organisation(context, "alpha")
            operator = await add_member(context, people["admin"].tenant_id, "operator", superuser=True)
            service.keys = {role: person.key for role, person in people.items()} | {"operator": operator.key}
            service.ids = await _things(context, people["admin"].tenant_id, people["viewer"].user_id)
            service.specification = app.openapi()
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                service.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none")
                service.server = uvicorn.Server(config)
                asyncio.get_running_loop().call_later(1.0, service.ready.set)
                await service.server.serve(sockets=[listening])
    except BaseException as error:  # noqa: BLE001 - told to the thread that waits
        service.failure = error
        service.ready.set()


async def _things(context: Any, tenant_id: Any, user_id: Any) -> dict[str, str]:
    """One of everything that a path can name."""
    from aneos_api.database import NewItem

    async with context.database.write() as work:
        batch = await work.batches.create(tenant_id=tenant_id, items=[NewItem("99942")])
        export = await work.exports.create(tenant_id=tenant_id, kind="watchlist", format="csv")
        rule = await work.alerts.create_rule(tenant_id=tenant_id, name="a rule", kind="science", condition={})
        alert, _ = await work.alerts.raise_alert(
            dedupe_key="contract", title="an alert", severity="info", tenant_id=tenant_id
        )
        job = await work.jobs.enqueue("nothing", tenant_id=tenant_id)
        hook = await work.webhooks.create(
            tenant_id=tenant_id, name="a hook", url="https://example.org", encrypted_secret="x"
        )
        model = await work.ml.register(name="m", version="1", algorithm="test", features=["a"])
        experiment = await work.ml.create_experiment(
            name="e", metric="m", arms={"a": (model.id, 0.5), "b": (model.id, 0.5)}
        )
        return {
            "batch_id": str(batch.id),
            "export_id": str(export.id),
            "rule_id": str(rule.id),
            "alert_id": str(alert.id),
            "job_id": str(job.id),
            "webhook_id": str(hook.id),
            "model_id": str(model.id),
            "experiment_id": str(experiment.id),
            "user_id": str(user_id),
            "tenant_id": str(tenant_id),
            "designation": "2006 RH120",
            "id": "2020-so",
        }
