"""The application: :func:`create_app` puts the parts together; nothing is connected before it starts."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from aneos import __version__
from aneos_api.activity import Activity
from aneos_api.authentication import Authenticator
from aneos_api.context import Context
from aneos_api.dashboard import mount as mount_dashboard
from aneos_api.database.database import Database
from aneos_api.database.keyed import KeyedReads
from aneos_api.database.quick import QuickReads
from aneos_api.ending import end
from aneos_api.endpoints.faults import add_handlers
from aneos_api.endpoints.openapi import document
from aneos_api.endpoints.routers import ROUTERS, is_open
from aneos_api.first_admin import Tell, make_first_admin
from aneos_api.middleware.body import BodyLimitMiddleware
from aneos_api.middleware.boundary import BoundaryMiddleware
from aneos_api.middleware.gate import GateMiddleware, GateRules
from aneos_api.middleware.measure import MeasureMiddleware
from aneos_api.middleware.reads import ReadsMiddleware
from aneos_api.observability.metrics import LIMITER_FAILURES
from aneos_api.observability.sampler import Sampler
from aneos_api.observability.state import StateMetrics
from aneos_api.observability.traces import flush_traces, requests_traced, start_traces
from aneos_api.reads import Reads
from aneos_api.science import Science
from aneos_api.security.address import parse_networks
from aneos_api.security.cookies import CookieNames
from aneos_api.security.limits import Buckets, Limit, Limiter, MemoryBuckets
from aneos_api.security.lockout import PhantomLocks
from aneos_api.security.passwords import Passwords
from aneos_api.security.secrets import Vault
from aneos_api.security.tokens import TokenIssuer
from aneos_api.settings import Settings, load_settings

log = structlog.get_logger("aneos_api")

AFTER_START_S = 1.0
"""What can wait (the worker in this process, warming up) begins so long after the start, not to hold it up."""

UPLOADS = ("/api/v1/analysis/observations", "/api/v1/analysis/batch")


def create_app(
    settings: Settings | None = None, *, database: Database | None = None, tell: Tell | None = None
) -> FastAPI:
    """The application under ``settings`` (those of the environment by default).

    ``database`` is one that is open and migrated already; else the settings say which, and the application opens,
    migrates and closes it. ``tell`` is given the first administrator's password, once (printed to standard
    error by default).
    """
    settings = settings or load_settings()
    start_traces(settings, "aneos-api")
    context = make_context(settings, database or Database(settings.database_url, settings.database))
    app = FastAPI(
        title="aNEOS",
        version=__version__,
        summary="Finds artificial objects among near-Earth asteroids.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=_middleware(context),
        lifespan=_lifespan(context, owns_database=database is None, tell=tell),
        telemetry=requests_traced(settings),
    )
    app.state.context = context
    app.state.state_metrics = StateMetrics(context.database)
    for router in ROUTERS:
        app.include_router(router)
    mount_dashboard(app)
    add_handlers(app)
    document(app, public_registry=settings.http.public_registry)
    return app


def make_context(settings: Settings, database: Database) -> Context:
    """The shared parts of an application."""
    security, limits = settings.security, settings.limits
    secrets = [
        settings.secret_key(),
        *(key.get_secret_value().encode() for key in security.previous_secret_keys),
    ]
    tokens = TokenIssuer(secrets, access_s=security.access_token_s, issuer=security.token_issuer)
    cookies = CookieNames.choose(settings.cookie_secure)
    public = settings.http.public_registry
    rules = GateRules(
        is_open=lambda method, path: is_open(method, path, public_registry=public),
        cookies=cookies,
        trusted=parse_networks(settings.http.trusted_proxies),
        limits_enabled=limits.enabled,
        per_address=Limit.per_minute(limits.address_per_minute, limits.burst_s),
        per_principal=Limit.per_minute(limits.principal_per_minute, limits.burst_s),
        anonymous=Limit.per_minute(limits.anonymous_per_minute, limits.burst_s),
    )
    reads = _reads(settings)
    database.invalidate = reads.invalidate
    quick = QuickReads(database)
    return Context(
        settings=settings,
        database=database,
        quick=quick,
        keyed=KeyedReads(database, quick),
        passwords=Passwords(
            memory_kib=security.argon2_memory_kib,
            time_cost=security.argon2_time_cost,
            concurrency=security.argon2_concurrency,
        ),
        tokens=tokens,
        vault=Vault(secrets),
        cookies=cookies,
        limiter=Limiter(_buckets(settings), _limiter_failed),
        phantoms=PhantomLocks(attempts=security.lockout_attempts, lock_s=security.lockout_s),
        rules=rules,
        authenticator=Authenticator(database, quick, tokens, settings),
        activity=Activity(database, idle_s=security.session_idle_s),
        reads=reads,
        science=Science(settings.jobs.compute_workers),
    )


def _middleware(context: Context) -> list[Middleware]:
    """From the outside in."""
    settings = context.settings
    layers = [
        Middleware(
            BoundaryMiddleware,
            hsts_s=settings.http.hsts_s if settings.cookie_secure else 0,
            hosts=settings.http.trusted_hosts,
        ),
        Middleware(MeasureMiddleware, log_requests=settings.observability.log_level in ("DEBUG", "INFO")),
    ]
    if settings.http.cors_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.http.cors_origins),
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=[
                    "Authorization",
                    "Content-Type",
                    "Idempotency-Key",
                    "If-None-Match",
                    "X-API-Key",
                ],
                expose_headers=["ETag", "Retry-After", "X-Request-ID", "RateLimit-Remaining"],
                max_age=600,
            )
        )
    layers += [
        Middleware(
            BodyLimitMiddleware,
            limit=settings.limits.body_bytes,
            upload_limit=settings.limits.upload_bytes,
            uploads=UPLOADS,
        ),
        Middleware(
            GateMiddleware,
            rules=context.rules,
            authenticator=context.authenticator,
            limiter=context.limiter,
            observer=context.activity,
        ),
        Middleware(ReadsMiddleware, cache=context.reads),
    ]
    return layers


def _lifespan(
    context: Context, *, owns_database: bool, tell: Tell | None
) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = context.settings
        if owns_database and settings.database.migrate_on_start:
            await context.database.bring_up_to_date()
        await make_first_admin(context.database, context.passwords, settings.security, tell)
        tasks = [
            asyncio.create_task(context.activity.run(), name="activity"),
            asyncio.create_task(Sampler(context).run(), name="sampler"),
            asyncio.create_task(_quietly(lambda: _warm(app), "warming up", AFTER_START_S), name="warm"),
        ]
        if context.reads.shared:
            tasks.append(asyncio.create_task(context.reads.run(), name="kept replies"))
        working = asyncio.create_task(
            _quietly(lambda: _work(context), "the worker in this process", AFTER_START_S), name="worker"
        )
        try:
            yield
        finally:
            if context.worker is None:
                tasks.append(working)
            else:
                context.worker.stop()
                await asyncio.gather(working, return_exceptions=True)
            await end(tasks)
            await _quietly(context.activity.flush, "writing what is left of the activity")
            await context.reads.close()
            await context.keyed.close()
            await context.quick.close()
            if owns_database:
                await context.database.close()
            await asyncio.to_thread(flush_traces)

    return lifespan


async def _warm(app: FastAPI) -> None:
    """What the first requests would wait for: routes that FastAPI completes when they are first tried, populations."""
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    await asyncio.to_thread(lambda: [route.matches(nowhere) for route in app.router.routes])
    await app.state.context.science.warm()


async def _work(context: Context) -> None:
    """A worker of the queue inside this process, unless the settings leave that to others."""
    if not context.settings.jobs.in_process:
        return
    jobs = await asyncio.to_thread(importlib.import_module, "aneos_api.jobs.tasks")  # takes long to load
    from aneos_api.jobs.worker import Worker

    worker = context.worker = Worker(context.database, context.settings, registry=jobs.TASKS)
    await worker.run()


def _reads(settings: Settings) -> Reads:
    if settings.cache.url is not None:
        from aneos_api.shared_reads import SharedReads  # its client takes long to load

        return SharedReads(settings.cache)
    return Reads(max_entries=settings.cache.max_entries, max_bytes=settings.cache.max_bytes)


def _buckets(settings: Settings) -> Buckets:
    if settings.cache.url is None:
        return MemoryBuckets()
    from aneos_api.shared_store import shared_buckets

    return shared_buckets(settings.cache.url.get_secret_value(), timeout_s=settings.cache.timeout_s)


def _limiter_failed(error: Exception) -> None:
    LIMITER_FAILURES.inc()
    log.warning("rate limiter does not answer; requests pass", reason=type(error).__name__)


async def _quietly(step: Callable[[], Awaitable[None]], what: str, wait_s: float = 0.0) -> None:
    """Run a step, after a wait, whose failure must not stop the service; it is logged."""
    await asyncio.sleep(wait_s)
    try:
        await step()
    except Exception as error:
        log.warning(f"{what} failed", exc_info=error)
