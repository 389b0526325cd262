"""The settings of each area; see :mod:`aneos_api.settings` for where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator


class Area(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @field_validator("*", mode="before")
    @classmethod
    def _from_text(cls, value: object, info: ValidationInfo) -> object:
        """Lists are comma-separated in the environment; an empty text unsets what may be unset."""
        if not isinstance(value, str):
            return value
        annotation = str(cls.model_fields[info.field_name or ""].annotation)
        if annotation.startswith("tuple["):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return None if not value and annotation.endswith("None") else value


class DatabaseSettings(Area):
    """Where things are stored. SQLite in ``data_dir`` unless ``url`` names a PostgreSQL server."""

    url: SecretStr | None = Field(None, description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    replica_url: SecretStr | None = Field(None, description="PostgreSQL read replica for read-only sessions")
    pool_size: int = Field(10, ge=1, le=200, description="connections kept open by each process")
    pool_overflow: int = Field(10, ge=0, le=200, description="further connections under load")
    pool_timeout_s: float = Field(5.0, gt=0, description="wait for a free connection before 503")
    pool_recycle_s: int = Field(1800, ge=1, description="age at which a connection is replaced")
    connect_timeout_s: float = Field(5.0, gt=0)
    statement_timeout_s: float = Field(30.0, gt=0, description="PostgreSQL: longest statement")
    lock_timeout_s: float = Field(10.0, gt=0, description="longest wait for a lock (SQLite: for the writer)")
    sqlite_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL", description="FULL: a commit survives a power cut; NORMAL: it survives a killed process only"
    )
    prepared_statements: int = Field(100, ge=0, description="asyncpg's cache; 0 behind a transaction pooler")
    migrate_on_start: bool = True
    echo: bool = False


class SecuritySettings(Area):
    """Who may come in."""

    secret_key: SecretStr | None = Field(None, description="root of all derived keys; 32 bytes or more")
    previous_secret_keys: tuple[SecretStr, ...] = Field(
        (), description="still accepted while a key is rotated"
    )
    cookie_secure: bool | None = Field(None, description="cookies over HTTPS only; default: in production")
    session_idle_s: int = Field(30 * 60, ge=60)
    session_absolute_s: int = Field(12 * 3600, ge=60)
    access_token_s: int = Field(15 * 60, ge=30)
    refresh_token_s: int = Field(14 * 24 * 3600, ge=60)
    token_issuer: str = Field("aneos", description="the iss claim of tokens")
    argon2_memory_kib: int = Field(64 * 1024, ge=8 * 1024)
    argon2_time_cost: int = Field(3, ge=1)
    argon2_concurrency: int = Field(2, ge=1, description="password hashes computed at the same time")
    password_min_length: int = Field(12, ge=8)
    lockout_attempts: int = Field(10, ge=1, description="failed log-ins before an account is locked")
    lockout_s: int = Field(15 * 60, ge=1)
    totp_required_for_admins: bool = False
    totp_issuer: str = "aNEOS"
    first_admin_email: str = "admin@localhost"
    first_admin_password: SecretStr | None = Field(None, description="else a random one is printed once")


class HttpSettings(Area):
    """How the service speaks HTTP."""

    cors_origins: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ("*",)
    trusted_proxies: tuple[str, ...] = Field(
        (), description="addresses or networks whose X-Forwarded-For counts"
    )
    hsts_s: int = Field(31_536_000, ge=0)
    public_registry: bool = Field(False, description="anonymous may read catalogue/artificial")
    expose_docs: bool = True


class LimitSettings(Area):
    """How much is taken from whom."""

    enabled: bool = True
    anonymous_per_minute: int = Field(60, ge=1)
    principal_per_minute: int = Field(6000, ge=1)
    address_per_minute: int = Field(12000, ge=1)
    login_per_minute: int = Field(10, ge=1)
    burst_s: float = Field(10.0, gt=0, description="seconds of the rate that may be used at once")
    body_bytes: int = Field(1 << 20, ge=1024)
    upload_bytes: int = Field(64 << 20, ge=1024)
    page_default: int = Field(50, ge=1)
    page_max: int = Field(1000, ge=1)
    batch_objects: int = Field(50_000, ge=1)
    assess_objects: int = Field(100, ge=1, description="objects of one inline assess; more is a batch")
    idempotency_s: int = Field(24 * 3600, ge=60, description="how long an Idempotency-Key is remembered")


class JobSettings(Area):
    """The durable queue and its workers."""

    in_process: bool = Field(True, description="run a worker inside the API process")
    concurrency: int = Field(2, ge=1, description="jobs at the same time in one worker")
    executor: Literal["thread", "process"] = "thread"
    compute_workers: int = Field(1, ge=1, description="threads or processes for computation in one worker")
    lease_s: float = Field(30.0, ge=0.5, description="a job whose worker is silent this long is taken over")
    heartbeat_s: float = Field(5.0, gt=0)
    poll_s: float = Field(1.0, gt=0)
    backoff_s: float = Field(2.0, gt=0)
    backoff_max_s: float = Field(600.0, gt=0)
    shutdown_s: float = Field(20.0, gt=0, description="time to finish before running jobs are given back")
    batch_shard: int = Field(1000, ge=1, description="batch items per job")
    batch_chunk: int = Field(200, ge=1, description="batch items per transaction")
    keep_finished_days: int = Field(30, ge=1)

    @model_validator(mode="after")
    def _beats_within_lease(self) -> Self:
        if self.heartbeat_s * 2 > self.lease_s:
            raise ValueError("heartbeat_s must be at most half of lease_s")
        return self


class CacheSettings(Area):
    """Reads that are kept for a while."""

    url: SecretStr | None = Field(None, description="redis://HOST:6379/0 (Valkey or Redis); else in process")
    ttl_s: float = Field(60.0, gt=0)
    max_entries: int = Field(10_000, ge=1)
    max_bytes: int = Field(64 << 20, ge=1024)
    timeout_s: float = Field(0.25, gt=0)


class EventSettings(Area):
    """How events travel."""

    backend: Literal["memory", "valkey", "kafka"] = "memory"
    url: SecretStr | None = None
    topic_prefix: str = "aneos"
    keep_days: int = Field(7, ge=1)
    client_queue: int = Field(256, ge=1)
    poll_s: float = Field(0.1, gt=0, description="how often committed events are looked for")
    heartbeat_s: float = Field(15.0, gt=0, description="pause after which a silent stream says that it lives")
    stream_lifetime_s: float = Field(600.0, gt=0, description="after which a stream ends and is opened again")
    rules_s: float = Field(15.0, gt=0, description="how often alert rules are judged")
    webhook_private: bool = Field(False, description="let webhooks reach private and local addresses")
    webhook_timeout_s: float = Field(15.0, gt=0)
    webhook_max_age_s: float = Field(259_200.0, gt=0, description="after which a delivery is given up")
    smtp_url: SecretStr | None = Field(
        None, description="smtp://USER:PASSWORD@HOST:587 (STARTTLS where offered) or smtps://…; for e-mail"
    )
    smtp_from: str = Field("aneos@localhost", description="sender of e-mail")
    kafka_servers: tuple[str, ...] = Field(
        (), description="HOST:9092 of brokers; events are copied to topics"
    )
    kafka_tls: bool = False
    kafka_username: str | None = Field(None, description="SCRAM-SHA-512, with kafka_password")
    kafka_password: SecretStr | None = None
    kafka_idempotent: bool = Field(True, description="false for a broker without producer identities")
    kafka_partitions: int = Field(3, ge=1, le=1000, description="of topics that aNEOS makes")
    kafka_replication: int = Field(1, ge=1, le=10, description="copies of topics that aNEOS makes")
    kafka_observations: str | None = Field(
        None, description="topic of candidate observations (ADES) that are fitted and assessed"
    )
    kafka_observations_tenant: str | None = Field(
        None, description="short name of the organisation that they belong to"
    )

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if (self.kafka_username is None) != (self.kafka_password is None):
            raise ValueError("kafka_username and kafka_password are set together")
        if (self.kafka_observations is None) != (self.kafka_observations_tenant is None):
            raise ValueError("kafka_observations and kafka_observations_tenant are set together")
        if self.kafka_observations is not None and not self.kafka_servers:
            raise ValueError("kafka_observations needs kafka_servers")
        return self


class ArchiveSettings(Area):
    """The services that data come from."""

    enabled: bool = Field(False, description="ask remote archives at all")
    sync_cron: str | None = Field(None, description="when the catalogue is renewed, e.g. '30 6 * * *'")
    source: Literal["mpc", "sbdb"] = Field("mpc", description="whose list: the MPC's, or JPL's")
    list_max_age_s: float = Field(
        21_600.0, ge=0, description="age up to which a fetched list is not asked for again"
    )
    timeout_s: float = Field(30.0, gt=0)


class ObservabilitySettings(Area):
    """What the service tells about itself."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] | None = Field(None, description="default: json in production")
    metrics_public: bool = Field(True, description="/metrics without log-in")
    worker_port: int | None = Field(
        None, ge=0, le=65_535, description="port of aneos-worker's own /health and /metrics; none by default"
    )
    worker_host: str = Field("0.0.0.0", description="address for it")  # noqa: S104 - inside a container
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+",
        description="http://HOST:4318 of a collector that is sent traces (OTLP over HTTP; the extra otel)",
    )
    sample_s: float = Field(30.0, gt=0, description="how often system metrics are stored")
    keep_metrics_days: int = Field(30, ge=1)
    keep_audit_days: int = Field(730, ge=1)
    keep_usage_days: int = Field(400, ge=1)


class BackupSettings(Area):
    """Copies of the database."""

    directory: Path | None = Field(None, description="default: data_dir/backups")
    encryption_key: SecretStr | None = None
    cron: str | None = Field(None, description="when a backup is made, e.g. '15 2 * * *'")
    keep: int = Field(14, ge=1)
    pg_bin: Path | None = Field(None, description="folder of pg_dump and pg_restore; default: on the path")
