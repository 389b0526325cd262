"""All settings of the service, one nested model per area.

Every setting is an environment variable ``ANEOS_<AREA>__<NAME>`` (``ANEOS_DATABASE__URL``), or the same name with
``_FILE`` whose file holds the value (``ANEOS_SECURITY__SECRET_KEY_FILE=/run/secrets/key``). In production the service
does not start with a missing or weak secret.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from aneos_api.errors import SettingsError

PREFIX: Final = "ANEOS_"
SECRET_BYTES: Final = 32
"""Least length of the secret key: that of the SHA-256 keys derived from it."""

DEFAULT_PASSWORDS: Final = frozenset({"", "postgres", "password", "aneos", "changeme", "secret"})
"""Passwords of the database that production refuses."""


class _Area(BaseModel):
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


class DatabaseSettings(_Area):
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


class SecuritySettings(_Area):
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


class HttpSettings(_Area):
    """How the service speaks HTTP."""

    public_url: str | None = Field(None, description="address that users see, for links and cookies")
    cors_origins: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ("*",)
    trusted_proxies: tuple[str, ...] = Field(
        (), description="addresses or networks whose X-Forwarded-For counts"
    )
    hsts_s: int = Field(31_536_000, ge=0)
    public_registry: bool = Field(False, description="anonymous may read catalogue/artificial")
    expose_docs: bool = True


class LimitSettings(_Area):
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
    request_timeout_s: float = Field(60.0, gt=0)
    idempotency_s: int = Field(24 * 3600, ge=60, description="how long an Idempotency-Key is remembered")


class JobSettings(_Area):
    """The durable queue and its workers."""

    in_process: bool = Field(True, description="run a worker inside the API process")
    concurrency: int = Field(2, ge=1, description="jobs at the same time in one worker")
    executor: Literal["thread", "process"] = "thread"
    compute_workers: int = Field(1, ge=1, description="threads or processes for computation in one worker")
    lease_s: float = Field(30.0, ge=0.5, description="a job whose worker is silent this long is taken over")
    heartbeat_s: float = Field(5.0, gt=0)
    poll_s: float = Field(1.0, gt=0)
    max_attempts: int = Field(5, ge=1, description="attempts without progress before a job is dead")
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


class CacheSettings(_Area):
    """Reads that are kept for a while."""

    url: SecretStr | None = Field(None, description="redis://HOST:6379/0 (Valkey or Redis); else in process")
    ttl_s: float = Field(60.0, gt=0)
    max_entries: int = Field(10_000, ge=1)
    max_bytes: int = Field(64 << 20, ge=1024)
    timeout_s: float = Field(0.25, gt=0)


class EventSettings(_Area):
    """How events travel."""

    backend: Literal["memory", "valkey", "nats", "kafka"] = "memory"
    url: SecretStr | None = None
    topic_prefix: str = "aneos"
    keep_days: int = Field(7, ge=1)
    client_queue: int = Field(256, ge=1)
    smtp_url: SecretStr | None = None


class ArchiveSettings(_Area):
    """The services that data come from."""

    enabled: bool = Field(False, description="ask remote archives at all")
    sync_cron: str | None = Field(None, description="when the catalogue is renewed, e.g. '30 6 * * *'")
    timeout_s: float = Field(30.0, gt=0)
    user_agent: str = "aNEOS"


class ObservabilitySettings(_Area):
    """What the service tells about itself."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] | None = Field(None, description="default: json in production")
    metrics_public: bool = Field(True, description="/metrics without log-in")
    otlp_endpoint: str | None = None
    sample_s: float = Field(30.0, gt=0, description="how often system metrics are stored")
    keep_metrics_days: int = Field(30, ge=1)
    keep_audit_days: int = Field(730, ge=1)
    keep_usage_days: int = Field(400, ge=1)


class BackupSettings(_Area):
    """Copies of the database."""

    directory: Path | None = Field(None, description="default: data_dir/backups")
    encryption_key: SecretStr | None = None
    cron: str | None = Field(None, description="when a backup is made, e.g. '15 2 * * *'")
    keep: int = Field(14, ge=1)
    pg_bin: Path | None = Field(None, description="folder of pg_dump and pg_restore; default: on the path")


class Settings(BaseSettings):
    """Everything that can be set. Make one with :func:`load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,
        extra="ignore",
        frozen=True,
        validate_default=True,
    )

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Field(Path("var"), description="folder of the database, exports, backups and keys")
    database: DatabaseSettings = DatabaseSettings()
    security: SecuritySettings = SecuritySettings()
    http: HttpSettings = HttpSettings()
    limits: LimitSettings = LimitSettings()
    jobs: JobSettings = JobSettings()
    cache: CacheSettings = CacheSettings()
    events: EventSettings = EventSettings()
    archives: ArchiveSettings = ArchiveSettings()
    observability: ObservabilitySettings = ObservabilitySettings()
    backup: BackupSettings = BackupSettings()

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if self.environment == "production":
            faults = "; ".join(_production_faults(self))
            if faults:
                raise ValueError(faults)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings, _FilesSource(settings_cls))

    @property
    def production(self) -> bool:
        return self.environment == "production"

    @property
    def cookie_secure(self) -> bool:
        given = self.security.cookie_secure
        return self.production if given is None else given

    @property
    def database_url(self) -> str:
        """The database's URL, SQLite in ``data_dir`` when none is set."""
        url = self.database.url
        return f"sqlite:///{self.data_dir / 'aneos.db'}" if url is None else url.get_secret_value()

    @property
    def exports_dir(self) -> Path:
        return self.data_dir / "exports"

    @property
    def backups_dir(self) -> Path:
        return self.backup.directory or self.data_dir / "backups"

    def secret_key(self) -> bytes:
        """The root secret. In development, when none is set, one is made once and kept in ``data_dir/secret.key``."""
        if self.security.secret_key is not None:
            return self.security.secret_key.get_secret_value().encode()
        return _kept_secret(self.data_dir / "secret.key")


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process: ``overrides``, then the environment, then the files that it names.

    Raises :class:`SettingsError` with every fault in one text.
    """
    _check_names()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


class _FilesSource(EnvSettingsSource):
    """Values from the files that ``ANEOS_…_FILE`` variables name."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        out: dict[str, str | None] = {}
        for name, path in os.environ.items():
            if not (name.upper().startswith(PREFIX) and name.upper().endswith("_FILE")):
                continue
            try:
                text = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"{name}: cannot read {path}: {error}") from None
            out[name.lower().removesuffix("_file")] = text
        return out


def _check_names() -> None:
    """Raise for a misspelled area and for a value that is given twice."""
    names = {name.upper() for name in os.environ if name.upper().startswith(PREFIX)}
    for name in sorted(names):
        area = name.removeprefix(PREFIX).partition("__")[0].lower()
        if "__" in name and area not in Settings.model_fields:
            raise SettingsError(f"no setting is called {name}: there is no area {area!r}")
        if name.endswith("_FILE") and name.removesuffix("_FILE") in names:
            raise SettingsError(f"{name.removesuffix('_FILE')} and {name} are both set; give one")


def _production_faults(settings: Settings) -> Iterator[str]:
    security = settings.security
    if security.secret_key is None:
        yield f"{PREFIX}SECURITY__SECRET_KEY is missing; make one with: openssl rand -base64 48"
    elif _weak(security.secret_key.get_secret_value()):
        yield f"{PREFIX}SECURITY__SECRET_KEY is weak: {SECRET_BYTES} random bytes or more are needed"
    password = security.first_admin_password
    if password is not None and len(password.get_secret_value()) < security.password_min_length:
        yield f"{PREFIX}SECURITY__FIRST_ADMIN_PASSWORD is too short"
    if "*" in settings.http.cors_origins:
        yield f"{PREFIX}HTTP__CORS_ORIGINS must name the origins, not '*'"
    if security.cookie_secure is False:
        yield f"{PREFIX}SECURITY__COOKIE_SECURE must not be false"
    try:
        password_in_url = make_url(settings.database_url).password
    except ArgumentError:
        yield f"{PREFIX}DATABASE__URL is no database URL"
        return
    if password_in_url is not None and str(password_in_url) in DEFAULT_PASSWORDS:
        yield f"{PREFIX}DATABASE__URL has a default password"


def _weak(key: str) -> bool:
    return len(key.encode()) < SECRET_BYTES or len(set(key)) < 10


def _sentence(error: ValidationError) -> str:
    """Every fault with the name of its variable; values are left out, since they may be secrets."""
    out = []
    for fault in error.errors(include_input=False, include_url=False):
        where = "__".join(str(part).upper() for part in fault["loc"])
        text = str(fault["msg"]).removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            out.append(f"no setting is called {PREFIX}{where}")
        else:
            out.append(f"{PREFIX}{where}: {text}" if where else text)
    return "; ".join(out)


def _kept_secret(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
        try:
            # Atomic: of several processes that start together one wins and the others read its key.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes().strip()
