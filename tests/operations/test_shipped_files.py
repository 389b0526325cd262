"""What is shipped to deploy the service is what the real tools accept, holds no secret, and agrees with the program."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from aneos_api.settings import Settings, load_settings
from tests.conftest import CHECKOUT
from tests.operations.programs import program, run

DEPLOY = CHECKOUT / "deploy"
K8S = CHECKOUT / "k8s"
OVERLAYS = ("base", "overlays/production", "overlays/small", "overlays/mesh", "overlays/dask")
FOREIGN = ("ServiceMonitor", "PeerAuthentication", "DestinationRule", "AuthorizationPolicy")
"""Kinds of operators and meshes, for which there is no schema here."""


@pytest.mark.parametrize("path", ["Dockerfile", "deploy/nginx/Dockerfile", "deploy/local/Dockerfile"])
def test_dockerfiles_pass_the_linter(path: str) -> None:
    run([program("hadolint"), path])


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What deploy/make-secrets.sh makes."""
    folder = tmp_path_factory.mktemp("secrets")
    run(["bash", DEPLOY / "make-secrets.sh", folder])
    return folder


def test_secrets_are_random_and_made_once(secrets: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    run(["bash", DEPLOY / "make-secrets.sh", secrets])
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before
    run(["bash", DEPLOY / "make-secrets.sh", tmp_path])
    same = {name for name, text in before.items() if (tmp_path / name).read_bytes() == text}
    assert same == set()


@pytest.fixture(scope="module")
def compose(secrets: Path) -> dict[str, Any]:
    """docker-compose.yml as Docker's own program understands it, with all profiles."""
    profiles = [word for name in ("monitoring", "logs", "kafka") for word in ("--profile", name)]
    done = run(
        [program("docker-compose"), "-f", "docker-compose.yml", *profiles, "config", "--format", "json"],
        env={**os.environ, "ANEOS_SECRETS": str(secrets)},
    )
    config: dict[str, Any] = json.loads(done.stdout)
    return config


def test_compose_is_understood_and_hardened(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"aneos-api", "aneos-worker", "aneos-migrate", "postgres", "valkey", "nginx"} <= services.keys()
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert service.get("read_only") or name == "kafka", name
        for port in service.get("ports", ()):
            assert name == "nginx" or port["host_ip"] == "127.0.0.1", f"{name} is open to the world"


def test_compose_gives_settings_that_the_service_accepts(
    compose: dict[str, Any], secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ("aneos-api", "aneos-worker", "aneos-migrate"):
        given = {name for name in os.environ if name.startswith("ANEOS_")}
        for name in given:
            monkeypatch.delenv(name)
        for name, value in compose["services"][service]["environment"].items():
            monkeypatch.setenv(name, value.replace("/run/secrets", str(secrets)))
        settings = load_settings()
        assert settings.production
        assert settings.database_url.startswith("postgresql://aneos:")
        assert settings.events.backend == "valkey"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_manifests_fit_the_schemas_of_kubernetes(overlay: str, tmp_path: Path) -> None:
    rendered = run([program("kubectl"), "kustomize", K8S / overlay]).stdout
    known = [item for item in yaml.safe_load_all(rendered) if item["kind"] not in FOREIGN]
    path = tmp_path / "rendered.yaml"
    path.write_text(yaml.safe_dump_all(known))
    done = run([program("kubernetes-validate"), "--strict", path])
    assert "find schema" not in done.stdout + done.stderr


def test_the_rendered_base_is_up_to_date() -> None:
    rendered = run([program("kubectl"), "kustomize", K8S / "base"]).stdout
    _, shipped = (K8S / "aneos.yaml").read_text("utf-8").split("\n", 1)
    assert shipped == rendered, "kubectl kustomize k8s/base > k8s/aneos.yaml (keep the first line)"


def manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((K8S / "aneos.yaml").read_text("utf-8")))


def pods() -> list[tuple[str, dict[str, Any]]]:
    """Every pod template with the name of what makes it."""
    out = []
    for item in manifests():
        spec = item.get("spec", {})
        if item["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            out.append((f"{item['kind']} {item['metadata']['name']}", spec["template"]))
    return out


def test_there_is_no_secret_in_the_manifests() -> None:
    assert [item for item in manifests() if item["kind"] == "Secret"] == []


@pytest.mark.parametrize(("name", "pod"), pods(), ids=[name for name, _ in pods()])
def test_every_pod_is_locked_down(name: str, pod: dict[str, Any]) -> None:
    spec = pod["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert spec["automountServiceAccountToken"] is False
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"]["drop"] == ["ALL"]
        assert container["resources"]["limits"]["memory"]


def test_every_pod_has_a_network_policy_of_its_own() -> None:
    chosen = {
        item["spec"]["podSelector"].get("matchLabels", {}).get("app")
        for item in manifests()
        if item["kind"] == "NetworkPolicy"
    }
    assert {pod["metadata"]["labels"]["app"] for _, pod in pods()} <= chosen
    deny = [item for item in manifests() if item["metadata"]["name"] == "default-deny"]
    assert deny[0]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def settings_named_in(text: str) -> set[str]:
    """Areas and names of the ANEOS_ variables in a text."""
    return set(re.findall(r"\bANEOS_([A-Z]+__[A-Z0-9_]+?)(?:_FILE)?\b", text))


@pytest.mark.parametrize(
    "path", ["Dockerfile", "docker-compose.yml", "k8s/base/configmap.yaml", "k8s/base/worker.yaml"]
)
def test_every_setting_that_is_used_exists(path: str) -> None:
    for name in settings_named_in((CHECKOUT / path).read_text("utf-8")):
        area, field = name.lower().split("__", 1)
        model = Settings.model_fields[area].annotation
        assert field in getattr(model, "model_fields", {}), f"{path}: ANEOS_{name}"


def test_every_command_of_the_images_exists() -> None:
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    text = (CHECKOUT / "Dockerfile").read_text("utf-8") + (K8S / "aneos.yaml").read_text("utf-8")
    text += (CHECKOUT / "docker-compose.yml").read_text("utf-8")
    used = set(re.findall(r'"(aneos-(?:probe|migrate|worker|backup|load|enqueue))"', text))
    used |= set(re.findall(r"^\s*- (aneos-(?:load|enqueue))$", text, re.MULTILINE))
    assert {"aneos-probe", "aneos-migrate", "aneos-worker", "aneos-backup", "aneos-enqueue"} <= used
    assert used <= scripts.keys()


def test_prometheus_accepts_configuration_and_rules_and_the_rules_do_what_their_tests_say() -> None:
    promtool = program("promtool", "apt-get install prometheus")
    run([promtool, "check", "config", DEPLOY / "prometheus" / "prometheus.yml"])
    run([promtool, "test", "rules", *sorted((DEPLOY / "prometheus" / "tests").glob("*.yml"))])


def test_alertmanager_accepts_its_configuration() -> None:
    run([program("amtool", "apt-get install prometheus-alertmanager"), "check-config", alertmanager()])


def alertmanager() -> Path:
    return DEPLOY / "alertmanager" / "alertmanager.yml"


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("severity=critical", "on-call"),
        ("severity=warning", "team"),
        ("severity=info", "team"),
        ("severity=none", "nobody"),
    ],
)
def test_alerts_go_where_they_belong(labels: str, receiver: str) -> None:
    amtool = program("amtool", "apt-get install prometheus-alertmanager")
    done = run([amtool, "config", "routes", "test", f"--config.file={alertmanager()}", labels])
    assert done.stdout.strip() == receiver


def test_every_alert_has_its_chapter_in_the_runbooks() -> None:
    text = (CHECKOUT / "docs" / "runbooks.md").read_text("utf-8")
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^## (.+)$", text, re.MULTILINE)
    }
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules" / "alerts.yml").read_text("utf-8"))
    for group in rules["groups"]:
        for rule in group["rules"]:
            page, _, anchor = rule["annotations"]["runbook"].partition("#")
            assert page == "runbooks.md"
            assert anchor in anchors, rule["alert"]


def test_the_dashboards_are_what_their_tool_makes() -> None:
    run([sys.executable, CHECKOUT / "tools" / "grafana_dashboards.py", "--check"])


def test_shell_scripts_can_be_read() -> None:
    for path in [*DEPLOY.rglob("*.sh"), *(CHECKOUT / "tools").glob("*.sh")]:
        run(["bash", "-n", path])


def test_the_images_have_the_versions_that_are_tested() -> None:
    def pinned(name: str) -> dict[str, str]:
        text = (CHECKOUT / "requirements" / name).read_text("utf-8")
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.MULTILINE))

    images, tested = pinned("api.txt"), pinned("dev.txt")
    assert len(images) > 50
    assert {name: version for name, version in images.items() if tested.get(name) != version} == {}
