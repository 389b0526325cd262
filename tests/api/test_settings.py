"""Settings come from the environment and from files; production is refused with an unsafe one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aneos_api.errors import SettingsError
from aneos_api.settings import Settings, load_settings

KEY = "q7Zr0vV1xJ8mKp3sTn6wYb9cFh2gLd5e"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ANEOS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ANEOS_DATA_DIR", str(tmp_path / "data"))


def test_the_environment_is_read_in_the_types_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANEOS_DATABASE__POOL_SIZE", "7")
    monkeypatch.setenv("ANEOS_HTTP__CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("ANEOS_LIMITS__ENABLED", "false")
    monkeypatch.setenv("ANEOS_CACHE__URL", "")
    settings = load_settings(jobs={"concurrency": 5})
    assert settings.database.pool_size == 7
    assert settings.http.cors_origins == ("https://a.example", "https://b.example")
    assert settings.limits.enabled is False
    assert settings.cache.url is None
    assert settings.jobs.concurrency == 5
    assert settings.database_url == f"sqlite:///{settings.data_dir / 'aneos.db'}"


def test_a_secret_may_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("ANEOS_SECURITY__SECRET_KEY_FILE", str(tmp_path / "key"))
    assert load_settings().secret_key() == KEY.encode()
    monkeypatch.setenv("ANEOS_SECURITY__SECRET_KEY", KEY)
    with pytest.raises(SettingsError, match="are both set"):
        load_settings()
    monkeypatch.delenv("ANEOS_SECURITY__SECRET_KEY")
    monkeypatch.setenv("ANEOS_SECURITY__SECRET_KEY_FILE", str(tmp_path / "nothing"))
    with pytest.raises(SettingsError, match="cannot read"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ANEOS_DATBASE__URL", "x", "no setting is called ANEOS_DATBASE__URL"),
        ("ANEOS_DATABASE__ULR", "x", "no setting is called ANEOS_DATABASE__ULR"),
        ("ANEOS_DATABASE__POOL_SIZE", "many", "ANEOS_DATABASE__POOL_SIZE: "),
        ("ANEOS_DATABASE__POOL_SIZE", "0", "ANEOS_DATABASE__POOL_SIZE: "),
        ("ANEOS_ENVIRONMENT", "staging", "ANEOS_ENVIRONMENT: "),
        ("ANEOS_JOBS__HEARTBEAT_S", "29", "at most half of lease_s"),
        ("ANEOS_EVENTS__KAFKA_USERNAME", "aneos", "kafka_username and kafka_password are set together"),
    ],
)
def test_a_misspelt_or_impossible_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_every_fault_is_told_at_once_and_no_secret_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANEOS_DATABASE__POOL_SIZE", "0")
    monkeypatch.setenv("ANEOS_SECURITY__ARGON2_TIME_COST", "none")
    monkeypatch.setenv("ANEOS_SECURITY__SECRET_KEY", "hush")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "POOL_SIZE" in str(caught.value)
    assert "ARGON2_TIME_COST" in str(caught.value)
    assert "hush" not in str(caught.value)


SAFE = {
    "ANEOS_ENVIRONMENT": "production",
    "ANEOS_SECURITY__SECRET_KEY": KEY,
    "ANEOS_DATABASE__URL": "postgresql://aneos:dk39fjs0@db/aneos",
}


def test_production_starts_with_safe_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.production
    assert settings.cookie_secure
    assert KEY not in repr(settings)
    assert "dk39fjs0" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ANEOS_SECURITY__SECRET_KEY", None, "SECRET_KEY is missing"),
        ("ANEOS_SECURITY__SECRET_KEY", "short", "SECRET_KEY is weak"),
        ("ANEOS_SECURITY__SECRET_KEY", "a" * 64, "SECRET_KEY is weak"),
        ("ANEOS_DATABASE__URL", "postgresql://aneos:postgres@db/aneos", "default password"),
        ("ANEOS_DATABASE__URL", "nonsense", "no database URL"),
        ("ANEOS_HTTP__CORS_ORIGINS", "*", "CORS_ORIGINS must name"),
        ("ANEOS_SECURITY__COOKIE_SECURE", "false", "COOKIE_SECURE must not"),
        ("ANEOS_SECURITY__FIRST_ADMIN_PASSWORD", "admin", "FIRST_ADMIN_PASSWORD is too short"),
    ],
)
def test_production_does_not_start_with_an_unsafe_one(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, message: str
) -> None:
    for other, safe in SAFE.items():
        monkeypatch.setenv(other, safe)
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_development_makes_its_key_once_for_all_processes() -> None:
    settings: Settings = load_settings()
    first = settings.secret_key()
    assert len(first) >= 48
    assert load_settings().secret_key() == first
    path = settings.data_dir / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in settings.data_dir.iterdir()] == ["secret.key"]
