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
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from aneos_api.errors import SettingsError
from aneos_api.settings_areas import (
    ArchiveSettings,
    BackupSettings,
    CacheSettings,
    DatabaseSettings,
    EventSettings,
    HttpSettings,
    JobSettings,
    LimitSettings,
    ObservabilitySettings,
    SecuritySettings,
)

__all__ = [
    "ArchiveSettings",
    "BackupSettings",
    "CacheSettings",
    "DatabaseSettings",
    "EventSettings",
    "HttpSettings",
    "JobSettings",
    "LimitSettings",
    "ObservabilitySettings",
    "SecuritySettings",
    "Settings",
    "load_settings",
]

PREFIX: Final = "ANEOS_"
SECRET_BYTES: Final = 32
"""Least length of the secret key: that of the SHA-256 keys derived from it."""

DEFAULT_PASSWORDS: Final = frozenset({"", "postgres", "password", "aneos", "changeme", "secret"})
"""Passwords of the database that production refuses."""


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
        return (init_settings, _Environment(settings_cls))

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


class _Environment(EnvSettingsSource):
    """``ANEOS_`` variables; the value of one that ends in ``_FILE`` is in the file that it names."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        out: dict[str, str | None] = {}
        for name, text in os.environ.items():
            key = name.lower()
            if key.startswith(PREFIX.lower()) and key.endswith("_file"):
                try:
                    out[key.removesuffix("_file")] = Path(text).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError) as error:
                    raise SettingsError(f"{name}: cannot read {text}: {error}") from None
            else:
                out[key] = text
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
