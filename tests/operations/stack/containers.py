"""Containers of the stack: podman with runc, host network on loopback, read-only, without capabilities."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx2

from tests.conftest import CHECKOUT

VERSION: Final = os.environ.get("ANEOS_VERSION", "0.1.0")
PORTS: Final = {
    "postgres": 15432,
    "valkey": 16379,
    "api-1": 18001,
    "api-2": 18002,
    "worker": 19101,
    "http": 18080,
    "https": 18443,
    "prometheus": 19090,
    "alertmanager": 19093,
    "receiver": 18900,
}
PREFIX: Final = "aneos-stack-"
PASSWORD: Final = "a password of the stack test, " + uuid.uuid4().hex
RETRIED: Final = frozenset({502, 503, 504, 429})
RECEIVER: Final = "hooks.aneos-stack.example"
"""A name for this machine: webhooks take no addresses, and workers are told where it is."""
BATCH: Final = 2000


class StackError(Exception):
    """A demand that was not met."""


def demand(holds: object, what: str) -> None:
    if not holds:
        raise StackError(what)


def podman(*words: str, patience_s: float = 120.0) -> str:
    done = subprocess.run(["podman", *words], capture_output=True, text=True, timeout=patience_s, check=False)
    if done.returncode != 0:
        raise StackError(f"podman {' '.join(words[:4])} …: {done.stderr.strip()[-1500:]}")
    return done.stdout.strip()


def until(what: str, check: Callable[[], Any], patience_s: float = 240.0, pause_s: float = 0.5) -> Any:
    """What ``check`` gives once it is true; an exception of HTTP counts as not yet."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        with contextlib.suppress(httpx2.HTTPError, OSError):
            found = check()
            if found:
                return found
        time.sleep(pause_s)
    raise StackError(f"waited {patience_s:.0f} s in vain: {what}")


class Stack:
    """The containers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.secrets = folder / "secrets"
        subprocess.run(
            ["bash", str(CHECKOUT / "deploy" / "make-secrets.sh"), str(self.secrets)],
            check=True,
            timeout=60,
            capture_output=True,
            env={
                **os.environ,
                "ANEOS_HOST": RECEIVER,
                "ANEOS_DATABASE_HOST": f"127.0.0.1:{PORTS['postgres']}",
                "ANEOS_VALKEY_HOST": f"127.0.0.1:{PORTS['valkey']}",
            },
        )
        folder.chmod(0o755)
        self.secrets.chmod(0o755)
        for name, owner in (
            ("data", 10001),
            ("postgres", 999),
            ("prometheus", 65534),
            ("alertmanager", 65534),
        ):
            (folder / name).mkdir()
            os.chown(folder / name, owner, owner)
        (folder / "postgres").chmod(0o700)

    def secret(self, name: str) -> str:
        return (self.secrets / name).read_text().strip()

    def run(
        self,
        name: str,
        image: str,
        *arguments: str,
        environment: dict[str, str] | None = None,
        mounts: dict[Path, str] | None = None,
        entrypoint: str | None = None,
        wait: bool = False,
        patience_s: float = 120.0,
    ) -> str:
        """Start a container, or run it to its end."""
        words = [
            "run",
            "--name",
            PREFIX + name,
            "--runtime",
            "runc",
            "--network",
            "host",
            "--add-host",
            f"{RECEIVER}:127.0.0.1",
            "--pull",
            "never",
        ]
        words += ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096", "--read-only"]
        words += [
            "--cap-drop",
            "ALL",
            "--security-opt",
            "no-new-privileges",
            "--tmpfs",
            "/tmp:size=256m,mode=1777",
        ]
        words += ["--volume", f"{self.secrets}:/run/secrets:ro", "--rm" if wait else "--detach"]
        for variable, value in (environment or {}).items():
            words += ["--env", f"{variable}={value}"]
        for source, target in (mounts or {}).items():
            words += ["--volume", f"{source}:{target}"]
        if entrypoint:
            words += ["--entrypoint", entrypoint]
        return podman(*words, f"localhost/{image}:{VERSION}", *arguments, patience_s=patience_s)

    @property
    def environment(self) -> dict[str, str]:
        """As in docker-compose.yml, with loopback addresses, and webhooks allowed to reach this test."""
        return {
            "ANEOS_DATABASE__URL_FILE": "/run/secrets/database_url",
            "ANEOS_SECURITY__SECRET_KEY_FILE": "/run/secrets/secret_key",
            "ANEOS_SECURITY__FIRST_ADMIN_PASSWORD_FILE": "/run/secrets/first_admin_password",
            "ANEOS_CACHE__URL_FILE": "/run/secrets/cache_url",
            "ANEOS_EVENTS__BACKEND": "valkey",
            "ANEOS_EVENTS__URL_FILE": "/run/secrets/cache_url",
            "ANEOS_EVENTS__WEBHOOK_PRIVATE": "true",
            "ANEOS_EVENTS__RULES_S": "2",
            "ANEOS_HTTP__TRUSTED_PROXIES": "127.0.0.1",
            "ANEOS_BACKUP__ENCRYPTION_KEY_FILE": "/run/secrets/backup_key",
            "ANEOS_LIMITS__PRINCIPAL_PER_MINUTE": "100000",
            "ANEOS_LIMITS__ADDRESS_PER_MINUTE": "100000",
            "ANEOS_JOBS__LEASE_S": "10",
            "ANEOS_JOBS__HEARTBEAT_S": "2",
        }

    def postgres(self) -> None:
        self.run(
            "postgres",
            "aneos-local-postgres",
            "postgres",
            "-p",
            str(PORTS["postgres"]),
            environment={
                "POSTGRES_USER": "aneos",
                "POSTGRES_DB": "aneos",
                "POSTGRES_PASSWORD_FILE": "/run/secrets/postgres_password",
                "POSTGRES_LISTEN": "127.0.0.1",
                "PGDATA": "/var/lib/postgresql/data/pgdata",
            },
            mounts={self.folder / "postgres": "/var/lib/postgresql/data"},
        )

        def ready() -> bool:
            words = [
                "exec",
                PREFIX + "postgres",
                "pg_isready",
                "-h",
                "127.0.0.1",
                "-p",
                str(PORTS["postgres"]),
            ]
            return (
                subprocess.run(["podman", *words], capture_output=True, timeout=30, check=False).returncode
                == 0
            )

        until("PostgreSQL", ready)

    def valkey(self) -> None:
        configuration = CHECKOUT / "deploy" / "valkey" / "valkey.conf"
        words = (
            "/etc/aneos/valkey.conf",
            "--port",
            str(PORTS["valkey"]),
            "--bind",
            "127.0.0.1",
            "--dir",
            "/tmp",
        )
        self.run("valkey", "aneos-local-valkey", *words, mounts={configuration: "/etc/aneos/valkey.conf:ro"})

    def api(self, name: str) -> None:
        words = ("--host", "127.0.0.1", "--port", str(PORTS[name]))
        self.run(
            name,
            "aneos-api",
            *words,
            environment=self.environment,
            mounts={self.folder / "data": "/var/lib/aneos"},
        )

    def worker(self) -> None:
        own = {"ANEOS_OBSERVABILITY__WORKER_PORT": str(PORTS["worker"])}
        certificate = self.secrets / "tls.crt"
        words = ["openssl", "x509", "-noout", "-hash", "-in", str(certificate)]
        found = subprocess.run(words, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
        mounts = {
            self.folder / "data": "/var/lib/aneos",
            certificate: f"/etc/ssl/certs/{found}.0:ro",  # so that it trusts the receiver of this test
        }
        self.run("worker", "aneos-worker", environment=self.environment | own, mounts=mounts)

    def nginx(self) -> None:
        folder = self.folder / "nginx"
        folder.mkdir()
        text = (CHECKOUT / "deploy" / "nginx" / "nginx.conf").read_text()
        for old, new in {
            "listen [::]:8080;": "",
            "listen [::]:8443 ssl http2;": "",
            "listen 8080": f"listen 127.0.0.1:{PORTS['http']}",
            "listen 8443": f"listen 127.0.0.1:{PORTS['https']}",
            "rate=200r/s": "rate=100000r/s",
        }.items():
            demand(old in text, f"nginx.conf has no {old!r}")
            text = text.replace(old, new)
        (folder / "nginx.conf").write_text(text)
        line = "server aneos-api:8000 max_fails=1 fail_timeout=2s;"
        servers = "\n".join(
            line.replace("aneos-api:8000", f"127.0.0.1:{PORTS[name]}") for name in ("api-1", "api-2")
        )
        upstream = (CHECKOUT / "deploy" / "nginx" / "upstream.conf").read_text()
        (folder / "upstream.conf").write_text(upstream.replace(line, servers))
        mounts = {
            folder / "nginx.conf": "/etc/nginx/nginx.conf:ro",
            folder / "upstream.conf": "/etc/nginx/aneos/upstream.conf:ro",
        }
        self.run("nginx", "aneos-nginx", mounts=mounts)

    def monitoring(self) -> None:
        folder = self.folder / "etc"
        shutil.copytree(CHECKOUT / "deploy" / "prometheus", folder)
        text = (folder / "prometheus.yml").read_text()
        api, worker = (
            (f"127.0.0.1:{PORTS[name]}" for name in ("api-1", "api-2")),
            f"127.0.0.1:{PORTS['worker']}",
        )
        for name, targets in (
            ("aneos-api, type: A, port: 8000", api),
            ("aneos-worker, type: A, port: 9101", [worker]),
        ):
            service, _, rest = name.partition(",")
            old = f"    dns_sd_configs:\n      - {{ names: [{service}],{rest}, refresh_interval: 10s }}\n"
            demand(old in text, f"prometheus.yml has no {old!r}")
            text = text.replace(old, f"    static_configs:\n      - targets: [{', '.join(targets)}]\n")
        text = text.replace("alertmanager:9093", f"127.0.0.1:{PORTS['alertmanager']}").replace("15s", "2s")
        text = text.replace("localhost:9090", f"127.0.0.1:{PORTS['prometheus']}")
        (folder / "prometheus.yml").write_text(text)
        rules = folder / "rules" / "alerts.yml"
        text, old = rules.read_text(), 'expr: up{job="aneos-api"} < 1\n        for: 2m\n'
        demand(old in text, f"alerts.yml has no {old!r}")
        rules.write_text(text.replace(old, old.replace("2m", "2s")))
        self.run(
            "alertmanager",
            "aneos-local-alertmanager",
            "--config.file=/etc/alertmanager/alertmanager.yml",
            "--storage.path=/alertmanager",
            "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{PORTS['alertmanager']}",
            mounts={
                CHECKOUT / "deploy" / "alertmanager": "/etc/alertmanager:ro",
                self.folder / "alertmanager": "/alertmanager",
            },
        )
        alive = f"http://127.0.0.1:{PORTS['alertmanager']}/-/ready"
        until("Alertmanager", lambda: httpx2.get(alive, timeout=3).is_success, 60.0)
        # What Alertmanager did not hear is told again after a minute by default.
        self.run(
            "prometheus",
            "aneos-local-prometheus",
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            "--rules.alert.resend-delay=2s",
            f"--web.listen-address=127.0.0.1:{PORTS['prometheus']}",
            mounts={folder: "/etc/prometheus:ro", self.folder / "prometheus": "/prometheus"},
        )

    def ended(self, name: str, patience_s: float) -> None:
        """Wait until a container has done its work."""
        status = podman("wait", PREFIX + name, patience_s=patience_s)
        demand(status == "0", f"{name} ended with {status}")

    def kill(self, name: str) -> None:
        podman("kill", "--signal", "KILL", PREFIX + name)

    def start(self, name: str) -> None:
        podman("start", PREFIX + name)

    def ready(self, name: str, path: str = "/health/ready") -> None:
        until(
            f"{name} is ready",
            lambda: httpx2.get(f"http://127.0.0.1:{PORTS[name]}{path}", timeout=3).is_success,
        )

    @staticmethod
    def remove_images() -> None:
        """The images of this version, and layers that nothing uses then."""
        names = podman(
            "images", "--filter", "reference=localhost/aneos-*", "--format", "{{.Repository}}:{{.Tag}}"
        )
        mine = [name for name in names.split() if name.endswith(f":{VERSION}")]
        if mine:
            podman("rmi", "--force", *mine, patience_s=300.0)
        podman("image", "prune", "--force", patience_s=300.0)

    @staticmethod
    def remove() -> None:
        names = podman("ps", "--all", "--filter", f"name={PREFIX}", "--format", "{{.Names}}").split()
        if names:
            podman("rm", "--force", "--time", "5", *names, patience_s=300.0)
